//! The machine behind the frames: octets in, events out.

mod refuse;

use super::announcement::{Announcement, Watch};
use super::brackets::Brackets;
use super::{Frame, FrameError, FrameEvent, FrameLimits, Spooled};
use bytes::{Buf, Bytes, BytesMut};
use smallvec::SmallVec;
use std::collections::VecDeque;

/// Messages of one APPEND that are kept in place may have so many times
/// [`FrameLimits::spool_above`] together.
const KEPT: u64 = 3;

/// Cuts a client's octets into commands. The events are the same for every way of cutting the
/// input into pieces (but for where [`FrameEvent::SpoolData`] is cut), and each octet is looked
/// at a bounded number of times.
///
/// It works only as far as it is asked: octets behind the last event are not judged yet. So
/// [`Framer::set_limits`] and [`Framer::set_dialogue`] hold from the next unit on if they are
/// called before [`Framer::next`] is, and a command that changes how the next ones are read
/// (LOGIN, AUTHENTICATE, IDLE, STARTTLS) is to be answered before the next event is asked for.
#[derive(Debug)]
pub struct Framer {
    limits: FrameLimits,
    dialogue: bool,
    /// Pieces behind `front`.
    input: VecDeque<Bytes>,
    /// The piece that is looked at; its first `taken` octets belong to the present command.
    front: Bytes,
    taken: usize,
    /// The present command, where it began in an earlier piece or was cut for a spooled literal.
    /// Where this holds anything, `taken` is 0.
    gathered: BytesMut,
    command: Command,
    state: State,
    /// Events that follow the one just given.
    following: VecDeque<FrameEvent>,
    last_id: u64,
}

/// What is known of the present command.
#[derive(Debug, Default)]
struct Command {
    /// Where the present line begins in the command's text.
    line_at: usize,
    /// Octets of the lines before.
    line_octets: usize,
    literals: u32,
    literal_octets: u64,
    /// Octets of the messages of APPEND or REPLACE that have come.
    message_octets: u64,
    /// Of these, octets that are kept in place.
    kept_octets: u64,
    /// A message has come.
    message: bool,
    brackets: Brackets,
    spooled: SmallVec<[Spooled; 1]>,
}

#[derive(Debug)]
enum State {
    /// In a line of a command.
    Line,
    /// In a literal that is kept in place: so many octets are to come.
    Literal(u32),
    /// In a literal for the caller's storage.
    Spool { id: u64, left: u32 },
    /// In a line of a refused command.
    PassLine(Watch),
    /// At the end of such a line.
    PassEnd(Watch),
    /// In a literal of a refused command.
    PassLiteral(u32),
    /// After [`FrameEvent::Fatal`].
    Ended,
}

/// What one step led to.
enum Step {
    Event(FrameEvent),
    Again,
    /// More input is needed.
    Dry,
}

impl Framer {
    /// A framer at the start of a connection.
    pub fn new(limits: FrameLimits) -> Self {
        Self {
            limits,
            dialogue: false,
            input: VecDeque::new(),
            front: Bytes::new(),
            taken: 0,
            gathered: BytesMut::new(),
            command: Command::default(),
            state: State::Line,
            following: VecDeque::new(),
            last_id: 0,
        }
    }

    /// Limits from the next unit on.
    pub fn set_limits(&mut self, limits: FrameLimits) {
        self.limits = limits;
    }

    /// In dialogue mode each unit is a plain line (RFC 3501 §6.2.2, RFC 2177 §3).
    pub fn set_dialogue(&mut self, dialogue: bool) {
        self.dialogue = dialogue;
    }

    /// Takes more input. It is kept, not looked at.
    pub fn push(&mut self, input: Bytes) {
        if input.is_empty() || matches!(self.state, State::Ended) {
            return;
        }
        if self.front.is_empty() && self.input.is_empty() {
            self.front = input;
        } else {
            self.input.push_back(input);
        }
    }

