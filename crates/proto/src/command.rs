//! Commands: one file each with its fields, grammar, writing, effects and tests.

pub mod append;
pub mod authenticate;
pub mod capability;
pub mod check;
pub mod close;
pub mod compress;
pub mod copy;
pub mod create;
pub mod delete;
pub mod enable;
pub mod examine;
pub mod expunge;
pub mod fetch;
pub mod id;
pub mod idle;
pub mod list;
pub mod login;
pub mod logout;
pub mod lsub;
pub mod r#move;
pub mod namespace;
pub mod noop;
pub mod rename;
pub mod replace;
pub mod search;
pub mod select;
pub mod sort;
pub mod starttls;
pub mod status;
pub mod store;
pub mod subscribe;
pub mod thread;
pub mod unauthenticate;
pub mod unselect;
pub mod unsubscribe;

use crate::effects::{Answer, Effects};
use crate::number::UidRanges;
use crate::token::{Parsed, Reader, SyntaxError};
use crate::writer::CommandWriter;
use crate::{SequenceNumber, SequenceSet, Tag, Uid, UidSet};
use bytestring::ByteString;

pub use append::Append;
pub use authenticate::Authenticate;
pub use capability::Capability;
pub use check::Check;
pub use close::Close;
pub use compress::Compress;
pub use copy::Copy;
pub use create::Create;
pub use delete::Delete;
pub use enable::Enable;
pub use examine::Examine;
pub use expunge::Expunge;
pub use fetch::Fetch;
pub use id::Id;
pub use idle::Idle;
pub use list::List;
pub use login::Login;
pub use logout::Logout;
pub use lsub::Lsub;
pub use r#move::Move;
pub use namespace::Namespace;
pub use noop::Noop;
pub use rename::Rename;
pub use replace::Replace;
pub use search::Search;
pub use select::Select;
pub use sort::Sort;
pub use starttls::StartTls;
pub use status::Status;
pub use store::Store;
pub use subscribe::Subscribe;
pub use thread::Thread;
pub use unauthenticate::Unauthenticate;
pub use unselect::Unselect;
pub use unsubscribe::Unsubscribe;

/// A command with its tag.
#[derive(Clone, Debug)]
pub struct Command {
    /// The client's tag.
    pub tag: Tag,
    /// What it asks.
    pub body: CommandBody,
}

/// Which messages a command means: by sequence number, by UID (the `UID` forms), or those that the
/// last `SEARCH RETURN (SAVE)` found.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Messages {
    /// Plain form.
    Sequence(SequenceSet),
    /// `UID` form.
    Uid(UidSet),
    /// `$` (RFC 5182), in either form.
    Saved {
        /// `UID` form.
        uid: bool,
    },
}

/// Every command that we know.
#[derive(Clone, Debug)]
pub enum CommandBody {
    /// CAPABILITY
    Capability(Capability),
    /// NOOP
    Noop(Noop),
    /// LOGOUT
    Logout(Logout),
    /// STARTTLS
    StartTls(StartTls),
    /// AUTHENTICATE
    Authenticate(Authenticate),
    /// COMPRESS
    Compress(Compress),
    /// UNAUTHENTICATE
    Unauthenticate(Unauthenticate),
    /// LOGIN
    Login(Login),
    /// SELECT
    Select(Select),
    /// EXAMINE
    Examine(Examine),
    /// CREATE
    Create(Create),
    /// DELETE
    Delete(Delete),
    /// RENAME
    Rename(Rename),
    /// SUBSCRIBE
    Subscribe(Subscribe),
    /// UNSUBSCRIBE
    Unsubscribe(Unsubscribe),
    /// LIST
    List(List),
    /// LSUB
    Lsub(Lsub),
    /// STATUS
    Status(Status),
    /// CHECK
    Check(Check),
    /// CLOSE
    Close(Close),
    /// UNSELECT
    Unselect(Unselect),
    /// EXPUNGE
    Expunge(Expunge),
    /// IDLE
    Idle(Idle),
    /// NAMESPACE
    Namespace(Namespace),
    /// ID
    Id(Id),
    /// ENABLE
    Enable(Enable),
    /// STORE
    Store(Store),
    /// COPY
    Copy(Copy),
    /// MOVE
    Move(Move),
    /// APPEND
    Append(Append),
    /// REPLACE
    Replace(Replace),
    /// FETCH
    Fetch(Fetch),
    /// SEARCH
    Search(Search),
    /// SORT
    Sort(Sort),
    /// THREAD
    Thread(Thread),
}

