//! One session and its stream: a single poll that does what there is to do until all wait. It
//! carries octets in and out, runs commands, keeps time and watches the selected mailbox.

use super::jobs::{Ended, Finished, Jobs};
use super::link::Link;
use super::slot::Piece;
use super::stream::{Broken, Stream};
use super::tap::Tap;
use super::transport::Transport;
use super::watch::Watch;
use super::{End, now};
use crate::admission::Ticket;
use crate::capability;
use crate::host::{Outcome, Session, Transition};
use peregrine_proto::Code;
use peregrine_proto::response::ResponseText;
use peregrine_session::JobId;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Sleep;
use tokio_util::sync::WaitForCancellationFutureOwned;

/// How long commands may run on after the client has ended its side, while it takes nothing.
const HALF_CLOSED: Duration = Duration::from_secs(5);

/// Rounds that one poll goes at most before other connections have their turn: in each it reads
/// 64 KiB at most.
const ROUNDS: usize = 32;

/// Octets that one poll sends before other connections have their turn, so that a client that reads
/// as fast as we write keeps a thread for half a millisecond only.
const TURN: u64 = 512 * 1024;

/// One session and its stream.
pub(super) struct Connection<S> {
    session: Box<Session>,
    link: Arc<Link>,
    stream: Stream<S>,
    jobs: Jobs,
    watch: Option<Watch>,
    tap: Tap,
    /// UNAUTHENTICATE has ended and is not answered yet.
    leaving: bool,
    /// No command ran at the end of the last poll.
    idle: bool,
    half_closed: Option<HalfClosed>,
    /// When the present round began.
    time: Instant,
    timer: Pin<Box<Sleep>>,
    closing: Option<Pin<Box<WaitForCancellationFutureOwned>>>,
}

/// The client has ended its side; what runs may still be answered.
struct HalfClosed {
    patience: Pin<Box<Sleep>>,
    /// Octets that had been sent when the patience began.
    sent: u64,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    pub(super) fn new(link: Arc<Link>, stream: Stream<S>) -> Self {
        let options = &link.shared.options;
        let greeting = ResponseText {
            code: Some(Code::Capability(capability::list(&link, false))),
            text: format!("{} Peregrine is ready", options.host_name).into(),
        };
        let time = now();
        let session =
            Session::new(Arc::clone(&link.shared.session_limits), greeting, link.tls, time);
        let closing = link.seat.closing.clone().cancelled_owned();
        Self {
            session: Box::new(session),
            stream,
            jobs: Jobs::default(),
            watch: None,
            tap: Tap::default(),
            leaving: false,
            idle: true,
            half_closed: None,
            time,
            timer: Box::pin(tokio::time::sleep(Duration::ZERO)),
            closing: Some(Box::pin(closing)),
            link,
        }
    }

