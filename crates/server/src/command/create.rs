//! CREATE (RFC 3501 §6.3.3).

use super::{Deed, Done};
use crate::host::Outcome;
use peregrine_proto::command::Create;

pub(super) async fn run(deed: &Deed, command: Create) -> Done {
    deed.account()?.create(&command.mailbox).await?;
    Ok(Outcome::ok("Made"))
}
