//! From nothing to a connection that is logged in.

use peregrine_client::{Connector, Raw};

use crate::account::Method;
use crate::failure::Failure;
use crate::mail::connect::Access;

/// Connects and logs in. Where the account leaves the mechanism open it is LOGIN, if the server
/// takes that: SCRAM would measure our own hashing.
pub async fn logged_in(access: &Access) -> Result<Raw, Failure> {
    let connector: &Connector = &access.connector;
    let mut raw = connector.connect_raw().await?;
    if raw.capabilities().is_empty() {
        raw.ask("c", "CAPABILITY", "").await?;
    }
    let plain = !raw.capabilities().has("LOGINDISABLED");
    let credentials = access.credentials();
    let login = match access.account.mechanism {
        Method::Auto if plain => raw.login("l", &credentials).await,
        Method::Login => raw.login("l", &credentials).await,
        Method::Auto => raw.log_in("l", &credentials, None).await,
        Method::Mechanism(one) => raw.log_in("l", &credentials, Some(one)).await,
    };
    login.map_err(Failure::Login)?;
    Ok(raw)
}