/// The states of a connection (RFC 3501 §3).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum State {
    /// Nobody has logged in.
    NotAuthenticated,
    /// A user is known.
    Authenticated,
    /// A mailbox is open.
    Selected,
    /// The end has been said.
    Logout,
}

/// Some of the states: those in which a command is legal.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct States(&'static [State]);

impl States {
    /// All but Logout.
    pub const ANY: Self = Self(&[State::NotAuthenticated, State::Authenticated, State::Selected]);
    /// Before login only.
    pub const NOT_AUTHENTICATED: Self = Self(&[State::NotAuthenticated]);
    /// After login, whether a mailbox is open or not.
    pub const AUTHENTICATED: Self = Self(&[State::Authenticated, State::Selected]);
    /// While a mailbox is open.
    pub const SELECTED: Self = Self(&[State::Selected]);

    /// Whether the state is among them.
    pub fn contains(self, state: State) -> bool {
        self.0.contains(&state)
    }
}

/// Does the same with whatever command it is: `$Command` is its type, `$command` its value.
macro_rules! each {
    ($body:expr, $Command:ident, $command:ident => $result:expr) => {
        each!(@ $body, $Command, $command, $result;
            Capability Noop Logout StartTls Authenticate Compress Unauthenticate Login Select Examine Create Delete Rename
            Subscribe Unsubscribe List Lsub Status Check Close Unselect Expunge Idle Namespace Id
            Enable Store Copy Move Append Replace Fetch Search Sort Thread)
    };
    (@ $body:expr, $Command:ident, $command:ident, $result:expr; $($Name:ident)*) => {
        match $body {
            $(CommandBody::$Name($command) => {
                type $Command = $Name;
                $result
            })*
        }
    };
}

impl Command {
    /// Writes the command with its CRLF.
    pub fn write(&self, out: &mut CommandWriter) {
        out.raw(self.tag.as_str());
        out.space();
        out.raw(self.body.name());
        self.body.write_arguments(out);
        out.raw("\r\n");
    }
}

impl CommandBody {
    /// The name in capitals; with `UID ` where it is that form.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Fetch(fetch) if fetch.messages.is_uid() => "UID FETCH",
            Self::Store(store) if store.messages.is_uid() => "UID STORE",
            Self::Copy(copy) if copy.messages.is_uid() => "UID COPY",
            Self::Move(r#move) if r#move.messages.is_uid() => "UID MOVE",
            Self::Search(search) if search.uid => "UID SEARCH",
            Self::Replace(replace) if replace.old.is_uid() => "UID REPLACE",
            Self::Sort(sort) if sort.uid => "UID SORT",
            Self::Thread(thread) if thread.uid => "UID THREAD",
            Self::Expunge(expunge) if expunge.only.is_some() => "UID EXPUNGE",
            body => each!(body, Command, _command => Command::NAME),
        }
    }

    /// In which states it is legal.
    pub fn allowed(&self) -> States {
        each!(self, Command, _command => Command::STATES)
    }

    /// What it touches, and how it answers.
    pub fn effects(&self) -> Effects {
        each!(self, _Command, command => command.effects())
    }

    /// As [`Self::effects`], where IMAP4rev2 is enabled: SELECT and others tell LIST too (RFC 9051
    /// §6.3.2, §6.3.9.7), which says no more than other LIST data whose it is; and what SEARCH tells
    /// names its command.
    pub fn effects_in_rev2(&self) -> Effects {
        let effects = self.effects();
        let answers = match self {
            Self::Select(_) | Self::Examine(_) | Self::Rename(_) => Some(Answer::List),
            Self::Create(Create { mailbox, .. })
            | Self::Delete(Delete { mailbox })
            | Self::Append(Append { mailbox, .. })
                if mailbox.sent().is_some() =>
            {
                Some(Answer::List)
            }
            Self::Search(_) => None,
            _ => effects.answers,
        };
        Effects { answers, ..effects }
    }

    pub(crate) fn write_arguments(&self, out: &mut CommandWriter) {
        match self {
            Self::Capability(_)
            | Self::Noop(_)
            | Self::Logout(_)
            | Self::StartTls(_)
            | Self::Unauthenticate(_)
            | Self::Check(_)
            | Self::Close(_)
            | Self::Unselect(_)
            | Self::Idle(_)
            | Self::Namespace(_) => {}
            Self::Authenticate(authenticate) => authenticate.write(out),
            Self::Compress(compress) => compress.write(out),
            Self::Login(login) => login.write(out),
            Self::Select(select) => select.write(out),
            Self::Examine(examine) => examine.write(out),
            Self::Create(create) => create.write(out),
            Self::Delete(delete) => delete.write(out),
            Self::Rename(rename) => rename.write(out),
            Self::Subscribe(subscribe) => subscribe.write(out),
            Self::Unsubscribe(unsubscribe) => unsubscribe.write(out),
            Self::List(list) => list.write(out),
            Self::Lsub(lsub) => lsub.write(out),
            Self::Status(status) => status.write(out),
            Self::Expunge(expunge) => expunge.write(out),
            Self::Id(id) => id.write(out),
            Self::Enable(enable) => enable.write(out),
            Self::Store(store) => store.write(out),
            Self::Copy(copy) => copy.write(out),
            Self::Move(r#move) => r#move.write(out),
            Self::Append(append) => append.write(out),
            Self::Replace(replace) => replace.write(out),
            Self::Fetch(fetch) => fetch.write(out),
            Self::Search(search) => search.write(out),
            Self::Sort(sort) => sort.write(out),
            Self::Thread(thread) => thread.write(out),
        }
    }
}

