//! EXPUNGE (RFC 3501 §6.4.3) and UID EXPUNGE (RFC 4315 §2.1): the session tells which are gone.

use super::{Deed, Done};
use crate::host::Outcome;
use peregrine_proto::command::Expunge;
use peregrine_proto::command::expunge::ExpungeOnly;

pub(super) async fn run(deed: &Deed, command: Expunge) -> Done {
    let selected = deed.selected_for_change()?;
    let uids = command.only.map(|only| match only {
        ExpungeOnly::Uids(uids) => uids.resolve(selected.view.largest_uid()),
        ExpungeOnly::Saved => selected.view.saved().clone(),
    });
    selected.mailbox.expunge(uids.as_ref()).await?;
    Ok(Outcome::ok("Expunged"))
}
