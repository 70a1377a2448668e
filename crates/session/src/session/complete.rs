//! The end of a command: its reply, the updates before it, and what it changes in the connection.

use super::output::Telling;
use super::{Phase, Session};
use crate::entry::{Ending, Entry, Kind, Piece, Stage};
use crate::own::Silence;
use crate::selection::{Occasion, Selection};
use crate::updates::Updates;
use crate::{Enabled, Host, JobId, Outcome, TraceStep, Transition};
use bytes::Bytes;
use bytestring::ByteString;
use peregrine_proto::response::{ResponseText, condition};
use peregrine_proto::{Code, Response, Status, Tag};
use smallvec::SmallVec;
use std::time::Instant;

/// What a command sends at its end, around the updates.
pub(super) struct Answer {
    /// Before the updates.
    front: SmallVec<[Bytes; 2]>,
    pub tail: Tail,
}

/// What is sent after the updates, in one piece.
#[derive(Default)]
pub(super) struct Tail {
    data: SmallVec<[Bytes; 1]>,
    reply: Option<Reply>,
}

/// A tagged reply.
struct Reply {
    /// LOGOUT: BYE before the tagged OK (RFC 3501 §6.1.3).
    bye: bool,
    tag: Option<Tag>,
    status: Status,
    text: ResponseText,
}

impl Reply {
    fn write(&self, out: &mut Vec<u8>) {
        match &self.tag {
            Some(tag) => condition::write_tagged(out, tag, self.status, &self.text),
            // RFC 3501 §7.1.3: an untagged BAD where the tag could not be told.
            None => condition::write(out, self.status.word(), &self.text),
        }
    }
}

impl Answer {
    /// Its octets; only for traces, since the reply is written for it.
    fn octets(&self) -> u64 {
        let mut reply = Vec::new();
        if let Some(it) = &self.tail.reply {
            it.write(&mut reply);
        }
        let data = self.front.iter().chain(&self.tail.data).map(Bytes::len).sum::<usize>();
        (data + reply.len()) as u64
    }
}

impl Tail {
    /// A line that belongs to no command's end.
    pub fn line(line: Vec<u8>) -> Self {
        Self { data: SmallVec::from_iter([Bytes::from(line)]), reply: None }
    }
}

impl<H: Host> Session<H> {
    /// Whole responses of a running job (one or more, never a part of one).
    pub fn handle_block(&mut self, now: Instant, job: JobId, block: Bytes) {
        self.clock.now = now;
        self.give(job, Piece { octets: block, ends: true });
    }

    /// A part of a running job's response, which its next block ends: until then nothing else is
    /// sent. If the job ends without that block, the response is dropped; where some of it has
    /// been sent already, so that no word can be said any more, the connection is closed.
    pub fn handle_part(&mut self, now: Instant, job: JobId, part: Bytes) {
        self.clock.now = now;
        self.give(job, Piece { octets: part, ends: false });
    }

    fn give(&mut self, job: JobId, piece: Piece) {
        if piece.octets.is_empty() {
            return;
        }
        self.schedule_lone();
        if let Some(place) = self.running(job) {
            self.schedule.push_piece(place, piece, self.wire.put_so_far());
        }
    }

    /// Whether a job may go on streaming; `false` while enough of it waits to be sent.
    pub fn wants_block(&self, job: JobId) -> bool {
        // One that is alone has given nothing yet.
        let alone = self.lone.as_ref().is_some_and(|lone| lone.id == job);
        alone
            || self.schedule.get(job).is_some_and(|entry| {
                // Data of a kind that has its turn is held until then: it can't be waited for.
                entry.effects.answers.is_some()
                    || (entry.blocks.octets < self.limits.job_output
                    // All others wait for the end of a response that has been begun.
                    && (self.schedule.open() == Some(job)
                        || self.schedule.output() < self.limits.output))
            })
    }

