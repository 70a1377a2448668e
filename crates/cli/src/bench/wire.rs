//! A connection on which commands are sent as they are written, and replies only looked through
//! for their tags: what is measured is the server, not our reading of its answers.

mod login;

use bytes::Bytes;
use peregrine_client::{Lost, RawReader, RawWriter};
use std::sync::Arc;
use std::time::Instant;

use self::login::logged_in;
use crate::failure::Failure;
use crate::mail::connect::Access;

/// A connection that is logged in.
pub struct Wire {
    reader: RawReader,
    writer: RawWriter,
    tags: u64,
    /// Literals need not be asked for.
    literal_plus: bool,
}

/// A command's tag.
pub type Tag = String;

impl Wire {
    /// Connects and logs in.
    pub async fn connect(access: &Access) -> Result<Self, Failure> {
        let raw = logged_in(access).await?;
        let literal_plus = raw.capabilities().has("LITERAL+");
        let (reader, writer) = raw.split();
        Ok(Self { reader, writer, tags: 0, literal_plus })
    }

    /// A tag that was not used yet.
    pub fn tag(&mut self) -> Tag {
        self.tags += 1;
        format!("b{}", self.tags)
    }

    /// Sends octets in one write.
    pub async fn send(&mut self, octets: &[u8]) -> Result<(), Failure> {
        Ok(self.writer.send(octets).await?)
    }

    /// Sends a command, and waits until it has ended with OK. Gives the octets of the answer.
    pub async fn ask(&mut self, command: &str) -> Result<usize, Failure> {
        let tag = self.tag();
        self.send(format!("{tag} {command}\r\n").as_bytes()).await?;
        self.until(&tag).await
    }

    /// Waits until this command has ended with OK. Gives the octets of all that came meanwhile.
    pub async fn until(&mut self, tag: &str) -> Result<usize, Failure> {
        let mut octets = 0;
        loop {
            let response = self.next().await?;
            octets += response.len();
            if ends(&response, tag)? {
                return Ok(octets);
            }
        }
    }

    /// Waits until so many commands have ended with OK.
    pub async fn until_all(&mut self, mut commands: usize) -> Result<(), Failure> {
        while commands > 0 {
            let response = self.next().await?;
            if response.first() == Some(&b'b') {
                let tag = response.iter().position(|octet| *octet == b' ').unwrap_or(0);
                ok(&response[tag..])?;
                commands -= 1;
            }
        }
        Ok(())
    }

    /// Waits for a slow command and a quick one behind it; gives when the quick one ended.
    pub async fn until_both(&mut self, slow: &str, quick: &str) -> Result<Instant, Failure> {
        let (mut slow_ended, mut quick_ended) = (false, None);
        loop {
            let response = self.next().await?;
            slow_ended |= ends(&response, slow)?;
            if ends(&response, quick)? {
                quick_ended = Some(Instant::now());
            }
            if let (true, Some(when)) = (slow_ended, quick_ended) {
                return Ok(when);
            }
        }
    }

    /// Logs out.
    pub async fn leave(mut self) -> Result<(), Failure> {
        self.ask("LOGOUT").await.map(drop)
    }

    /// Waits for a response that is like this.
    pub async fn until_like(&mut self, like: impl Fn(&[u8]) -> bool) -> Result<(), Failure> {
        while !like(&self.next().await?) {}
        Ok(())
    }

    /// Puts a message into a mailbox.
    pub async fn append(&mut self, mailbox: &str, message: &[u8]) -> Result<(), Failure> {
        let tag = self.tag();
        let plus = if self.literal_plus { "+" } else { "" };
        let mut octets = format!("{tag} APPEND {mailbox} {{{}{plus}}}\r\n", message.len());
        if !self.literal_plus {
            self.send(octets.as_bytes()).await?;
            self.until_answered(&tag).await?;
            octets.clear();
        }
        let mut octets = octets.into_bytes();
        octets.extend_from_slice(message);
        octets.extend_from_slice(b"\r\n");
        self.send(&octets).await?;
        self.until(&tag).await.map(drop)
    }

    /// Waits for `+`.
    pub async fn until_answered(&mut self, tag: &str) -> Result<(), Failure> {
        loop {
            let response = self.next().await?;
            if response.starts_with(b"+") {
                return Ok(());
            }
            if ends(&response, tag)? {
                return Err(Failure::Work("the server ends a command in place of `+`".into()));
            }
        }
    }

    async fn next(&mut self) -> Result<Bytes, Failure> {
        let lost = |cause| peregrine_client::Error::Lost {
            command: "waiting",
            sent: true,
            cause: Arc::new(cause),
        };
        let response = self.reader.next().await.map_err(lost)?;
        Ok(response.ok_or_else(|| lost(Lost::Closed))?)
    }
}

/// Whether it is the reply to this tag.
fn ends(response: &[u8], tag: &str) -> Result<bool, Failure> {
    let rest = response.strip_prefix(tag.as_bytes());
    rest.filter(|rest| rest.first() == Some(&b' '))
        .map_or(Ok(false), |rest| ok(rest).map(|()| true))
}

/// Whether a reply, its tag left out, is OK.
fn ok(rest: &[u8]) -> Result<(), Failure> {
    match rest.get(..3) {
        Some(b" OK") => Ok(()),
        _ => Err(Failure::Work(format!("the server says{}", shown(rest)))),
    }
}

fn shown(text: &[u8]) -> String {
    const LONGEST: usize = 200;
    String::from_utf8_lossy(&text[..text.len().min(LONGEST)]).into_owned()
}
