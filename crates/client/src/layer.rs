//! The stream as it is, or compressed (RFC 4978): what COMPRESS and UNAUTHENTICATE switch.

use crate::driver::Duplex;
use bytes::{Buf, Bytes, BytesMut};
use peregrine_proto::deflate::{Deflater, Inflater};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// How hard we try, from 1 to 9: commands are short, and messages that are appended go out once.
const LEVEL: u32 = 6;

/// Octets that are read at once before they are inflated.
const READ: usize = 16 << 10;

/// Deflated octets that wait for the socket; beyond it no more are taken.
const WAITING: usize = 64 << 10;

/// How a connection's octets are to be read and written from here on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Layer {
    /// By DEFLATE.
    Deflate,
    /// As they are.
    Plain,
}

/// A stream that can be compressed.
pub(crate) struct Layered {
    stream: Box<dyn Duplex>,
    incoming: Option<Box<Inflater>>,
    outgoing: Option<Box<Outgoing>>,
}

struct Outgoing {
    deflater: Deflater,
    deflated: BytesMut,
    /// Something was taken that has not been flushed.
    held: bool,
}

impl Layered {
    pub(crate) fn new(stream: Box<dyn Duplex>) -> Self {
        Self { stream, incoming: None, outgoing: None }
    }

    /// Begins or ends compression; `read` is what has been read behind the OK.
    pub(crate) fn switch(&mut self, layer: Layer, read: Bytes) {
        match layer {
            Layer::Deflate => {
                self.incoming = Some(Box::new(Inflater::new(read)));
                let deflater = Deflater::new(LEVEL);
                let outgoing = Outgoing { deflater, deflated: BytesMut::new(), held: false };
                self.outgoing = Some(Box::new(outgoing));
            }
            Layer::Plain => {
                // The command was sent whole, and flushed, or it would not have been answered.
                self.outgoing = None;
                if let Some(incoming) = &mut self.incoming {
                    incoming.end();
                }
            }
        }
    }
}

impl AsyncRead for Layered {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        while let Some(incoming) = &mut this.incoming {
            let damaged = |damaged| io::Error::new(io::ErrorKind::InvalidData, damaged);
            if let Some(octets) = incoming.inflate(buffer.initialize_unfilled()).map_err(damaged)? {
                buffer.advance(octets);
                return Poll::Ready(Ok(()));
            }
            if let Some(rest) = incoming.ended() {
                let fits = rest.len().min(buffer.remaining());
                buffer.put_slice(&rest[..fits]);
                if fits < rest.len() {
                    let text = "more came behind compression than can be taken at once";
                    return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, text)));
                }
                this.incoming = None;
                if fits > 0 {
                    return Poll::Ready(Ok(()));
                }
                break;
            }
            let mut octets = vec![0; READ];
            let mut raw = ReadBuf::new(&mut octets);
            ready!(Pin::new(&mut this.stream).poll_read(cx, &mut raw))?;
            let read = raw.filled().len();
            if read == 0 {
                return Poll::Ready(Ok(()));
            }
            octets.truncate(read);
            incoming.take(octets.into());
        }
        Pin::new(&mut this.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Layered {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        let Some(outgoing) = &mut this.outgoing else {
            return Pin::new(&mut this.stream).poll_write(cx, octets);
        };
        while outgoing.deflated.len() >= WAITING {
            ready!(outgoing.poll_drain(&mut this.stream, cx))?;
        }
        let octets = &octets[..octets.len().min(WAITING)];
        let mut deflated = Vec::new();
        outgoing.deflater.deflate(octets, &mut deflated);
        outgoing.deflated.extend_from_slice(&deflated);
        outgoing.held = true;
        Poll::Ready(Ok(octets.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if let Some(outgoing) = &mut this.outgoing {
            if outgoing.held {
                outgoing.held = false;
                let mut deflated = Vec::new();
                outgoing.deflater.flush(&mut deflated);
                outgoing.deflated.extend_from_slice(&deflated);
            }
            while !outgoing.deflated.is_empty() {
                ready!(outgoing.poll_drain(&mut this.stream, cx))?;
            }
        }
        Pin::new(&mut this.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.as_mut().poll_flush(cx))?;
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl Outgoing {
    fn poll_drain(
        &mut self,
        stream: &mut Box<dyn Duplex>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        let written = ready!(Pin::new(stream).poll_write(cx, &self.deflated))?;
        if written == 0 {
            return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
        }
        self.deflated.advance(written);
        Poll::Ready(Ok(()))
    }
}
