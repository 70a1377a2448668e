//! A message's text as a stream: a piece at a time, so that it never lies in memory as a whole and
//! never keeps other commands waiting.

use crate::call::Call;
use crate::command::Items;
use crate::error::{Error, Result};
use crate::mailbox::Mailbox;
use crate::message::{Message, same_section};
use bytes::{Buf, Bytes};
use peregrine_proto::{Partial, Section, Uid};
use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, ReadBuf};

/// Octets that are asked for at once.
const PIECE: u32 = 256 << 10;

/// Pieces that are under way: 1 MiB, which fills 80 Mbit/s at 100 ms.
const PIECES: usize = 4;

/// Reads a text of a message. At most a MiB of it is in memory.
///
/// It is fetched piece by piece (`BODY.PEEK[…]<…>`), some ahead, so that who reads slowly holds up
/// nobody else on the connection, and may drop it at any time.
#[derive(Debug)]
pub struct BodyReader {
    mailbox: Mailbox,
    uid: Uid,
    section: Section,
    pieces: VecDeque<Piece>,
    /// First octet that was not asked for yet.
    next: u64,
    /// Octets that have come.
    come: u64,
    /// What the whole message is said to measure.
    size: Option<u64>,
    /// What has come and is not read yet.
    octets: Bytes,
    ended: bool,
}

#[derive(Debug)]
struct Piece {
    start: u64,
    call: Call<Option<Message>>,
}

impl Mailbox {
    /// Reads a text of a message piece by piece; [`Section::default`] is the whole message. \Seen
    /// is not set.
    pub fn read(&self, uid: Uid, section: Section) -> BodyReader {
        let mut reader = BodyReader {
            mailbox: self.clone(),
            uid,
            section,
            pieces: VecDeque::new(),
            next: 0,
            come: 0,
            size: None,
            octets: Bytes::new(),
            ended: false,
        };
        // Most messages are smaller than one piece.
        reader.ask();
        reader
    }
}

impl BodyReader {
    /// The next octets, at least one; `None` at the end.
    ///
    /// # Errors
    /// Those of FETCH; [`Error::Missing`] when the message was expunged before its end.
    pub async fn next(&mut self) -> Result<Option<Bytes>> {
        std::future::poll_fn(|context| self.poll_next(context)).await
    }

    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Bytes>>> {
        loop {
            if !self.octets.is_empty() {
                return Poll::Ready(Ok(Some(std::mem::take(&mut self.octets))));
            }
            if self.ended {
                return Poll::Ready(Ok(None));
            }
            if self.pieces.is_empty() {
                self.ask();
            }
            let Some(piece) = self.pieces.front_mut() else { continue };
            let result = ready!(Pin::new(&mut piece.call).poll(context));
            let start = piece.start;
            self.pieces.pop_front();
            if let Err(error) = result.and_then(|message| self.take(start, message)) {
                self.ended = true;
                self.pieces.clear();
                return Poll::Ready(Err(error));
            }
        }
    }

    /// Asks for the next piece.
    fn ask(&mut self) {
        let (start, count) = (self.next, u64::from(PIECE));
        if start > u64::from(u32::MAX) {
            // RFC 3501 §9 has no number for what lies behind 4 GiB.
            self.ended = self.pieces.is_empty();
            return;
        }
        let mut items = Items::new().piece(self.section.clone(), Partial { start, count });
        if start == 0 && self.section == Section::default() {
            items = items.size();
        }
        let call = self.mailbox.fetch_one(self.uid, items);
        self.pieces.push_back(Piece { start, call });
        self.next += u64::from(PIECE);
    }

    /// Takes the piece that begins at `start`, where the last one ended.
    fn take(&mut self, start: u64, message: Option<Message>) -> Result<()> {
        const COMMAND: &str = "UID FETCH";
        let missing = |what| Error::Missing { command: COMMAND, what };
        let message = message.ok_or_else(|| missing("the message: it was expunged"))?;
        self.size = message.size.or(self.size);
        let ours = message.sections.into_iter().find(|found| {
            same_section(&found.section, &self.section)
                && found.origin.is_none_or(|origin| origin == start)
        });
        let found = ours.ok_or_else(|| missing("the message's octets"))?;
        let Some(mut octets) = found.data else {
            self.ended = true;
            return if start == 0 { Err(missing("the message's octets")) } else { Ok(()) };
        };
        if found.origin.is_none() && octets.len() > PIECE as usize {
            // The server knows no pieces, and has sent all.
            octets.advance((start as usize).min(octets.len()));
            self.ended = true;
        } else {
            // What lies behind the piece comes with the next one.
            octets.truncate(PIECE as usize);
        }
        self.come += octets.len() as u64;
        let short = octets.len() < PIECE as usize;
        // Where the size says that there is more, the server may have its own limit.
        let more = self.size.is_some_and(|size| self.come < size) && !octets.is_empty();
        if short && !more {
            self.ended = true;
        }
        if self.ended || short {
            self.pieces.clear();
            self.next = self.come;
        }
        while !self.ended && !short && self.pieces.len() < PIECES {
            self.ask();
        }
        self.octets = octets;
        Ok(())
    }
}

impl AsyncRead for BodyReader {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if buffer.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        if let Some(mut octets) = ready!(self.poll_next(context)).map_err(io::Error::other)? {
            let count = octets.len().min(buffer.remaining());
            buffer.put_slice(&octets.split_to(count));
            self.octets = octets;
        }
        Poll::Ready(Ok(()))
    }
}
