//! STARTTLS (RFC 3501 §6.2.1): only while a connection is made.

use crate::connect::{Connector, Opening, Security};
use crate::error::ConnectError;
use peregrine_proto::CommandBody;
use peregrine_proto::command::{Capability, StartTls, State};

impl Connector {
    /// Port 143, with STARTTLS. Without it there is no connection.
    pub fn starttls(host: impl Into<String>) -> Self {
        Self::new(host, 143, Security::StartTls)
    }
}

impl Opening<'_> {
    /// Whatever is not a clear yes ends the connection; nothing is sent in clear instead.
    pub(crate) async fn start_tls(&mut self) -> Result<(), ConnectError> {
        if self.machine.state() != State::NotAuthenticated {
            return Err(self.no_tls("it has let us in before"));
        }
        if self.machine.capabilities().is_empty() {
            self.command(CommandBody::Capability(Capability)).await?;
        }
        if !self.machine.capabilities().has("STARTTLS") {
            return Err(self.no_tls("STARTTLS is not among its capabilities"));
        }
        self.command(CommandBody::StartTls(StartTls)).await?;
        self.machine.secure();
        self.check()
    }
}
