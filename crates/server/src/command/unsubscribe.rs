//! UNSUBSCRIBE (RFC 3501 §6.3.7).

use super::{Deed, Done};
use crate::host::Outcome;
use peregrine_proto::command::Unsubscribe;

pub(super) async fn run(deed: &Deed, command: Unsubscribe) -> Done {
    deed.account()?.unsubscribe(&command.mailbox).await?;
    Ok(Outcome::ok("Unsubscribed"))
}
