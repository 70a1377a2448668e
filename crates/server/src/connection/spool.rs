//! Large messages on their way in: kept in files without a name until APPEND takes them, so that
//! many slow uploads need no memory.

use bytes::{Bytes, BytesMut};
use peregrine_session::Spool;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// Octets that are gathered before they are written: one write off the async threads for each.
const PIECE: usize = 256 * 1024;

/// Octets that may wait for the disk; beyond it the connection is not read.
const MAX_GATHERED: usize = 4 * PIECE;

/// The spooled messages of one connection.
pub(crate) struct Spools {
    /// Where files are made; `None` for the system's place for temporary files.
    folder: Option<PathBuf>,
    messages: Mutex<HashMap<u64, Arc<Message>>>,
}

/// One message.
struct Message {
    folder: Option<PathBuf>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    gathered: BytesMut,
    /// `None` before the first write and while one runs.
    file: Option<File>,
    writing: bool,
    ended: bool,
    /// The first error; what follows is thrown away.
    failed: Option<io::Error>,
    written: usize,
    /// Who waits for the disk: the connection, and the APPEND.
    wakers: [Option<Waker>; 2],
}

impl Spools {
    pub(super) fn new(folder: Option<PathBuf>) -> Self {
        Self { folder, messages: Mutex::default() }
    }

    /// Does what the session asks.
    pub(super) fn handle(&self, spool: Spool) {
        match spool {
            Spool::Start { id, .. } => {
                let folder = self.folder.clone();
                let message = Message { folder, state: Mutex::default() };
                self.messages().insert(id, Arc::new(message));
            }
            Spool::Data { id, data } => {
                if let Some(message) = self.find(id) {
                    message.state().gathered.extend_from_slice(&data);
                    message.write();
                }
            }
            Spool::End { id } => {
                if let Some(message) = self.find(id) {
                    message.state().ended = true;
                    message.write();
                }
            }
            Spool::Dropped { id } => {
                self.messages().remove(&id);
            }
        }
    }

    /// Whether more may be read; wakes the connection when it may again.
    pub(super) fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<()> {
        for message in self.messages().values() {
            let mut state = message.state();
            if state.gathered.len() > MAX_GATHERED {
                state.wakers[0] = Some(cx.waker().clone());
                return Poll::Pending;
            }
        }
        Poll::Ready(())
    }

    /// The octets of a message, which is then forgotten.
    ///
    /// # Errors
    /// What writing or reading it met with, a full disk above all.
    pub(crate) async fn take(&self, id: u64) -> io::Result<Bytes> {
        let message = self.messages().remove(&id);
        let message = message.ok_or_else(|| io::Error::other("the message was not kept"))?;
        let (file, length) = std::future::poll_fn(|cx| message.poll_whole(cx)).await?;
        let Some(mut file) = file else { return Ok(Bytes::new()) };
        let read = move || -> io::Result<Bytes> {
            file.seek(SeekFrom::Start(0))?;
            let mut bytes = Vec::with_capacity(length);
            file.read_to_end(&mut bytes)?;
            Ok(bytes.into())
        };
        tokio::task::spawn_blocking(read).await.map_err(io::Error::other)?
    }

    fn find(&self, id: u64) -> Option<Arc<Message>> {
        self.messages().get(&id).cloned()
    }

    fn messages(&self) -> MutexGuard<'_, HashMap<u64, Arc<Message>>> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Message {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts writing where there is enough and no write runs.
    fn write(self: &Arc<Self>) {
        let mut state = self.state();
        if state.writing {
            return;
        }
        if let Some(piece) = state.next_piece() {
            state.writing = true;
            let file = state.file.take();
            drop(state);
            let message = Arc::clone(self);
            tokio::task::spawn_blocking(move || message.write_pieces(file, piece));
        }
    }

    /// Writes until nothing waits.
    fn write_pieces(&self, mut file: Option<File>, mut piece: BytesMut) {
        loop {
            let result = self.write_piece(file, &piece);
            let mut state = self.state();
            file = match result {
                Ok(file) => {
                    state.written += piece.len();
                    Some(file)
                }
                Err(error) => {
                    tracing::error!(%error, "cannot keep a message that comes in");
                    state.failed = Some(error);
                    None
                }
            };
            state.wakers.iter_mut().filter_map(Option::take).for_each(Waker::wake);
            match state.next_piece() {
                Some(next) => piece = next,
                None => {
                    state.file = file;
                    state.writing = false;
                    return;
                }
            }
        }
    }

    fn write_piece(&self, file: Option<File>, piece: &[u8]) -> io::Result<File> {
        let mut file = match (file, &self.folder) {
            (Some(file), _) => file,
            // Without a name: it goes with the process, whatever happens.
            (None, Some(folder)) => tempfile::tempfile_in(folder)?,
            (None, None) => tempfile::tempfile()?,
        };
        file.write_all(piece)?;
        Ok(file)
    }

    fn poll_whole(&self, cx: &mut Context<'_>) -> Poll<io::Result<(Option<File>, usize)>> {
        let mut state = self.state();
        if let Some(error) = state.failed.take() {
            return Poll::Ready(Err(error));
        }
        if state.writing || !state.ended {
            state.wakers[1] = Some(cx.waker().clone());
            return Poll::Pending;
        }
        Poll::Ready(Ok((state.file.take(), state.written)))
    }
}

impl State {
    /// What is to be written next, if it is enough for a write.
    fn next_piece(&mut self) -> Option<BytesMut> {
        if self.failed.is_some() {
            self.gathered.clear();
        }
        let least = if self.ended { 1 } else { PIECE };
        (self.gathered.len() >= least).then(|| self.gathered.split())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spooled(file: Option<File>) -> Spools {
        let spools = Spools::new(None);
        spools.handle(Spool::Start { id: 1, length: 12 });
        spools.find(1).unwrap().state().file = file;
        for data in ["hello ", "world!"] {
            spools.handle(Spool::Data { id: 1, data: data.into() });
        }
        spools.handle(Spool::End { id: 1 });
        spools
    }

    #[tokio::test]
    async fn octets_come_back() {
        let spools = spooled(None);
        assert_eq!(spools.take(1).await.unwrap(), "hello world!");
        assert!(spools.take(1).await.is_err());
    }

    /// T64: a full disk is an error that says so.
    #[tokio::test]
    async fn a_full_disk_is_told() {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let error = spooled(Some(full)).take(1).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    }

    /// What was refused is forgotten, whatever of it was written.
    #[tokio::test]
    async fn dropped_messages_are_gone() {
        let spools = spooled(None);
        spools.handle(Spool::Dropped { id: 1 });
        assert!(spools.take(1).await.is_err());
    }
}
