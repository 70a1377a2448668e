//! DELETE (RFC 3501 §6.3.4).

use super::{Deed, Done, list};
use crate::host::{Outcome, Transition};
use peregrine_proto::command::Delete;

pub(super) async fn run(deed: &Deed, command: Delete) -> Done {
    let id = deed.account()?.delete(&command.mailbox).await?;
    let outcome = Outcome::ok("Deleted").with_data(list::respelt(deed, &command.mailbox)?);
    // Whatever name the client has selected it by: another session may have renamed it.
    let own = deed.context.selected().is_some_and(|selected| selected.mailbox.id() == id);
    Ok(if own { outcome.with_transition(Transition::Deleted) } else { outcome })
}
