//! Sets of messages as they are sent: ascending, and not longer than servers take.

use peregrine_proto::command::Messages;
use peregrine_proto::number::{Number, NumberSet, Ranges};

/// The sets for one command each, so that none takes more than `line` octets; none where the set
/// holds nothing.
///
/// They are ascending (some servers refuse others), but for those with `*` in them, whose order is
/// left as it is.
pub(crate) fn split(messages: Messages, line: usize) -> Vec<Messages> {
    match messages {
        Messages::Sequence(set) => pieces(set, line).into_iter().map(Messages::Sequence).collect(),
        Messages::Uid(set) => pieces(set, line).into_iter().map(Messages::Uid).collect(),
        saved @ Messages::Saved { .. } => vec![saved],
    }
}

fn pieces<N: Number>(set: NumberSet<N>, line: usize) -> Vec<NumberSet<N>> {
    /// Two numbers, a colon and a comma.
    const LONGEST_RANGE: usize = 10 + 1 + 10 + 1;
    let set = match set.names_largest() {
        true => set,
        false => NumberSet::from(&set.resolve(None)),
    };
    let each = (line / LONGEST_RANGE).max(1);
    set.ranges.chunks(each).map(|ranges| NumberSet { ranges: ranges.into() }).collect()
}

/// Whether the set holds nothing.
pub(crate) fn is_empty(messages: &Messages) -> bool {
    match messages {
        Messages::Sequence(set) => set.ranges.is_empty(),
        Messages::Uid(set) => set.ranges.is_empty(),
        Messages::Saved { .. } => false,
    }
}

/// All of the UIDs, in any order.
pub fn uids(uids: impl IntoIterator<Item = peregrine_proto::Uid>) -> peregrine_proto::UidSet {
    let ranges = uids.into_iter().map(|uid| (uid, uid)).collect();
    (&Ranges::from_unordered(ranges)).into()
}

/// All messages that are there.
pub fn all() -> peregrine_proto::UidSet {
    use peregrine_proto::number::Bound;
    let first = Bound::Number(peregrine_proto::Uid(std::num::NonZeroU32::MIN));
    NumberSet { ranges: [(first, Bound::Largest)].into_iter().collect() }
}

#[cfg(test)]
mod tests {
    use super::split;
    use peregrine_proto::Uid;
    use peregrine_proto::command::Messages;

    fn written(numbers: &[u32], line: usize) -> Vec<String> {
        let uid = |number: &u32| Uid(std::num::NonZeroU32::new(*number).unwrap());
        let sets = split(Messages::Uid(super::uids(numbers.iter().map(uid))), line);
        let text = |set: Messages| match set {
            Messages::Uid(set) => {
                let mut out = Vec::new();
                set.write(&mut out);
                String::from_utf8(out).unwrap()
            }
            _ => panic!("a UID set"),
        };
        sets.into_iter().map(text).collect()
    }

    #[test]
    fn sets_ascend_and_fit_the_line() {
        assert_eq!(written(&[9, 1, 3, 2, 2], 8000), ["1:3,9"]);
        assert_eq!(written(&[1, 3, 5, 7, 9], 44), ["1,3", "5,7", "9"]);
        assert!(written(&[], 8000).is_empty());
    }
}
