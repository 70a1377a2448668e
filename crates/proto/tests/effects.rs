//! The judgement of pairs: one case for each kind, symmetry, and sets against a model.

// What a test's own functions are given is known; clippy excepts only the tests themselves.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use peregrine_proto::command::Messages;
use peregrine_proto::effects::Access::{Add, Read, Write};
use peregrine_proto::effects::Resource::*;
use peregrine_proto::effects::{
    Access, Conflict, Effects, Known, Resource, Scope, Situation, Use, conflicts,
};
use peregrine_proto::number::{Bound, Number, NumberSet};
use peregrine_proto::{MailboxName, SequenceNumber, Uid};
use proptest::prelude::*;

fn mailbox(name: &str) -> MailboxName {
    MailboxName::new(name).unwrap()
}

fn set<N: Number>(text: &str) -> NumberSet<N> {
    let bound = |text: &str| match text {
        "*" => Bound::Largest,
        number => Bound::Number(N::new(number.parse().unwrap()).unwrap()),
    };
    let range = |text: &str| {
        let (start, end) = text.split_once(':').unwrap_or((text, text));
        (bound(start), bound(end))
    };
    NumberSet { ranges: text.split(',').map(range).collect() }
}

fn uids(text: &str) -> Scope {
    Scope::Messages(Messages::Uid(set::<Uid>(text)))
}

fn numbers(text: &str) -> Scope {
    Scope::Messages(Messages::Sequence(set::<SequenceNumber>(text)))
}

fn one(access: Access, resource: Resource) -> Effects {
    Effects { uses: [Use { resource, access }].into_iter().collect(), ..Effects::default() }
}

fn judge(a: &Effects, b: &Effects) -> Option<Conflict> {
    let selected = mailbox("INBOX");
    let there = conflicts(a, b, Some(&selected));
    assert_eq!(there, conflicts(b, a, Some(&selected)), "either order of {a:?} and {b:?}");
    there
}

type Case = (Access, Resource, Access, Resource, Option<Conflict>);

fn contents(name: &str) -> Resource {
    Contents(mailbox(name))
}

fn counts(name: &str) -> Resource {
    FlagCounts(mailbox(name))
}

fn tree(name: &str) -> Resource {
    Tree(Some(mailbox(name)))
}

#[track_caller]
fn check(cases: &[Case]) {
    for (access, resource, other_access, other, expected) in cases.iter().cloned() {
        let what = format!("{access:?} {resource:?} and {other_access:?} {other:?}");
        assert_eq!(judge(&one(access, resource), &one(other_access, other)), expected, "{what}");
    }
}

#[test]
fn connection_and_selection() {
    check(&[
        // The connection meets all, if it changes.
        (Write, Connection, Read, Enabled, Some(Conflict::CONNECTION)),
        (Read, Connection, Write, Enabled, None),
        // What works in the selected mailbox depends on the selection.
        (Write, Selection, Read, Selection, Some(Conflict::SELECTION)),
        (Write, Selection, Read, Existence(uids("1")), Some(Conflict::SELECTION)),
        (Write, Selection, Add, Flags(uids("1")), Some(Conflict::SELECTION)),
        (Read, Selection, Write, Existence(Scope::All), None),
        (Write, Selection, Write, contents("Sent"), None),
        // A change of the selected mailbox's name meets what leaves it or works in it.
        (Write, Selection, Write, tree("INBOX"), Some(Conflict::SELECTED_NAME)),
        (Write, Selection, Write, tree("Sent"), None),
        (Write, Selection, Read, Tree(None), None),
        (Read, Existence(uids("1")), Write, Tree(None), Some(Conflict::SELECTED_NAME)),
        (Write, Flags(uids("1")), Write, tree("INBOX"), Some(Conflict::SELECTED_NAME)),
        (Write, Flags(uids("1")), Write, tree("INBOX/a"), None),
        (Write, Flags(uids("1")), Read, Tree(None), None),
    ]);
}