impl Messages {
    /// Whether these are UIDs.
    pub fn is_uid(&self) -> bool {
        matches!(self, Self::Uid(_) | Self::Saved { uid: true })
    }

    /// ```abnf
    /// sequence-set     =/ seq-last-command
    /// seq-last-command = "$"
    /// ```
    pub(crate) fn parse(reader: &mut Reader<'_>, uid: bool) -> Parsed<Self> {
        if reader.accept(b'$') {
            Ok(Self::Saved { uid })
        } else if uid {
            UidSet::parse(reader).map(Self::Uid)
        } else {
            SequenceSet::parse(reader).map(Self::Sequence)
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Sequence(set) => set.write(out),
            Self::Uid(set) => set.write(out),
            Self::Saved { .. } => out.push(b'$'),
        }
    }
}

impl From<SequenceSet> for Messages {
    fn from(set: SequenceSet) -> Self {
        Self::Sequence(set)
    }
}

impl From<SequenceNumber> for Messages {
    fn from(number: SequenceNumber) -> Self {
        Self::Sequence(SequenceSet::single(number))
    }
}

impl From<UidSet> for Messages {
    fn from(set: UidSet) -> Self {
        Self::Uid(set)
    }
}

impl From<Uid> for Messages {
    fn from(uid: Uid) -> Self {
        Self::Uid(UidSet::single(uid))
    }
}

impl From<&UidRanges> for Messages {
    fn from(uids: &UidRanges) -> Self {
        Self::Uid(uids.into())
    }
}

/// Capabilities, mechanisms and charsets have no case; they are kept in capitals.
fn upper_case(word: &[u8], offset: usize) -> Parsed<ByteString> {
    if word.iter().any(|byte| !matches!(byte, b'!'..=b'~')) {
        return Err(SyntaxError::wrong(offset, "the name must be printable ASCII"));
    }
    let upper = String::from_utf8_lossy(word).to_ascii_uppercase();
    Ok(upper.into())
}

/// An atom of at most 16 octets as a number, for `match`; 0 for a longer one. Letters lose their
/// case, and with it a bit that tells no two other octets of our names apart.
pub(crate) const fn key(word: &[u8]) -> u128 {
    if word.len() > 16 {
        return 0;
    }
    let mut key = 0;
    let mut index = 0;
    while index < word.len() {
        key = key << 8 | (word[index] & !0x20) as u128;
        index += 1;
    }
    key
}

#[cfg(test)]
mod tests;
