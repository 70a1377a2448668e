//! SEARCH (RFC 3501 §6.4.4, RFC 9051 §6.4.4), extended (RFC 4731, RFC 5182, RFC 7162, RFC 9394).

use super::append::now;
use super::bound::Cut;
use super::{Deed, Done, Failure, bound, wire};
use crate::host::{Outcome, Selected, View};
use peregrine_proto::command::Search;
use peregrine_proto::command::search::{SearchFlag, SearchKey, SearchReturn};
use peregrine_proto::number::{Number, UidRanges};
use peregrine_proto::response::{SearchData, SearchDatum};
use peregrine_proto::{ModSeq, Response, SequenceSet, response};
use peregrine_store::{Asked, Error, Query};
use std::num::NonZeroU32;

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
    // RFC 6855 §3
    if deed.enabled.utf8_accept && command.charset.is_some() {
        return Err(Failure::Bad("UTF-8 is enabled, so no CHARSET can be named"));
    }
    // RFC 9051 Appendix E.12
    if deed.enabled.rev2 && command.keys.iter().any(asks_recent) {
        return Err(Failure::Bad("IMAP4rev2 has no RECENT, NEW and OLD"));
    }
    let cut = searched(selected, &command.keys, deed.message_limit())?;
    let indexes = find(selected, &command.keys, command.charset.as_deref(), cut).await?;
    let mut outcome = answer(deed, selected, &command, indexes);
    if let Some(cut) = cut {
        cut.tell(&mut outcome);
    }
    Ok(outcome)
}

fn answer(deed: &Deed, selected: &Selected, command: &Search, indexes: Vec<u32>) -> Outcome {
    let numbers = numbers(&selected.view, &indexes, command.uid);
    // RFC 9051 §6.4.4: where nothing is said, ALL is meant.
    let all = deed.enabled.rev2.then(|| SearchReturn { all: true, ..SearchReturn::default() });
    let Some(returns) = command.returns.or(all) else {
        let mut out = Vec::new();
        let mod_seq = mod_seq(selected, &command.keys, &indexes);
        response::search::write(&mut out, "SEARCH", numbers, mod_seq);
        return Outcome::ok("That is all").with_data(out);
    };
    let asked = |some: &[u32]| mod_seq(selected, &command.keys, some);
    extended(deed, returns, command.uid, (numbers, &indexes), &asked)
}

/// The indexes of the messages for which all keys hold, ascending, in the session's version.
pub(super) async fn find(
    selected: &Selected,
    keys: &[SearchKey],
    charset: Option<&str>,
    cut: Option<Cut>,
) -> Result<Vec<u32>, Failure> {
    let bounded;
    let keys = match cut {
        // What lies below is not looked at.
        Some(cut) => {
            let mut all = keys.to_vec();
            all.insert(0, SearchKey::Not(Box::new(SearchKey::UidBefore(cut.lowest))));
            bounded = all;
            &bounded[..]
        }
        None => keys,
    };
    let view = &selected.view;
    let snapshot = &view.snapshot().0;
    let recent = recent(view, keys);
    let mut beyond = None;
    let mut sequence = |set: &SequenceSet| match uids(view, set) {
        Ok(uids) => Ok(uids),
        Err(error) => {
            beyond = Some(error);
            Err(Error::Cannot("a sequence number is beyond the end"))
        }
    };
    let (recent, saved, now) = (&recent, view.saved(), now().unix);
    let account = selected.mailbox.account().id();
    let asked = Asked { charset, recent, saved, account, now, sequence: &mut sequence };
    let query = Query::new(keys, snapshot, asked);
    if let Some(beyond) = beyond {
        return Err(beyond);
    }
    Ok(selected.mailbox.search(snapshot, query?).await?)
}

/// The cut, if more messages are to be looked at than the limit (RFC 9738 §3.1): those of the sets
/// that must hold, or all.
fn searched(
    selected: &Selected,
    keys: &[SearchKey],
    limit: Option<NonZeroU32>,
) -> Result<Option<Cut>, Failure> {
    if limit.is_none() {
        return Ok(None);
    }
    let mut uids = bound::between(Some(1), Some(u32::MAX));
    narrow(selected, keys, &mut uids)?;
    Ok(bound::cut(&selected.view.snapshot().0, &uids, limit))
}