#[test]
fn messages_and_flags() {
    check(&[
        // Messages that vanish, by UID.
        (Write, Existence(uids("1:5")), Read, Existence(uids("5:9")), Some(Conflict::EXISTENCE)),
        (Write, Existence(uids("1:5")), Read, Existence(uids("6:9")), None),
        (Write, Existence(uids("1:5")), Write, Existence(uids("6:9")), None),
        (Write, Existence(uids("1:5")), Read, Existence(Scope::All), Some(Conflict::EXISTENCE)),
        (Read, Existence(Scope::All), Read, Existence(numbers("1")), None),
        // Any that vanishes renumbers all (RFC 3501 §5.5).
        (Write, Existence(uids("9")), Read, Existence(numbers("1")), Some(Conflict::EXISTENCE)),
        (Write, Existence(numbers("9")), Read, Existence(numbers("1")), Some(Conflict::EXISTENCE)),
        (Write, Existence(uids("9")), Add, Flags(numbers("1")), Some(Conflict::FLAGS_OF_EXPUNGED)),
        // The flags of what vanishes.
        (Write, Existence(uids("1")), Add, Flags(uids("1")), Some(Conflict::FLAGS_OF_EXPUNGED)),
        (Write, Existence(uids("1")), Add, Flags(uids("2")), None),
        (Read, Existence(uids("1")), Write, Flags(uids("1")), None),
        // Flags against flags: the example of RFC 3501 §5.5.
        (Write, Flags(uids("1:3")), Read, Flags(uids("3")), Some(Conflict::FLAGS)),
        (Write, Flags(uids("1:3")), Read, Flags(uids("4")), None),
        (Write, Flags(uids("3")), Read, Flags(uids("5:*")), Some(Conflict::FLAGS)),
        (Write, Flags(numbers("1:3")), Write, Flags(numbers("4,6")), None),
        (Write, Flags(numbers("1:3")), Write, Flags(uids("900")), Some(Conflict::FLAGS)),
        (Add, Flags(Scope::All), Add, Flags(Scope::All), None),
        (Add, Flags(uids("1")), Write, Flags(uids("1")), Some(Conflict::FLAGS)),
        (Add, Flags(uids("1")), Read, Flags(uids("1")), Some(Conflict::FLAGS)),
    ]);
}

#[test]
fn mailboxes_by_name() {
    check(&[
        // The selected mailbox by its name.
        (Read, Existence(uids("1")), Add, contents("INBOX"), Some(Conflict::ARRIVALS)),
        (Write, Existence(uids("1")), Read, contents("INBOX"), Some(Conflict::SELECTED_MESSAGES)),
        (Write, Existence(uids("1")), Read, contents("Sent"), None),
        (Add, Flags(uids("1")), Read, contents("INBOX"), None),
        (Add, Flags(uids("1")), Read, counts("INBOX"), Some(Conflict::SELECTED_FLAGS)),
        (Add, Flags(uids("1")), Read, counts("Sent"), None),
        (Read, Flags(uids("1")), Write, contents("INBOX"), Some(Conflict::SELECTED_MESSAGES)),
        (Add, Flags(uids("1")), Add, contents("INBOX"), Some(Conflict::ARRIVALS)),
        (Read, Flags(uids("1")), Read, contents("INBOX"), None),
        (Add, Flags(uids("1")), Add, contents("Sent"), None),
        // Mailboxes by name.
        (Add, contents("Sent"), Add, contents("Sent"), None),
        (Add, contents("Sent"), Read, contents("Sent"), Some(Conflict::CONTENTS)),
        (Write, contents("Sent"), Write, contents("Sent/a"), None),
        (Add, contents("a/b"), Write, tree("a"), Some(Conflict::NAME_IN_USE)),
        (Read, contents("a"), Write, tree("a"), Some(Conflict::NAME_IN_USE)),
        (Read, contents("a"), Write, tree("a/b"), None),
        (Add, contents("ab"), Write, tree("a"), None),
        (Add, contents("a"), Read, Tree(None), None),
        // Names.
        (Write, tree("a"), Write, tree("a"), Some(Conflict::TREE)),
        (Write, tree("a"), Read, Tree(None), Some(Conflict::TREE)),
        (Write, tree("a/b"), Write, tree("a"), Some(Conflict::TREE)),
        (Write, tree("a/b"), Write, tree("a/c"), None),
        (Write, tree("a"), Write, tree("a-b"), None),
        (Read, Tree(None), Read, tree("a"), None),
        // The rest meets only itself.
        (Write, Subscriptions, Read, Subscriptions, Some(Conflict::SUBSCRIPTIONS)),
        (Add, Subscriptions, Add, Subscriptions, None),
        (Write, Subscriptions, Write, Tree(None), None),
        (Write, Enabled, Read, Enabled, Some(Conflict::ENABLED)),
        (Write, Enabled, Write, Selection, None),
    ]);
}

