//! From a frame to a command: tag, name, arguments, end; and what to say when it is none.

use crate::command::{
    Append, Authenticate, Capability, Check, Close, Command, CommandBody, Copy, Create, Delete,
    Enable, Examine, Expunge, Fetch, Id, Idle, List, Login, Logout, Lsub, Move, Namespace, Noop,
    Rename, Search, Select, StartTls, Status, Store, Subscribe, Unselect, Unsubscribe, key,
};
use crate::frame::Frame;
use crate::suggest;
use crate::token::{Parsed, Problem, Reader, SyntaxError, excerpt};
use crate::{ParseError, Tag};

impl Command {
    /// Reads a command.
    ///
    /// # Errors
    /// Whatever does not follow the grammar: one BAD.
    ///
    /// ```abnf
    /// command = tag SP command-name [SP arguments] CRLF
    /// ```
    pub fn parse(frame: &Frame) -> Result<Self, ParseError> {
        let mut reader = Reader::with_spooled(&frame.text, &frame.spooled);
        let tag = match Tag::parse(&mut reader) {
            Ok(tag) => tag,
            Err(error) => return Err(explain(None, frame, error)),
        };
        match body(&mut reader) {
            Ok(body) => Ok(Self { tag, body }),
            Err(error) => Err(explain(Some(tag), frame, error)),
        }
    }
}

/// Name, arguments, end.
fn body(reader: &mut Reader<'_>) -> Parsed<CommandBody> {
    reader.space()?;
    let offset = reader.offset();
    let name = key(reader.atom("a command such as NOOP")?);
    let body = if name == key(b"UID") {
        reader.space()?;
        let offset = reader.offset();
        let name = key(reader.atom(AFTER_UID)?);
        match on_messages(name, reader, true)? {
            Some(body) => body,
            None => return Err(SyntaxError::expected(offset, AFTER_UID)),
        }
    } else if let Some(body) = on_messages(name, reader, false)? {
        body
    } else if let Some(body) = on_mailboxes(name, reader)? {
        body
    } else if let Some(body) = on_connection(name, reader)? {
        body
    } else {
        return Err(SyntaxError::wrong(offset, UNKNOWN));
    };
    reader.end()?;
    Ok(body)
}

const AFTER_UID: &str = "FETCH, STORE, SEARCH, COPY, MOVE or EXPUNGE after UID";
const UNKNOWN: &str = "unknown command";

/// Commands that have a UID form.
fn on_messages(name: u128, reader: &mut Reader<'_>, uid: bool) -> Parsed<Option<CommandBody>> {
    const FETCH: u128 = key(b"FETCH");
    const STORE: u128 = key(b"STORE");
    const SEARCH: u128 = key(b"SEARCH");
    const COPY: u128 = key(b"COPY");
    const MOVE: u128 = key(b"MOVE");
    const EXPUNGE: u128 = key(b"EXPUNGE");
    Ok(Some(match name {
        FETCH => CommandBody::Fetch(Fetch::parse(reader, uid)?),
        STORE => CommandBody::Store(Store::parse(reader, uid)?),
        SEARCH => CommandBody::Search(Search::parse(reader, uid)?),
        COPY => CommandBody::Copy(Copy::parse(reader, uid)?),
        MOVE => CommandBody::Move(Move::parse(reader, uid)?),
        EXPUNGE => CommandBody::Expunge(Expunge::parse(reader, uid)?),
        _ => return Ok(None),
    }))
}

/// Commands that name mailboxes.
fn on_mailboxes(name: u128, reader: &mut Reader<'_>) -> Parsed<Option<CommandBody>> {
    const SELECT: u128 = key(b"SELECT");
    const EXAMINE: u128 = key(b"EXAMINE");
    const STATUS: u128 = key(b"STATUS");
    const APPEND: u128 = key(b"APPEND");
    const LIST: u128 = key(b"LIST");
    const LSUB: u128 = key(b"LSUB");
    const CREATE: u128 = key(b"CREATE");
    const DELETE: u128 = key(b"DELETE");
    const RENAME: u128 = key(b"RENAME");
    const SUBSCRIBE: u128 = key(b"SUBSCRIBE");
    const UNSUBSCRIBE: u128 = key(b"UNSUBSCRIBE");
    Ok(Some(match name {
        SELECT => CommandBody::Select(Select::parse(reader)?),
        EXAMINE => CommandBody::Examine(Examine::parse(reader)?),
        STATUS => CommandBody::Status(Status::parse(reader)?),
        APPEND => CommandBody::Append(Append::parse(reader)?),
        LIST => CommandBody::List(List::parse(reader)?),
        LSUB => CommandBody::Lsub(Lsub::parse(reader)?),
        CREATE => CommandBody::Create(Create::parse(reader)?),
        DELETE => CommandBody::Delete(Delete::parse(reader)?),
        RENAME => CommandBody::Rename(Rename::parse(reader)?),
        SUBSCRIBE => CommandBody::Subscribe(Subscribe::parse(reader)?),
        UNSUBSCRIBE => CommandBody::Unsubscribe(Unsubscribe::parse(reader)?),
        _ => return Ok(None),
    }))
}

/// All others.
fn on_connection(name: u128, reader: &mut Reader<'_>) -> Parsed<Option<CommandBody>> {
    const NOOP: u128 = key(b"NOOP");
    const IDLE: u128 = key(b"IDLE");
    const CHECK: u128 = key(b"CHECK");
    const CLOSE: u128 = key(b"CLOSE");
    const UNSELECT: u128 = key(b"UNSELECT");
    const CAPABILITY: u128 = key(b"CAPABILITY");
    const LOGOUT: u128 = key(b"LOGOUT");
    const STARTTLS: u128 = key(b"STARTTLS");
    const NAMESPACE: u128 = key(b"NAMESPACE");
    const LOGIN: u128 = key(b"LOGIN");
    const AUTHENTICATE: u128 = key(b"AUTHENTICATE");
    const ID: u128 = key(b"ID");
    const ENABLE: u128 = key(b"ENABLE");
    Ok(Some(match name {
        NOOP => CommandBody::Noop(Noop),
        IDLE => CommandBody::Idle(Idle),
        CHECK => CommandBody::Check(Check),
        CLOSE => CommandBody::Close(Close),
        UNSELECT => CommandBody::Unselect(Unselect),
        CAPABILITY => CommandBody::Capability(Capability),
        LOGOUT => CommandBody::Logout(Logout),
        STARTTLS => CommandBody::StartTls(StartTls),
        NAMESPACE => CommandBody::Namespace(Namespace),
        LOGIN => CommandBody::Login(Login::parse(reader)?),
        AUTHENTICATE => CommandBody::Authenticate(Authenticate::parse(reader)?),
        ID => CommandBody::Id(Id::parse(reader)?),
        ENABLE => CommandBody::Enable(Enable::parse(reader)?),
        _ => return Ok(None),
    }))
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
    }
    ParseError { tag, offset: error.offset, message: message.into(), code: None }
}

/// The names that a slip may have meant.
const NAMES: [&str; 31] = [
    Append::NAME,
    Authenticate::NAME,
    Capability::NAME,
    Check::NAME,
    Close::NAME,
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
    Search::NAME,
    Select::NAME,
    StartTls::NAME,
    Status::NAME,
    Store::NAME,
    Subscribe::NAME,
    "UID",
    Unselect::NAME,
    Unsubscribe::NAME,
];