    /// The end of a running job; nothing may come of it afterwards.
    pub fn handle_outcome(
        &mut self,
        now: Instant,
        job: JobId,
        outcome: impl Into<Box<Outcome<H>>>,
    ) {
        self.clock.now = now;
        let mut outcome = outcome.into();
        if self.end_alone(job, &mut outcome) {
            return;
        }
        self.schedule_lone();
        let Some(place) = self.running(job) else { return };
        if !self.schedule.drop_unended(place) {
            return self.end();
        }
        if self.dialogue.as_ref().is_some_and(|dialogue| dialogue.job == job) {
            self.end_dialogue();
        }
        let entry = self.schedule.at(place);
        let asked =
            entry.is_some_and(|entry| matches!(entry.kind, Kind::Store { silent: true, .. }));
        let saves = entry.is_some_and(Entry::saves_result);
        if let Some(selection) = &mut self.selection {
            if saves && outcome.status != Status::Bad {
                // RFC 5182 §2.1: a NO empties it, a BAD leaves it.
                selection.save(outcome.saved.take().unwrap_or_default());
            }
            let silence = if asked { Silence::Asked } else { Silence::Told };
            selection.own_changes(&outcome.told, silence);
        }
        let mut selection = None;
        let selects = |made: &mut Box<Transition<H>>| matches!(**made, Transition::Selected { .. });
        if let Some(Transition::Selected { mailbox, name, snapshot, recent, read_only }) =
            outcome.transition.take_if(selects).map(|made| *made)
        {
            let new = Selection::new(mailbox, name, snapshot, recent, read_only);
            selection = Some(Box::new(new));
            self.selecting = Some(job);
        }
        if self.trace.is_some() {
            let tag = self.schedule.at(place).and_then(|entry| entry.tag.clone());
            self.note(job, tag.as_ref(), || TraceStep::Ended);
        }
        self.schedule.finish(place, Ending { outcome, selection });
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
        let Some(mut ending) = entry.take_ending() else { return };
        let tag = self.trace.is_some().then(|| entry.tag.clone());
        let mut answer = answer(&mut entry, &mut ending.outcome);
        let Ending { outcome, selection } = ending;
        let changes = outcome.transition.is_some() || selection.is_some();
        let telling = if changes { None } else { self.tell(&entry, &outcome) };
        if !changes && outcome.status != Status::Bad {
            self.tell_mod_seq(&entry, &mut answer);
        }
        if let Some(tag) = tag {
            self.note_done(&entry, tag.as_ref(), answer.octets(), outcome.status);
        }
        match telling {
            Some(updates) => {
                self.put_all(answer.front);
                self.telling = Some(Box::new(Telling { updates, tail: answer.tail }));
            }
            None => self.put_answer(answer),
        }
        if self.selecting == Some(entry.id) {
            self.selecting = None;
        }
        if selection.is_some() {
            self.selection = selection;
            self.gone = false;
            if std::mem::take(&mut self.gone_unopened) {
                self.leave_deleted();
            }
        }
        if let Some(transition) = outcome.transition {
            self.change(*transition);
        }
        if self.gone && entry.kind == Kind::Delete {
            self.forget_deleted();
        }
        if outcome.status == Status::Ok {
            self.enabled = self.enabled.and(entry.enables);
        }
        self.count(entry.kind, outcome.status);
    }

    /// HIGHESTMODSEQ, where it must be told: to who speaks of MODSEQs first (RFC 7162 §3.1), after
    /// commands that remove messages (§3.2.7), and while an EXPUNGE waits (§3.2), so that the
    /// client does not take a later MODSEQ for it.
    fn tell_mod_seq(&self, entry: &Entry<H>, answer: &mut Answer) {
        let Some(selection) = self.selection.as_ref().filter(|_| !self.schedule.is_selecting())
        else {
            return;
        };
        let code = Some(Code::HighestModSeq(selection.told()));
        let removes = matches!(entry.kind, Kind::Remove { .. }) && self.enabled.condstore;
        let done = matches!(&answer.tail.reply, Some(Reply { status: Status::Ok, .. }));
        if removes
            && let Some(Reply { status: Status::Ok, text, .. }) = &mut answer.tail.reply
            && text.code.is_none()
        {
            text.code = code;
        } else if entry.first_of_mod_seqs
            || (self.enabled.condstore && selection.withholds())
            || (removes && done)
        {
            let text = ResponseText { code, text: ByteString::from_static("Told up to here") };
            let mut line = Vec::new();
            Response::Condition { status: Status::Ok, text }.write(&mut line);
            answer.tail.data.insert(0, line.into());
        }
    }