/// A barrier meets even commands that touch nothing (a NOOP after LOGOUT).
#[test]
fn a_barrier_meets_the_empty_command() {
    let barrier = one(Access::Write, Resource::Connection);
    assert_eq!(judge(&barrier, &Effects::default()), Some(Conflict::CONNECTION));
    assert_eq!(judge(&Effects::default(), &Effects::default()), None);
}

/// While it is not known which mailbox is selected, it may be any.
#[test]
fn the_selected_mailbox_may_be_unknown() {
    let read = one(Access::Read, Resource::Existence(Scope::All));
    let append = one(Access::Add, Resource::Contents(mailbox("Sent")));
    let create = one(Access::Write, Resource::Tree(Some(mailbox("new"))));
    assert_eq!(conflicts(&read, &append, None), Some(Conflict::ARRIVALS));
    assert_eq!(conflicts(&create, &read, None), Some(Conflict::SELECTED_NAME));
    let selected = mailbox("INBOX");
    assert_eq!(conflicts(&read, &append, Some(&selected)), None);
    assert_eq!(conflicts(&create, &read, Some(&selected)), None);
}

/// A line full of shuffled numbers must not cost quadratic time: each arriving command is judged
/// against each unfinished one. Such sets count as overlapping; sets in order are exact.
#[test]
fn large_sets() {
    let every = |first: u32, step: usize| -> NumberSet<Uid> {
        let numbers = (first..400_000).step_by(step);
        let ranges =
            numbers.filter_map(|n| Uid::new(n).map(|n| (Bound::Number(n), Bound::Number(n))));
        NumberSet { ranges: ranges.collect() }
    };
    let store = |set: NumberSet<Uid>| {
        one(Access::Write, Resource::Flags(Scope::Messages(Messages::Uid(set))))
    };
    let (odd, even) = (every(1, 2), every(2, 2));
    let mut backwards = even.clone();
    backwards.ranges.reverse();
    assert_eq!(judge(&store(odd.clone()), &store(even)), None);
    assert_eq!(judge(&store(odd), &store(backwards)), Some(Conflict::FLAGS));
}

/// What comes into the selected mailbox, and who may name it: whoever says `*` or a number that the
/// client does not know yet, until it has started.
#[test]
fn arrivals() {
    let selected = mailbox("INBOX");
    let known = Some(Known { exists: 9, largest: 99 });
    let waiting = Situation { selected: Some(&selected), known, started: false };
    let started = Situation { started: true, ..waiting };
    let append = one(Add, contents("INBOX"));
    for (scope, open) in [
        (uids("1:99"), false),
        (uids("1:100"), true),
        (uids("100:1"), true),
        (uids("5,*"), true),
        (numbers("1:9"), false),
        (numbers("9,10"), true),
        (numbers("3:*"), true),
        (Scope::All, true),
    ] {
        let why = open.then_some(Conflict::ARRIVALS);
        for one in [one(Read, Existence(scope.clone())), one(Write, Flags(scope.clone()))] {
            assert_eq!(conflicts(&one, &append, waiting), why, "{scope:?}");
            assert_eq!(conflicts(&append, &one, waiting), why, "{scope:?}");
            // Its set is fixed then; the other way round the arrivals are under way.
            assert_eq!(conflicts(&one, &append, started), None, "{scope:?}");
            assert_eq!(conflicts(&append, &one, started), why, "{scope:?}");
        }
    }
    // EXPUNGE and CLOSE remove whatever they find.
    let expunge = one(Write, Existence(Scope::All));
    assert_eq!(conflicts(&expunge, &append, started), Some(Conflict::ARRIVALS));
    let some = one(Write, Existence(uids("1:*")));
    assert_eq!(conflicts(&some, &append, started), None);
    // What is not an addition waits all the same.
    let rename = one(Write, contents("INBOX"));
    let read = one(Read, Existence(uids("1")));
    assert_eq!(conflicts(&read, &rename, started), Some(Conflict::SELECTED_MESSAGES));
}

