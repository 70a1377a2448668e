//! Looking through a store for damage, also while a server runs on it.

use super::AdminError;
use crate::config::Config;
use peregrine_store::Error as StoreError;

pub use peregrine_store::{Damage, Looking, Loss, Tell, Verified};

/// Looks through the store that the configuration names, or through one user's part of it.
///
/// # Errors
/// [`AdminError::NoUser`]; [`AdminError::Server`] and [`AdminError::Store`] where nothing could be
/// looked at. Damage is no error.
pub async fn verify(
    config: &Config,
    user: Option<&str>,
    tell: &mut Tell<'_>,
) -> Result<Verified, AdminError> {
    let engine = crate::engine::look(&config.store.path).await?;
    let verified = peregrine_store::verify(&engine, user, tell).await;
    engine.close().await;
    match (verified, user) {
        (Err(StoreError::NonExistent(_)), Some(user)) => Err(AdminError::NoUser(user.to_owned())),
        (verified, _) => Ok(verified?),
    }
}
