//! The judgement of two uses: a table of pairs of resources.

use super::{Access, Conflict, Resource, Scope, Situation, Use, overlap};

/// Whether a use of the earlier command and one of the later command stand in each other's way.
pub(super) fn uses(earlier: &Use, later: &Use, situation: &Situation<'_>) -> Option<Conflict> {
    let names = matches!(later.resource, Resource::Tree(_));
    let taken = situation.started && earlier.access == Access::Snapshot && !names;
    if taken || earlier.commutes_with(later) {
        return None;
    }
    if earlier.resource.rank() <= later.resource.rank() {
        let comes = comes_after(earlier, situation);
        judge(earlier, later, situation, comes)
    } else {
        judge(later, earlier, situation, may_name_new(&later.resource, situation))
    }
}

/// The table of pairs. `first` is the one of lower [`Resource::rank`]; at least one of the two is a
/// change. `comes` says whether messages that the second adds can be among those of the first.
fn judge(first: &Use, second: &Use, situation: &Situation<'_>, comes: bool) -> Option<Conflict> {
    use Resource::*;
    let selected = situation.selected;
    let first_changes = first.access.changes();
    let second_changes = second.access.changes();
    let second_adds = second.access == Access::Add;
    let (meet, why) = match (&first.resource, &second.resource) {
        (Selection, Selection) => (true, Conflict::SELECTION),
        (Selection, Existence(_) | Flags(_)) => (first_changes, Conflict::SELECTION),
        (Selection, Tree(name)) => (
            first_changes && second_changes && overlap::may_hold(name.as_ref(), selected),
            Conflict::SELECTED_NAME,
        ),
        (Existence(a), Existence(b)) => (overlap::renumbers(a, b), Conflict::EXISTENCE),
        (Existence(a), Flags(b)) => {
            (first_changes && overlap::renumbers(a, b), Conflict::FLAGS_OF_EXPUNGED)
        }
        (Existence(_) | Flags(_), Contents(name)) if second_adds => {
            (comes && overlap::may_be(name, selected), Conflict::ARRIVALS)
        }
        (Existence(_), Contents(name)) => {
            (overlap::may_be(name, selected), Conflict::SELECTED_MESSAGES)
        }
        (Existence(_), AllContents) => (true, Conflict::SELECTED_MESSAGES),
        (Flags(a), Flags(b)) => (overlap::scopes(a, b), Conflict::FLAGS),
        (Flags(_), Contents(name)) => {
            (second_changes && overlap::may_be(name, selected), Conflict::SELECTED_MESSAGES)
        }
        (Flags(_), FlagCounts(name)) => (overlap::may_be(name, selected), Conflict::SELECTED_FLAGS),
        (Flags(_), AllContents) => (true, Conflict::SELECTED_FLAGS),
        (Existence(_) | Flags(_), Tree(name)) => {
            (second_changes && overlap::may_hold(name.as_ref(), selected), Conflict::SELECTED_NAME)
        }
        (Contents(a), Contents(b)) => (a == b, Conflict::CONTENTS),
        (Contents(_), AllContents) => (true, Conflict::CONTENTS),
        (Contents(name), Tree(tree)) => {
            (second_changes && overlap::holds(tree.as_ref(), name), Conflict::NAME_IN_USE)
        }
        (Tree(a), Tree(b)) => (overlap::trees(a.as_ref(), b.as_ref()), Conflict::TREE),
        (Subscriptions, Subscriptions) => (true, Conflict::SUBSCRIPTIONS),
        (Enabled, Enabled) => (true, Conflict::ENABLED),
        (SavedResult, SavedResult) => (true, Conflict::SAVED_RESULT),
        _ => return None,
    };
    meet.then_some(why)
}

/// Whether messages that come later can be among those of the earlier use. Once it has started,
/// they can only where it removes whatever is there when it comes to it: EXPUNGE and CLOSE.
fn comes_after(earlier: &Use, situation: &Situation<'_>) -> bool {
    let takes_all = earlier.access == Access::Write
        && matches!(earlier.resource, Resource::Existence(Scope::All));
    if situation.started { takes_all } else { may_name_new(&earlier.resource, situation) }
}

/// Whether a use of the selected mailbox can name messages that the client does not know of yet.
fn may_name_new(resource: &Resource, situation: &Situation<'_>) -> bool {
    match resource {
        Resource::Existence(scope) | Resource::Flags(scope) => {
            overlap::may_name_new(scope, situation.known)
        }
        _ => true,
    }
}
