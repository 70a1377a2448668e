//! The end of a command: its reply, the updates before it, and what it changes in the connection.

use super::output::Telling;
use super::{Phase, Session};
use crate::entry::{Ending, Entry, Kind, Stage};
use crate::selection::{Occasion, Selection, Silence};
use crate::{Host, JobId, Outcome, TraceStep, Transition};
use bytes::Bytes;
use peregrine_proto::response::ResponseText;
use peregrine_proto::{Response, Status};
use smallvec::SmallVec;
use std::time::Instant;

/// What a command sends at its end, around the updates.
pub(super) struct Answer {
    /// Before the updates.
    pub front: SmallVec<[Bytes; 2]>,
    /// After them; the tagged reply is the last.
    pub tail: SmallVec<[Bytes; 3]>,
}

impl<H: Host> Session<H> {
    /// Whole responses of a running job (one or more, never a part of one).
    pub fn handle_block(&mut self, now: Instant, job: JobId, block: Bytes) {
        self.clock.now = now;
        if block.is_empty() {
            return;
        }
        if let Some(place) = self.running(job) {
            self.schedule.push_block(place, block);
        }
    }

    /// Whether a job may go on streaming; `false` while enough of it waits to be sent.
    pub fn wants_block(&self, job: JobId) -> bool {
        self.schedule.get(job).is_some_and(|entry| {
            // Data of a kind that has its turn is held until then: it can't be waited for.
            entry.effects.answers.is_some()
                || (entry.blocks.octets < self.limits.job_output
                    && self.schedule.output() < self.limits.output)
        })
    }

    /// The end of a running job; nothing may come of it afterwards.
    pub fn handle_outcome(&mut self, now: Instant, job: JobId, mut outcome: Outcome<H>) {
        self.clock.now = now;
        let Some(place) = self.running(job) else { return };
        if self.dialogue.as_ref().is_some_and(|dialogue| dialogue.job == job) {
            self.end_dialogue();
        }
        let asked = self.schedule.at(place).is_some_and(|entry| {
            matches!(entry.kind, Kind::Store { silent: true, .. })
        });
        if let Some(selection) = &mut self.selection {
            let silence = if asked { Silence::Asked } else { Silence::Told };
            selection.own_changes(&outcome.told, silence);
        }
        let mut selection = None;
        if let Some(Transition::Selected { mailbox, name, snapshot, recent, read_only }) =
            outcome.transition.take_if(|made| matches!(made, Transition::Selected { .. }))
        {
            let new = Selection::new(mailbox, name, snapshot, recent, read_only);
            selection = Some(Box::new(new));
            self.selecting = Some(job);
        }
        self.schedule.finish(place, Box::new(Ending { outcome, selection }));
    }

    fn running(&self, job: JobId) -> Option<usize> {
        let place = self.schedule.place(job)?;
        matches!(self.schedule.at(place)?.stage, Stage::Running).then_some(place)
    }

    /// What an IDLE or AUTHENTICATE leaves: a prompt not yet sent still goes before its reply.
    fn end_dialogue(&mut self) {
        if let Some(mut dialogue) = self.dialogue.take() {
            self.wire.buffer().append(&mut dialogue.prompt);
        }
        self.line = None;
        self.framer.set_dialogue(false);
    }

    /// Answers the command at this place, which has ended.
    pub(super) fn complete(&mut self, place: usize) {
        let Some(mut entry) = self.schedule.remove(place) else { return };
        let (answer, ending) = self.answer(&mut entry);
        let Some(Ending { outcome, selection }) = ending else { return };
        let changes = outcome.transition.is_some() || selection.is_some();
        if changes || !self.tell(&entry, &outcome) {
            self.put_all(answer.front);
            self.put_all(answer.tail);
        } else {
            self.put_all(answer.front);
            if let Some(telling) = &mut self.telling {
                telling.tail = answer.tail;
            }
        }
        if self.selecting == Some(entry.id) {
            self.selecting = None;
        }
        if selection.is_some() {
            self.selection = selection;
        }
        let refused = outcome.status;
        if let Some(transition) = outcome.transition {
            self.change(transition);
        }
        self.count(entry.kind, refused);
    }

