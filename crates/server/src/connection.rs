//! One connection: joins a stream to the session machine, which decides everything.
//!
//! - [`driver`]: one poll that does what there is to do; [`stream`], [`transport`]: octets in and
//!   out, plain or under TLS. While nothing happens they hold no buffer.
//! - [`deflate`]: what COMPRESS puts between the two.
//! - [`plain`]: what benches put in the driver's and the machine's place.
//! - [`jobs`], [`slot`]: the commands in progress, in the connection's own task.
//! - [`tap`]: what commands do, for those who watch. [`watch`]: the selected mailbox; [`spool`]: large messages that come in; [`link`]: what
//!   commands may know of their connection.

mod deflate;
mod driver;
mod jobs;
mod link;
mod plain;
mod slot;
mod spool;
mod stream;
mod tap;
mod transport;
mod watch;

pub(crate) use link::Link;
pub(crate) use slot::Slot;

use crate::admission::{Ticket, network};
use crate::log::{Peer, SessionId};
use crate::options::TlsMode;
use crate::server::Shared;
use driver::Connection;
use std::future::poll_fn;
use std::sync::Arc;
use std::time::Instant;
use stream::Stream;
use tokio::io::{AsyncRead, AsyncWrite};
use tracing::Instrument;
use transport::Transport;

/// How a stretch of a connection ended.
enum End {
    /// For good, and why, for the log.
    Closed(&'static str),
    /// STARTTLS was answered: TLS begins.
    StartTls,
}

/// Serves a connection until it ends.
pub(crate) async fn serve<S>(shared: Arc<Shared>, stream: S, peer: Peer, tls: TlsMode)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let id = SessionId::next();
    let span = tracing::info_span!("session", %id);
    let ticket = match shared.admission.connect(peer.remote.ip()) {
        Ok(ticket) => ticket,
        Err(refused) => {
            span.in_scope(|| tracing::info!(rip = %peer.remote.ip(), why = ?refused, "refused"));
            // No BYE under TLS: a handshake for each refused connection would be an attack.
            if tls != TlsMode::Implicit {
                stream::refuse(stream, refused.sentence()).await;
            }
            return;
        }
    };
    run(shared, stream, id, peer, ticket, tls).instrument(span).await;
}

async fn run<S>(
    shared: Arc<Shared>,
    stream: S,
    id: SessionId,
    peer: Peer,
    ticket: Ticket,
    tls: TlsMode,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let starttls = tls == TlsMode::StartTls && shared.options.tls.is_some();
    let mut transport = Transport::Plain(stream);
    if tls == TlsMode::Implicit {
        match secure(&shared, transport, &peer).await {
            Some(secured) => transport = secured,
            None => return,
        }
    }
    let secured = tls == TlsMode::Implicit;
    let taken = shared.sessions.seat(id, peer, secured, &shared.closing);
    let place = (ticket, Arc::clone(&taken.0));
    let binding = transport.binding();
    let link = Link::new(Arc::clone(&shared), id, peer, place, secured, binding, starttls);
    let link = Arc::new(link);
    if link.shared.options.plain_loop {
        return plain::serve(link, transport).await;
    }
    let mut connection = Connection::new(link, Stream::new(transport));
    let end = poll_fn(|cx| connection.poll(cx)).await;
    let why = match end {
        End::Closed(why) => why,
        End::StartTls => {
            // Nothing of the session before TLS is kept (RFC 3501 §6.2.1); what it had read
            // behind STARTTLS goes with it.
            taken.0.secured(connection.commands());
            let (transport, ticket) = connection.into_parts();
            let Some(ticket) = ticket else { return };
            let Some(transport) = Box::pin(secure(&shared, transport, &peer)).await else { return };
            let place = (ticket, Arc::clone(&taken.0));
            let binding = transport.binding();
            let link = Link::new(shared, id, peer, place, true, binding, false);
            connection = Connection::new(Arc::new(link), Stream::new(transport));
            match poll_fn(|cx| connection.poll(cx)).await {
                End::Closed(why) => why,
                End::StartTls => "STARTTLS twice",
            }
        }
    };
    connection.end(why).await;
}

/// Puts a plain stream under TLS.
async fn secure<S>(shared: &Shared, transport: Transport<S>, peer: &Peer) -> Option<Transport<S>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (Transport::Plain(stream), Some(tls)) = (transport, &shared.options.tls) else {
        return None;
    };
    let rip = peer.remote.ip();
    let begun = tokio::time::Instant::now();
    let Ok(_place) = shared.handshakes.take(network(rip)).await else {
        // Without a handshake nothing can be said.
        tracing::info!(%rip, "too many TLS handshakes at once");
        return None;
    };
    let left = shared.options.limits.handshake.saturating_sub(begun.elapsed());
    match Box::pin(tls.accept(stream, left)).await {
        Ok(stream) => Some(Transport::Tls(Box::new(stream))),
        Err(error) => {
            tracing::info!(%rip, %error, "TLS handshake failed");
            None
        }
    }
}

/// The present, by the clock that tests can stop.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
