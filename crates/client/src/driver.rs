//! The one future that owns the socket: joins it to the machine, and gives each answer to its call.

use crate::Oddity;
use crate::call::{Reply, Sink, Turn};
use crate::client::Shared;
use crate::error::{Error, Lost};
use crate::layer::{Layer, Layered};
use crate::log::Line;
use crate::machine::{CommandId, Completion, Event, Machine, Request, Transmit};
use crate::update::{Subscriber, Update};
use bytes::{Buf, Bytes, BytesMut};
use peregrine_proto::{Response, Secret};
use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::time::Instant;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;

/// A connection's two directions.
pub(crate) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Duplex for S {}

/// Where the octets of a message to be appended come from.
pub(crate) type Source = Box<dyn AsyncRead + Send + Unpin>;

/// What handles ask the driver for.
pub(crate) enum Job {
    Command {
        id: CommandId,
        request: Box<Request>,
        source: Option<Source>,
        sink: Sink,
    },
    Withdraw(CommandId),
    Respond(Option<Secret>),
    /// One more, or one less, who wants to hear of changes.
    Idle(bool),
    Subscribe(Subscriber),
    /// A call has found something odd.
    Odd(Oddity),
}

/// Octets that are read from the socket at once.
const READ: usize = 64 << 10;

/// Commands that are taken before anything is written, so that they share a packet.
const GATHERED: usize = 256;

/// Reads after which others have their turn, where the server always has more to say.
const READS: u32 = 16;

/// Octets that are gathered for one write.
const WRITTEN: usize = 64 << 10;

pub(crate) struct Driver {
    machine: Machine,
    stream: Layered,
    jobs: mpsc::UnboundedReceiver<Job>,
    /// Handles are left.
    wanted: bool,
    shared: Arc<Shared>,
    sinks: HashMap<CommandId, Answers>,
    sources: HashMap<CommandId, Source>,
    subscribers: Vec<Subscriber>,
    idlers: usize,
    outgoing: Outgoing,
}

/// What has come for a command so far.
struct Answers {
    sink: Sink,
    name: &'static str,
    responses: Vec<Response>,
    octets: usize,
}

#[derive(Default)]
struct Outgoing {
    octets: BytesMut,
    /// The message that is being sent behind `octets`, and how much of it is left.
    body: Option<(CommandId, u32)>,
    unflushed: bool,
}

enum Wrote {
    Octets,
    SourceFailed(io::Error),
}

impl Driver {
    pub(crate) fn new(
        machine: Machine,
        stream: Box<dyn Duplex>,
        jobs: mpsc::UnboundedReceiver<Job>,
        shared: Arc<Shared>,
    ) -> Self {
        Self {
            machine,
            stream: Layered::new(stream),
            jobs,
            wanted: true,
            shared,
            sinks: HashMap::new(),
            sources: HashMap::new(),
            subscribers: Vec::new(),
            idlers: 0,
            outgoing: Outgoing::default(),
        }
    }

    /// Serves the connection until it ends.
    pub(crate) async fn run(mut self) {
        let mut buffer = vec![0; READ];
        let mut reads = 0;
        loop {
            self.switch();
            self.settle();
            if self.machine.lost().is_some() {
                break;
            }
            self.fill();
            if reads >= READS {
                reads = 0;
                self.turn().await;
                continue;
            }
            reads += 1;
            let (deadline, wanted) = (self.machine.deadline(), self.wanted);
            let Self { stream, jobs, outgoing, sources, .. } = &mut self;
            let (mut reader, mut writer) = tokio::io::split(stream);
            tokio::select! {
                biased;
                read = reader.read(&mut buffer) => self.was_read(read, &buffer),
                wrote = outgoing.step(&mut writer, sources), if outgoing.is_due() => {
                    reads = 0;
                    self.was_written(wrote);
                }
                job = jobs.recv(), if wanted => self.gather(job),
                () = sleep(deadline), if deadline.is_some() => self.machine.handle_timeout(now()),
            }
        }
        // What is written may be the server's last chance to learn that we leave; no more waiting.
        self.jobs.close();
        while let Ok(job) = self.jobs.try_recv() {
            self.take(job);
            self.settle();
        }
    }

