//! Commands: one file each with its fields, grammar, writing, effects and tests.

pub mod append;
pub mod authenticate;
pub mod capability;
pub mod check;
pub mod close;
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
pub mod search;
pub mod select;
pub mod starttls;
pub mod status;
pub mod store;
pub mod subscribe;
pub mod unselect;
pub mod unsubscribe;

use crate::{SequenceSet, Tag, UidSet};

pub use append::Append;
pub use authenticate::Authenticate;
pub use capability::Capability;
pub use check::Check;
pub use close::Close;
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
pub use search::Search;
pub use select::Select;
pub use starttls::StartTls;
pub use status::Status;
pub use store::Store;
pub use subscribe::Subscribe;
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

/// Which messages a command means: by sequence number, or by UID (the `UID` forms).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Messages {
    /// Plain form.
    Sequence(SequenceSet),
    /// `UID` form.
    Uid(UidSet),
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
    /// FETCH
    Fetch(Fetch),
    /// SEARCH
    Search(Search),
}
