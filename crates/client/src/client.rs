//! The handle that tasks share.

use crate::Oddity;
use crate::call::{Call, Pending, Reply, Sink, Turn};
use crate::capabilities::Capabilities;
use crate::connect::Connector;
use crate::driver::{Job, Source};
use crate::error::{Error, Lost, Result};
use crate::machine::{CommandId, Epoch, Machine, Request};
use crate::settings::Settings;
use crate::tls::ChannelBinding;
use crate::update::Updates;
use peregrine_proto::response::ResponseText;
use peregrine_proto::{CommandBody, Secret};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use tokio::sync::{mpsc, oneshot};

/// A handle to a connection; cheap to clone, so that many tasks use the connection at once.
///
/// Each method sends its command when it is called, and gives a [`Call`]: the future of its answer.
/// A command waits only where an earlier one, not yet answered, is in its way
/// ([`Settings::ordering`]). When all handles are dropped, the connection logs out.
///
/// What is done in a mailbox is done through the [`Mailbox`](crate::Mailbox) that
/// [`Client::select`] gives.
#[derive(Clone)]
pub struct Client {
    jobs: mpsc::UnboundedSender<Job>,
    shared: Arc<Shared>,
}

/// What the handles and the driver both know.
pub(crate) struct Shared {
    pub(crate) settings: Settings,
    pub(crate) privacy: Privacy,
    greeting: ResponseText,
    next: AtomicU64,
    capabilities: Mutex<Arc<Capabilities>>,
    lost: OnceLock<Arc<Lost>>,
}

/// Who can listen.
pub(crate) struct Privacy {
    /// Passwords may be sent.
    pub(crate) trusted: bool,
    /// TLS is in use.
    pub(crate) tls: bool,
    pub(crate) binding: Option<ChannelBinding>,
}

type Jobs = (mpsc::UnboundedSender<Job>, mpsc::UnboundedReceiver<Job>);

impl Shared {
    pub(crate) fn new(
        settings: &Settings,
        machine: &Machine,
        next: u64,
        greeting: ResponseText,
        privacy: Privacy,
    ) -> (Self, Jobs) {
        let shared = Self {
            settings: settings.clone(),
            privacy,
            greeting,
            next: AtomicU64::new(next),
            capabilities: Mutex::new(Arc::clone(machine.capabilities())),
            lost: OnceLock::new(),
        };
        (shared, mpsc::unbounded_channel())
    }

    pub(crate) fn lost(&self, cause: Arc<Lost>) {
        _ = self.lost.set(cause);
    }

    pub(crate) fn set_capabilities(&self, capabilities: Arc<Capabilities>) {
        *self.capabilities.lock().unwrap_or_else(PoisonError::into_inner) = capabilities;
    }
}

impl Client {
    /// Connects to port 993 under TLS; [`Connector`] has every other way.
    pub async fn connect(host: &str) -> Result<Self> {
        Connector::tls(host).connect().await
    }

    pub(crate) fn new(jobs: mpsc::UnboundedSender<Job>, shared: Arc<Shared>) -> Self {
        Self { jobs, shared }
    }

    /// What the server can do, as last told.
    pub fn capabilities(&self) -> Arc<Capabilities> {
        let capabilities = self.shared.capabilities.lock();
        Arc::clone(&capabilities.unwrap_or_else(PoisonError::into_inner))
    }

    /// What the server said first; without control characters. Without TLS from the beginning,
    /// anybody may have written it.
    pub fn greeting(&self) -> &str {
        &self.shared.greeting.text
    }

    /// Whether the connection is under TLS.
    pub fn is_private(&self) -> bool {
        self.shared.privacy.tls
    }

    /// Why the connection ended, once it has.
    pub fn lost(&self) -> Option<&Arc<Lost>> {
        self.shared.lost.get()
    }

    /// How the connection behaves.
    pub fn settings(&self) -> &Settings {
        &self.shared.settings
    }

    /// All that the server tells from now on. Any number of subscribers can listen.
    pub fn updates(&self) -> Updates {
        let (subscriber, updates) = Updates::new(self.shared.settings.updates.max(1));
        // Where the driver is gone, the subscriber's end tells so.
        _ = self.jobs.send(Job::Subscribe(subscriber));
        updates
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }

    /// Sends a command whose answer comes as one.
    pub(crate) fn send(
        &self,
        body: CommandBody,
        epoch: Option<Epoch>,
        source: Option<Source>,
    ) -> Pending {
        let name = body.name();
        let (sink, reply) = oneshot::channel();
        let command = self.submit(Request { body, epoch }, source, Sink::Collect(sink));
        Pending { client: self.clone(), command, name, reply: Some(reply) }
    }

    pub(crate) fn call<T>(
        &self,
        body: CommandBody,
        finish: impl FnOnce(Reply) -> Result<T> + Send + 'static,
    ) -> Call<T> {
        Call::single(self.send(body, None, None), finish)
    }

    /// Sends AUTHENTICATE, which is a conversation.
    pub(crate) fn converse(&self, body: CommandBody) -> mpsc::UnboundedReceiver<Turn> {
        let (sink, turns) = mpsc::unbounded_channel();
        self.submit(Request { body, epoch: None }, None, Sink::Converse(sink));
        turns
    }

    pub(crate) fn respond(&self, response: Option<Secret>) {
        _ = self.jobs.send(Job::Respond(response));
    }

    /// Tells the subscribers, and ends the connection where nothing odd is tolerated.
    pub(crate) fn odd(&self, oddity: Oddity) {
        _ = self.jobs.send(Job::Odd(oddity));
    }

    pub(crate) fn want_idle(&self, wanted: bool) {
        _ = self.jobs.send(Job::Idle(wanted));
    }

    pub(crate) fn withdraw(&self, id: CommandId) {
        _ = self.jobs.send(Job::Withdraw(id));
    }

    /// The error of a call that the driver does not answer any more.
    pub(crate) fn gone(&self, command: &'static str) -> Error {
        let cause = match self.lost() {
            Some(cause) => Arc::clone(cause),
            None => Arc::new(Lost::LoggedOut),
        };
        Error::Lost { command, sent: false, cause }
    }

    fn submit(&self, request: Request, source: Option<Source>, sink: Sink) -> CommandId {
        let id = CommandId(self.shared.next.fetch_add(1, Ordering::Relaxed));
        // Where the driver is gone, the sink is dropped with the job, and the call fails.
        _ = self.jobs.send(Job::Command { id, request: Box::new(request), source, sink });
        id
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("lost", &self.lost()).finish_non_exhaustive()
    }
}