    /// Octets held: of the present command, and behind it.
    pub fn buffered(&self) -> usize {
        let behind: usize = self.input.iter().map(Bytes::len).sum();
        self.gathered.len() + self.front.len() + behind
    }

    /// Drops all that is held, and returns how many octets that was: what a client sent in clear
    /// behind STARTTLS must never be taken as sent under TLS (RFC 3501 §6.2.1). A spooled literal
    /// in progress is forgotten without an event.
    pub fn clear(&mut self) -> usize {
        let dropped = self.buffered();
        self.input.clear();
        self.front = Bytes::new();
        self.following.clear();
        self.start_command();
        dropped
    }

    /// Takes back what is held behind the last command, unread: behind COMPRESS it means something
    /// else (RFC 4978 §3). Only between commands.
    pub fn take_unread(&mut self) -> Bytes {
        debug_assert!(matches!(self.state, State::Line) && self.gathered.is_empty());
        let behind = std::mem::take(&mut self.input);
        let front = std::mem::take(&mut self.front);
        self.start_command();
        if behind.is_empty() {
            return front;
        }
        let mut all = BytesMut::from(front);
        behind.iter().for_each(|piece| all.extend_from_slice(piece));
        all.freeze()
    }

    /// The next event, or `None` until more input comes.
    #[expect(clippy::should_implement_trait, reason = "more events come after None")]
    pub fn next(&mut self) -> Option<FrameEvent> {
        if let Some(event) = self.following.pop_front() {
            return Some(event);
        }
        // It is asked more often than anything comes.
        let dry = self.front.is_empty() && self.input.is_empty();
        if dry && matches!(self.state, State::Line) {
            return None;
        }
        loop {
            let step = match self.state {
                State::Line => self.line(),
                State::Literal(left) => self.literal(left),
                State::Spool { id, left } => self.spool(id, left),
                State::PassLine(watch) => self.pass_line(watch),
                State::PassEnd(watch) => self.end_passed_line(watch),
                State::PassLiteral(left) => self.pass_literal(left),
                State::Ended => Step::Dry,
            };
            match step {
                Step::Event(event) => return Some(event),
                Step::Again => {}
                Step::Dry => return None,
            }
        }
    }

    /// The present command as far as it was read.
    fn text(&self) -> &[u8] {
        if self.gathered.is_empty() { &self.front[..self.taken] } else { &self.gathered }
    }

    /// Takes so many octets of input into the command.
    fn take(&mut self, octets: usize) {
        if self.gathered.is_empty() {
            self.taken += octets;
        } else {
            self.gathered.extend_from_slice(&self.front[..octets]);
            self.front.advance(octets);
        }
    }

    /// All of the front piece belongs to the command: goes on to the next piece.
    fn next_piece(&mut self) -> Step {
        self.gathered.extend_from_slice(&self.front);
        self.taken = 0;
        self.next_front()
    }

    fn next_front(&mut self) -> Step {
        match self.input.pop_front() {
            Some(piece) => {
                self.front = piece;
                Step::Again
            }
            None => {
                self.front = Bytes::new();
                Step::Dry
            }
        }
    }

    #[inline]
    fn line(&mut self) -> Step {
        let new = &self.front[self.taken..];
        match memchr::memchr(b'\n', new) {
            Some(end) => {
                self.take(end + 1);
                self.end_line()
            }
            None if self.front.is_empty() => self.next_front(),
            None => {
                self.take(new.len());
                match self.check_line(self.text().len(), false) {
                    Some(error) => self.refuse_in_line(error, false),
                    None if self.gathered.is_empty() => self.next_piece(),
                    None => self.next_front(),
                }
            }
        }
    }

