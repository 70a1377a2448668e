//! One connection as a deterministic machine: octets and commands in, octets and events out.
//!
//! No I/O, no clock, no spawning. Time is an argument. How the octets were cut into reads never
//! changes what comes out.
//!
//! - [`queue`]: commands that wait, and those in progress; [`hold`]: which must wait.
//! - [`output`]: octets to be sent, and where `+` must come first.
//! - [`receive`]: from octets to responses, by way of repair; [`route`]: from a response to the
//!   commands that it belongs to; [`claim`]: what belongs to a command.
//! - [`mailbox`]: the selected one as the server told it; [`idle`]: IDLE when there is nothing
//!   else to do; [`time`]: deadlines.

mod claim;
mod hold;
mod idle;
mod mailbox;
mod output;
mod queue;
mod receive;
mod route;
mod time;

pub use mailbox::Epoch;
pub use output::Transmit;

use crate::capabilities::Capabilities;
use crate::error::{Error, Lost};
use crate::layer::Layer;
use crate::settings::Settings;
use crate::update::Update;
use bytes::Bytes;
use idle::IdleState;
use mailbox::Selected;
use output::Output;
use peregrine_proto::command::State;
use peregrine_proto::response::{ResponseFramer, ResponseText};
use peregrine_proto::{CommandBody, Response, Secret, Status};
use queue::{InFlight, Waiting};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

/// A command's name within its machine.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct CommandId(pub u64);

impl CommandId {
    /// From here on, names are the machine's own.
    pub const OWN: u64 = 1 << 62;
}

/// What the machine has to tell.
#[derive(Debug)]
pub enum Event {
    /// The server has greeted; `true` when it takes us for logged in (PREAUTH).
    Greeting {
        /// PREAUTH instead of OK.
        authenticated: bool,
        /// Code and words.
        text: ResponseText,
    },
    /// Untagged data that belongs to a command.
    Data {
        /// Which command.
        command: CommandId,
        /// The data.
        response: Response,
        /// How large the whole response was.
        octets: usize,
    },
    /// The server's next message in AUTHENTICATE, still in base64.
    Challenge(CommandId, Bytes),
    /// A command has ended; nothing more comes for it.
    Done(CommandId, Result<Completion, Error>),
    /// Something for the subscribers.
    Update(Update),
    /// The connection has ended; every command has got its `Done`.
    Lost(Arc<Lost>),
}

/// OK, and what came with it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Completion {
    /// Code and words.
    pub text: ResponseText,
    /// The mailbox's epoch after it: what [`Request::epoch`] has to be from now on.
    pub epoch: Epoch,
}

/// A command to be sent.
#[derive(Debug)]
pub struct Request {
    /// What is asked.
    pub body: CommandBody,
    /// Only while this epoch lasts: the same mailbox, not selected anew.
    pub epoch: Option<Epoch>,
}

/// See the [module](self).
#[derive(Debug)]
pub struct Machine {
    settings: Settings,
    prefix: String,
    next: u64,
    state: State,
    greeted: bool,
    /// What is said is not for anybody else to hear or change: under TLS, or where none is wanted.
    secured: bool,
    /// The server has said BYE, and why it did.
    bye: Option<ResponseText>,
    logging_out: bool,
    /// STARTTLS was answered OK: what is read is no response any more.
    tls_begins: bool,
    /// COMPRESS or UNAUTHENTICATE was answered OK: what is read is in another layer.
    switches: Option<Layer>,
    deflated: bool,
    lost: Option<Arc<Lost>>,
    capabilities: Arc<Capabilities>,
    selected: Selected,
    waiting: VecDeque<Waiting>,
    flying: Vec<InFlight>,
    output: Output,
    framer: ResponseFramer,
    /// Octets of all responses that were taken out of the framer.
    position: u64,
    unsolicited: usize,
    idle: IdleState,
    events: VecDeque<Event>,
    /// When the last octet came or went.
    active: Instant,
}

