//! The machine without a socket: what the server says is written in the test.

use peregrine_client::machine::{CommandId, Completion, Event, Machine, Request, Transmit};
use peregrine_client::proto::command::{Login, Select};
use peregrine_client::proto::{CommandBody, Response, Secret};
use peregrine_client::{Error, Oddity, Settings, Update};
use std::time::Instant;

pub struct Wire {
    pub machine: Machine,
    pub now: Instant,
    next: u64,
    pub events: Vec<Event>,
}

pub const CAPABILITIES: &str = "IMAP4rev1 IDLE ENABLE UIDPLUS MOVE LITERAL+";

impl Wire {
    /// Before the greeting.
    pub fn silent(settings: Settings, secured: bool) -> Self {
        let now = Instant::now();
        let machine = Machine::new(settings, "t", secured, now);
        Self { machine, now, next: 0, events: Vec::new() }
    }

    /// Greeted.
    pub fn greeted(settings: Settings) -> Self {
        let mut wire = Self::silent(settings, true);
        wire.says(format!("* OK [CAPABILITY {CAPABILITIES}] hello\r\n"));
        wire
    }

    /// Logged in.
    pub fn authenticated(settings: Settings) -> Self {
        let mut wire = Self::greeted(settings);
        let login = Login { user: "ann".into(), password: Secret::new("secret".into()) };
        let id = wire.sends(CommandBody::Login(login));
        wire.says(format!("t{} OK [CAPABILITY {CAPABILITIES}] in\r\n", id.0));
        wire.ok(id);
        wire
    }

    /// With a mailbox of 9 messages selected.
    pub fn selected(settings: Settings) -> Self {
        let mut wire = Self::authenticated(settings);
        let mailbox = "INBOX".parse_name();
        let id =
            wire.sends(CommandBody::Select(Select { mailbox, parameters: Default::default() }));
        let validity = "* OK [UIDVALIDITY 7] so\r\n* OK [UIDNEXT 100] so";
        wire.says(format!("* FLAGS (\\Seen)\r\n* 9 EXISTS\r\n{validity}\r\nt{} OK in\r\n", id.0));
        wire.ok(id);
        wire.events.clear();
        wire
    }

    /// Submits a command.
    pub fn sends(&mut self, body: CommandBody) -> CommandId {
        let id = CommandId(self.next);
        self.next += 1;
        self.machine.submit(self.now, id, Request { body, epoch: None });
        self.settle();
        id
    }

    /// What is on the wire since the last call; messages from elsewhere as `<n>`.
    pub fn sent(&mut self) -> String {
        let mut sent = String::new();
        while let Some(transmit) = self.machine.poll_transmit() {
            match transmit {
                Transmit::Octets { octets, .. } => sent += std::str::from_utf8(&octets).unwrap(),
                Transmit::Body { length, .. } => sent += &format!("<{length}>"),
            }
        }
        sent
    }

    /// The server's octets, one by one.
    pub fn says(&mut self, octets: impl AsRef<[u8]>) {
        self.sent();
        for octet in octets.as_ref() {
            self.machine.receive(self.now, &[*octet]);
        }
        self.settle();
    }

    pub fn settle(&mut self) {
        while let Some(event) = self.machine.poll_event() {
            self.events.push(event);
        }
    }

    /// A command's end, if it has ended.
    pub fn result(&self, id: CommandId) -> Option<&Result<Completion, Error>> {
        self.events.iter().find_map(|event| match event {
            Event::Done(done, result) if *done == id => Some(result),
            _ => None,
        })
    }

    pub fn ok(&self, id: CommandId) {
        assert!(matches!(self.result(id), Some(Ok(_))), "{:?}", self.events);
    }

    /// The data of a command.
    pub fn data(&self, id: CommandId) -> Vec<Response> {
        let of = |event: &Event| match event {
            Event::Data { command, response, .. } if *command == id => Some(response.clone()),
            _ => None,
        };
        self.events.iter().filter_map(of).collect()
    }

    pub fn updates(&self) -> impl Iterator<Item = &Update> {
        self.events.iter().filter_map(|event| match event {
            Event::Update(update) => Some(update),
            _ => None,
        })
    }

    pub fn oddities(&self) -> Vec<Oddity> {
        let odd = self.updates().filter_map(|update| match update {
            Update::Oddity(tolerated) => Some(tolerated.oddity),
            _ => None,
        });
        odd.collect()
    }

    /// Why the connection ended.
    pub fn lost(&self) -> Option<String> {
        self.machine.lost().map(|cause| cause.to_string())
    }
}

pub trait ParseName {
    fn parse_name(&self) -> peregrine_client::proto::MailboxName;
}

impl ParseName for str {
    fn parse_name(&self) -> peregrine_client::proto::MailboxName {
        peregrine_client::proto::MailboxName::new(self).unwrap()
    }
}

/// A command as a person would type it, without its tag.
pub fn command(text: &str) -> CommandBody {
    use peregrine_client::proto::{Command, FrameEvent, FrameLimits, Framer};
    let mut framer = Framer::new(FrameLimits::AFTER_LOGIN);
    framer.push(format!("a {text}\r\n").into());
    loop {
        if let FrameEvent::Frame(frame) = framer.next().unwrap() {
            return Command::parse(&frame).unwrap().body;
        }
    }
}
