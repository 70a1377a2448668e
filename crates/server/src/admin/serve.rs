//! From the configuration to a running server.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use peregrine_store::Store;

use super::socket::{self, AdminSocket};
use super::{AdminError, init, user};
use crate::config::{self, Config, OAuth};
use crate::oauth::{KeyError, Tokens};
use crate::options::Limits;
use crate::sessions::Sessions;
use crate::tls::TlsConfig;
use crate::{Bound, ListenerConfig, Options, Server, TlsMode};

/// A server that was started from a configuration.
pub struct Serving {
    server: Server,
    store: Store,
    tls: Option<Arc<TlsConfig>>,
    oauth: Option<Arc<Tokens>>,
    config: Config,
    /// `None` where it could not be opened, which was logged: mail is served all the same.
    admin: Option<AdminSocket>,
}

/// Takes the addresses that the configuration names. Needs no runtime: a process may give up
/// privileges between this and [`serve_on`] (see [`crate::sandbox`]).
///
/// # Errors
/// [`AdminError::Cleartext`], [`AdminError::File`] for the certificate, [`AdminError::Server`].
pub fn bind(config: &Config) -> Result<Vec<Bound>, AdminError> {
    let tls = certificate(config)?;
    let listeners = listeners(config, tls.is_some());
    Ok(listeners.iter().map(Bound::new).collect::<Result<_, _>>()?)
}

/// Serves what the configuration names.
///
/// # Errors
/// [`AdminError::Cleartext`] where a password would cross the network unprotected,
/// [`AdminError::File`] for the certificate, [`AdminError::Server`].
pub async fn serve(config: Config) -> Result<Serving, AdminError> {
    let bound = bind(&config)?;
    serve_on(bound, config).await
}

/// As [`serve`], on addresses that were taken before.
///
/// # Errors
/// As [`serve`].
pub async fn serve_on(bound: Vec<Bound>, config: Config) -> Result<Serving, AdminError> {
    let tls = certificate(&config)?.map(Arc::new);
    let oauth = tokens(&config)?.map(Arc::new);
    let store = user::open_store(&config).await?;
    let mut options = Options::new(store.clone());
    // The system's place may be memory, and is not to be seen from within the sandbox.
    options.spool_folder = Some(config.store.path.clone());
    options.tls = tls.clone();
    options.cleartext_login = config.auth.cleartext_login;
    options.eight_bit_headers = config.append.eight_bit_headers;
    options.unauthenticate = config.auth.unauthenticate;
    options.oauth = oauth.clone();
    options.host_name = init::host_name();
    options.alert.clone_from(&config.server.alert);
    apply(&config.limits, &mut options.limits);
    match Server::start_on(bound, options).await {
        Ok(server) => {
            let admin = socket::open(&config.folder, server.sessions().clone());
            let told = |error| tracing::warn!(%error, "no admin socket: trace cannot be used");
            let admin = admin.map_err(told).ok();
            Ok(Serving { server, store, tls, oauth, config, admin })
        }
        Err(error) => {
            store.close().await;
            Err(error.into())
        }
    }
}

/// Whether the server could start with the certificate and key that there are.
///
/// # Errors
/// [`AdminError::Cleartext`], [`AdminError::File`], or [`AdminError::Server`] for what is in the
/// files.
pub fn check_certificate(config: &Config) -> Result<(), AdminError> {
    certificate(config).map(drop)
}

/// Whether the keys for access tokens can be read, where there is to be something of the kind.
///
/// # Errors
/// [`AdminError::File`], [`AdminError::Keys`].
pub fn check_keys(config: &Config) -> Result<(), AdminError> {
    tokens(config).map(drop)
}

impl Serving {
    /// Addresses with what is spoken there: `imap` or `imaps`.
    pub fn addresses(&self) -> impl Iterator<Item = (&'static str, SocketAddr)> {
        self.server.addresses().iter().map(|(address, mode)| match mode {
            TlsMode::Implicit => ("imaps", *address),
            TlsMode::Off | TlsMode::StartTls => ("imap", *address),
        })
    }

    /// The mail that is served.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Who is connected.
    #[must_use]
    pub fn sessions(&self) -> &Sessions {
        self.server.sessions()
    }

    /// Reads certificate and key again; connections go on.
    ///
    /// # Errors
    /// As [`check_certificate`]; the old ones then stay.
    pub fn reload_certificate(&self) -> Result<(), AdminError> {
        let Some(tls) = &self.tls else { return Ok(()) };
        let (certificate, key) = read_files(&self.config)?;
        tls.reload(&certificate, &key).map_err(|error| crate::Error::from(error).into())
    }