    /// A line of the command has its end.
    #[inline]
    fn end_line(&mut self) -> Step {
        let end = self.text().len() - 1;
        if let Some(error) = self.check_line(end, true) {
            return self.refuse_in_line(error, true);
        }
        let line = &self.text()[self.command.line_at..end];
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if !self.dialogue
            && let Some(announcement) = Announcement::at_end(line)
        {
            return self.announced(announcement);
        }
        let end = self.command.line_at + line.len();
        let text = if self.gathered.is_empty() {
            let taken = std::mem::take(&mut self.taken);
            let text = self.front.split_to(end);
            self.front.advance(taken - end);
            text
        } else {
            self.gathered.truncate(end);
            std::mem::take(&mut self.gathered).freeze()
        };
        if self.front.is_empty() {
            self.next_front();
        }
        if self.dialogue {
            self.command = Command::default();
            return Step::Event(FrameEvent::Line(text));
        }
        // Without a literal there is less to set back: this is the way of most commands.
        let spooled = if self.command.line_at == 0 {
            self.command.brackets = Brackets::default();
            SmallVec::new()
        } else {
            std::mem::take(&mut self.command).spooled
        };
        Step::Event(FrameEvent::Frame(Frame { text, spooled }))
    }

    /// Checks the present line, of which the text up to `end` is known, LF not counted.
    fn check_line(&mut self, end: usize, ended: bool) -> Option<FrameError> {
        let limit = if self.dialogue { self.limits.dialogue } else { self.limits.line };
        let left = limit.saturating_sub(self.command.line_octets);
        let length = end - self.command.line_at;
        // What lies beyond the line's limit is never judged, so that each cut gives one error.
        if !self.dialogue && self.is_too_deep(length.min(left), ended) {
            return Some(FrameError::TooDeep(self.limits.open_parens));
        }
        (length > left).then_some(FrameError::LineTooLong(limit))
    }

    /// Whether the first `length` octets of the present line open too many parentheses; if
    /// `estimate`, they are only counted where that can be.
    fn is_too_deep(&mut self, length: usize, estimate: bool) -> bool {
        let Self { command, gathered, front, .. } = self;
        let text = if gathered.is_empty() { &front[..] } else { &gathered[..] };
        let line = &text[command.line_at..command.line_at + length];
        let limit = self.limits.open_parens;
        if estimate && command.brackets.cannot_exceed(line, limit) {
            return false;
        }
        command.brackets.exceed(line, limit)
    }

    /// A literal follows the line just ended.
    fn announced(&mut self, announcement: Announcement) -> Step {
        let message = self.is_message();
        if let Some(error) = self.check_literal(announcement, message) {
            return self.refuse_literal(announcement, error);
        }
        // At most a limit, which fits.
        let size = announcement.size as u32;
        let length = self.text().len();
        self.is_too_deep(length - self.command.line_at, false);
        let command = &mut self.command;
        command.brackets.end_line();
        command.literals += 1;
        command.line_octets += length - command.line_at;
        if message {
            command.message = true;
            command.message_octets += u64::from(size);
        } else {
            command.literal_octets += u64::from(size);
        }
        let start = if message && self.is_spooled(size) {
            Some(self.start_spool(size))
        } else {
            self.command.kept_octets += if message { u64::from(size) } else { 0 };
            self.state = State::Literal(size);
            None
        };
        let go_on = (!announcement.non_sync).then_some(FrameEvent::Continue);
        match (go_on, start) {
            (Some(go_on), start) => {
                self.following.extend(start);
                Step::Event(go_on)
            }
            (None, Some(start)) => Step::Event(start),
            (None, None) => Step::Again,
        }
    }

    /// Whether a message goes to the caller's storage: it is large itself, or those before it are
    /// together (RFC 3502).
    fn is_spooled(&self, size: u32) -> bool {
        let above = u64::from(self.limits.spool_above);
        let size = u64::from(size);
        size > above || self.command.kept_octets + size > KEPT * above
    }

