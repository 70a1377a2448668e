//! The server twice: as it is, and with a plain loop in the place of the session machine and its
//! scheduler. Both in memory and in the bench's own code, so that nothing else differs.

use peregrine_kv::MemoryEngine;
use peregrine_proto::{DateTime, MailboxName};
use peregrine_server::{ListenerConfig, Options, Server, TlsMode, credentials};
use peregrine_store::{Credentials, NewMessage, Store};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

/// Serves the user `bench` with so many messages in INBOX until the process is ended; says `ready`
/// as the binary does.
///
/// # Errors
/// As the socket or the store says.
pub fn serve(messages: usize, plain_loop: bool) -> io::Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let password = credentials("benchbench").map_err(io::Error::other)?;
        let store = store(messages, password).await.map_err(io::Error::other)?;
        let mut options = Options::new(store);
        options.plain_loop = plain_loop;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        options.listeners.push(ListenerConfig { address, tls: TlsMode::Off });
        let server = Server::start(options).await.map_err(io::Error::other)?;
        let address = server.addresses().first().ok_or(io::ErrorKind::AddrNotAvailable)?.0;
        println!("ready: imap {address}, imaps {address}");
        std::future::pending().await
    })
}

/// A store in memory with the user `bench` and so many messages of 900 octets in INBOX.
pub(crate) async fn store(
    messages: usize,
    password: Credentials,
) -> Result<Store, peregrine_store::Error> {
    let store = Store::open(Arc::new(MemoryEngine::new())).await?;
    let id = store.create_account("bench", password).await?;
    let date = DateTime { unix: 0, offset: 0 };
    let message =
        |number| NewMessage { body: crate::mail::message(number, 900).into(), flags: vec![], date };
    let account = store.account(id).await?;
    account.append(&MailboxName::INBOX, (0..messages).map(message).collect()).await?;
    Ok(store)
}
