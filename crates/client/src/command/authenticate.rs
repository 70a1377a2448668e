//! AUTHENTICATE (RFC 3501 §6.2.2, RFC 4959).

use crate::call::{Call, Turn};
use crate::client::Client;
use crate::error::{Error, Result};
use crate::sasl::{Binding, Credentials, Exchange, Mechanism};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use peregrine_proto::command::Authenticate;
use peregrine_proto::{CommandBody, Secret};
use tokio::sync::mpsc;

impl Client {
    /// Logs in by the best mechanism that the server and these credentials have in common.
    /// Nothing is sent where others could hear it.
    pub fn authenticate(&self, credentials: &Credentials) -> Call<()> {
        let capabilities = self.capabilities();
        let binding = self.shared().privacy.binding;
        match credentials.choose(&capabilities, binding.is_some()) {
            Some(mechanism) => self.authenticate_by(mechanism, credentials),
            None => match credentials.password() {
                Some((user, password)) if !capabilities.has("LOGINDISABLED") => {
                    self.login(user, password)
                }
                _ => Call::answered(Err(Error::Unsupported("a way to log in that we know"))),
            },
        }
    }

    /// Logs in by this mechanism.
    pub fn authenticate_by(&self, mechanism: Mechanism, credentials: &Credentials) -> Call<()> {
        if mechanism.reveals()
            && let Err(error) = self.may_say_passwords()
        {
            return Call::answered(Err(error));
        }
        let (client, credentials) = (self.clone(), credentials.clone());
        Call::steps(async move {
            let binding = client.shared().privacy.binding;
            let binding = Binding::of(binding, &client.capabilities());
            let exchange = Exchange::begin(mechanism, &credentials, binding).await?;
            client.exchange(mechanism, exchange).await?;
            client.know_capabilities().await?;
            client.compress_as_wanted().await
        })
    }

    async fn exchange(&self, mechanism: Mechanism, mut exchange: Exchange) -> Result<()> {
        let mut first = Some(exchange.first()?);
        let initial_response = match self.capabilities().has("SASL-IR") {
            true => first.take(),
            false => None,
        };
        let mechanism = mechanism.name().into();
        let body = CommandBody::Authenticate(Authenticate { mechanism, initial_response });
        let mut turns = Turns { client: self, turns: self.converse(body) };
        let mut failure = None;
        loop {
            match turns.turns.recv().await {
                None => return Err(self.gone("AUTHENTICATE")),
                Some(Turn::Challenge(challenge)) => {
                    let next = match first.take() {
                        Some(first) => Ok(first),
                        None => answer(&mut exchange, &challenge),
                    };
                    match next {
                        Ok(response) => self.respond(Some(response)),
                        // Given up with `*`; the server answers BAD.
                        Err(error) => {
                            failure = Some(error);
                            self.respond(None);
                        }
                    }
                }
                Some(Turn::Done(Ok(_))) if failure.is_none() => return exchange.finish(),
                Some(Turn::Done(result)) => {
                    result.map_err(|error| exchange.explain(error))?;
                    return failure.map_or(Ok(()), Err);
                }
            }
        }
    }
}

/// What the server says in the exchange. Dropped before its end, it gives the exchange up, so that
/// the server does not wait for ever.
struct Turns<'a> {
    client: &'a Client,
    turns: mpsc::UnboundedReceiver<Turn>,
}

impl Drop for Turns<'_> {
    fn drop(&mut self) {
        // From here on the driver answers by itself.
        self.turns.close();
        while let Ok(turn) = self.turns.try_recv() {
            if matches!(turn, Turn::Challenge(_)) {
                self.client.respond(None);
            }
        }
    }
}

fn answer(exchange: &mut Exchange, challenge: &[u8]) -> Result<Secret> {
    let challenge = STANDARD
        .decode(challenge)
        .map_err(|_| Error::Login("the server's challenge is not base64".to_owned()))?;
    exchange.step(&challenge)
}
