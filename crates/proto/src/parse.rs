//! From a frame to a command: tag, name, arguments, end; and what to say when it is none.

use crate::command::{
    Append, Authenticate, Capability, Check, Close, Command, CommandBody, Compress, Copy, Create,
    Delete, Enable, Examine, Expunge, Fetch, Id, Idle, List, Login, Logout, Lsub, Move, Namespace,
    Noop, Rename, Replace, Search, Select, Sort, StartTls, Status, Store, Subscribe, Thread,
    Unauthenticate, Unselect, Unsubscribe, key,
};
use crate::form::form;
use crate::frame::Frame;
use crate::suggest;
use crate::token::{Parsed, Problem, Reader, SyntaxError, excerpt};
use crate::{Encoding, ParseError, Tag};

impl Command {
    /// Reads a command.
    ///
    /// # Errors
    /// Whatever does not follow the grammar: one BAD.
    ///
    /// ```abnf
    /// command = tag SP command-name [SP arguments] CRLF
    /// ```
    #[expect(clippy::result_large_err, reason = "a command is larger still")]
    pub fn parse(frame: &Frame) -> Result<Self, ParseError> {
        Self::parse_in(frame, Encoding::SevenBit)
    }

    /// Reads a command with names in this encoding.
    ///
    /// # Errors
    /// As [`Self::parse`].
    #[expect(clippy::result_large_err, reason = "a command is larger still")]
    pub fn parse_in(frame: &Frame, encoding: Encoding) -> Result<Self, ParseError> {
        let reader = Reader::with_spooled(&frame.text, &frame.spooled);
        let mut reader = reader.encoded(encoding);
        let tag = match tag(&mut reader) {
            Ok(tag) => tag,
            Err(error) => return Err(explain(None, frame, error)),
        };
        // Filled in place: a command is large to move.
        let mut command = Self { tag, body: CommandBody::Noop(Noop) };
        match body(&mut reader, &mut command.body) {
            Ok(()) => Ok(command),
            Err(error) => Err(explain(Some(command.tag), frame, error)),
        }
    }
}

/// A tag as a whole word: the beginning of something else is not reflected as if it were one.
fn tag(reader: &mut Reader<'_>) -> Parsed<Tag> {
    let tag = Tag::parse(reader)?;
    match reader.peek() {
        None | Some(b' ') => Ok(tag),
        Some(_) => reader.expected("a space after the tag"),
    }
}

/// Name, arguments, end.
fn body(reader: &mut Reader<'_>, body: &mut CommandBody) -> Parsed<()> {
    reader.space()?;
    let mut offset = reader.offset();
    let mut name = key(reader.atom("a command such as NOOP")?);
    let uid = name == key(b"UID");
    if uid {
        reader.space()?;
        offset = reader.offset();
        name = key(reader.atom(AFTER_UID)?);
    }
    arguments(name, uid, offset, reader, body)?;
    reader.end()
}

const AFTER_UID: &str =
    "FETCH, STORE, SEARCH, SORT, THREAD, COPY, MOVE, REPLACE or EXPUNGE after UID";
const UNKNOWN: &str = "unknown command";

/// Reads what stands behind the name, which began at `offset`.
fn arguments(
    name: u128,
    uid: bool,
    offset: usize,
    reader: &mut Reader<'_>,
    body: &mut CommandBody,
) -> Parsed<()> {
    match (name, uid) {
        (FETCH, _) => *body = CommandBody::Fetch(Fetch::parse(reader, uid)?),
        (STORE, _) => *body = CommandBody::Store(Store::parse(reader, uid)?),
        (SEARCH, _) => *body = CommandBody::Search(Search::parse(reader, uid)?),
        (SORT, _) => *body = CommandBody::Sort(Sort::parse(reader, uid)?),
        (THREAD, _) => *body = CommandBody::Thread(Thread::parse(reader, uid)?),
        (REPLACE, _) => *body = CommandBody::Replace(Replace::parse(reader, uid)?),
        (COPY, _) => *body = CommandBody::Copy(Copy::parse(reader, uid)?),
        (MOVE, _) => *body = CommandBody::Move(Move::parse(reader, uid)?),
        (EXPUNGE, _) => *body = CommandBody::Expunge(Expunge::parse(reader, uid)?),
        (_, true) => return Err(SyntaxError::expected(offset, AFTER_UID)),
        (NOOP, _) => *body = CommandBody::Noop(Noop),
        (SELECT, _) => *body = CommandBody::Select(Select::parse(reader)?),
        (EXAMINE, _) => *body = CommandBody::Examine(Examine::parse(reader)?),
        (STATUS, _) => *body = CommandBody::Status(Status::parse(reader)?),
        (APPEND, _) => *body = CommandBody::Append(Append::parse(reader)?),
        (LIST, _) => *body = CommandBody::List(List::parse(reader)?),
        (LSUB, _) => *body = CommandBody::Lsub(Lsub::parse(reader)?),
        (CREATE, _) => *body = CommandBody::Create(Create::parse(reader)?),
        (DELETE, _) => *body = CommandBody::Delete(Delete::parse(reader)?),
        (RENAME, _) => *body = CommandBody::Rename(Rename::parse(reader)?),
        (SUBSCRIBE, _) => *body = CommandBody::Subscribe(Subscribe::parse(reader)?),
        (UNSUBSCRIBE, _) => *body = CommandBody::Unsubscribe(Unsubscribe::parse(reader)?),
        (IDLE, _) => *body = CommandBody::Idle(Idle),
        (CHECK, _) => *body = CommandBody::Check(Check),
        (CLOSE, _) => *body = CommandBody::Close(Close),
        (UNSELECT, _) => *body = CommandBody::Unselect(Unselect),
        (CAPABILITY, _) => *body = CommandBody::Capability(Capability),
        (LOGOUT, _) => *body = CommandBody::Logout(Logout),
        (STARTTLS, _) => *body = CommandBody::StartTls(StartTls),
        (NAMESPACE, _) => *body = CommandBody::Namespace(Namespace),
        (COMPRESS, _) => *body = CommandBody::Compress(Compress::parse(reader)?),
        (UNAUTHENTICATE, _) => *body = CommandBody::Unauthenticate(Unauthenticate),
        (LOGIN, _) => *body = CommandBody::Login(Login::parse(reader)?),
        (AUTHENTICATE, _) => *body = CommandBody::Authenticate(Authenticate::parse(reader)?),
        (ID, _) => *body = CommandBody::Id(Id::parse(reader)?),
        (ENABLE, _) => *body = CommandBody::Enable(Enable::parse(reader)?),
        _ => return Err(SyntaxError::wrong(offset, UNKNOWN)),
    }
    Ok(())
}

