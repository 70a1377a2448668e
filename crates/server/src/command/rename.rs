//! RENAME (RFC 3501 §6.3.5): of INBOX, it moves the messages and leaves INBOX empty.

use super::{Deed, Done, list};
use crate::host::Outcome;
use peregrine_proto::command::Rename;

pub(super) async fn run(deed: &Deed, command: Rename) -> Done {
    deed.account()?.rename(&command.from, &command.to).await?;
    let mut outcome = Outcome::ok("Renamed");
    // RFC 9051 §6.3.6: of INBOX, which is still there, nothing is told.
    if deed.enabled.rev2 && !command.from.is_inbox() {
        let old = command.from.sent().unwrap_or(command.from.as_str());
        outcome = outcome.with_data(list::unasked(deed, &command.to, Some(old))?);
    }
    Ok(outcome)
}
