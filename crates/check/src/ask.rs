//! One command after the other, for what surrounds the pipelines: greeting, login, folders.

use peregrine_proto::Response;
pub use peregrine_proto::Status;
use peregrine_proto::response::{Code, ResponseFramer, ResponseLimits, ResponseText};
use std::io;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// Longest wait for a reply.
const PATIENCE: Duration = Duration::from_secs(30);

/// A connection on which one thing is asked after the other.
pub struct Asker<S> {
    stream: S,
    framer: ResponseFramer,
}

/// A reply with the untagged data before it.
pub struct Answer {
    /// OK, NO or BAD.
    pub status: Status,
    /// Code and words.
    pub text: ResponseText,
    /// Untagged responses that could be read.
    pub data: Vec<Response>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Asker<S> {
    /// A connection at rest: the greeting has been read.
    pub fn new(stream: S) -> Self {
        Self { stream, framer: ResponseFramer::new(ResponseLimits::default()) }
    }

    /// Reads the greeting of a server that wants a login.
    ///
    /// # Errors
    /// It is no greeting, or the server refuses.
    pub async fn greeting(&mut self) -> io::Result<ResponseText> {
        match self.response().await? {
            Response::Condition { status: Status::Ok, text } => Ok(text),
            Response::PreAuth(_) => Err(io::Error::other("somebody is logged in already")),
            Response::Bye(text) => Err(io::Error::other(format!("refused: {}", text.text))),
            _ => Err(io::Error::other("this is no IMAP server")),
        }
    }

    /// Sends a command and waits for its reply.
    ///
    /// # Errors
    /// The connection is lost, or no reply comes for 30 seconds.
    pub async fn ask(&mut self, command: &str) -> io::Result<Answer> {
        self.stream.write_all(format!("x {command}\r\n").as_bytes()).await?;
        self.stream.flush().await?;
        let mut data = Vec::new();
        loop {
            match self.response().await? {
                Response::Tagged { status, text, .. } => return Ok(Answer { status, text, data }),
                Response::Bye(text) if !command.eq_ignore_ascii_case("LOGOUT") => {
                    return Err(io::Error::other(format!("the server ends: {}", text.text)));
                }
                other => data.push(other),
            }
        }
    }

    /// Logs in.
    ///
    /// # Errors
    /// As [`Asker::ask`], and where the server refuses.
    pub async fn log_in(&mut self, user: &str, password: &str) -> io::Result<()> {
        let quoted =
            |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
        if [user, password].iter().any(|text| text.bytes().any(|octet| !(32..127).contains(&octet)))
        {
            return Err(io::Error::other("LOGIN takes user and password in ASCII only"));
        }
        let answer = self.ask(&format!("LOGIN {} {}", quoted(user), quoted(password))).await?;
        match answer.status {
            Status::Ok => Ok(()),
            _ => Err(io::Error::other(format!("the login was refused: {}", answer.text.text))),
        }
    }

    /// What the server offers now.
    ///
    /// # Errors
    /// As [`Asker::ask`].
    pub async fn capabilities(&mut self) -> io::Result<Vec<String>> {
        let answer = self.ask("CAPABILITY").await?;
        let told = answer.data.into_iter().find_map(|response| match response {
            Response::Capability(names) => Some(names),
            _ => None,
        });
        let names = match (told, answer.text.code) {
            (Some(names), _) | (None, Some(Code::Capability(names))) => names,
            _ => Vec::new(),
        };
        Ok(names.iter().map(|name| name.to_ascii_uppercase()).collect())
    }

    /// The stream, at rest.
    pub fn into_stream(self) -> S {
        self.stream
    }

    async fn response(&mut self) -> io::Result<Response> {
        let mut octets = [0; 4096];
        loop {
            while let Some(response) = self.framer.next_response().map_err(io::Error::other)? {
                // Kinds that are not known mean nothing here.
                if let Ok(response) = Response::parse(&response) {
                    return Ok(response);
                }
            }
            let read = tokio::time::timeout(PATIENCE, self.stream.read(&mut octets));
            match read.await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                read => self.framer.push(&octets[..read]),
            }
        }
    }
}
