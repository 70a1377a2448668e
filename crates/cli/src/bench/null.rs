//! A server that answers at once and keeps nothing: what is measured with it is the ceiling of
//! this program, of this machine's loopback and of its two sides together.
//!
//! It knows just the commands that the measurements send.

mod canned;
mod talk;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::net::TcpListener;
use tokio::sync::{broadcast, oneshot};

use self::canned::Canned;
use super::site::Site;
use crate::account::{Account, Method};
use crate::failure::Failure;
use crate::mail::connect::Access;
use peregrine_client::Security;

/// The server. It ends when this is dropped.
pub struct Null {
    port: u16,
    _end: oneshot::Sender<()>,
}

/// What all its connections know.
struct Shared {
    canned: Canned,
    /// Messages in the mailbox that is watched.
    watched: AtomicUsize,
    /// What is told to those who watch it.
    news: broadcast::Sender<Arc<[u8]>>,
}

/// News that may wait for a connection that is slow to tell them.
const NEWS: usize = 64;

impl Null {
    /// Begins to listen, on a thread of its own: a server shares no thread with its client.
    pub fn start(messages: usize) -> Result<Self, Failure> {
        let failed = |error| Failure::Io("cannot listen on loopback for the null peer", error);
        let listener = std::net::TcpListener::bind("127.0.0.1:0").map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let port = listener.local_addr().map_err(failed)?.port();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(failed)?;
        let (end, ended) = oneshot::channel::<()>();
        let serve = move || {
            runtime.block_on(async {
                tokio::select! {
                    _ = ended => {}
                    _ = listen(listener, messages) => {}
                }
            });
        };
        let thread = std::thread::Builder::new().name("null peer".into()).spawn(serve);
        thread.map_err(failed)?;
        Ok(Self { port, _end: end })
    }

    /// As what it is measured.
    pub fn site(&self) -> Site {
        let account = Account {
            host: "127.0.0.1".to_owned(),
            port: self.port,
            security: Security::None,
            user: "null".to_owned(),
            mechanism: Method::Login,
            password_command: None,
            certificate: None,
        };
        let connector = peregrine_client::Connector::new("127.0.0.1", self.port, Security::None);
        Site::new("ceiling".to_owned(), Access::new(account, connector, "null".to_owned()))
    }
}

async fn listen(listener: std::net::TcpListener, messages: usize) -> std::io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    let (news, _) = broadcast::channel(NEWS);
    let canned = Canned::new(messages);
    let shared = Arc::new(Shared { canned, watched: AtomicUsize::new(0), news });
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(talk::serve(stream, Arc::clone(&shared)));
    }
}

impl Shared {
    fn arrived(&self) {
        let count = self.watched.fetch_add(1, Ordering::Relaxed) + 1;
        self.tell(format!("* {count} EXISTS\r\n"));
    }

    fn tell(&self, news: String) {
        // Nobody may be watching.
        _ = self.news.send(news.into_bytes().into());
    }
}
