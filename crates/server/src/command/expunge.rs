//! EXPUNGE (RFC 3501 §6.4.3) and UID EXPUNGE (RFC 4315 §2.1): the session tells which are gone.

use super::{Deed, Done, bound};
use crate::host::Outcome;
use peregrine_proto::Uid;
use peregrine_proto::command::Expunge;
use peregrine_proto::command::expunge::ExpungeOnly;
use peregrine_proto::number::UidRanges;
use peregrine_store::{MailboxView, SystemFlags};

pub(super) async fn run(deed: &Deed, command: Expunge) -> Done {
    let selected = deed.selected_for_change()?;
    let largest = selected.view.largest_uid();
    let uids = command.only.map(|only| match only {
        ExpungeOnly::Uids(uids) => known(&uids.resolve(largest), largest),
        ExpungeOnly::Saved => selected.view.saved().clone(),
    });
    let mut outcome = Outcome::ok("Expunged");
    let Some(mut uids) = uids else {
        // RFC 9738 §3.1: EXPUNGE has no limit.
        selected.mailbox.expunge(None).await?;
        return Ok(outcome);
    };
    if let Some(limit) = deed.message_limit() {
        let view = selected.mailbox.view();
        let marked = marked(&view, &uids);
        if let Some(cut) = bound::cut(&view, &marked, Some(limit)) {
            uids = bound::from(&uids, cut.lowest);
            cut.tell(&mut outcome);
        }
    }
    selected.mailbox.expunge(Some(&uids)).await?;
    Ok(outcome)
}

/// Those with \Deleted.
fn marked(view: &MailboxView, uids: &UidRanges) -> UidRanges {
    let mut marked = UidRanges::new();
    for &(first, last) in uids.ranges() {
        let start = view.index_of(first).unwrap_or_else(|place| place);
        let end = view.index_of(last).map_or_else(|place| place, |place| place + 1);
        let messages = view.messages(start..end.max(start));
        let deleted = messages.filter(|message| message.flags.intersects(SystemFlags::DELETED));
        deleted.for_each(|message| marked.push(message.uid));
    }
    marked
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
