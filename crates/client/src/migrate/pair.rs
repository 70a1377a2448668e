//! Which message of the target is which of the source's.

use super::engine::{Error, Work};
use super::side::Summary;
use peregrine_proto::Uid;
use std::collections::{HashMap, HashSet, VecDeque};

/// Indexes into both lists of summaries.
#[derive(Debug, Default)]
pub(super) struct Pairs {
    /// Of the source and of the target.
    pub both: Vec<(usize, usize)>,
    /// Of the source alone.
    pub source: Vec<usize>,
}

/// What identifies a message on both sides, but for copies of one message.
type Key = (u64, i64, Option<u64>);

/// Content hashes of one side's messages by UID.
pub(super) type Hashes = HashMap<Uid, [u8; 32]>;

fn key(summary: &Summary) -> Key {
    (summary.size, summary.date.unix, summary.message_id)
}

impl Work<'_> {
    /// Pairs messages by size, date and Message-ID, and by content where several have all of these
    /// in common. Each is in at most one pair: what the source has twice, the target has twice.
    pub(super) async fn pair(
        &mut self,
        source: &[Summary],
        target: &[Summary],
    ) -> Result<Pairs, Error> {
        let (ours, theirs) = (by_key(source), by_key(target));
        let shared = |key: &Key| match (ours.get(key), theirs.get(key)) {
            (Some(ours), Some(theirs)) => ours.len() > 1 || theirs.len() > 1,
            _ => false,
        };
        let ambiguous: HashSet<Key> = ours.keys().filter(|key| shared(key)).copied().collect();
        let pick = |side: &[Summary]| -> Vec<(Uid, u64)> {
            let some = side.iter().filter(|summary| ambiguous.contains(&key(summary)));
            some.map(|summary| (summary.uid, summary.size)).collect()
        };
        let (mut source_hashes, mut target_hashes) = (Hashes::new(), Hashes::new());
        if !ambiguous.is_empty() {
            self.hash_source(pick(source), &mut source_hashes).await?;
            self.hash_target(pick(target), &mut target_hashes).await?;
        }
        // Those that are not ambiguous have no hash on either side, and so are alike.
        let hash_of = |hashes: &Hashes, one: &Summary| hashes.get(&one.uid).copied();
        Ok(pair_by(
            source,
            target,
            |one| (key(one), hash_of(&source_hashes, one)),
            |one| (key(one), hash_of(&target_hashes, one)),
        ))
    }
}

fn by_key(side: &[Summary]) -> HashMap<Key, Vec<usize>> {
    let mut found: HashMap<Key, Vec<usize>> = HashMap::new();
    for (index, summary) in side.iter().enumerate() {
        found.entry(key(summary)).or_default().push(index);
    }
    found
}

/// Pairs messages that have the same mark, in the order of both sides; of several alike, one with
/// the same UID, date and flags is preferred, in this order of weight.
pub(super) fn pair_by<M: Eq + std::hash::Hash>(
    source: &[Summary],
    target: &[Summary],
    source_mark: impl Fn(&Summary) -> M,
    target_mark: impl Fn(&Summary) -> M,
) -> Pairs {
    let mut left: HashMap<M, VecDeque<usize>> = HashMap::new();
    for (index, summary) in target.iter().enumerate() {
        left.entry(target_mark(summary)).or_default().push_back(index);
    }
    let mut pairs = Pairs::default();
    for (index, summary) in source.iter().enumerate() {
        let candidates = left.entry(source_mark(summary)).or_default();
        let likeness = |place: &usize| {
            let other = &target[candidates[*place]];
            (
                other.date.unix == summary.date.unix,
                other.uid == summary.uid,
                same_flags(&other.flags, &summary.flags),
                std::cmp::Reverse(*place),
            )
        };
        match (0..candidates.len().min(LOOKED_AT)).max_by_key(likeness) {
            Some(place) => pairs.both.extend(candidates.remove(place).map(|other| (index, other))),
            None => pairs.source.push(index),
        }
    }
    pairs
}

/// Copies of one message among which the best is looked for; with more, the time would be their
/// square.
const LOOKED_AT: usize = 64;

/// Whether two lists hold the same flags.
pub(super) fn same_flags(a: &[peregrine_proto::Flag], b: &[peregrine_proto::Flag]) -> bool {
    a.iter().all(|flag| b.contains(flag)) && b.iter().all(|flag| a.contains(flag))
}

#[cfg(test)]
mod tests {
    use super::*;
    use peregrine_proto::DateTime;
    use peregrine_proto::number::Number;

    fn message(uid: u32, unix: i64) -> Summary {
        let uid = Uid::new(uid).unwrap();
        let date = DateTime { unix, offset: 0 };
        Summary { uid, size: 1, date, flags: Vec::new(), message_id: None }
    }

    /// A message that is there twice is no proof for two messages of the source, nor is one for
    /// two.
    #[test]
    fn each_message_counts_once() {
        let source = [message(1, 5), message(2, 5), message(3, 6)];
        let target = [message(9, 6), message(10, 5)];
        let pairs = pair_by(&source, &target, |one| one.size, |one| one.size);
        assert_eq!(pairs.both, [(0, 1), (1, 0)]);
        assert_eq!(pairs.source, [2]);
        let pairs = pair_by(&source, &target, key, key);
        assert_eq!((pairs.both, pairs.source), (vec![(0, 1), (2, 0)], vec![1]));
    }
}
