//! A server with sample mail in a folder of its own, and a conversation that shows commands
//! overtaking each other.

mod conversation;

use std::net::SocketAddr;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use peregrine_proto::MailboxName;
use tempfile::TempDir;

use super::serve::Serving;
use super::{AdminError, init, sample, serve, user};
use crate::config::Config;
pub use conversation::{Heard, converse};

/// The demo's user.
pub const USER: &str = "demo";

/// The demo's password: the mail is made up and only this machine can reach it.
pub const PASSWORD: &str = "demo";

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
