//! A body in pieces, so that a large one is never in memory whole. While one piece is used, the
//! next is read.

use super::sums::Summed;
use crate::Error;
use crate::row::body::TRAILER;
use bytes::Bytes;
use peregrine_kv::{Engine, ObjectName};
use std::future::poll_fn;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

/// Octets of one piece: few enough to be sent while the processor's cache still has them, many
/// enough that a change of threads for each costs little.
pub const PIECE: usize = 512 * 1024;

/// Some octets of a body, in order, a piece at a time.
pub struct BodyPieces(State);

enum State {
    Memory(Bytes),
    Object(Ahead),
    Ended,
}

/// A piece that is being read, or was.
enum Ahead {
    Pending(Pin<Box<dyn Future<Output = Read> + Send>>),
    Ready(Read),
}

type Read = Result<(Cursor, Bytes), Error>;

/// An open object and what of it is wanted next.
struct Cursor {
    object: Summed,
    wanted: Range<u64>,
}

impl BodyPieces {
    pub(super) fn of_memory(bytes: Bytes) -> Self {
        Self(if bytes.is_empty() { State::Ended } else { State::Memory(bytes) })
    }

    /// Octets of an object with a body of this length.
    pub(super) fn of_object(
        engine: &Arc<dyn Engine>,
        name: ObjectName,
        length: u64,
        wanted: Range<u64>,
    ) -> Self {
        if wanted.is_empty() {
            return Self(State::Ended);
        }
        let engine = Arc::clone(engine);
        let first = async move {
            let object = open(&*engine, name, length).await?;
            Cursor { object, wanted }.read().await
        };
        Self(State::Object(Ahead::Pending(Box::pin(first))))
    }

    /// The next octets, at most [`PIECE`] and a few; `None` at the end.
    ///
    /// # Errors
    /// [`Error::Corrupt`] in place of the first piece where the body is not what was stored, and
    /// later only where it rotted meanwhile; [`Error::Unavailable`]. Nothing comes behind an error.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        match std::mem::replace(&mut self.0, State::Ended) {
            State::Ended => Ok(None),
            State::Memory(mut bytes) => {
                let piece = bytes.split_to(bytes.len().min(PIECE));
                *self = Self::of_memory(bytes);
                Ok(Some(piece))
            }
            State::Object(ahead) => {
                let (cursor, piece) = ahead.wait().await?;
                if !cursor.wanted.is_empty() {
                    self.0 = State::Object(Ahead::begin(cursor.read()).await);
                }
                Ok(Some(piece))
            }
        }
    }
}

impl Ahead {
    /// Polls it once, so that it goes on where it has handed its work to another thread. What
    /// waits then holds an open file and a piece, but no snapshot.
    async fn begin(read: impl Future<Output = Read> + Send + 'static) -> Self {
        let mut read = Box::pin(read);
        let first = poll_fn(|cx| {
            Poll::Ready(match read.as_mut().poll(cx) {
                Poll::Ready(read) => Some(read),
                Poll::Pending => None,
            })
        });
        match first.await {
            Some(read) => Self::Ready(read),
            None => Self::Pending(read),
        }
    }

    async fn wait(self) -> Read {
        match self {
            Self::Pending(read) => read.await,
            Self::Ready(read) => read,
        }
    }
}

/// Opens the object of a body of this length, and sees to it that all of it is right.
pub(super) async fn open(
    engine: &dyn Engine,
    name: ObjectName,
    length: u64,
) -> Result<Summed, Error> {
    let object = Summed::open(engine, name).await?;
    let whole = object.len();
    if whole < length || whole > length + TRAILER {
        return Err(Error::corrupt(format!("object {name} has {whole} octets for {length}")));
    }
    Ok(object)
}

impl Cursor {
    async fn read(mut self) -> Read {
        // Pieces end where blocks do, so that none is read twice.
        let end = (self.wanted.start / PIECE as u64 + 1) * PIECE as u64;
        let end = end.min(self.wanted.end);
        let piece = self.object.read(self.wanted.start..end).await?;
        self.wanted.start = end;
        Ok((self, piece))
    }
}