    fn start_spool(&mut self, length: u32) -> FrameEvent {
        if self.gathered.is_empty() {
            let text = self.front.split_to(std::mem::take(&mut self.taken));
            self.gathered.extend_from_slice(&text);
        }
        self.last_id += 1;
        let id = self.last_id;
        self.command.spooled.push(Spooled { at: self.gathered.len(), id, length });
        self.state = State::Spool { id, left: length };
        FrameEvent::SpoolStart { id, length }
    }

    fn check_literal(&self, announcement: Announcement, message: bool) -> Option<FrameError> {
        let Announcement { size, non_sync } = announcement;
        let limits = &self.limits;
        let limit = if message { limits.append } else { limits.literal };
        let total = self.command.literal_octets.saturating_add(size);
        if size > u64::from(u32::MAX) {
            Some(FrameError::LiteralSize)
        } else if size > u64::from(limit)
            // The messages of one APPEND (RFC 3502) are all kept before any of them is stored.
            || (message && self.command.message_octets.saturating_add(size) > u64::from(limit))
        {
            Some(FrameError::LiteralTooBig { limit })
        } else if self.command.literals >= limits.literals {
            Some(FrameError::TooManyLiterals(limits.literals))
        } else if !message && total > u64::from(limits.literals_total) {
            Some(FrameError::LiteralsTooBig(limits.literals_total))
        } else if non_sync && size > u64::from(limits.non_sync) {
            Some(FrameError::NonSyncTooBig { limit: limits.non_sync })
        } else {
            None
        }
    }

    /// Whether the literal just announced is a message of APPEND or REPLACE: the command's name is
    /// one of these, and something (the mailbox) stands where a mailbox is named. All literals
    /// behind a message are messages too (RFC 3502).
    fn is_message(&self) -> bool {
        if self.limits.append == 0 || self.command.message {
            return self.command.message;
        }
        let is = |word: Option<&[u8]>, name: &[u8]| {
            word.is_some_and(|word| word.eq_ignore_ascii_case(name))
        };
        let mut words = self.text().splitn(5, |byte| *byte == b' ');
        let (_tag, mut name) = (words.next(), words.next());
        if is(name, b"UID") {
            name = words.next();
        }
        if is(name, b"REPLACE") {
            // Which message.
            words.next();
        } else if !is(name, b"APPEND") {
            return false;
        }
        let literal = |word: &[u8]| word.starts_with(b"{") || word.starts_with(b"~{");
        let mailbox = words.next().is_some_and(|word| !literal(word));
        mailbox || self.command.literals > 0
    }

    fn literal(&mut self, left: u32) -> Step {
        let there = self.front.len() - self.taken;
        let octets = there.min(left as usize);
        self.take(octets);
        // At most `left`, so it fits.
        let left = left - octets as u32;
        self.state = State::Literal(left);
        if left == 0 {
            self.start_line();
            return Step::Again;
        }
        if self.gathered.is_empty() { self.next_piece() } else { self.next_front() }
    }

    fn spool(&mut self, id: u64, left: u32) -> Step {
        if left == 0 {
            self.start_line();
            return Step::Event(FrameEvent::SpoolEnd { id });
        }
        if self.front.is_empty() {
            return self.next_front();
        }
        let octets = self.front.len().min(left as usize);
        let data = self.front.split_to(octets);
        if self.front.is_empty() {
            self.next_front();
        }
        self.state = State::Spool { id, left: left - octets as u32 };
        Step::Event(FrameEvent::SpoolData { id, data })
    }

    /// The command goes on with a line behind a literal.
    fn start_line(&mut self) {
        self.command.line_at = self.text().len();
        self.state = State::Line;
    }

    fn start_command(&mut self) {
        self.front.advance(std::mem::take(&mut self.taken).min(self.front.len()));
        self.gathered = BytesMut::new();
        self.command = Command::default();
        if !matches!(self.state, State::Ended) {
            self.state = State::Line;
        }
    }
}
