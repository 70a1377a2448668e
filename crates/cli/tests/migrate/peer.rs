//! Servers to migrate between: ours, and others where they are installed.

use crate::served::{Home, PASSWORD, Served, USER};
use peregrine_client::{Client, Connector};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A kind of server.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Ours,
    Dovecot,
    Cyrus,
}

/// A server with one user, ended when dropped.
pub struct Peer {
    /// Its port without TLS.
    pub port: u16,
    running: Running,
}

enum Running {
    Ours { _served: Served, _home: Home },
    Other { script: PathBuf, folder: tempfile::TempDir },
}

impl Peer {
    /// A fresh one; `None` where it is not installed.
    pub fn start(kind: Kind) -> Option<Self> {
        let name = match kind {
            Kind::Ours => return Some(Self::ours()),
            Kind::Dovecot => "dovecot.sh",
            Kind::Cyrus => "cyrus.sh",
        };
        if !installed(kind) {
            eprintln!("skipped: {kind:?} is not installed");
            return None;
        }
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/peers").join(name);
        let folder = tempfile::tempdir().expect("a temporary folder");
        let output = Command::new(&script).arg("start").arg(folder.path()).output();
        let output = output.expect("the script starts");
        let port = String::from_utf8_lossy(&output.stdout).trim().parse();
        let port = port.unwrap_or_else(|_| {
            panic!("{kind:?} does not start: {}", String::from_utf8_lossy(&output.stderr))
        });
        Some(Self { port, running: Running::Other { script, folder } })
    }

    /// One of ours.
    pub fn ours() -> Self {
        let home = Home::new();
        let served = home.serve();
        Self { port: served.imap, running: Running::Ours { _served: served, _home: home } }
    }

    /// What `migrate` calls it.
    pub fn url(&self) -> String {
        format!("imap://{USER}@127.0.0.1:{}", self.port)
    }

    /// Logs in.
    pub async fn client(&self) -> Client {
        let mut connector = Connector::plain("127.0.0.1");
        connector.port = self.port;
        let client = connector.connect().await.expect("it answers");
        client.login(USER, PASSWORD).await.expect("it lets us in");
        client
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        if let Running::Other { script, folder } = &self.running {
            let _ = Command::new(script).arg("stop").arg(folder.path()).status();
        }
    }
}

fn installed(kind: Kind) -> bool {
    let cyrus = std::env::var_os("PEREGRINE_CYRUS").map(PathBuf::from).unwrap_or("/".into());
    match kind {
        Kind::Ours => true,
        Kind::Dovecot => {
            ["/usr/sbin/dovecot", "/usr/bin/dovecot"].map(Path::new).iter().any(|p| p.exists())
        }
        Kind::Cyrus => cyrus.join("usr/lib/cyrus/bin/master").exists(),
    }
}
