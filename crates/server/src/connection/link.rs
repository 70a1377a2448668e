//! What the deeds of one connection may know of it.

use super::spool::Spools;
use crate::admission::{Refused, Ticket, is_loopback};
use crate::log::{Peer, SessionId};
use crate::server::Shared;
use crate::sessions::Seat;
use crate::tls::ChannelBinding;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// One connection, seen from its commands. After STARTTLS there is a new one.
pub(crate) struct Link {
    pub(crate) shared: Arc<Shared>,
    pub(crate) id: SessionId,
    pub(crate) peer: Peer,
    /// Everything is under TLS.
    pub(crate) tls: bool,
    /// What SCRAM-SHA-256-PLUS binds a login to.
    pub(crate) binding: Option<ChannelBinding>,
    /// STARTTLS can be used now.
    pub(crate) starttls: bool,
    pub(crate) spools: Spools,
    /// The connection's entry among the sessions.
    pub(crate) seat: Arc<Seat>,
    ticket: Mutex<Option<Ticket>>,
    /// COMPRESS is active, or begins with its answer.
    deflated: AtomicBool,
    /// It was said that the store has stopped.
    alerted: AtomicBool,
}

impl Link {
    pub(super) fn new(
        shared: Arc<Shared>,
        id: SessionId,
        peer: Peer,
        (ticket, seat): (Ticket, Arc<Seat>),
        tls: bool,
        binding: Option<ChannelBinding>,
        starttls: bool,
    ) -> Self {
        let spools = Spools::new(shared.options.spool_folder.clone());
        Self {
            shared,
            id,
            peer,
            tls,
            binding,
            starttls: starttls && !tls,
            spools,
            seat,
            ticket: Mutex::new(Some(ticket)),
            deflated: AtomicBool::new(false),
            alerted: AtomicBool::new(false),
        }
    }

    /// Whether passwords may be sent here (RFC 3501 §11.1): under TLS, on this machine, or where
    /// the operator says so.
    pub(crate) fn passwords_allowed(&self) -> bool {
        self.tls || self.shared.options.cleartext_login || is_loopback(self.peer.remote.ip())
    }

    /// Counts this connection to a user whose password was right.
    pub(crate) fn log_in(&self, user: &str, method: &str) -> Result<(), Refused> {
        let mut ticket = self.ticket.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(ticket) = ticket.as_mut() {
            ticket.log_in(user)?;
        }
        self.seat.log_in(user);
        self.peer.logged_in(user, method, self.tls);
        Ok(())
    }

    /// Gives back what [`Link::log_in`] took, and all that the user's commands have set here.
    pub(crate) fn log_out(&self) {
        self.deflated.store(false, Ordering::Relaxed);
        let mut ticket = self.ticket.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(ticket) = ticket.as_mut() {
            ticket.log_out();
        }
        if let Some(user) = self.seat.log_out() {
            self.peer.logged_out(&user);
        }
    }

    /// Notes that compression begins; `false` where it is active already.
    pub(crate) fn begin_compression(&self) -> bool {
        !self.deflated.swap(true, Ordering::Relaxed)
    }

    /// Notes that this client is told that the store has stopped; `false` where it was before.
    pub(crate) fn begin_alert(&self) -> bool {
        !self.alerted.swap(true, Ordering::Relaxed)
    }

    /// Who is logged in.
    pub(crate) fn user(&self) -> Option<Arc<str>> {
        self.seat.user()
    }

    /// Hands the place that this connection holds to the next link.
    pub(super) fn take_ticket(&self) -> Option<Ticket> {
        self.ticket.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
