//! Whether two things that commands name can have a part in common.
//!
//! Everything here may say yes too often, never too seldom: a needless yes costs waiting, a wrong
//! no costs mail.

use super::{Known, Scope};
use crate::MailboxName;
use crate::command::Messages;
use crate::number::{Bound, Number, NumberSet};

/// Up to so many pairs of ranges are compared one by one when a set is not in ascending order;
/// above it such sets are taken to overlap, so that a line full of shuffled numbers costs linear
/// time. Sets in ascending order, which is what clients send, are always compared exactly.
const PAIRS_MAX: usize = 4096;

/// Whether two scopes can name the same message.
pub(super) fn scopes(a: &Scope, b: &Scope) -> bool {
    match (a, b) {
        (Scope::Messages(Messages::Uid(a)), Scope::Messages(Messages::Uid(b))) => sets(a, b),
        (Scope::Messages(Messages::Sequence(a)), Scope::Messages(Messages::Sequence(b))) => {
            sets(a, b)
        }
        // A sequence number against a UID: only the view knows. Everything against all.
        _ => true,
    }
}

/// Whether a vanishing of messages in one scope touches what the other names. Sequence numbers are
/// touched by the vanishing of any message at all, since those behind it are renumbered.
pub(super) fn renumbers(a: &Scope, b: &Scope) -> bool {
    let by_sequence = |scope: &Scope| matches!(scope, Scope::Messages(Messages::Sequence(_)));
    by_sequence(a) || by_sequence(b) || scopes(a, b)
}

/// Whether a scope can name a message that the client does not know of yet. UIDs only grow
/// (RFC 3501 §2.3.1.1), and so do numbers where no EXPUNGE is told.
pub(super) fn may_name_new(scope: &Scope, known: Option<Known>) -> bool {
    let Some(Known { exists, largest }) = known else { return true };
    match scope {
        Scope::Messages(Messages::Sequence(set)) => reaches_beyond(set, exists),
        Scope::Messages(Messages::Uid(set)) => reaches_beyond(set, largest),
        Scope::Messages(Messages::Saved { .. }) | Scope::All => true,
    }
}

fn reaches_beyond<N: Number>(set: &NumberSet<N>, last: u32) -> bool {
    set.names_largest() || plain(set).any(|(_, end)| end > last)
}

/// Whether `name` can be the selected mailbox.
pub(super) fn may_be(name: &MailboxName, selected: Option<&MailboxName>) -> bool {
    selected.is_none_or(|selected| selected == name)
}

/// Whether the selected mailbox can be among the names at `tree`.
pub(super) fn may_hold(tree: Option<&MailboxName>, selected: Option<&MailboxName>) -> bool {
    selected.is_none_or(|selected| holds(tree, selected))
}

/// Whether `name` is among the names at `tree`: that name or one below it; `None` is all names.
pub(super) fn holds(tree: Option<&MailboxName>, name: &MailboxName) -> bool {
    tree.is_none_or(|tree| name == tree || name.is_below(tree))
}

/// Whether two parts of the tree share a name: one lies in the other.
pub(super) fn trees(a: Option<&MailboxName>, b: Option<&MailboxName>) -> bool {
    let (Some(a), Some(b)) = (a, b) else { return true };
    holds(Some(a), b) || holds(Some(b), a)
}

/// Whether two sets can share a number, with `*` standing for any number: `n:*` holds the last
/// message even where that is below n (RFC 3501 §9 `seq-range`).
fn sets<N: Number>(a: &NumberSet<N>, b: &NumberSet<N>) -> bool {
    if a.names_largest() || b.names_largest() {
        return true;
    }
    if ascending(a) && ascending(b) {
        return ascending_sets(a, b);
    }
    if a.ranges.len().saturating_mul(b.ranges.len()) > PAIRS_MAX {
        return true;
    }
    plain(a).any(|(start, end)| plain(b).any(|other| other.0 <= end && start <= other.1))
}

/// The ranges as plain numbers, each the right way round.
fn plain<N: Number>(set: &NumberSet<N>) -> impl Iterator<Item = (u32, u32)> + '_ {
    let value = |bound: Bound<N>| match bound {
        Bound::Number(number) => number.get(),
        Bound::Largest => u32::MAX,
    };
    set.ranges.iter().map(move |(start, end)| {
        let (start, end) = (value(*start), value(*end));
        (start.min(end), start.max(end))
    })
}

/// Whether each range begins above the end of the one before.
fn ascending<N: Number>(set: &NumberSet<N>) -> bool {
    let mut last = 0;
    plain(set).all(|(start, end)| {
        let above = start > last;
        last = end;
        above
    })
}

/// One walk along both sets.
fn ascending_sets<N: Number>(a: &NumberSet<N>, b: &NumberSet<N>) -> bool {
    let (mut left, mut right) = (plain(a), plain(b));
    let (mut one, mut other) = (left.next(), right.next());
    while let (Some(a), Some(b)) = (one, other) {
        if a.1 < b.0 {
            one = left.next();
        } else if b.1 < a.0 {
            other = right.next();
        } else {
            return true;
        }
    }
    false
}