impl Machine {
    /// The client's side of a connection that has just been opened. `prefix` begins all tags: one
    /// that nobody can guess keeps answers from being sent in advance. `secured` says that TLS is
    /// in use already or that none is wanted.
    pub fn new(settings: Settings, prefix: &str, secured: bool, now: Instant) -> Self {
        Self {
            framer: ResponseFramer::new(settings.response),
            prefix: prefix.to_owned(),
            next: 0,
            state: State::NotAuthenticated,
            greeted: false,
            secured,
            bye: None,
            logging_out: false,
            tls_begins: false,
            switches: None,
            deflated: false,
            lost: None,
            capabilities: Arc::default(),
            selected: Selected::default(),
            waiting: VecDeque::new(),
            flying: Vec::new(),
            output: Output::default(),
            position: 0,
            unsolicited: 0,
            idle: IdleState::default(),
            events: VecDeque::new(),
            active: now,
            settings,
        }
    }

    /// Takes a command of a name that was not used yet, below [`CommandId::OWN`]. It goes out at
    /// once unless it must wait; [`Event::Done`] ends it in any case.
    pub fn submit(&mut self, now: Instant, id: CommandId, request: Request) {
        if let Some(cause) = &self.lost {
            let error =
                Error::Lost { command: request.body.name(), sent: false, cause: Arc::clone(cause) };
            self.events.push_back(Event::Done(id, Err(error)));
            return;
        }
        self.waiting.push_back(Waiting::new(id, request));
        self.start(now);
    }

    /// Takes a command whose answer nobody waits for.
    pub fn submit_own(&mut self, now: Instant, body: CommandBody) {
        let id = self.own_id();
        self.submit(now, id, Request { body, epoch: None });
    }

    /// Takes back a command that nobody wants any more; false if it has gone out already.
    pub fn withdraw(&mut self, now: Instant, id: CommandId) -> bool {
        let before = self.waiting.len();
        self.waiting.retain(|waiting| waiting.id != id);
        let there = self.waiting.len() < before;
        if there {
            self.release(id);
            self.start(now);
        }
        there
    }

    fn own_id(&mut self) -> CommandId {
        self.next += 1;
        CommandId(CommandId::OWN + self.next)
    }

    /// Answers the challenge of the AUTHENTICATE in progress; `None` gives it up. If it has ended
    /// meanwhile, nothing is sent: that would be taken for a command.
    pub fn respond(&mut self, response: Option<&Secret>) {
        if self.flying.iter().any(|one| matches!(one.body, CommandBody::Authenticate(_))) {
            self.output.respond(response);
        }
    }