    /// Begins to tell what has changed in the mailbox; `false` where there is nothing to tell.
    fn tell(&mut self, entry: &Entry<H>, outcome: &Outcome<H>) -> bool {
        // While SELECT or CLOSE is in progress, the client could not know which mailbox is meant.
        if self.schedule.is_selecting() {
            return false;
        }
        let Some(selection) = &mut self.selection else { return false };
        let occasion = Occasion {
            expunge: self.schedule.allows_expunge(entry.id, entry.kind),
            uid: entry.kind.by_uid(),
            since: entry.started_with.as_ref(),
            own: &outcome.told,
        };
        let Some(mut updates) = selection.update(&occasion) else { return false };
        self.wire.buffer().append(&mut updates.take_head());
        self.telling = Some(Box::new(Telling { updates, tail: SmallVec::new() }));
        true
    }

    /// What a command that has been taken out sends at its end.
    pub(super) fn answer(&mut self, entry: &mut Entry<H>) -> (Answer, Option<Ending<H>>) {
        let mut answer = Answer { front: SmallVec::new(), tail: SmallVec::new() };
        let stage = std::mem::replace(&mut entry.stage, Stage::Running);
        let Stage::Finishing(mut ending) = stage else { return (answer, None) };
        let outcome = &mut ending.outcome;
        answer.front.push(std::mem::take(&mut outcome.before));
        let data = std::mem::take(&mut outcome.data);
        if entry.kind.tells_messages() {
            answer.front.push(data);
        } else {
            answer.tail.extend(std::mem::take(&mut entry.blocks.queue));
            answer.tail.push(data);
        }
        let mut reply = Vec::new();
        if matches!(outcome.transition, Some(Transition::LogOut)) {
            // RFC 3501 §6.1.3: BYE before the tagged OK.
            let text = ResponseText { code: None, text: "Logging out".into() };
            Response::Bye(text).write(&mut reply);
        }
        let text = std::mem::replace(
            &mut outcome.text,
            ResponseText { code: None, text: Default::default() },
        );
        write_reply(entry, outcome.status, text, &mut reply);
        answer.tail.push(reply.into());
        if self.trace.is_some() {
            self.note_done(entry, &answer, ending.outcome.status);
        }
        (answer, Some(*ending))
    }

    fn note_done(&mut self, entry: &Entry<H>, answer: &Answer, status: Status) {
        let (id, tag) = (entry.id, entry.tag.as_ref());
        if entry.blocks.sent == 0 {
            self.note(id, tag, || TraceStep::FirstByte);
        }
        let parts = answer.front.iter().chain(&answer.tail);
        let octets = entry.blocks.sent + parts.map(|part| part.len() as u64).sum::<u64>();
        self.note(id, tag, || TraceStep::Done { status, octets });
    }

    fn change(&mut self, transition: Transition<H>) {
        match transition {
            Transition::Authenticated(account) => {
                self.account = Some(account);
                self.framer.set_limits(self.limits.frame);
            }
            Transition::Unselected => self.selection = None,
            Transition::LogOut => self.leave(Phase::Closing),
            Transition::StartTls => self.leave(Phase::Securing),
            // Taken out when the outcome came.
            Transition::Selected { .. } => {}
        }
    }

    /// Counts what a client should not do often.
    fn count(&mut self, kind: Kind, status: Status) {
        if status == Status::Bad {
            self.bad_commands += 1;
            let limit = match self.account {
                None => self.limits.bad_before_login,
                Some(_) => self.limits.bad,
            };
            if self.bad_commands >= limit {
                return self.say_bye(None, "Too many bad commands");
            }
        }
        if status == Status::No && kind == Kind::LogIn {
            self.login_failures += 1;
            if self.login_failures >= self.limits.login_failures {
                self.say_bye(None, "Too many failed logins");
            }
        }
    }

    pub(super) fn put_all(&mut self, parts: impl IntoIterator<Item = Bytes>) {
        for part in parts {
            self.wire.put(part);
        }
    }
}

fn write_reply<H: Host>(entry: &Entry<H>, status: Status, text: ResponseText, out: &mut Vec<u8>) {
    let response = match &entry.tag {
        Some(tag) => Response::Tagged { tag: tag.clone(), status, text },
        // RFC 3501 §7.1.3: an untagged BAD where the tag could not be told.
        None => Response::Condition { status, text },
    };
    response.write(out);
}
