//! DELETE (RFC 3501 §6.3.4).

use super::{Deed, Done, list};
use crate::host::Outcome;
use peregrine_proto::command::Delete;

pub(super) async fn run(deed: &Deed, command: Delete) -> Done {
    deed.account()?.delete(&command.mailbox).await?;
    Ok(Outcome::ok("Deleted").with_data(list::respelt(deed, &command.mailbox)?))
}