    /// Reads the keys for access tokens again; connections go on.
    ///
    /// # Errors
    /// As [`check_keys`]; the old ones then stay.
    pub fn reload_keys(&self) -> Result<(), AdminError> {
        let (Some(oauth), Some(config)) = (&self.oauth, &self.config.oauth) else { return Ok(()) };
        let text = read_keys(config)?;
        oauth.reload(&text).map_err(unusable(config))
    }

    /// Says BYE to everybody, waits for what is under way, and closes the store.
    pub async fn shutdown(self) {
        self.server.shutdown().await;
        drop(self.admin);
        self.store.close().await;
    }
}

fn listeners(config: &Config, tls: bool) -> Vec<ListenerConfig> {
    let clear = if tls { TlsMode::StartTls } else { TlsMode::Off };
    let listener = |address: &SocketAddr, tls| ListenerConfig { address: *address, tls };
    let imap = config.listeners.imap.iter().map(|address| listener(address, clear));
    let imaps = config.listeners.imaps.iter().map(|address| listener(address, TlsMode::Implicit));
    imap.chain(imaps).collect()
}

fn apply(limits: &config::Limits, options: &mut Limits) {
    let count = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
    options.connections = count(limits.connections);
    options.remote.connections = count(limits.connections_per_address);
    options.remote.per_user = count(limits.connections_per_user);
    options.remote.per_user_and_address = count(limits.connections_per_user_and_address);
    options.remote.rate = limits.connects_per_minute;
    options.command_messages = limits.command_messages;
    options.save_messages = limits.save_messages;
    options.password_checks = count(limits.password_checks);
    options.session.login_failures = limits.login_failures;
    options.session.bad = limits.bad_commands;
    options.session.before_login = limits.login_timeout;
    options.session.idle = limits.idle_timeout;
    options.session.write_stall = limits.write_timeout;
    options.session.frame.append = u32::try_from(limits.message_size).unwrap_or(u32::MAX);
}

fn only_loopback(addresses: &[SocketAddr]) -> bool {
    addresses.iter().all(|address| address.ip().is_loopback())
}

/// The certificate; none where there is none and it is not needed.
fn certificate(config: &Config) -> Result<Option<TlsConfig>, AdminError> {
    let listeners = &config.listeners;
    match read_tls(config) {
        Ok(tls) => Ok(Some(tls)),
        // Loopback alone does without: that is all that a clear connection may be used for.
        Err(error) if listeners.imaps.is_empty() && only_loopback(&listeners.imap) => {
            tracing::warn!(%error, "serving loopback without STARTTLS");
            Ok(None)
        }
        Err(error) => Err(unprotected(config, error)),
    }
}

/// What to say when there is no certificate: the danger first, if there is one.
fn unprotected(config: &Config, error: AdminError) -> AdminError {
    let open = config.listeners.imap.iter().find(|address| !address.ip().is_loopback());
    match open {
        Some(address) if config.listeners.imaps.is_empty() && !config.auth.cleartext_login => {
            AdminError::Cleartext(*address)
        }
        _ => error,
    }
}

fn read_tls(config: &Config) -> Result<TlsConfig, AdminError> {
    let (certificate, key) = read_files(config)?;
    TlsConfig::from_pem(&certificate, &key).map_err(|error| crate::Error::from(error).into())
}

fn tokens(config: &Config) -> Result<Option<Tokens>, AdminError> {
    let Some(oauth) = &config.oauth else { return Ok(None) };
    let text = read_keys(oauth)?;
    let tokens = Tokens::new(oauth.policy.clone(), &text);
    tokens.map(Some).map_err(unusable(oauth))
}

fn unusable(oauth: &OAuth) -> impl FnOnce(KeyError) -> AdminError {
    let path = oauth.keys.clone();
    move |source| AdminError::Keys { path, source }
}

fn read_keys(oauth: &OAuth) -> Result<String, AdminError> {
    fs::read_to_string(&oauth.keys).map_err(AdminError::file("cannot read", &oauth.keys))
}

fn read_files(config: &Config) -> Result<(Vec<u8>, Vec<u8>), AdminError> {
    let read = |path: &Path| fs::read(path).map_err(AdminError::file("cannot read", path));
    Ok((read(&config.tls.certificate)?, read(&config.tls.key)?))
}
