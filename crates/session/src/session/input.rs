//! From octets to commands: what the framer finds is parsed at once and lines up to start.

use super::{Phase, Session};
use crate::enabled::enables_condstore;
use crate::entry::{Blocks, Ending, Entry, Kind, Stage};
use crate::{Enabled, Host, JobId, Outcome, Spool, TraceStep};
use bytes::Bytes;
use peregrine_proto::effects::Effects;
use peregrine_proto::frame::{Frame, FrameEvent};
use peregrine_proto::{Code, Command, ParseError, Status, Tag};
use smallvec::SmallVec;
use std::time::Instant;

/// Lines that go to a job instead of being commands: AUTHENTICATE and IDLE.
pub(super) struct Dialogue {
    pub job: JobId,
    pub idle: bool,
    /// `+ …` lines that are not yet put in order for sending.
    pub prompt: Vec<u8>,
    /// The job waits for a line.
    pub open: bool,
}

impl<H: Host> Session<H> {
    /// Octets from the client.
    pub fn handle_bytes(&mut self, now: Instant, bytes: Bytes) {
        self.clock.now = now;
        self.clock.heard = now;
        // RFC 3501 §6.2.1: what stands behind STARTTLS was sent in clear and is dropped.
        if self.phase == Phase::Open {
            self.schedule_lone();
            self.framer.push(bytes);
            // Otherwise it is read when the caller asks for a job.
            if !self.is_quiet() {
                self.read();
            }
        }
    }

    /// A job of AUTHENTICATE or IDLE sends `+ ` and this text (without a line's end), and wants
    /// the client's next line. IDLE's is preceded by what has changed in the mailbox.
    pub fn handle_prompt(&mut self, now: Instant, job: JobId, text: Bytes) {
        self.clock.now = now;
        self.schedule_lone();
        let Some(entry) = self.schedule.get(job) else { return };
        if !entry.is_barrier() || !matches!(entry.stage, Stage::Running) {
            debug_assert!(false, "only a running AUTHENTICATE or IDLE may prompt");
            return;
        }
        let idle = entry.kind == Kind::Idle;
        let dialogue = self.dialogue.get_or_insert_with(|| {
            Box::new(Dialogue { job, idle, prompt: Vec::new(), open: true })
        });
        dialogue.open = true;
        dialogue.prompt.extend_from_slice(b"+ ");
        dialogue.prompt.extend_from_slice(&text);
        dialogue.prompt.extend_from_slice(b"\r\n");
        self.framer.set_dialogue(true);
        self.read();
    }

    /// Whether to read on from the client. `false` is no error: reading goes on when commands
    /// have ended.
    pub fn wants_bytes(&self) -> bool {
        // What is read behind STARTTLS would be missing in the TLS handshake, and what is read
        // behind COMPRESS and UNAUTHENTICATE is in another layer.
        let leaves = |entry: &Entry<H>| matches!(entry.kind, Kind::StartTls | Kind::Layer);
        self.phase == Phase::Open
            && !self.schedule.back().is_some_and(leaves)
            && (self.may_frame() || self.framer.buffered() < self.limits.read_ahead)
    }

    /// Frames what has come, as far as commands may be taken now.
    pub(super) fn read(&mut self) {
        while self.may_frame() {
            let Some(event) = self.framer.next() else { break };
            self.take(event);
        }
    }

    fn may_frame(&self) -> bool {
        if self.phase != Phase::Open {
            return false;
        }
        // What has started has its turn first: most commands end at once.
        if !self.jobs.is_empty() || self.lone.is_some() {
            return false;
        }
        if let Some(dialogue) = &self.dialogue {
            return dialogue.open;
        }
        // How the octets behind LOGIN, AUTHENTICATE, IDLE, STARTTLS and LOGOUT are to be read is
        // known when these have ended; so the result is the same for every cut of the input.
        !self.schedule.has_barrier()
            && self.schedule.len() < self.limits.commands
            && self.schedule.octets() < self.limits.input
    }

    pub(super) fn take(&mut self, event: FrameEvent) {
        match event {
            FrameEvent::Frame(frame) => {
                if let Some(command) = self.understand(&frame) {
                    self.line_up(command, &frame);
                }
            }
            FrameEvent::Line(line) => self.pass_line(line),
            FrameEvent::Continue => {
                self.wire.buffer().extend_from_slice(b"+ Ready for literal data\r\n");
            }
            FrameEvent::SpoolStart { id, length } => {
                self.arriving.push(id);
                self.spool.push_back(Spool::Start { id, length });
            }
            FrameEvent::SpoolData { id, data } => self.spool.push_back(Spool::Data { id, data }),
            FrameEvent::SpoolEnd { id } => self.spool.push_back(Spool::End { id }),
            FrameEvent::SpoolDropped { id } => {
                self.arriving.retain(|arriving| *arriving != id);
                self.spool.push_back(Spool::Dropped { id });
            }
            // A line of a dialogue that cannot be taken leaves the job without an answer.
            FrameEvent::Refused { error, .. } if self.dialogue.is_some() => {
                self.say_bye(error.code(), &error.to_string());
            }
            FrameEvent::Refused { tag, error } => {
                self.refuse(tag, error.status(), error.code(), error.to_string(), 0);
                if !error.is_of_literal() {
                    return self.doubt();
                }
                self.literal_refused = true;
            }
            FrameEvent::Fatal(error) => self.say_bye(error.code(), &error.to_string()),
        }
    }

