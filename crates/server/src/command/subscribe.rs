//! SUBSCRIBE (RFC 3501 §6.3.6).

use super::{Deed, Done};
use crate::host::Outcome;
use peregrine_proto::command::Subscribe;

pub(super) async fn run(deed: &Deed, command: Subscribe) -> Done {
    deed.account()?.subscribe(&command.mailbox).await?;
    Ok(Outcome::ok("Subscribed"))
}
