//! SEARCH (RFC 3501 §6.4.4).

use super::{Deed, Done, Failure};
use crate::host::{Outcome, View};
use peregrine_proto::command::Search;
use peregrine_proto::command::search::{SearchFlag, SearchKey};
use peregrine_proto::number::{Number, UidRanges};
use peregrine_proto::{SequenceSet, response};
use peregrine_store::{Error, Query};

/// Character sets that are named to a client that asked for one we don't know; more are known.
pub(super) const CHARSETS: [&str; 12] = [
    "US-ASCII",
    "UTF-8",
    "ISO-8859-1",
    "ISO-8859-2",
    "ISO-8859-15",
    "WINDOWS-1251",
    "WINDOWS-1252",
    "KOI8-R",
    "ISO-2022-JP",
    "SHIFT_JIS",
    "GB18030",
    "BIG5",
];

pub(super) async fn run(deed: &Deed, command: Search) -> Done {
    let selected = deed.selected()?;
    let view = &selected.view;
    let snapshot = &view.snapshot().0;
    let recent = recent(view, &command.keys);
    let mut beyond = None;
    let mut sequence = |set: &SequenceSet| match uids(view, set) {
        Ok(uids) => Ok(uids),
        Err(error) => {
            beyond = Some(error);
            Err(Error::Cannot("a sequence number is beyond the end"))
        }
    };
    let charset = command.charset.as_deref();
    let query = Query::new(&command.keys, charset, snapshot, &recent, &mut sequence);
    if let Some(beyond) = beyond {
        return Err(beyond);
    }
    let indexes = selected.mailbox.search(snapshot, query?).await?;
    let whole = view.exists() == snapshot.exists();
    let numbers = indexes.into_iter().filter_map(|index| match (command.uid, whole) {
        (true, _) => Some(snapshot.uid_at(index)?.get()),
        (false, true) => Some(index + 1),
        (false, false) => Some(view.sequence(snapshot.uid_at(index)?)?.get()),
    });
    let mut out = Vec::new();
    response::search::write(&mut out, numbers);
    Ok(Outcome::ok("That is all").with_data(out))
}

/// A sequence set as UIDs, by what this client was told.
fn uids(view: &View, set: &SequenceSet) -> Result<UidRanges, Failure> {
    let numbers = view.resolve(set)?;
    let ranges = numbers.ranges().iter();
    let ranges = ranges.filter_map(|&(first, last)| Some((view.uid(first)?, view.uid(last)?)));
    Ok(UidRanges::from_unordered(ranges.collect()))
}

/// The messages that are recent in this session, if it matters.
fn recent(view: &View, keys: &[SearchKey]) -> UidRanges {
    if view.recent_count() == 0 || !keys.iter().any(asks_recent) {
        return UidRanges::new();
    }
    let snapshot = &view.snapshot().0;
    let uids = snapshot.messages(0..snapshot.exists()).map(|message| message.uid);
    uids.filter(|uid| view.recent(*uid)).collect()
}

fn asks_recent(key: &SearchKey) -> bool {
    match key {
        SearchKey::New => true,
        SearchKey::Flag(flag) | SearchKey::NotFlag(flag) => *flag == SearchFlag::Recent,
        SearchKey::Not(key) => asks_recent(key),
        SearchKey::Or(left, right) => asks_recent(left) || asks_recent(right),
        SearchKey::And(keys) => keys.iter().any(asks_recent),
        _ => false,
    }
}
