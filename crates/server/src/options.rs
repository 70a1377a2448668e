//! What a server is started with: the store, the listeners, TLS and the bounds.

use crate::oauth::Tokens;
use crate::tls::TlsConfig;
use peregrine_store::Store;
use std::net::SocketAddr;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Everything that [`Server::start`](crate::Server::start) needs.
#[derive(Clone)]
pub struct Options {
    /// The mail.
    pub store: Store,
    /// Where to listen. May be empty: then only
    /// [`Server::serve_stream`](crate::Server::serve_stream) serves.
    pub listeners: Vec<ListenerConfig>,
    /// Certificate and key; `None` where no listener speaks TLS. Can be replaced while running.
    pub tls: Option<Arc<TlsConfig>>,
    /// Whether passwords may cross the network in clear. Loopback always may
    /// (RFC 3501 §11.1, RFC 8314 §3).
    pub cleartext_login: bool,
    /// Whether a client that has not enabled UTF-8 may add messages with 8-bit header fields, which
    /// RFC 6855 §4 forbids.
    pub eight_bit_headers: bool,
    /// Whether a connection may change its user (UNAUTHENTICATE). RFC 8437 §8 wants a way to forbid
    /// it: for proxies that look at the first login only.
    pub unauthenticate: bool,
    /// Whose access tokens open the mail (OAUTHBEARER, XOAUTH2), where any do. Its keys can be
    /// replaced while running.
    pub oauth: Option<Arc<Tokens>>,
    /// The host's name, for the greeting.
    pub host_name: String,
    /// Shown to everybody after login (RFC 3501 §7.1 ALERT): printable ASCII.
    pub alert: Option<String>,
    /// Where large messages wait while they come in, in files without a name. `None` for the
    /// system's place for temporary files, which may be memory; better the store's own disk.
    pub spool_folder: Option<PathBuf>,
    /// For tests: how long each command waits before it begins its work, and again before it tells
    /// that it has ended, so that every order comes to pass that the schedule allows.
    pub pace: Option<Pace>,
    /// For fuzzers: what the password of a user that is not there is checked against (a PHC string), in
    /// place of a hash that costs as much as those that [`credentials`](crate::credentials) makes.
    pub nobody: Option<String>,
    /// For benches: a plain loop takes the place of the session machine and its scheduler, so that
    /// their price can be told. It serves nothing but small commands of a client that waits.
    pub plain_loop: bool,
    /// Bounds; see each field.
    pub limits: Limits,
}

/// Asked for each wait; see [`Options::pace`].
pub type Pace = Arc<dyn Fn() -> Duration + Send + Sync>;

impl Options {
    /// A server of this store that listens nowhere, without TLS, with the default bounds.
    pub fn new(store: Store) -> Self {
        Self {
            store,
            listeners: Vec::new(),
            tls: None,
            cleartext_login: false,
            eight_bit_headers: false,
            unauthenticate: true,
            oauth: None,
            host_name: "localhost".into(),
            alert: None,
            spool_folder: None,
            pace: None,
            nobody: None,
            plain_loop: false,
            limits: Limits::default(),
        }
    }
}

/// One address to listen on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenerConfig {
    /// Address and port; port 0 takes any free one.
    pub address: SocketAddr,
    /// How TLS is spoken there.
    pub tls: TlsMode,
}

/// How a listener speaks TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TlsMode {
    /// Never: for loopback, and behind a proxy.
    Off,
    /// After the STARTTLS command (RFC 3501 §6.2.1).
    StartTls,
    /// From the first byte (RFC 8314 §3.2).
    Implicit,
}

/// Bounds of a server. Zero allows none; there is no "unlimited".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// For clients from other machines.
    pub remote: AddressLimits,
    /// For clients from this machine: a webmail or a proxy here speaks for many people.
    pub loopback: AddressLimits,
    /// Connections at once in all: keeps the process below its number of open files.
    pub connections: usize,
    /// Longest TLS handshake, with the wait for its turn.
    pub handshake: Duration,
    /// TLS handshakes at once: each holds some 30 KiB, and the processor for up to a millisecond.
    /// More wait, by network in turn, since a client may make its own last long.
    pub handshakes: usize,
    /// How long [`Server::shutdown`](crate::Server::shutdown) waits for connections to end.
    pub drain: Duration,
    /// Passwords checked at once; each needs 19 MiB and a core for some 20 ms.
    pub password_checks: usize,
    /// Messages that one command may work on; told as MESSAGELIMIT (RFC 9738). `None`: all of a
    /// mailbox, which is bounded itself.
    pub command_messages: Option<NonZeroU32>,
    /// Messages that one COPY or APPEND may make; told as SAVELIMIT where the other is `None`.
    pub save_messages: Option<NonZeroU32>,
    /// Bounds of one connection. `frame.append` is shown as APPENDLIMIT (RFC 7889).
    pub session: peregrine_session::Limits,
}

/// Bounds by the address that a client comes from. IPv6 addresses count by /64, since one
/// customer holds a whole one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressLimits {
    /// Connections at once from one address.
    pub connections: usize,
    /// Sessions at once of one user.
    pub per_user: usize,
    /// Sessions at once of one user from one address.
    pub per_user_and_address: usize,
    /// New connections in a minute from one address.
    pub rate: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            remote: AddressLimits {
                connections: 50,
                per_user: 20,
                per_user_and_address: 10,
                rate: 120,
            },
            loopback: AddressLimits {
                connections: 20_000,
                per_user: 20_000,
                per_user_and_address: 20_000,
                rate: 120_000,
            },
            connections: 50_000,
            handshake: Duration::from_secs(10),
            handshakes: 1_000,
            drain: Duration::from_secs(10),
            password_checks: std::thread::available_parallelism().map_or(1, NonZeroUsize::get),
            command_messages: None,
            save_messages: None,
            session: peregrine_session::Limits::default(),
        }
    }
}
