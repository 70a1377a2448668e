//! The client's side of the admin socket.

use super::{Request, SessionLine, path};
use crate::admin::AdminError;
use crate::admin::trace::record::{Event, Header};
use crate::sessions::Watched;
use serde::Deserialize;
use std::io;
use std::path::{Path, PathBuf};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};

/// Longest line of an answer, in octets.
const LONGEST: u64 = 64 * 1024;

/// A trace of a running server, line by line.
pub struct LiveTrace {
    header: Header,
    answer: Answer,
}

/// Who is connected to the server of a folder, the oldest first.
///
/// # Errors
/// [`AdminError::NoServer`], [`AdminError::Refused`], [`AdminError::File`].
pub async fn sessions(folder: &Path) -> Result<Vec<SessionLine>, AdminError> {
    let mut answer = ask(folder, &Request::Sessions {}).await?;
    let mut sessions = Vec::new();
    while let Some(line) = answer.line().await? {
        sessions.push(answer.read(&line)?);
    }
    Ok(sessions)
}

/// Says BYE to the client of a session and closes it.
///
/// # Errors
/// [`AdminError::NoServer`], [`AdminError::Refused`], [`AdminError::File`].
pub async fn end(folder: &Path, session: &str) -> Result<(), AdminError> {
    let mut answer = ask(folder, &Request::End { session: session.to_owned() }).await?;
    answer.line().await?.map(drop).ok_or_else(|| answer.broken("it ended"))
}

/// Watches what the commands of some sessions do, from now on.
///
/// # Errors
/// [`AdminError::NoServer`], [`AdminError::Refused`], [`AdminError::File`].
pub async fn trace(folder: &Path, of: Watched) -> Result<LiveTrace, AdminError> {
    let request = match of {
        Watched::User(user) => Request::Trace { user: Some(user), session: None },
        Watched::Session(session) => Request::Trace { user: None, session: Some(session) },
    };
    let mut answer = ask(folder, &request).await?;
    let first = answer.line().await?.ok_or_else(|| answer.broken("it ended"))?;
    let header = Header::parse(&first).map_err(|error| answer.broken(&error.to_string()))?;
    Ok(LiveTrace { header, answer })
}

impl LiveTrace {
    /// What a recording of it begins with.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// What happens next; `None` when there is nothing more to come. May be dropped while it
    /// waits, and called again.
    ///
    /// # Errors
    /// [`AdminError::File`].
    pub async fn next(&mut self) -> Result<Option<Event>, AdminError> {
        match self.answer.line().await? {
            Some(line) => self.answer.read(&line).map(Some),
            None => Ok(None),
        }
    }
}

/// What a server says to one request.
struct Answer {
    path: PathBuf,
    reader: BufReader<OwnedReadHalf>,
    /// Open for as long as the answer is wanted.
    _writer: OwnedWriteHalf,
    /// The beginning of a line whose rest has not come.
    begun: Vec<u8>,
}

async fn ask(folder: &Path, request: &Request) -> Result<Answer, AdminError> {
    let path = path(folder);
    let stream = UnixStream::connect(&path).await.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => {
            AdminError::NoServer(folder.to_owned())
        }
        _ => AdminError::file("cannot connect to", &path)(error),
    })?;
    let (reader, mut writer) = stream.into_split();
    let failed = AdminError::file("cannot write to", &path);
    let mut line = serde_json::to_vec(request).unwrap_or_default();
    line.push(b'\n');
    writer.write_all(&line).await.map_err(failed)?;
    Ok(Answer { path, reader: BufReader::new(reader), _writer: writer, begun: Vec::new() })
}

impl Answer {
    /// The next line; a refusal is an error.
    async fn line(&mut self) -> Result<Option<String>, AdminError> {
        #[derive(Deserialize)]
        struct Refusal {
            error: String,
        }
        let failed = AdminError::file("cannot read", &self.path);
        let room = LONGEST.saturating_sub(self.begun.len() as u64);
        // What has come of a line stays in `begun` when this is dropped.
        let read = (&mut self.reader).take(room).read_until(b'\n', &mut self.begun).await;
        read.map_err(failed)?;
        if self.begun.is_empty() {
            return Ok(None);
        }
        let line = String::from_utf8(std::mem::take(&mut self.begun));
        let line = line.map_err(|_| self.broken("it is no text"))?;
        if !line.ends_with('\n') {
            return Err(self.broken("it ended in a line, or the line is too long"));
        }
        match serde_json::from_str::<Refusal>(&line) {
            Ok(Refusal { error }) => Err(AdminError::Refused(error)),
            Err(_) => Ok(Some(line)),
        }
    }

    fn read<'l, T: Deserialize<'l>>(&self, line: &'l str) -> Result<T, AdminError> {
        serde_json::from_str(line).map_err(|error| self.broken(&error.to_string()))
    }

    fn broken(&self, why: &str) -> AdminError {
        let error = io::Error::new(io::ErrorKind::InvalidData, why.to_owned());
        AdminError::file("cannot understand what comes from", &self.path)(error)
    }
}
