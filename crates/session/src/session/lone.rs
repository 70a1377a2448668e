//! A command that comes while no other is unfinished. Most of these end at once and are answered
//! before anything else is looked at: there is nothing to schedule, and they never come into the
//! schedule. One that does not end at once is lined up there, before anything else happens.

use super::{Phase, Session};
use crate::enabled::enables_condstore;
use crate::entry::{Kind, Stage};
use crate::{Host, Job, JobId, Outcome};
use bytes::Bytes;
use peregrine_proto::frame::{Frame, FrameEvent};
use peregrine_proto::response::condition;
use peregrine_proto::{Command, CommandBody, Status, Tag};
use smallvec::SmallVec;

/// The only unfinished command, which runs.
pub(super) struct Lone {
    pub id: JobId,
    tag: Tag,
    /// Its words. What it touches matters only if it does not end at once: they are read again then.
    text: Bytes,
}

impl<H: Host> Session<H> {
    /// The next job where nothing is unfinished: mostly that of a command that runs by itself.
    pub(super) fn read_alone(&mut self) -> Option<Job<H>> {
        while self.is_quiet() {
            let Some(event) = self.framer.next() else { break };
            match event {
                FrameEvent::Frame(frame) => match self.understand(&frame) {
                    Some(command) if self.is_simple(&frame, &command.body) => {
                        return self.run_alone(frame, command);
                    }
                    Some(command) => self.line_up(command, &frame),
                    None => {}
                },
                event => self.take(event),
            }
        }
        self.read();
        self.next_job()
    }

    /// Whether a command that came now would be the only unfinished one, and nothing could come
    /// between it and its answer.
    pub(super) fn is_quiet(&self) -> bool {
        self.schedule.is_empty()
            && self.telling.is_none()
            && self.dialogue.is_none()
            && self.phase == Phase::Open
            && self.account.is_some()
            && self.trace.is_none()
            && self.spool.is_empty()
            && self.wire.in_flight < self.limits.transmit
            && self.wire.pending() < self.limits.chunk
    }

    /// Whether it changes nothing of the connection, may be run in the present state, and may well
    /// be answered from memory.
    fn is_simple(&self, frame: &Frame, body: &CommandBody) -> bool {
        let simple = match body {
            CommandBody::Noop(_)
            | CommandBody::Capability(_)
            | CommandBody::Id(_)
            | CommandBody::Namespace(_)
            | CommandBody::Lsub(_) => true,
            CommandBody::List(_) | CommandBody::Status(_) => self.leaves_mod_seqs(body),
            CommandBody::Fetch(_) => {
                self.selection.is_some()
                    && self.leaves_mod_seqs(body)
                    && !(self.enabled.uid_only && body.names_sequence_numbers())
            }
            _ => return false,
        };
        debug_assert!(!simple || self.refusal(Kind::Plain, body).is_none());
        simple && frame.spooled.is_empty()
    }

    /// Whether it is not the first that speaks of MODSEQs.
    fn leaves_mod_seqs(&self, body: &CommandBody) -> bool {
        self.enabled.condstore || !enables_condstore(body)
    }

    fn run_alone(&mut self, frame: Frame, command: Command) -> Option<Job<H>> {
        let id = self.schedule.next_id();
        let Command { tag, body } = command;
        let body = Box::new(body);
        self.lone = Some(Lone { id, tag: tag.clone(), text: frame.text });
        Some(Job { id, tag, body, context: self.context(), enabled: self.enabled })
    }

    /// Answers the command that is alone, where its end asks for nothing but a reply; whether it did.
    pub(super) fn end_alone(&mut self, job: JobId, outcome: &mut Outcome<H>) -> bool {
        let Some(lone) = &self.lone else { return false };
        let plain = outcome.status == Status::Ok
            && outcome.transition.is_none()
            && outcome.saved.is_none()
            && outcome.told.is_empty()
            && outcome.before.is_empty()
            && !self.selection.as_ref().is_some_and(|selection| selection.has_news());
        if lone.id != job || !plain {
            return false;
        }
        if !outcome.data.is_empty() {
            self.wire.put(std::mem::take(&mut outcome.data));
        }
        condition::write_tagged(self.wire.buffer(), &lone.tag, Status::Ok, &outcome.text);
        self.lone = None;
        self.bad_commands = 0;
        true
    }

    /// Lines up the command that is alone: something else is going to happen before its end.
    #[inline]
    pub(super) fn schedule_lone(&mut self) {
        if let Some(lone) = self.lone.take() {
            self.put_in_schedule(lone);
        }
    }

    #[cold]
    fn put_in_schedule(&mut self, lone: Lone) {
        let frame = Frame::new(lone.text);
        let Ok(command) = Command::parse_in(&frame, self.enabled.encoding()) else {
            debug_assert!(false, "it was read before");
            return;
        };
        let mut entry = self.entry(lone.id, command, frame.text.len(), SmallVec::new());
        entry.body = None;
        if entry.flagged().is_some() {
            entry.started_with = self.selection.as_ref().map(|selection| selection.view.clone());
        }
        self.schedule.push(entry);
        self.schedule.start(self.schedule.len() - 1, Stage::Running);
    }
}
