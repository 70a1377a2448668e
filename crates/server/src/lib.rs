//! The IMAP server: sockets, TLS, authentication, and one deed for each command.
//!
//! - [`server`](Server): starting and ending; `listener` accepts; `admission` counts who is there.
//! - `connection`: joins one stream to its session machine; the only place that touches a socket.
//! - [`sessions`]: who is connected, to be listed, watched and ended.
//! - `command`: one file for each command: from its fields to the store, and back to an outcome.
//! - `authentication`: who may log in: [`credentials`], SASL, slowing guesses; [`tls`]:
//!   certificates; `capability`: what is offered when.
//! - [`oauth`]: access tokens in the place of passwords.
//! - [`options`]: what a server is started with and its bounds; [`config`]: the file that an
//!   administrator writes; [`engine`]: the one place that names a storage engine; `log`: what is
//!   written down about connections; [`sandbox`]: what a serving process gives up.
//!
//! Commands never write to a socket, and nothing but `engine` knows how mail is stored.
//!
//! ```
//! use peregrine_kv::MemoryEngine;
//! use peregrine_server::{ListenerConfig, Options, Server, TlsMode};
//! use peregrine_store::Store;
//! use std::sync::Arc;
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let store = Store::open(Arc::new(MemoryEngine::new())).await?;
//! store.create_account("ann", peregrine_server::credentials("secret")?).await?;
//!
//! let mut options = Options::new(store);
//! options.listeners.push(ListenerConfig {
//!     address: "127.0.0.1:0".parse()?,
//!     tls: TlsMode::Off,
//! });
//! let server = Server::start(options).await?;
//! assert_ne!(server.addresses()[0].0.port(), 0);
//! server.shutdown().await;
//! # Ok(())
//! # }
//! ```

#![warn(missing_docs)]

pub mod admin;
pub mod config;
pub mod engine;
pub mod oauth;
pub mod options;
pub mod sandbox;
pub mod sessions;
pub mod tls;

mod admission;
mod authentication;
mod capability;
mod command;
mod connection;
mod error;
mod fair;
mod host;
mod listener;
mod log;
mod server;

pub use authentication::{MAX_PASSWORD, MAX_USER, PasswordError, credentials, user_name};
pub use error::Error;
pub use listener::Bound;
pub use log::Peer;
pub use options::{ListenerConfig, Options, TlsMode};
pub use server::Server;