/// What was read at the start does not keep anything waiting; what is still being read does.
#[test]
fn snapshots() {
    let selected = mailbox("INBOX");
    let waiting = Situation::from(Some(&selected));
    let started = Situation { started: true, ..waiting };
    for (resource, why) in [
        (Flags(Scope::All), Conflict::FLAGS),
        (Existence(Scope::All), Conflict::EXISTENCE),
        (SavedResult, Conflict::SAVED_RESULT),
    ] {
        let change = one(Write, resource.clone());
        for (access, after) in [(Access::Snapshot, None), (Read, Some(why))] {
            let reader = one(access, resource.clone());
            assert_eq!(conflicts(&reader, &change, waiting), Some(why));
            assert_eq!(conflicts(&reader, &change, started), after);
            assert_eq!(conflicts(&change, &reader, started), Some(why));
            assert_eq!(conflicts(&reader, &reader, started), None);
        }
    }
}

fn access() -> impl Strategy<Value = Access> {
    prop_oneof![Just(Access::Read), Just(Access::Snapshot), Just(Access::Add), Just(Access::Write)]
}

fn small_set<N: Number + 'static>() -> impl Strategy<Value = NumberSet<N>> {
    let bound = prop_oneof![
        9 => (1_u32..12).prop_filter_map("never 0", |n| N::new(n).map(Bound::Number)),
        1 => Just(Bound::Largest),
    ];
    proptest::collection::vec((bound.clone(), bound), 1..4)
        .prop_map(|ranges| NumberSet { ranges: ranges.into_iter().collect() })
}

fn scope() -> impl Strategy<Value = Scope> {
    prop_oneof![
        Just(Scope::All),
        small_set().prop_map(|set| Scope::Messages(Messages::Uid(set))),
        small_set().prop_map(|set| Scope::Messages(Messages::Sequence(set))),
    ]
}

fn name() -> impl Strategy<Value = MailboxName> {
    prop_oneof![Just("INBOX"), Just("a"), Just("a/b"), Just("a/b/c"), Just("ab")]
        .prop_map(|name| MailboxName::new(name).unwrap())
}

fn resource() -> impl Strategy<Value = Resource> {
    prop_oneof![
        Just(Resource::Connection),
        Just(Resource::Selection),
        scope().prop_map(Resource::Existence),
        scope().prop_map(Resource::Flags),
        name().prop_map(Resource::Contents),
        name().prop_map(Resource::FlagCounts),
        proptest::option::of(name()).prop_map(Resource::Tree),
        Just(Resource::Subscriptions),
        Just(Resource::Enabled),
        Just(Resource::SavedResult),
    ]
}

fn effects() -> impl Strategy<Value = Effects> {
    let used = (resource(), access()).prop_map(|(resource, access)| Use { resource, access });
    proptest::collection::vec(used, 0..5)
        .prop_map(|uses| Effects { uses: uses.into_iter().collect(), ..Effects::default() })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn order_does_not_matter(
        a in effects(),
        b in effects(),
        selected in proptest::option::of(name()),
    ) {
        let there = conflicts(&a, &b, selected.as_ref()).is_some();
        prop_assert_eq!(there, conflicts(&b, &a, selected.as_ref()).is_some());
    }

    /// To have started never adds a conflict, nor does it take one away from what cannot be undone.
    #[test]
    fn starting_only_frees(a in effects(), b in effects(), name in name()) {
        let waiting = Situation::from(Some(&name));
        let started = Situation { started: true, ..waiting };
        if conflicts(&a, &b, started).is_some() {
            prop_assert!(conflicts(&a, &b, waiting).is_some());
        }
    }

    /// To touch more, or to know less, never takes a conflict away.
    #[test]
    fn more_uses_conflict_no_less(a in effects(), b in effects(), more in effects(), name in name()) {
        if conflicts(&a, &b, Some(&name)).is_some() {
            let mut wider = a.clone();
            wider.uses.extend(more.uses);
            prop_assert!(conflicts(&wider, &b, Some(&name)).is_some());
            prop_assert!(conflicts(&a, &b, None).is_some());
        }
    }

    /// Sets that share a number once `*` is known, whatever it is, always meet; sets without `*`
    /// meet only then.
    #[test]
    fn sets_against_a_model(a in small_set::<Uid>(), b in small_set::<Uid>()) {
        let use_of = |set: &NumberSet<Uid>| {
            one(Access::Write, Resource::Flags(Scope::Messages(Messages::Uid(set.clone()))))
        };
        let met = judge(&use_of(&a), &use_of(&b)).is_some();
        let share = (1..15).any(|n| {
            let largest = Uid::new(n);
            a.resolve(largest).intersects(&b.resolve(largest))
        });
        prop_assert!(met || !share, "{a:?} {b:?}");
        if !a.names_largest() && !b.names_largest() {
            prop_assert_eq!(met, share);
        }
    }
}