    /// Does what there is to do; ready when the connection, or its time without TLS, is over.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        let polled = self.poll_all(cx);
        self.tap.look(&self.link.seat, &mut self.session);
        self.tell_running();
        polled
    }

    /// Commands that ended in the poll in which they began are told to nobody.
    fn tell_running(&mut self) {
        let none = self.jobs.is_empty();
        if !(none && self.idle) && self.jobs.changed() {
            self.link.seat.set_running(self.jobs.names());
        }
        self.idle = none;
    }

    fn poll_all(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        self.time = now();
        self.poll_closing(cx);
        self.take_session_output(cx);
        let effort = self.stream.effort();
        let mut rounds = 0;
        loop {
            self.tap.look(&self.link.seat, &mut self.session);
            let mut progress = self.poll_jobs(cx);
            progress |= self.take_blocks();
            progress |= self.poll_mailbox(cx);
            let time = self.moment();
            match self.stream.poll_write(cx, &mut self.session, time) {
                // The session has nothing more to send then; only what streams may go on.
                Ok(wrote) => progress |= wrote && !self.jobs.is_empty(),
                Err(_) => return Poll::Ready(End::Closed("connection lost")),
            }
            if let Some(layer) = self.session.poll_layer() {
                self.stream.switch(layer);
                progress = true;
            }
            self.poll_user();
            if self.session.poll_starttls() && self.stream.is_flushed() {
                return Poll::Ready(End::StartTls);
            }
            if self.session.is_closed() {
                return self.poll_closed(cx);
            }
            match self.poll_read(cx) {
                Ok(read) => progress |= read,
                // Nobody is there to be answered: what runs is given up at once.
                Err(_) => return Poll::Ready(End::Closed("connection lost")),
            }
            progress |= self.poll_timer(cx);
            // Sending a reply, too, can start the next command.
            progress |= self.take_session_output(cx);
            if !progress && !self.poll_half_closed(cx) {
                return Poll::Pending;
            }
            rounds += 1;
            if rounds >= ROUNDS || self.stream.effort() - effort >= TURN {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            self.time = now();
        }
    }

    /// The present: to read the clock at each step would cost a small command a tenth of its time,
    /// so it is done once a round, unless somebody watches.
    fn moment(&mut self) -> Instant {
        if self.tap.is_open() {
            self.time = now();
        }
        self.time
    }

    /// Carries out what the session asks for, apart from sending.
    fn take_session_output(&mut self, cx: &mut Context<'_>) -> bool {
        let mut progress = false;
        loop {
            let mut quiet = true;
            while let Some(spool) = self.session.poll_spool() {
                self.link.spools.handle(spool);
                quiet = false;
            }
            while let Some(job) = self.session.poll_job() {
                if let Some(finished) = self.jobs.start(cx, job, &self.link) {
                    self.finish(finished);
                }
                quiet = false;
            }
            while let Some((id, line)) = self.session.poll_line() {
                self.jobs.line(id, line);
                quiet = false;
            }
            while let Some(id) = self.session.poll_cancel() {
                self.jobs.cancel(id);
            }
            if quiet {
                return progress;
            }
            progress = true;
        }
    }

    fn poll_jobs(&mut self, cx: &mut Context<'_>) -> bool {
        let mut progress = false;
        while let Some(finished) = self.jobs.poll(cx) {
            self.finish(finished);
            progress = true;
        }
        progress
    }

    /// Takes what a command has come to.
    fn finish(&mut self, (id, slot, ended): Finished) {
        let now = self.moment();
        // Commands may end with blocks that were not yet taken: their place is before the end.
        while let Some(piece) = slot.take_piece() {
            give(&mut self.session, now, id, piece);
        }
        // What the command itself did must be in the version that its answer is told with.
        self.refresh(now);
        let (outcome, panicked) = self.outcome(ended);
        // From here on the session takes versions of the new mailbox.
        let mut selects = false;
        match outcome.transition.as_deref() {
            Some(Transition::Selected { mailbox, name, snapshot, read_only, .. }) => {
                self.watch = Some(Watch::new(mailbox, name, snapshot, *read_only));
                selects = true;
            }
            Some(Transition::Unselected) => self.watch = None,
            Some(Transition::Unauthenticated) => {
                self.watch = None;
                self.leaving = true;
            }
            _ => {}
        }
        self.session.handle_outcome(now, id, outcome);
        if selects {
            self.refresh(now);
        }
        self.jobs.take_back(slot);
        if panicked {
            self.session.handle_shutdown(now, bye("This session met a fault of the server"));
        }
    }

    /// A command's outcome, or what is said after a panic.
    fn outcome(&self, ended: Ended) -> (Box<Outcome>, bool) {
        let panic = match ended {
            Ok(outcome) => return (outcome, false),
            Err(panic) => panic,
        };
        let words = panic.downcast_ref::<&str>().copied();
        let words = words.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
        let reference = self.link.id;
        tracing::error!(%reference, words, "a command panicked");
        let text = format!("The server met a fault of its own, reference {reference}");
        (Box::new(Outcome::no(Some(Code::ServerBug), text)), true)
    }

    fn take_blocks(&mut self) -> bool {
        let mut progress = false;
        let now = self.moment();
        for (id, slot) in self.jobs.slots() {
            if let Some(prompt) = slot.take_prompt() {
                self.session.handle_prompt(now, id, prompt);
                progress = true;
            }
            while self.session.wants_block(id)
                && let Some(piece) = slot.take_piece()
            {
                give(&mut self.session, now, id, piece);
                progress = true;
            }
        }
        progress
    }

    fn poll_mailbox(&mut self, cx: &mut Context<'_>) -> bool {
        let changed = self.watch.as_mut().is_some_and(|watch| watch.poll(cx));
        if changed {
            let now = self.moment();
            self.refresh(now);
        }
        changed
    }

    fn refresh(&mut self, now: Instant) {
        if let Some(watch) = &mut self.watch {
            watch.refresh(&mut self.session, now);
        }
    }

    /// Who watches the user that has left sees how he left, and nothing of what comes.
    fn poll_user(&mut self) {
        if self.leaving && self.session.account().is_none() {
            self.leaving = false;
            self.link.seat.left();
            self.tap.look(&self.link.seat, &mut self.session);
        }
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> io::Result<bool> {
        if self.half_closed.is_some()
            || !self.session.wants_bytes()
            || self.link.spools.poll_ready(cx).is_pending()
        {
            return Ok(false);
        }
        match self.stream.poll_read(cx) {
            Poll::Ready(Ok(Some(bytes))) => {
                let now = self.moment();
                self.session.handle_bytes(now, bytes);
            }
            Poll::Ready(Ok(None)) => {
                let patience = Box::pin(tokio::time::sleep(HALF_CLOSED));
                self.half_closed = Some(HalfClosed { patience, sent: self.stream.octets().1 });
            }
            Poll::Ready(Err(Broken::Lost)) => return Err(io::ErrorKind::BrokenPipe.into()),
            Poll::Ready(Err(Broken::Damaged)) => {
                let text = "What came is no DEFLATE, though COMPRESS is active".into();
                let text = ResponseText { code: Some(Code::ClientBug), text };
                self.session.handle_shutdown(now(), text);
            }
            Poll::Pending => return Ok(false),
        }
        Ok(true)
    }

    /// A client that has sent its commands and ended its side (`nc < file`) gets its answers for as
    /// long as it takes them; but it may as well have gone, so nothing is waited for long.
    fn poll_half_closed(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(half_closed) = &mut self.half_closed else { return false };
        let waits = self.jobs.slots().all(|(_, slot)| slot.waits_for_line());
        let mut over = waits && self.stream.is_flushed();
        while !over && half_closed.patience.as_mut().poll(cx).is_ready() {
            let sent = self.stream.octets().1;
            over = sent == half_closed.sent;
            half_closed.sent = sent;
            half_closed.patience.as_mut().reset(tokio::time::Instant::now() + HALF_CLOSED);
        }
        if over {
            self.session.handle_end(now());
        }
        over
    }

    /// Keeps the session's time. The timer is only set anew when it must ring earlier, so that a
    /// busy session does not move it at each command.
    fn poll_timer(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(deadline) = self.session.poll_deadline() else { return false };
        if self.time >= deadline {
            self.session.handle_timeout(self.time);
            return true;
        }
        let armed = self.timer.deadline().into_std();
        if self.timer.is_elapsed() || deadline < armed {
            self.timer.as_mut().reset(deadline.into());
        }
        // It may ring for a deadline that has moved on: then it is set again in the next round.
        self.timer.as_mut().poll(cx).is_ready()
    }

    fn poll_closing(&mut self, cx: &mut Context<'_>) {
        if let Some(closing) = &mut self.closing
            && closing.as_mut().poll(cx).is_ready()
        {
            self.closing = None;
            let all = self.link.shared.closing.is_cancelled();
            let text = match all {
                true => "The server shuts down, try again soon",
                false => "An administrator has ended this session",
            };
            self.session.handle_shutdown(now(), bye(text));
        }
    }

    /// Sends what is left of a session that has ended.
    fn poll_closed(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        self.stream.poll_last(cx).map(|()| End::Closed("session ended"))
    }

    /// How many commands there have been.
    pub(super) fn commands(&self) -> u64 {
        self.tap.commands()
    }

    /// Ends the time without TLS: what goes on is the stream and the connection's place.
    pub(super) fn into_parts(self) -> (Transport<S>, Option<Ticket>) {
        let ticket = self.link.take_ticket();
        (self.stream.into_transport(), ticket)
    }

    /// Ends the connection and writes it down.
    pub(super) async fn end(self, why: &str) {
        let (bytes_in, bytes_out) = self.stream.octets();
        let why = self.session.last_words().unwrap_or(why);
        self.link.peer.closed(self.link.user().as_deref(), bytes_in, bytes_out, why);
        // The place of the connection is free before the client has closed its end.
        drop(self.link.take_ticket());
        self.stream.close().await;
    }
}

fn give(session: &mut Session, now: Instant, id: JobId, piece: Piece) {
    match piece.ends {
        true => session.handle_block(now, id, piece.octets),
        false => session.handle_part(now, id, piece.octets),
    }
}

fn bye(text: &'static str) -> ResponseText {
    ResponseText { code: Some(Code::Unavailable), text: text.into() }
}