    /// The next thing to be sent, if there is one.
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        if self.lost.is_some() {
            return None;
        }
        self.output.poll()
    }

    /// Whether something of the command is still to be sent: of one that was refused early, too.
    pub fn is_sending(&self, id: CommandId) -> bool {
        self.output.holds(id)
    }

    /// The next event, if there is one.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// The server closed its side.
    pub fn closed(&mut self) {
        let lost = match self.bye.take() {
            _ if self.logging_out => Lost::LoggedOut,
            Some(text) => Lost::Bye(text),
            None => Lost::Closed,
        };
        self.fail(lost);
    }

    /// Ends the connection: every command fails with this cause. Only the first cause counts.
    pub fn fail(&mut self, lost: Lost) {
        if self.lost.is_some() {
            return;
        }
        let cause = Arc::new(lost);
        self.lost = Some(Arc::clone(&cause));
        self.state = State::Logout;
        self.output = Output::default();
        for (id, command, sent) in self.unfinished() {
            let error = Error::Lost { command, sent, cause: Arc::clone(&cause) };
            self.events.push_back(Event::Done(id, Err(error)));
        }
        self.flying.clear();
        self.waiting.clear();
        self.update(Update::Lost(Arc::clone(&cause)));
        self.events.push_back(Event::Lost(cause));
    }

    /// STARTTLS was answered OK: nothing that came before counts (RFC 3501 §6.2.1), and nothing
    /// may have come behind it already: that would have been put there by somebody else.
    pub fn secure(&mut self) {
        if !self.framer.take_rest().is_empty() {
            self.fail(Lost::Protocol {
                message: "octets came behind STARTTLS's OK, before TLS began",
                octets: Bytes::new(),
                position: self.position,
            });
        }
        self.secured = true;
        self.tls_begins = false;
        self.capabilities = Arc::default();
        self.unsolicited = 0;
    }

    /// The layer that begins now, in both directions, and what was read behind the OK: it is in that
    /// layer. What [`Machine::poll_transmit`] gave before belongs to the layer before.
    pub fn poll_layer(&mut self) -> Option<(Layer, Bytes)> {
        let layer = self.switches.take()?;
        Some((layer, self.framer.take_rest()))
    }

    fn switch(&mut self, layer: Layer) {
        let deflated = layer == Layer::Deflate;
        if self.deflated != deflated {
            self.deflated = deflated;
            self.switches = Some(layer);
        }
    }

    /// The connection's state.
    pub fn state(&self) -> State {
        self.state
    }

    /// What the server can do.
    pub fn capabilities(&self) -> &Arc<Capabilities> {
        &self.capabilities
    }

    /// How many messages are in the selected mailbox.
    pub fn exists(&self) -> Option<u32> {
        (self.state == State::Selected).then_some(self.selected.exists)
    }

    /// Whether nothing is in progress or waits.
    pub fn is_quiet(&self) -> bool {
        self.waiting.is_empty() && self.flying.iter().all(|one| one.internal)
    }

    /// The cause, when the connection has ended.
    pub fn lost(&self) -> Option<&Arc<Lost>> {
        self.lost.as_ref()
    }

    fn update(&mut self, update: Update) {
        self.events.push_back(Event::Update(update));
    }

    /// Handles learn of it too, so that they ask anew.
    fn forget_capabilities(&mut self) {
        self.capabilities = Arc::default();
        self.update(Update::Capabilities(Arc::clone(&self.capabilities)));
    }

    /// What a completed command changes in the connection.
    fn completed(&mut self, command: &InFlight, status: Status) {
        let ok = status == Status::Ok;
        match &command.body {
            CommandBody::Login(_) | CommandBody::Authenticate(_) if ok => {
                self.state = State::Authenticated;
                // What was told before login need not hold after it (RFC 3501 §6.2.3).
                if !command.told_capabilities {
                    self.forget_capabilities();
                }
            }
            CommandBody::Select(_) | CommandBody::Examine(_) if ok => self.open(),
            CommandBody::Select(_) | CommandBody::Examine(_) => self.leave(),
            CommandBody::Close(_) | CommandBody::Unselect(_) if ok => self.leave(),
            CommandBody::Enable(enable) if ok && !command.told_enabled => {
                // iCloud enables without a word of it; what was asked is in effect.
                self.odd(crate::Oddity::NoEnabled, Bytes::new());
                Arc::make_mut(&mut self.capabilities).enable(&enable.capabilities);
                self.update(Update::Capabilities(Arc::clone(&self.capabilities)));
            }
            CommandBody::Compress(_) if ok => self.switch(Layer::Deflate),
            CommandBody::Unauthenticate(_) if ok => {
                if self.has_mailbox() {
                    self.leave();
                }
                self.state = State::NotAuthenticated;
                Arc::make_mut(&mut self.capabilities).disable_all();
                match command.told_capabilities {
                    true => self.update(Update::Capabilities(Arc::clone(&self.capabilities))),
                    false => self.forget_capabilities(),
                }
                self.switch(Layer::Plain);
            }
            CommandBody::Logout(_) => self.logging_out = true,
            CommandBody::StartTls(_) if ok => self.tls_begins = true,
            _ => {}
        }
    }
}