fn narrow(selected: &Selected, keys: &[SearchKey], among: &mut UidRanges) -> Result<(), Failure> {
    let view = &selected.view;
    for key in keys {
        let named = match key {
            SearchKey::Uid(set) => set.resolve(view.largest_uid()),
            SearchKey::Sequence(set) => uids(view, set)?,
            SearchKey::Saved => view.saved().clone(),
            SearchKey::UidAfter(uid) => bound::between(uid.get().checked_add(1), Some(u32::MAX)),
            SearchKey::UidBefore(uid) => bound::between(Some(1), uid.get().checked_sub(1)),
            SearchKey::And(keys) => {
                narrow(selected, keys, among)?;
                continue;
            }
            _ => continue,
        };
        *among = among.intersection(&named);
    }
    Ok(())
}

/// What the client calls the messages of these indexes.
pub(super) fn numbers(view: &View, indexes: &[u32], uid: bool) -> Vec<u32> {
    let snapshot = &view.snapshot().0;
    let whole = view.exists() == snapshot.exists();
    let number = |index: u32| match (uid, whole) {
        (true, _) => Some(snapshot.uid_at(index)?.get()),
        (false, true) => Some(index + 1),
        (false, false) => Some(view.sequence(snapshot.uid_at(index)?)?.get()),
    };
    indexes.iter().filter_map(|index| number(*index)).collect()
}

/// An ESEARCH response (RFC 4731 §3.1) to messages that were found, in the order that was asked.
pub(super) fn extended(
    deed: &Deed,
    returns: SearchReturn,
    uid: bool,
    (numbers, indexes): (Vec<u32>, &[u32]),
    mod_seq: &dyn Fn(&[u32]) -> Option<ModSeq>,
) -> Outcome {
    let mut outcome = Outcome::ok("That is all");
    if returns.save {
        let view = deed.context.selected().map(|selected| &selected.view.snapshot().0);
        let uids = saved(returns, indexes).into_iter();
        let uids = uids.filter_map(|index| Some((view?.uid_at(index)?, view?.uid_at(index)?)));
        outcome = outcome.with_saved(UidRanges::from_unordered(uids.collect()));
    }
    if returns.is_answered() {
        let tag = Some(deed.tag.clone());
        let mut items = items(returns, &numbers);
        items.extend(mod_seq(&saved(returns, indexes)).map(SearchDatum::ModSeq));
        let data = SearchData { tag, uid, items };
        outcome = outcome.with_data(wire(&Response::ESearch(data)));
    }
    outcome
}

/// The greatest MODSEQ of the messages of these indexes, where a key asked for MODSEQs
/// (RFC 7162 §3.1.5, RFC 4731 §3.2).
pub(super) fn mod_seq(selected: &Selected, keys: &[SearchKey], indexes: &[u32]) -> Option<ModSeq> {
    if !keys.iter().any(SearchKey::asks_mod_seq) {
        return None;
    }
    let view = &selected.view.snapshot().0;
    let mod_seqs = indexes.iter().filter_map(|index| view.message(*index));
    mod_seqs.map(|message| message.mod_seq).max()
}

/// What of the result is kept for `$` (RFC 5182 §2.4, RFC 9394 §3.2): what is told, or all where
/// ALL or COUNT is asked, or nothing else.
fn saved(returns: SearchReturn, indexes: &[u32]) -> Vec<u32> {
    if returns.all || returns.count || !returns.is_answered() {
        return indexes.to_vec();
    }
    let partial = returns.partial.map_or(&[][..], |range| &indexes[range.of(indexes.len())]);
    let min = indexes.first().filter(|_| returns.min);
    let max = indexes.last().filter(|_| returns.max);
    partial.iter().chain(min).chain(max).copied().collect()
}

/// RFC 4731 §3.1: where nothing was found, only COUNT and PARTIAL say so.
fn items(returns: SearchReturn, numbers: &[u32]) -> Vec<SearchDatum> {
    let mut items = Vec::new();
    items.extend(numbers.first().filter(|_| returns.min).map(|first| SearchDatum::Min(*first)));
    items.extend(numbers.last().filter(|_| returns.max).map(|last| SearchDatum::Max(*last)));
    if returns.all && !numbers.is_empty() {
        items.push(SearchDatum::All(numbers.iter().copied().collect()));
    }
    if let Some(range) = returns.partial {
        let some = &numbers[range.of(numbers.len())];
        let some = (!some.is_empty()).then(|| some.iter().copied().collect());
        items.push(SearchDatum::Partial(range, some));
    }
    if returns.count {
        items.push(SearchDatum::Count(u32::try_from(numbers.len()).unwrap_or(u32::MAX)));
    }
    items
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
