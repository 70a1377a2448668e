//! Calls: one file for each command. What is done in a mailbox is in `impl Mailbox`, all else in
//! `impl Client`.

mod append;
mod authenticate;
mod capability;
mod check;
mod close;
mod compress;
mod copy;
mod create;
mod delete;
mod enable;
mod examine;
mod expunge;
mod fetch;
mod id;
mod idle;
mod list;
mod login;
mod logout;
mod lsub;
mod r#move;
mod namespace;
mod noop;
mod rename;
mod replace;
mod search;
mod select;
mod sort;
mod starttls;
mod status;
mod store;
mod subscribe;
mod thread;
mod unauthenticate;
mod unselect;
mod unsubscribe;

pub use append::{Append, Appended};
pub use copy::Copied;
pub use fetch::Items;
pub use id::Parameters;
pub use idle::Idle;
pub use r#move::Moving;
pub use search::Query;

use crate::error::Result;
use peregrine_proto::MailboxName;

/// A mailbox's name, or a text that may be one.
pub trait IntoName {
    /// The name.
    ///
    /// # Errors
    /// The text cannot be a name, such as one with a line's end in it.
    fn into_name(self) -> Result<MailboxName>;
}

impl IntoName for MailboxName {
    fn into_name(self) -> Result<MailboxName> {
        Ok(self)
    }
}

impl IntoName for &MailboxName {
    fn into_name(self) -> Result<MailboxName> {
        Ok(self.clone())
    }
}

impl IntoName for &str {
    fn into_name(self) -> Result<MailboxName> {
        Ok(MailboxName::new(self)?)
    }
}

impl IntoName for &String {
    fn into_name(self) -> Result<MailboxName> {
        self.as_str().into_name()
    }
}

impl IntoName for String {
    fn into_name(self) -> Result<MailboxName> {
        self.as_str().into_name()
    }
}
