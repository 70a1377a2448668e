//! LOGIN (RFC 3501 §6.2.3).

use crate::call::Call;
use crate::client::Client;
use crate::error::{Error, Result};
use bytes::Bytes;
use peregrine_proto::command::Login;
use peregrine_proto::{CommandBody, Secret};

impl Client {
    /// Logs in with user and password, by LOGIN. [`Client::authenticate`] does it in the best way
    /// that the server knows.
    ///
    /// Nothing is sent where others could hear it, nor where the server forbids it
    /// (LOGINDISABLED).
    pub fn login(&self, user: &str, password: &str) -> Call<()> {
        if let Err(error) = self.may_say_passwords() {
            return Call::answered(Err(error));
        }
        if self.capabilities().has("LOGINDISABLED") {
            return Call::answered(Err(Error::Unsafe("the server forbids LOGIN here")));
        }
        if [user, password].iter().any(|text| text.contains('\0')) {
            return Call::answered(Err(Error::Argument("user and password must not hold NUL")));
        }
        let login = Login {
            user: Bytes::copy_from_slice(user.as_bytes()),
            password: Secret::new(Bytes::copy_from_slice(password.as_bytes())),
        };
        let pending = self.send(CommandBody::Login(login), None, None);
        let client = self.clone();
        Call::steps(async move {
            pending.await?;
            client.know_capabilities().await?;
            client.compress_as_wanted().await
        })
    }

    pub(super) fn may_say_passwords(&self) -> Result<()> {
        match self.shared().privacy.trusted {
            true => Ok(()),
            false => Err(Error::Unsafe("a password would be sent without TLS")),
        }
    }

    /// After login others may hold than before; many servers tell them by themselves.
    pub(super) async fn know_capabilities(&self) -> Result<()> {
        if self.capabilities().is_empty() {
            self.capability().await?;
        }
        Ok(())
    }
}