    /// A client whose literal was refused goes on with its next command. If that is none, it may be
    /// the literal all the same, from a client that does not wait for `+`: the lines of a message
    /// must not be tried as commands one after the other.
    fn doubt(&mut self) {
        if self.literal_refused {
            self.say_bye(None, "A literal was refused, and what followed is no command");
        }
    }

    fn pass_line(&mut self, line: Bytes) {
        if let Some(dialogue) = &mut self.dialogue {
            dialogue.open = false;
            self.line = Some((dialogue.job, line));
        }
    }

    /// The command that a frame is; what cannot be understood or taken is refused.
    #[inline]
    pub(super) fn understand(&mut self, frame: &Frame) -> Option<Command> {
        if self.account.is_none() || frame.text.len() > self.limits.command {
            self.look_at_first(frame)?;
        }
        match Command::parse_in(frame, self.enabled.encoding()) {
            Ok(command) => {
                self.literal_refused = false;
                Some(command)
            }
            Err(error) => {
                self.misunderstand(frame, error);
                None
            }
        }
    }

    /// What is told of a frame before it is read as a command; `None` where it is refused.
    fn look_at_first(&mut self, frame: &Frame) -> Option<()> {
        let octets = frame.text.len();
        // Someone's browser was led here (ALPACA): nothing of it may be echoed.
        if self.account.is_none() && frame.looks_like_http() {
            self.drop_arriving();
            self.say_bye(None, "This is an IMAP server");
            return None;
        }
        if octets > self.limits.command {
            self.drop_arriving();
            let text = format!("the command is longer than {} octets", self.limits.command);
            self.refuse(frame.tag(), Status::Bad, Some(Code::TooBig), text, octets);
            return None;
        }
        Some(())
    }

    #[cold]
    fn misunderstand(&mut self, frame: &Frame, error: ParseError) {
        self.drop_arriving();
        let octets = frame.text.len();
        self.refuse(error.tag, Status::Bad, error.code, error.message.into_owned(), octets);
        // NUL stands nowhere but in messages (RFC 3501 §9 `literal`): who sends it before
        // login tries what we do with it.
        if self.account.is_none() && frame.text.contains(&0) {
            self.say_bye(None, "This is not IMAP");
        }
        self.doubt();
    }

    pub(super) fn line_up(&mut self, command: Command, frame: &Frame) {
        let (id, octets) = (self.schedule.next_id(), frame.text.len());
        let words = || Some(command.body.redacted().into());
        self.note(id, Some(&command.tag), || TraceStep::Arrived { command: words(), octets });
        let spooled = std::mem::take(&mut self.arriving);
        let entry = self.entry(id, command, octets, spooled);
        self.schedule.push(entry);
        self.try_start(self.schedule.len() - 1);
    }

    /// A command that waits to start.
    pub(super) fn entry(
        &mut self,
        id: JobId,
        command: Command,
        octets: usize,
        spooled: SmallVec<[u64; 1]>,
    ) -> Box<Entry<H>> {
        let Command { tag, body } = command;
        let rev2 = self.enabled.rev2;
        let effects = if rev2 { body.effects_in_rev2() } else { body.effects() };
        let enables = Enabled::named_by(&body);
        // At once: the client understands MODSEQ in what it is told from now on.
        let first_of_mod_seqs = !self.enabled.condstore
            && self.account.is_some()
            && (enables.condstore || enables_condstore(&body));
        self.enabled.condstore |= first_of_mod_seqs && !enables.condstore;
        Box::new(Entry {
            id,
            tag: Some(tag),
            name: body.name(),
            kind: Kind::of(&body),
            changes: effects.change(),
            effects,
            stage: Stage::Waiting { behind: None },
            body: Some(Box::new(body)),
            octets,
            spooled,
            blocks: Blocks::default(),
            last_word: self.clock.now,
            started_with: None,
            enables,
            first_of_mod_seqs,
        })
    }

    /// A command that cannot be understood: it costs one reply, in its place among those that
    /// have ended, and nothing of what follows it.
    fn refuse(
        &mut self,
        tag: Option<Tag>,
        status: Status,
        code: Option<Code>,
        text: String,
        octets: usize,
    ) {
        let id = self.schedule.next_id();
        self.note(id, tag.as_ref(), || TraceStep::Arrived { command: None, octets });
        let outcome = Box::new(Outcome::new(status, code, text));
        self.schedule.push(Box::new(Entry {
            id,
            tag,
            name: "BAD",
            kind: Kind::Plain,
            effects: Effects::default(),
            changes: false,
            stage: Stage::Finishing(Ending { outcome, selection: None }),
            body: None,
            octets,
            spooled: SmallVec::new(),
            blocks: Blocks::default(),
            last_word: self.clock.now,
            started_with: None,
            enables: Enabled::default(),
            first_of_mod_seqs: false,
        }));
    }

    /// Drops the messages of a command that is not to be.
    pub(super) fn drop_arriving(&mut self) {
        let arriving = std::mem::take(&mut self.arriving);
        self.drop_spooled(arriving);
    }

    pub(super) fn drop_spooled(&mut self, spooled: SmallVec<[u64; 1]>) {
        self.spool.extend(spooled.into_iter().map(|id| Spool::Dropped { id }));
    }
}