    /// What is there to be done besides reading, without waiting for any of it.
    async fn turn(&mut self) {
        self.machine.handle_timeout(now());
        self.take_ready();
        self.fill();
        let Self { stream, outgoing, sources, .. } = self;
        let (_, mut writer) = tokio::io::split(stream);
        tokio::select! {
            biased;
            wrote = outgoing.step(&mut writer, sources), if outgoing.is_due() => {
                self.was_written(wrote);
            }
            () = std::future::ready(()) => {}
        }
    }

    /// COMPRESS and UNAUTHENTICATE: nothing was sent behind them, since all else waits for them.
    fn switch(&mut self) {
        while let Some((layer, read)) = self.machine.poll_layer() {
            match layer {
                Layer::Deflate => self.stream.switch(layer, read),
                Layer::Plain => {
                    self.stream.switch(layer, Bytes::new());
                    self.machine.receive(now(), &read);
                }
            }
        }
    }

    fn was_read(&mut self, read: io::Result<usize>, buffer: &[u8]) {
        match read {
            Ok(0) => self.machine.closed(),
            Ok(octets) => self.machine.receive(now(), &buffer[..octets]),
            Err(error) => self.broke(error),
        }
    }

    fn was_written(&mut self, wrote: io::Result<Wrote>) {
        match wrote {
            // That small commands were taken by the system says nothing about the link.
            Ok(Wrote::Octets) if self.outgoing.is_large() => self.machine.written(now()),
            Ok(Wrote::Octets) => {}
            Ok(Wrote::SourceFailed(error)) => self.machine.fail(Lost::Source(error)),
            Err(error) => self.broke(error),
        }
    }

    /// A server that closes while we write has perhaps said why; that would have been read by now.
    fn broke(&mut self, error: io::Error) {
        match error.kind() {
            io::ErrorKind::UnexpectedEof | io::ErrorKind::BrokenPipe => self.machine.closed(),
            _ => self.machine.fail(Lost::Io(error)),
        }
    }

    fn gather(&mut self, job: Option<Job>) {
        let Some(job) = job else {
            // Every handle is gone.
            self.wanted = false;
            self.machine.want_idle(now(), false);
            let logout = peregrine_proto::CommandBody::Logout(peregrine_proto::command::Logout);
            self.machine.submit_own(now(), logout);
            return;
        };
        self.take(job);
        self.take_ready();
    }

    fn take_ready(&mut self) {
        for _ in 0..GATHERED {
            match self.jobs.try_recv() {
                Ok(job) => self.take(job),
                Err(_) => break,
            }
        }
    }

    fn take(&mut self, job: Job) {
        match job {
            Job::Command { id, request, source, sink } => {
                let name = request.body.name();
                self.sinks.insert(id, Answers { sink, name, responses: Vec::new(), octets: 0 });
                if let Some(source) = source {
                    self.sources.insert(id, source);
                }
                self.machine.submit(now(), id, *request);
            }
            Job::Withdraw(id) => {
                if self.machine.withdraw(now(), id) {
                    self.sinks.remove(&id);
                    self.sources.remove(&id);
                }
            }
            Job::Odd(oddity) => self.machine.report(oddity),
            Job::Respond(response) => self.machine.respond(response.as_ref()),
            Job::Idle(more) => {
                self.idlers = if more { self.idlers + 1 } else { self.idlers.saturating_sub(1) };
                self.machine.want_idle(now(), self.idlers > 0);
            }
            Job::Subscribe(subscriber) => {
                if let Some(cause) = self.machine.lost() {
                    subscriber.push(&Update::Lost(Arc::clone(cause)), None);
                }
                self.subscribers.push(subscriber);
            }
        }
    }

    /// Gives what has come to whom it belongs.
    fn settle(&mut self) {
        while let Some(event) = self.machine.poll_event() {
            match event {
                Event::Greeting { .. } => {}
                Event::Data { command, response, octets } => self.data(command, response, octets),
                Event::Challenge(id, octets) => self.challenge(id, octets),
                Event::Done(id, result) => self.done(id, result),
                Event::Update(update) => self.tell(&update),
                Event::Lost(cause) => self.shared.lost(cause),
            }
        }
    }

    fn data(&mut self, id: CommandId, response: Response, octets: usize) {
        let limit = self.shared.settings.call_memory;
        if let Some(answers) = self.sinks.get_mut(&id) {
            answers.octets = answers.octets.saturating_add(octets);
            match answers.octets <= limit {
                true => answers.responses.push(response),
                // Nobody will see them any more.
                false => answers.responses = Vec::new(),
            }
        }
    }

