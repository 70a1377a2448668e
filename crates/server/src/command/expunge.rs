//! EXPUNGE (RFC 3501 §6.4.3) and UID EXPUNGE (RFC 4315 §2.1): the session tells which are gone.

use super::{Deed, Done};
use crate::host::Outcome;
use peregrine_proto::Uid;
use peregrine_proto::command::Expunge;
use peregrine_proto::command::expunge::ExpungeOnly;
use peregrine_proto::number::UidRanges;

pub(super) async fn run(deed: &Deed, command: Expunge) -> Done {
    let selected = deed.selected_for_change()?;
    let largest = selected.view.largest_uid();
    let uids = command.only.map(|only| match only {
        ExpungeOnly::Uids(uids) => known(&uids.resolve(largest), largest),
        ExpungeOnly::Saved => selected.view.saved().clone(),
    });
    selected.mailbox.expunge(uids.as_ref()).await?;
    Ok(Outcome::ok("Expunged"))
}

/// Those that the client could know of when the command started. What comes later is not touched,
/// whatever the set: an APPEND behind it may be faster.
fn known(uids: &UidRanges, largest: Option<Uid>) -> UidRanges {
    let cut = |&(first, last): &(Uid, Uid)| {
        let last = last.min(largest?);
        (first <= last).then_some((first, last))
    };
    UidRanges::from_unordered(uids.ranges().iter().filter_map(cut).collect())
}
