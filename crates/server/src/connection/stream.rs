//! The octets of a connection: read through a buffer that the thread's connections share, written
//! in gathered pieces.

use super::deflate::Outgoing;
use super::transport::Transport;
use crate::host::Session;
use bytes::{Buf, Bytes};
use peregrine_proto::deflate::{Damaged, Inflater};
use peregrine_session::Layer;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::time::Sleep;

/// Octets that one read takes at most.
const READ: usize = 64 * 1024;

/// Pieces that one write gathers at most.
const GATHER: usize = 32;

/// Pieces that the queue keeps room for while nothing waits.
const KEPT: usize = 8;

/// How long a session that has ended may take to send its last words.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// How long we wait for the client to close its end, so that our BYE is not lost: a socket that
/// is closed with unread input takes back what was sent.
const LINGER: Duration = Duration::from_secs(1);

/// Octets that are read and thrown away meanwhile.
const LINGER_OCTETS: usize = 1024 * 1024;

/// What deflating an octet costs, as sending so many.
const DEFLATED: u64 = 8;

thread_local! {
    /// Used within a poll only, so that an idle connection has no buffer.
    static BUFFER: RefCell<Box<[u8]>> = RefCell::new(vec![0; READ].into_boxed_slice());
}

/// A transport and what waits to be sent on it.
pub(super) struct Stream<S> {
    transport: Transport<S>,
    queue: VecDeque<Bytes>,
    /// What COMPRESS has put between the session and the transport; each direction ends by itself.
    outgoing: Option<Box<Outgoing>>,
    incoming: Option<Box<Inflater>>,
    flushed: bool,
    effort: u64,
    octets_in: u64,
    octets_out: u64,
    last_words: Option<Pin<Box<Sleep>>>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Stream<S> {
    pub(super) fn new(transport: Transport<S>) -> Self {
        Self {
            transport,
            queue: VecDeque::new(),
            outgoing: None,
            incoming: None,
            flushed: true,
            effort: 0,
            octets_in: 0,
            octets_out: 0,
            last_words: None,
        }
    }

    /// What comes later is in this layer. What the session had handed out before must be sent.
    pub(super) fn switch(&mut self, layer: Layer) {
        match layer {
            Layer::Deflate(read) => {
                self.outgoing = Some(Box::new(Outgoing::new()));
                self.incoming = Some(Box::new(Inflater::new(read)));
            }
            Layer::Plain => {
                self.outgoing = None;
                if let Some(incoming) = &mut self.incoming {
                    incoming.end();
                }
            }
        }
    }

    /// The client's next octets; `None` at their end.
    pub(super) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<Bytes>, Broken>> {
        BUFFER.with_borrow_mut(|buffer| {
            loop {
                if let Some(incoming) = &mut self.incoming {
                    if let Some(octets) = incoming.inflate(buffer)? {
                        return Poll::Ready(Ok(Some(Bytes::copy_from_slice(&buffer[..octets]))));
                    }
                    if let Some(rest) = incoming.ended() {
                        self.incoming = None;
                        if !rest.is_empty() {
                            return Poll::Ready(Ok(Some(rest)));
                        }
                    }
                }
                let octets = ready!(self.poll_receive(cx, buffer))?;
                if octets == 0 {
                    return Poll::Ready(Ok(None));
                }
                let read = Bytes::copy_from_slice(&buffer[..octets]);
                match &mut self.incoming {
                    Some(incoming) => incoming.take(read),
                    None => return Poll::Ready(Ok(Some(read))),
                }
            }
        })
    }

    fn poll_receive(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut buffer = ReadBuf::new(buffer);
        ready!(Pin::new(&mut self.transport).poll_read(cx, &mut buffer))?;
        let octets = buffer.filled().len();
        self.octets_in += octets as u64;
        Poll::Ready(Ok(octets))
    }

    /// Sends what the session has, as far as the client takes it; tells whether anything went.
    pub(super) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        session: &mut Session,
        now: Instant,
    ) -> io::Result<bool> {
        let mut progress = false;
        loop {
            while let Some(bytes) = session.poll_transmit() {
                self.queue.push_back(bytes);
            }
            if self.is_drained() {
                break;
            }
            match self.poll_queue(cx) {
                Poll::Ready(Ok(sent)) => {
                    session.handle_sent(now, sent);
                    progress = true;
                }
                Poll::Ready(Err(error)) => return Err(error),
                Poll::Pending => return Ok(progress),
            }
        }
        if self.queue.capacity() > KEPT {
            self.queue.shrink_to(KEPT);
        }
        self.poll_flush(cx)?;
        if let Some(outgoing) = &mut self.outgoing {
            outgoing.poll_rest(cx);
        }
        Ok(progress)
    }