    /// What is to be told of the mailbox before a command's reply.
    fn tell(&mut self, entry: &Entry<H>, outcome: &Outcome<H>) -> Option<Updates<H::Snapshot>> {
        // While SELECT or CLOSE is in progress, the client could not know which mailbox is meant.
        if self.schedule.is_selecting() {
            return None;
        }
        let schedule = &self.schedule;
        let occasion = Occasion {
            expunge: schedule.allows_expunge(entry.id, entry.kind),
            uid: entry.kind.by_uid(),
            enabled: self.enabled,
            shown: entry.shown(self.enabled.condstore),
            own: &outcome.told,
            changing: &|| schedule.changing(),
        };
        let mut updates = self.selection.as_mut()?.update(&occasion)?;
        self.wire.buffer().append(&mut updates.take_head());
        Some(updates)
    }

    /// Answers a command that has been taken out, without updates.
    pub(super) fn answer_plainly(&mut self, mut entry: Box<Entry<H>>) {
        if let Some(mut ending) = entry.take_ending() {
            let tag = self.trace.is_some().then(|| entry.tag.clone());
            let answer = answer(&mut entry, &mut ending.outcome);
            if let Some(tag) = tag {
                self.note_done(&entry, tag.as_ref(), answer.octets(), ending.outcome.status);
            }
            self.put_answer(answer);
        }
    }

    fn put_answer(&mut self, answer: Answer) {
        self.put_all(answer.front);
        self.put_tail(answer.tail);
    }

    /// Puts what goes behind the updates.
    pub(super) fn put_tail(&mut self, tail: Tail) {
        self.put_all(tail.data);
        let Some(reply) = tail.reply else { return };
        if reply.bye {
            let text = ResponseText { code: None, text: ByteString::from_static("Logging out") };
            self.write(&Response::Bye(text));
        }
        reply.write(self.wire.buffer());
    }

    fn put_all(&mut self, parts: impl IntoIterator<Item = Bytes>) {
        for part in parts {
            self.wire.put(part);
        }
    }

    fn note_done(&mut self, entry: &Entry<H>, tag: Option<&Tag>, octets: u64, status: Status) {
        if entry.blocks.sent == 0 {
            self.note(entry.id, tag, || TraceStep::FirstByte);
        }
        let octets = entry.blocks.sent + octets;
        self.note(entry.id, tag, || TraceStep::Done { status, octets });
    }

    fn change(&mut self, transition: Transition<H>) {
        match transition {
            Transition::Authenticated(account) => {
                self.account = Some(account);
                self.framer.set_limits(self.limits.frame);
            }
            Transition::Unselected => self.selection = None,
            // Unless another was selected meanwhile.
            Transition::Deleted if self.gone => self.selection = None,
            Transition::Deleted => {}
            Transition::Compressed => self.switch(true),
            Transition::Unauthenticated => self.forget_user(),
            Transition::LogOut => self.leave(Phase::Closing),
            Transition::StartTls => self.leave(Phase::Securing),
            // Taken out when the outcome came.
            Transition::Selected { .. } => {}
        }
    }

    /// RFC 8437 §3: all state but that of TLS. What a client has done wrong stays counted, so that
    /// nobody can guess passwords for ever on one connection.
    fn forget_user(&mut self) {
        self.account = None;
        self.selection = None;
        self.gone = false;
        self.enabled = Enabled::default();
        self.framer.set_limits(self.limits.frame_before_login);
        self.clock.opened = self.clock.now;
        self.switch(false);
    }

    /// Counts what a client should not do often. Somebody who has logged in and types commands by
    /// hand for days makes mistakes: a command that is done forgives them.
    fn count(&mut self, kind: Kind, status: Status) {
        if status == Status::Ok && self.account.is_some() {
            self.bad_commands = 0;
        }
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
}

/// What a command that has been taken out sends at its end.
fn answer<H: Host>(entry: &mut Entry<H>, outcome: &mut Outcome<H>) -> Answer {
    let mut front = SmallVec::new();
    let mut data = SmallVec::new();
    if !outcome.before.is_empty() {
        front.push(std::mem::take(&mut outcome.before));
    }
    data.extend(std::mem::take(&mut entry.blocks.queue).into_iter().map(|piece| piece.octets));
    if !outcome.data.is_empty() {
        data.push(std::mem::take(&mut outcome.data));
    }
    // It bears the numbers of the view that the command started with.
    if entry.kind.tells_messages() {
        front.append(&mut data);
    }
    let bye = matches!(outcome.transition.as_deref(), Some(Transition::LogOut));
    let text =
        std::mem::replace(&mut outcome.text, ResponseText { code: None, text: ByteString::new() });
    let reply = Reply { bye, tag: entry.tag.take(), status: outcome.status, text };
    Answer { front, tail: Tail { data, reply: Some(reply) } }
}
