//! The recording of a trace: JSON, one object a line. The first line is a [`Header`], each other
//! one an [`Event`]. What is sent on the admin socket and what is kept in a file are the same.

use crate::sessions::Watched;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::io::{BufRead, Read};
use std::time::SystemTime;

/// Version of the form. It grows when something that is there changes its meaning; kinds of events
/// and fields that are new may come without that, and are passed over by who does not know them.
pub const VERSION: u32 = 1;

/// Longest line that is read, in octets: a command is shown by a few hundred characters.
const LONGEST: u64 = 64 * 1024;

/// Most events that are read from one file: some 200 MiB of memory, and more than anybody looks at.
pub const MAX_EVENTS: usize = 1_000_000;

/// The first line.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Header {
    /// [`VERSION`].
    #[serde(rename = "peregrine-trace")]
    pub version: u32,
    /// When it began, UTC, as RFC 3339 has it; all other times count from here.
    pub started: String,
    /// What is watched, for people: `user ann` or `session 65a0`.
    pub of: String,
}

/// Something that happened.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Event {
    /// Microseconds since the start.
    pub at: u64,
    /// The session, by the name that it has in the log; empty for what concerns all.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub session: String,
    /// The command: 1 for a session's first, and so on; 0 for what concerns the session. Tags may
    /// be used twice, numbers are not.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub job: u64,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

/// What happened, by the word in `event`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "lowercase")]
pub enum What {
    /// A session that is watched from now on.
    Session {
        /// Who is logged in.
        user: Option<String>,
        /// The client's address and port.
        from: String,
        /// Whether it speaks TLS.
        tls: bool,
    },
    /// The session has ended.
    Closed,
    /// A command was read whole.
    Arrived {
        /// Its tag; `null` where it could not be read.
        tag: Option<String>,
        /// Name and arguments without secrets and mail; `null` where it was not understood.
        command: Option<String>,
        /// Octets of it, without a large message.
        octets: u64,
    },
    /// A command that had arrived before the trace began.
    Present {
        /// Its tag.
        tag: Option<String>,
        /// Its name.
        command: String,
        /// Whether it runs; it waits otherwise.
        running: bool,
    },
    /// It waits for an earlier one.
    Waiting {
        /// The earlier command.
        behind: u64,
        /// The earlier command's tag.
        tag: Option<String>,
        /// What both touch, in one sentence.
        why: String,
    },
    /// It runs.
    Running,
    /// Its work is done; its answer waits for its turn.
    Ended,
    /// The first octet of its answer has been put in order for sending.
    Sending,
    /// Its tagged reply has been put in order for sending.
    Done {
        /// `OK`, `NO` or `BAD`.
        status: String,
        /// Octets of its data and its reply.
        octets: u64,
    },
    /// Events are missing here: they came faster than they were read.
    Lost {
        /// How many.
        events: u64,
    },
    /// A kind that this version does not know.
    #[serde(other)]
    Unknown,
}

/// Why a recording cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The system failed.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// The first line is no header.
    #[error("this is no trace: its first line must be {{\"peregrine-trace\":{VERSION},…}}")]
    NoTrace,
    /// It was made by a newer version.
    #[error("this trace has version {0}, and {VERSION} is the newest that is known here")]
    Version(u32),
    /// A line is no event.
    #[error("line {line}: {source}")]
    Line {
        /// Which, from 1.
        line: usize,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// A line or the whole is longer than it may be.
    #[error("line {0}: too long, or too many lines")]
    TooLong(usize),
}

impl Header {
    /// For a trace that begins now.
    #[must_use]
    pub fn new(now: SystemTime, of: &Watched) -> Self {
        let started = Timestamp::try_from(now).unwrap_or(Timestamp::UNIX_EPOCH);
        let of = match of {
            Watched::User(name) => format!("user {name}"),
            Watched::Session(id) => format!("session {id}"),
        };
        Self { version: VERSION, started: format!("{started:.3}"), of }
    }

    /// Reads a first line.
    ///
    /// # Errors
    /// [`RecordError::NoTrace`], [`RecordError::Version`].
    pub fn parse(line: &str) -> Result<Self, RecordError> {
        let header: Self = serde_json::from_str(line).map_err(|_| RecordError::NoTrace)?;
        match header.version {
            VERSION => Ok(header),
            other => Err(RecordError::Version(other)),
        }
    }

    /// The line, without its end.
    #[must_use]
    pub fn to_line(&self) -> String {
        to_line(self)
    }
}

impl Event {
    /// The line, without its end.
    #[must_use]
    pub fn to_line(&self) -> String {
        to_line(self)
    }
}

/// Reads a recording. A last line without an end, as a recorder that was killed leaves it, is
/// passed over.
///
/// # Errors
/// [`RecordError`].
pub fn read(mut input: impl BufRead) -> Result<(Header, Vec<Event>), RecordError> {
    let mut header = None;
    let mut events = Vec::new();
    for number in 1.. {
        let mut line = String::new();
        let read = (&mut input).take(LONGEST).read_line(&mut line);
        match read {
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::InvalidData && number == 1 => {
                return Err(RecordError::NoTrace);
            }
            Err(error) => return Err(error.into()),
        }
        if line.is_empty() || (line.len() < LONGEST as usize && !line.ends_with('\n')) {
            break;
        }
        if !line.ends_with('\n') || events.len() >= MAX_EVENTS {
            return Err(RecordError::TooLong(number));
        }
        if header.is_none() {
            header = Some(Header::parse(&line)?);
            continue;
        }
        let event = serde_json::from_str(&line);
        events.push(event.map_err(|source| RecordError::Line { line: number, source })?);
    }
    Ok((header.ok_or(RecordError::NoTrace)?, events))
}

fn to_line(value: &impl Serialize) -> String {
    // Only maps with keys that are no strings fail, and there is none.
    serde_json::to_string(value).unwrap_or_default()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}
