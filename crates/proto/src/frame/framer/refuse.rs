//! What the framer does with a command that is too large: one event, and the rest of it is
//! passed over, so that nothing of it is ever taken for a command.

use super::{Framer, State, Step};
use crate::frame::announcement::{Announcement, Watch};
use crate::frame::{FrameError, FrameEvent, tag_of};
use bytes::{Buf, Bytes};

impl Framer {
    /// Refuses the command in its present line, whose end may have been read.
    pub(super) fn refuse_in_line(&mut self, error: FrameError, ended: bool) -> Step {
        if self.limits.fatal || self.dialogue {
            return self.end(error);
        }
        let mut watch = Watch::default();
        let line = &self.text()[self.command.line_at..];
        watch.feed(line.strip_suffix(b"\n").unwrap_or(line));
        let refused = self.refuse(error);
        self.state = if ended { State::PassEnd(watch) } else { State::PassLine(watch) };
        refused
    }

    /// Refuses the command because of a literal.
    pub(super) fn refuse_literal(&mut self, announcement: Announcement, error: FrameError) -> Step {
        let Announcement { size, non_sync } = announcement;
        if !non_sync {
            // The client waits for `+` and learns that it need not send the literal.
            return self.refuse(error);
        }
        match u32::try_from(size) {
            Ok(size) if size <= self.limits.drain => {
                let refused = self.refuse(error);
                self.state = State::PassLiteral(size);
                refused
            }
            _ => self.end(error),
        }
    }

    /// Drops the present command.
    fn refuse(&mut self, error: FrameError) -> Step {
        let refused = FrameEvent::Refused { tag: tag_of(self.text()), error };
        self.drop_command(refused)
    }

    /// Drops all: the connection ends.
    fn end(&mut self, error: FrameError) -> Step {
        self.input.clear();
        let step = self.drop_command(FrameEvent::Fatal(error));
        self.front = Bytes::new();
        self.state = State::Ended;
        step
    }

    /// Forgets the command; tells of its spooled literals after `event`.
    fn drop_command(&mut self, event: FrameEvent) -> Step {
        let spooled = self.command.spooled.iter();
        self.following.extend(spooled.map(|one| FrameEvent::SpoolDropped { id: one.id }));
        self.start_command();
        Step::Event(event)
    }

    pub(super) fn pass_line(&mut self, mut watch: Watch) -> Step {
        match memchr::memchr(b'\n', &self.front) {
            Some(end) => {
                watch.feed(&self.front[..end]);
                self.front.advance(end + 1);
                self.end_passed_line(watch)
            }
            None => {
                watch.feed(&self.front);
                self.state = State::PassLine(watch);
                self.next_front()
            }
        }
    }

    /// A refused command goes on only behind a literal that the client sends without waiting
    /// (RFC 7888 §4): such a chain is passed over as a whole.
    pub(super) fn end_passed_line(&mut self, watch: Watch) -> Step {
        let Some(Announcement { size, non_sync: true }) = watch.end() else {
            self.state = State::Line;
            return Step::Again;
        };
        match u32::try_from(size) {
            Ok(size) if size <= self.limits.drain => {
                self.state = State::PassLiteral(size);
                Step::Again
            }
            _ => self.end(FrameError::NonSyncTooBig { limit: self.limits.non_sync }),
        }
    }

    pub(super) fn pass_literal(&mut self, left: u32) -> Step {
        let octets = self.front.len().min(left as usize);
        self.front.advance(octets);
        let left = left - octets as u32;
        if left == 0 {
            self.state = State::PassLine(Watch::default());
            return Step::Again;
        }
        self.state = State::PassLiteral(left);
        self.next_front()
    }
}
