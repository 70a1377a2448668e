//! COPY (RFC 3501 §6.4.7), with COPYUID (RFC 4315 §3).

use super::bound::{cut, refused};
use super::{Deed, Done, Failure};
use crate::host::{Outcome, View};
use peregrine_proto::Code;
use peregrine_proto::command::{Copy, Messages};
use peregrine_proto::number::{Bound, NumberSet, UidRanges};
use peregrine_store::{Copied, Error};

pub(super) async fn run(deed: &Deed, command: Copy) -> Done {
    let selected = deed.selected()?;
    let (uids, ghosts) = named(&selected.view, &command.messages)?;
    // RFC 2180 §4.4.1: a message that is gone fails the whole, and nothing is copied.
    if ghosts {
        return Err(Error::Expunged.into());
    }
    let view = &selected.view.snapshot().0;
    if let (Some(limit), Some(cut)) = (deed.save_limit(), cut(view, &uids, deed.save_limit())) {
        return Err(refused(limit, Some(cut.lowest)));
    }
    let copied = selected.mailbox.copy(view, &uids, &command.mailbox).await;
    let copied = copied.map_err(Failure::Target)?;
    let mut outcome = Outcome::ok("Copied");
    outcome.text.code = code(&copied);
    Ok(outcome)
}

/// The UIDs of the messages that a command names and that are alive in the session's version;
/// and whether it names any that are gone, which the client could not know.
pub(super) fn named(view: &View, messages: &Messages) -> Result<(UidRanges, bool), Failure> {
    let newest = view.snapshot().0.mod_seq();
    let mut uids = UidRanges::new();
    let mut ghosts = false;
    for run in view.runs(messages)? {
        if run.snapshot.0.mod_seq() == newest {
            run.snapshot.0.messages(run.indexes).for_each(|message| uids.push(message.uid));
        } else {
            ghosts = true;
        }
    }
    Ok((uids, ghosts))
}

/// COPYUID; none where no message was named.
pub(super) fn code(copied: &Copied) -> Option<Code> {
    let set = |uids: &UidRanges| NumberSet {
        ranges: uids
            .ranges()
            .iter()
            .map(|&(first, last)| (Bound::Number(first), Bound::Number(last)))
            .collect(),
    };
    (!copied.source.is_empty()).then(|| Code::CopyUid {
        uid_validity: copied.uid_validity,
        source: set(&copied.source),
        target: set(&copied.target),
    })
}
