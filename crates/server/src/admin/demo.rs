//! A server with sample mail in a folder of its own, and a conversation that shows commands
//! overtaking each other.

mod conversation;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use std::{fs, io};

use peregrine_proto::MailboxName;
use tempfile::TempDir;

use super::serve::Serving;
use super::trace::record::What;
use super::trace::{Trace, html};
use super::{AdminError, init, sample, serve, user};
use crate::config::Config;
use crate::sessions::Watched;
pub use conversation::Heard;

/// The demo's user.
pub const USER: &str = "demo";

/// The demo's password: the mail is made up and only this machine can reach it.
pub const PASSWORD: &str = "demo";

/// How long the end of the conversation's connection is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// A running demo. Its folder goes when it is shut down or dropped.
pub struct Demo {
    serving: Serving,
    folder: TempDir,
    messages: usize,
    mailboxes: usize,
}

/// Fills a new folder with sample mail and serves it on this machine, on the usual ports of
/// Peregrine or, where they are taken, on free ones.
///
/// # Errors
/// As of [`init::init`] and [`serve::serve`].
pub async fn start() -> Result<Demo, AdminError> {
    let temporary = std::env::temp_dir();
    let folder = tempfile::Builder::new()
        .prefix("peregrine-demo-")
        .tempdir()
        .map_err(AdminError::file("cannot make a folder in", &temporary))?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let now = i64::try_from(now).unwrap_or_default();
    let mail = tokio::task::spawn_blocking(move || sample::sample_mail(USER, now));
    let config = init::init(&folder.path().join("server"), USER, PASSWORD).await?;
    let mail = mail.await?;
    let messages = mail.iter().map(|mailbox| mailbox.messages.len()).sum();
    let mailboxes = mail.len();
    let serving = serve_somewhere(config).await?;
    let account = user::account(serving.store(), USER).await?;
    for mailbox in mail {
        let Ok(name) = MailboxName::new(&mailbox.name) else { continue };
        if account.tree().get(&name).is_none() {
            account.create(&name).await?;
            account.subscribe(&name).await?;
        }
        account.append(&name, mailbox.messages).await?;
    }
    Ok(Demo { serving, folder, messages, mailboxes })
}

impl Demo {
    /// Where clients that begin in clear connect.
    #[must_use]
    pub fn imap(&self) -> Option<SocketAddr> {
        self.address("imap")
    }

    /// Where clients that speak TLS from the first byte connect.
    #[must_use]
    pub fn imaps(&self) -> Option<SocketAddr> {
        self.address("imaps")
    }

    /// Messages and mailboxes that were made up.
    #[must_use]
    pub fn size(&self) -> (usize, usize) {
        (self.messages, self.mailboxes)
    }

    /// Where it all lies.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Logs in and sends several commands in one write. Tells each line as it goes and comes, and
    /// gives what the server saw of it.
    ///
    /// # Errors
    /// Those of the connection; [`io::ErrorKind::InvalidData`] for a reply that is none.
    pub async fn converse(&self, tell: &mut dyn FnMut(Heard)) -> io::Result<Trace> {
        let watched = Watched::User(USER.to_owned());
        let mut watching = self.serving.sessions().watch(watched).map_err(io::Error::other)?;
        let server = self.imap().ok_or(io::ErrorKind::NotConnected)?;
        conversation::converse(server, USER, PASSWORD, tell).await?;
        let mut trace = Trace::new(watching.header().clone());
        let all = async {
            while let Some(event) = watching.next().await {
                let over = event.what == What::Closed;
                trace.add(event);
                if over {
                    break;
                }
            }
        };
        // The connection has said LOGOUT. Should it hang all the same, what has come will do.
        let _ = tokio::time::timeout(PATIENCE, all).await;
        Ok(trace)
    }

    /// Draws a trace as a web page in the demo's folder, and says where.
    ///
    /// # Errors
    /// [`AdminError::File`].
    pub fn draw(&self, trace: &Trace) -> Result<PathBuf, AdminError> {
        let path = self.folder.path().join("trace.html");
        fs::write(&path, html(trace)).map_err(AdminError::file("cannot write", &path))?;
        Ok(path)
    }

    /// Ends the server and removes the folder.
    ///
    /// # Errors
    /// [`AdminError::File`] where the folder cannot be removed.
    pub async fn shutdown(self) -> Result<(), AdminError> {
        self.serving.shutdown().await;
        let path = self.folder.path().to_owned();
        self.folder.close().map_err(AdminError::file("cannot remove", &path))
    }

    fn address(&self, wanted: &str) -> Option<SocketAddr> {
        self.serving.addresses().find(|(name, _)| *name == wanted).map(|(_, address)| address)
    }
}

/// Serves on the configured ports; where one is taken, on free ones.
async fn serve_somewhere(mut config: Config) -> Result<Serving, AdminError> {
    match serve::serve(config.clone()).await {
        Err(AdminError::Server(crate::Error::Listen { .. })) => {
            let listeners = &mut config.listeners;
            for address in listeners.imap.iter_mut().chain(&mut listeners.imaps) {
                address.set_port(0);
            }
            serve::serve(config).await
        }
        other => other,
    }
}
