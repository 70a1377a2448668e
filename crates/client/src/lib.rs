//! An IMAP client that pipelines by itself: many tasks share one connection, and none waits for
//! another unless it must.
//!
//! # Map
//! - [`Connector`]: host, port, TLS, trust; [`Settings`]: every bound of a connection.
//! - [`Client`]: the handle that tasks share; [`Mailbox`]: the selected mailbox. Their methods are in
//!   `command`, one file each; each gives a [`Call`], the future of its answer.
//! - [`Updates`]: all that the server tells, as a stream; [`Client::idle`] lets it tell at once.
//! - [`Watch`]: a mailbox's changes across lost connections; [`BodyReader`]: large messages piece by
//!   piece; [`Rows`]: many messages, some at a time.
//! - [`Error`]: which command, what the server said, which octets; [`Oddity`]: what servers do wrong
//!   and is tolerated, by name.
//! - [`migrate`]: moving mail from one server to another.
//! - [`Raw`]: the connection as it is, for tools that show the protocol.
//! - [`machine`]: the connection without I/O; `driver` joins it to a socket.
//!
//! ```
//! use peregrine_client::{Connector, Items, Result, Update, all};
//! # use peregrine_kv::MemoryEngine;
//! # use peregrine_server::{ListenerConfig, Options, Server, TlsMode};
//! # async fn server() -> Result<Server, Box<dyn std::error::Error>> {
//! #     let engine = std::sync::Arc::new(MemoryEngine::new());
//! #     let store = peregrine_store::Store::open(engine).await?;
//! #     store.create_account("ann", peregrine_server::credentials("secret")?).await?;
//! #     let mut options = Options::new(store);
//! #     let address = "127.0.0.1:0".parse()?;
//! #     options.listeners.push(ListenerConfig { address, tls: TlsMode::Off });
//! #     Ok(Server::start(options).await?)
//! # }
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let server = server().await?;
//! // Elsewhere: Connector::tls("imap.example.org").
//! let mut connector = Connector::plain("127.0.0.1");
//! # connector.port = server.addresses()[0].0.port();
//! let client = connector.connect().await?;
//! client.login("ann", "secret").await?;
//!
//! // Calls are sent when they are made: these share one packet.
//! let message = "Subject: Hello\r\n\r\nHow are you?\r\n";
//! let appends: Vec<_> = (0..50).map(|_| client.append("INBOX", message).send()).collect();
//! for append in appends {
//!     append.await?;
//! }
//!
//! // 50 tasks read through one connection; none waits for another's answer.
//! let inbox = client.select("INBOX").await?;
//! let uids = inbox.fetch(all(), Items::new()).await?.into_iter().filter_map(|one| one.uid);
//! let tasks: Vec<_> = uids
//!     .map(|uid| tokio::spawn(inbox.fetch_one(uid, Items::new().envelope().body())))
//!     .collect();
//! for task in tasks {
//!     let found = task.await??.expect("nobody has expunged it");
//!     assert_eq!(found.body().map(|body| &body[..]), Some(message.as_bytes()));
//! }
//!
//! // Changes come as they happen; other calls go on meanwhile.
//! let mut updates = client.updates();
//! let _idle = client.idle();
//! client.append("INBOX", message).await?;
//! while let Some(update) = updates.next().await {
//!     if let Update::Exists(51) = update {
//!         break;
//!     }
//! }
//! # Ok(())
//! # }
//! ```

#![warn(missing_docs)]

pub mod machine;
pub mod migrate;

mod body;
mod call;
mod capabilities;
mod client;
mod command;
mod connect;
mod driver;
mod error;
mod layer;
mod log;
mod mailbox;
mod message;
mod numbers;
mod oddity;
mod raw;
mod rows;
mod sasl;
mod settings;
mod text;
mod tls;
mod update;
mod watch;

pub use body::BodyReader;
pub use call::Call;
pub use capabilities::Capabilities;
pub use client::Client;
pub use command::{Append, Appended, Copied, Idle, IntoName, Items, Moving, Parameters, Query};
pub use connect::{Connection, Connector, Security};
pub use error::{ConnectError, Error, Lost, Refusal, Result, Unreadable};
pub use layer::Layer;
pub use log::{Line, Log};
pub use mailbox::{Mailbox, MailboxStatus};
pub use message::{DecodedPart, Message, SectionData};
pub use numbers::{all, uids};
pub use oddity::{Oddity, Tolerated};
pub use peregrine_proto as proto;
pub use raw::{Raw, RawReader, RawWriter};
pub use rows::Rows;
pub use sasl::{Credentials, Mechanism};
pub use settings::{Ordering, Settings};
pub use tls::Trust;
pub use update::{Update, Updates};
pub use watch::{BackOff, Change, Method, Resynchronized, Watch};
