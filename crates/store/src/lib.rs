//! Mail: accounts, mailboxes, messages, change log and search over ordered bytes.
//!
//! - [`store`](Store): accounts of an engine; [`account`](Account): the tree of an account's
//!   mailboxes and its one writer; [`mailbox`](Mailbox): a mailbox that is open.
//! - [`view`](MailboxView): immutable versions of a mailbox, shared by all sessions.
//! - [`tree`](Tree): names, uses, subscriptions. [`flag`](SystemFlags), [`message`](Message): what a
//!   message has.
//! - `operation`: one file for each change, each a function of the state in memory; `account/writer`
//!   gathers what waits, commits it at once and publishes it then.
//! - [`digest`](Digest): what FETCH tells and SEARCH reads, made when a message arrives;
//!   [`body`](Body): the octets themselves.
//! - [`search`](Query): SEARCH, SORT and THREAD, on top of `headers`, which are kept in memory;
//!   `turns`: how much searching is done at once, and for whom next. `reclaim`: gives back what
//!   nobody can see any more.
//! - [`verify`]: looks through everything and tells what is damaged; [`repair`]: puts it in order.
//! - [`backup`]: taking and restoring all of it, one user, one mailbox, one message.
//! - `keys`: the one table of key spaces; `row`: the stored form of each value.
//!
//! Nothing is shown before it is durable, and an operation that fails has no effect.
//!
//! ```
//! use peregrine_kv::MemoryEngine;
//! use peregrine_proto::{DateTime, Flag, MailboxName};
//! use peregrine_store::{Credentials, NewMessage, Store};
//! use std::sync::Arc;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let store = Store::open(Arc::new(MemoryEngine::new())).await?;
//! let id = store.create_account("ann", Credentials::default()).await?;
//! let account = store.account(id).await?;
//! let inbox = MailboxName::new("INBOX")?;
//! let message = NewMessage {
//!     body: "Subject: Hello\r\n\r\nHow are you?\r\n".into(),
//!     flags: vec![Flag::Seen],
//!     date: DateTime { unix: 0, offset: 0 },
//! };
//! let appended = account.append(&inbox, vec![message]).await?;
//! assert_eq!(appended.uids.count(), 1);
//!
//! let view = account.open(&inbox).await?.view();
//! assert_eq!((view.exists(), view.counts().unseen), (1, 0));
//! # Ok(())
//! # }
//! ```

#![warn(missing_docs)]

mod account;
pub mod backup;
mod body;
mod digest;
mod error;
mod flag;
mod headers;
mod keys;
pub mod limits;
mod mailbox;
mod message;
mod object_id;
mod operation;
mod reclaim;
mod repair;
mod row;
mod search;
mod store;
mod tree;
mod turns;
mod vanished;
mod verify;
mod view;

pub use account::{Account, Appended, NewMessage, Status};
pub use body::{Bodies, Body, BodyPieces, PIECE};
pub use digest::{Digest, DigestPage, Digests};
pub use error::Error;
pub use flag::{KeywordSet, Keywords, SystemFlags};
pub use mailbox::{Copied, Expunged, FlagChange, Mailbox, Stored};
pub use message::{Counts, Message};
pub use object_id::{email_id, mailbox_id};
pub use reclaim::Reclaimed;
pub use repair::{Repaired, repair};
pub use search::{Asked, Query, Threaded};
pub use store::{AccountInfo, Credentials, ScramKeys, Store};
pub use tree::{Entry, Tree};
pub use verify::{Damage, Looking, Loss, Tell, Verified, verify};
pub use view::{Difference, MailboxView};

/// An account, by a number that is never used again. Never 0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct AccountId(pub u64);

/// A mailbox of an account, by a number that is never used again; its name may change.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct MailboxId(pub u32);

/// A body of an account, by a number that is never used again.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct BodyNumber(pub u64);