#[cold]
fn explain(tag: Option<Tag>, frame: &Frame, error: SyntaxError) -> ParseError {
    let text = &frame.text[..];
    let mut words = text.split(|byte| *byte == b' ');
    let name = words.nth(1).unwrap_or_default();
    let secret = [&b"LOGIN"[..], b"AUTHENTICATE"].iter().any(|s| name.eq_ignore_ascii_case(s));
    let mut message = error.describe(text, secret);
    if error.problem == Problem::Wrong(UNKNOWN) {
        let shown = excerpt(name);
        message = match suggest::nearest(name, &NAMES) {
            Some(near) => format!(
                "unknown command {shown}: did you mean {near}? (column {})",
                error.offset + 1
            ),
            None => format!("unknown command {shown} (column {})", error.offset + 1),
        };
    } else if error.offset >= text.len()
        && let Some(form) = form(name)
    {
        // Something is left out: say what the whole looks like.
        message = format!("{message}; the form is: {form}");
    }
    ParseError { tag, offset: error.offset, message: message.into(), code: None }
}

/// The names that a slip may have meant.
const NAMES: [&str; 36] = [
    Append::NAME,
    Authenticate::NAME,
    Capability::NAME,
    Check::NAME,
    Close::NAME,
    Compress::NAME,
    Copy::NAME,
    Create::NAME,
    Delete::NAME,
    Enable::NAME,
    Examine::NAME,
    Expunge::NAME,
    Fetch::NAME,
    Id::NAME,
    Idle::NAME,
    List::NAME,
    Login::NAME,
    Logout::NAME,
    Lsub::NAME,
    Move::NAME,
    Namespace::NAME,
    Noop::NAME,
    Rename::NAME,
    Replace::NAME,
    Search::NAME,
    Select::NAME,
    Sort::NAME,
    StartTls::NAME,
    Status::NAME,
    Store::NAME,
    Subscribe::NAME,
    Thread::NAME,
    "UID",
    Unauthenticate::NAME,
    Unselect::NAME,
    Unsubscribe::NAME,
];

const APPEND: u128 = key(Append::NAME.as_bytes());
const AUTHENTICATE: u128 = key(Authenticate::NAME.as_bytes());
const CAPABILITY: u128 = key(Capability::NAME.as_bytes());
const CHECK: u128 = key(Check::NAME.as_bytes());
const CLOSE: u128 = key(Close::NAME.as_bytes());
const COMPRESS: u128 = key(Compress::NAME.as_bytes());
const COPY: u128 = key(Copy::NAME.as_bytes());
const CREATE: u128 = key(Create::NAME.as_bytes());
const DELETE: u128 = key(Delete::NAME.as_bytes());
const ENABLE: u128 = key(Enable::NAME.as_bytes());
const EXAMINE: u128 = key(Examine::NAME.as_bytes());
const EXPUNGE: u128 = key(Expunge::NAME.as_bytes());
const FETCH: u128 = key(Fetch::NAME.as_bytes());
const ID: u128 = key(Id::NAME.as_bytes());
const IDLE: u128 = key(Idle::NAME.as_bytes());
const LIST: u128 = key(List::NAME.as_bytes());
const LOGIN: u128 = key(Login::NAME.as_bytes());
const LOGOUT: u128 = key(Logout::NAME.as_bytes());
const LSUB: u128 = key(Lsub::NAME.as_bytes());
const MOVE: u128 = key(Move::NAME.as_bytes());
const NAMESPACE: u128 = key(Namespace::NAME.as_bytes());
const NOOP: u128 = key(Noop::NAME.as_bytes());
const RENAME: u128 = key(Rename::NAME.as_bytes());
const REPLACE: u128 = key(Replace::NAME.as_bytes());
const SEARCH: u128 = key(Search::NAME.as_bytes());
const SELECT: u128 = key(Select::NAME.as_bytes());
const SORT: u128 = key(Sort::NAME.as_bytes());
const STARTTLS: u128 = key(StartTls::NAME.as_bytes());
const STATUS: u128 = key(Status::NAME.as_bytes());
const STORE: u128 = key(Store::NAME.as_bytes());
const SUBSCRIBE: u128 = key(Subscribe::NAME.as_bytes());
const THREAD: u128 = key(Thread::NAME.as_bytes());
const UNAUTHENTICATE: u128 = key(Unauthenticate::NAME.as_bytes());
const UNSELECT: u128 = key(Unselect::NAME.as_bytes());
const UNSUBSCRIBE: u128 = key(Unsubscribe::NAME.as_bytes());
