//! IDLE (RFC 2177).

use crate::client::Client;

/// As long as one of these lives, the connection idles whenever there is nothing else to do, so
/// that the server tells changes as they come.
#[derive(Debug)]
#[must_use = "the connection idles no longer than this lives"]
pub struct Idle {
    client: Client,
}

impl Client {
    /// Hears of changes in the selected mailbox as they come, by [`Client::updates`].
    ///
    /// Other calls go on as ever: IDLE is ended for them and begins again after them. It is begun
    /// anew every [`Settings::idle_renewal`](crate::Settings::idle_renewal), which also shows that
    /// the link still works. Servers without IDLE are asked by NOOP every
    /// [`Settings::poll`](crate::Settings::poll).
    pub fn idle(&self) -> Idle {
        self.want_idle(true);
        Idle { client: self.clone() }
    }
}

impl Drop for Idle {
    fn drop(&mut self) {
        self.client.want_idle(false);
    }
}