    pub(super) fn is_flushed(&self) -> bool {
        self.is_drained() && self.flushed
    }

    fn is_drained(&self) -> bool {
        self.queue.is_empty() && self.outgoing.as_ref().is_none_or(|outgoing| outgoing.is_empty())
    }

    /// Sends what is left, within a bounded time.
    pub(super) fn poll_last(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while !self.is_drained() {
            match self.poll_queue(cx) {
                Poll::Ready(Ok(_)) => {}
                Poll::Ready(Err(_)) => return Poll::Ready(()),
                Poll::Pending => return self.poll_last_words(cx),
            }
        }
        match self.poll_flush(cx) {
            Ok(()) if !self.flushed => self.poll_last_words(cx),
            _ => Poll::Ready(()),
        }
    }

    /// What sending has cost so far, in octets sent plainly.
    pub(super) fn effort(&self) -> u64 {
        self.effort
    }

    /// Octets received and sent.
    pub(super) fn octets(&self) -> (u64, u64) {
        (self.octets_in, self.octets_out)
    }

    pub(super) fn into_transport(self) -> Transport<S> {
        self.transport
    }

    /// Ends our side, and waits a little for the client's end.
    pub(super) async fn close(mut self) {
        self.incoming = None;
        let closing = async {
            if self.transport.shutdown().await.is_err() {
                return;
            }
            let mut left = LINGER_OCTETS;
            while let Ok(Some(bytes)) = std::future::poll_fn(|cx| self.poll_read(cx)).await {
                left = left.saturating_sub(bytes.len());
                if left == 0 {
                    return;
                }
            }
        };
        let _ = tokio::time::timeout(LINGER, closing).await;
    }

    /// One write; how many of the session's octets it has sent.
    fn poll_queue(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let Some(outgoing) = &mut self.outgoing else { return self.poll_gathered(cx) };
        let chunk = outgoing.chunk(&mut self.queue);
        let written = ready!(Pin::new(&mut self.transport).poll_write(cx, chunk))?;
        if written == 0 {
            return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
        }
        self.flushed = false;
        self.octets_out += written as u64;
        let sent = outgoing.wrote(written);
        self.effort += sent as u64 * DEFLATED;
        Poll::Ready(Ok(sent))
    }

    /// One gathered write.
    fn poll_gathered(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let mut slices = [IoSlice::new(&[]); GATHER];
        let mut count = 0;
        for (slice, bytes) in slices.iter_mut().zip(&self.queue) {
            *slice = IoSlice::new(bytes);
            count += 1;
        }
        let written = Pin::new(&mut self.transport).poll_write_vectored(cx, &slices[..count]);
        match written {
            Poll::Ready(Ok(0)) => Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
            Poll::Ready(Ok(sent)) => {
                self.flushed = false;
                self.octets_out += sent as u64;
                self.effort += sent as u64;
                self.advance(sent);
                Poll::Ready(Ok(sent))
            }
            other => other,
        }
    }

    fn advance(&mut self, mut sent: usize) {
        while let Some(front) = self.queue.front_mut() {
            if sent < front.len() {
                front.advance(sent);
                return;
            }
            sent -= front.len();
            self.queue.pop_front();
        }
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        if !self.flushed {
            match Pin::new(&mut self.transport).poll_flush(cx) {
                Poll::Ready(result) => {
                    result?;
                    self.flushed = true;
                }
                Poll::Pending => {}
            }
        }
        Ok(())
    }

    fn poll_last_words(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let timer = || Box::pin(tokio::time::sleep(LAST_WORDS));
        self.last_words.get_or_insert_with(timer).as_mut().poll(cx)
    }
}

/// Why nothing more can be read.
pub(super) enum Broken {
    /// The connection is lost.
    Lost,
    /// What came is not compressed, or not whole.
    Damaged,
}

impl From<io::Error> for Broken {
    fn from(_: io::Error) -> Self {
        Self::Lost
    }
}

impl From<Damaged> for Broken {
    fn from(_: Damaged) -> Self {
        Self::Damaged
    }
}

/// Says BYE to a connection that is not let in.
pub(super) async fn refuse<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, sentence: &str) {
    let refusal = async {
        let line = format!("* BYE [UNAVAILABLE] {sentence}\r\n");
        let _ = stream.write_all(line.as_bytes()).await;
        let _ = stream.shutdown().await;
        // As in `Stream::close`: what the client sent meanwhile must not undo the BYE.
        let _ = stream.read(&mut [0; 512]).await;
    };
    let _ = tokio::time::timeout(LINGER, refusal).await;
}
