//! What of the named messages has changed, and which are gone (RFC 7162 §3.1.4.1, §3.2.6).

use crate::command::Failure;
use crate::host::{Run, Selected};
use peregrine_proto::command::Messages;
use peregrine_proto::number::{Number, NumberSet, UidRanges};
use peregrine_proto::response::Vanished;
use peregrine_proto::{ModSeq, Response, SequenceNumber, Uid};

/// Messages up to which each is looked at; among more, whole chunks that have not changed are
/// passed over.
const FEW: usize = 1024;

/// The messages that have changed since.
pub(super) fn since(runs: Vec<Run>, since: ModSeq) -> Vec<Run> {
    let mut changed = Vec::new();
    for run in runs {
        let view = &run.snapshot.0;
        if run.indexes.len() <= FEW {
            let named = view.messages(run.indexes.clone()).zip(run.indexes.clone());
            let newer = named.filter(|(message, _)| message.mod_seq > since);
            newer.for_each(|(_, index)| push(&mut changed, &run, index));
        } else {
            let newer = view.changed_since(since).map(|(index, _)| index);
            let newer = newer.skip_while(|index| *index < run.indexes.start);
            let newer = newer.take_while(|index| *index < run.indexes.end);
            newer.for_each(|index| push(&mut changed, &run, index));
        }
    }
    changed
}

/// Adds one message of a run.
fn push(changed: &mut Vec<Run>, run: &Run, index: u32) {
    let number = run.first.get() + (index - run.indexes.start);
    if let Some(last) = changed.last_mut() {
        let next = last.first.get() + last.indexes.len() as u32;
        let same = last.snapshot.0.mod_seq() == run.snapshot.0.mod_seq();
        if same && last.indexes.end == index && next == number {
            last.indexes.end += 1;
            return;
        }
    }
    if let Some(first) = SequenceNumber::new(number) {
        changed.push(Run { first, snapshot: run.snapshot.clone(), indexes: index..index + 1 });
    }
}

/// `VANISHED (EARLIER)`. Messages of which the client has not been told that they are gone are not
/// in it: their VANISHED will move the numbers.
pub(super) async fn vanished(
    selected: &Selected,
    messages: &Messages,
    since: ModSeq,
) -> Result<Vec<u8>, Failure> {
    let view = &selected.view;
    let named = match messages {
        // `*` reaches what is gone, too: else the last messages could not be asked for.
        Messages::Uid(set) => set.resolve(Uid::new(view.snapshot().0.uid_next().get() - 1)),
        Messages::Saved { .. } => view.saved().clone(),
        Messages::Sequence(_) => UidRanges::new(),
    };
    let gone = selected.mailbox.vanished(&view.snapshot().0, since, &named).await?;
    let ranges = gone.ranges().iter().flat_map(|&range| view.without_ghosts_in(range)).collect();
    Ok(earlier(&UidRanges::from_unordered(ranges)))
}

/// As it stands on the wire; nothing where nothing is gone.
pub(in crate::command) fn earlier(gone: &UidRanges) -> Vec<u8> {
    let mut out = Vec::new();
    if !gone.is_empty() {
        let uids = NumberSet::from(gone);
        Response::Vanished(Vanished { earlier: true, uids }).write(&mut out);
    }
    out
}