    fn challenge(&mut self, id: CommandId, octets: Bytes) {
        if let Some(Answers { sink: Sink::Converse(turns), .. }) = self.sinks.get(&id) {
            // Where nobody waits any more, the exchange is given up below.
            if turns.send(Turn::Challenge(octets)).is_ok() {
                return;
            }
        }
        self.machine.respond(None);
    }

    fn done(&mut self, id: CommandId, result: Result<Completion, Error>) {
        // A command that is refused early is sent to its end all the same.
        if !self.machine.is_sending(id) && self.outgoing.body.is_none_or(|(sent, _)| sent != id) {
            self.sources.remove(&id);
        }
        let Some(answers) = self.sinks.remove(&id) else { return };
        let Answers { sink, name: command, responses, octets } = answers;
        let limit = self.shared.settings.call_memory;
        let result = result.and_then(|Completion { text, epoch }| match octets <= limit {
            true => Ok(Reply { command, responses, text, epoch }),
            false => Err(Error::TooLarge { command, limit }),
        });
        // Where nobody waits any more, the answer has been consumed all the same.
        match sink {
            Sink::Collect(reply) => _ = reply.send(result),
            Sink::Converse(turns) => _ = turns.send(Turn::Done(result)),
        }
    }

    fn tell(&mut self, update: &Update) {
        if let Update::Capabilities(capabilities) = update {
            self.shared.set_capabilities(Arc::clone(capabilities));
        }
        let exists = self.machine.exists();
        self.subscribers.retain(Subscriber::is_open);
        for subscriber in &self.subscribers {
            subscriber.push(update, exists);
        }
    }

    /// Takes what the machine wants to send.
    fn fill(&mut self) {
        while self.outgoing.body.is_none() && self.outgoing.octets.len() < WRITTEN {
            match self.machine.poll_transmit() {
                Some(Transmit::Octets { octets, shown }) => {
                    if let Some(log) = &self.shared.settings.log {
                        log.write(Line::Sent(shown.map_or(&octets[..], str::as_bytes)));
                    }
                    self.outgoing.octets.extend_from_slice(&octets);
                }
                Some(Transmit::Body { command, length, .. }) => {
                    self.outgoing.body = Some((command, length)).filter(|(_, length)| *length > 0);
                }
                None => break,
            }
        }
    }
}

impl Outgoing {
    fn is_due(&self) -> bool {
        !self.octets.is_empty() || self.body.is_some() || self.unflushed
    }

    /// Whether more is on its way than systems take without the other side's doing.
    fn is_large(&self) -> bool {
        self.body.is_some() || self.octets.len() > WRITTEN
    }

    /// One step, which can be given up at any time without losing an octet.
    async fn step(
        &mut self,
        writer: &mut (impl AsyncWrite + Unpin),
        sources: &mut HashMap<CommandId, Source>,
    ) -> io::Result<Wrote> {
        if !self.octets.is_empty() {
            let written = writer.write(&self.octets).await?;
            if written == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            self.octets.advance(written);
            self.unflushed = true;
        } else if let Some((id, left)) = self.body {
            return Ok(self.read_source(id, left, sources).await);
        } else {
            writer.flush().await?;
            self.unflushed = false;
        }
        Ok(Wrote::Octets)
    }

    async fn read_source(
        &mut self,
        id: CommandId,
        left: u32,
        sources: &mut HashMap<CommandId, Source>,
    ) -> Wrote {
        let Some(source) = sources.get_mut(&id) else {
            return Wrote::SourceFailed(io::ErrorKind::NotFound.into());
        };
        let most = WRITTEN.min(left as usize);
        self.octets.reserve(most);
        match source.take(most as u64).read_buf(&mut self.octets).await {
            Ok(0) => Wrote::SourceFailed(io::ErrorKind::UnexpectedEof.into()),
            Ok(octets) => {
                let left = left - u32::try_from(octets).unwrap_or(left);
                self.body = Some((id, left)).filter(|(_, left)| *left > 0);
                if self.body.is_none() {
                    sources.remove(&id);
                }
                Wrote::Octets
            }
            Err(error) => Wrote::SourceFailed(error),
        }
    }
}

/// The runtime's time, which tests can stop.
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

async fn sleep(deadline: Option<Instant>) {
    if let Some(deadline) = deadline {
        tokio::time::sleep_until(deadline.into()).await;
    }
}
