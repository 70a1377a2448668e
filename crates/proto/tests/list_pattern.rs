//! LIST patterns against a plain recursive matcher (RFC 3501 §6.3.8).

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use peregrine_proto::{ListPattern, MailboxName};
use proptest::prelude::*;

/// The rule as it is written: exponential, and evidently right. The first `folded` octets of the
/// name have no case.
fn naive(pattern: &[u8], name: &[u8], folded: usize) -> bool {
    let after = |end: usize, rest| naive(rest, &name[end..], folded.saturating_sub(end));
    match (pattern, name) {
        ([], []) => true,
        ([b'*', rest @ ..], _) => (0..=name.len()).any(|end| after(end, rest)),
        ([b'%', rest @ ..], _) => (0..=name.len())
            .take_while(|end| !name[..*end].contains(&b'/'))
            .any(|end| after(end, rest)),
        ([p, rest @ ..], [n, ..]) if p == n => after(1, rest),
        ([p, rest @ ..], [n, ..]) if folded > 0 && p.eq_ignore_ascii_case(n) => after(1, rest),
        _ => false,
    }
}

fn matches(pattern: &str, name: &str) -> bool {
    ListPattern::new(pattern).unwrap().matches(&MailboxName::new(name).unwrap())
}

#[test]
fn known_answers() {
    for (pattern, name, expected) in [
        ("*", "a/b", true),
        ("%", "a", true),
        ("%", "a/b", false),
        ("a/%", "a/b", true),
        ("a/%", "a/", true),
        ("a/%", "a", false),
        ("%/%", "a/b", true),
        ("*%", "a/b", true),
        ("%*", "a/b", true),
        ("a%c", "abc", true),
        ("a%c", "a/c", false),
        ("a*c", "a/b/c", true),
        ("%/c*", "a/b/c", false),
        ("ä%", "äö", true),
        ("", "a", false),
        ("inbox", "INBOX", true),
        ("iNB%", "INBOX", true),
        ("*box", "INBOX", true),
        ("inbox/%", "INBOX/a", true),
        ("inbox/A", "INBOX/a", false),
        ("inboxes", "INBOX", false),
        ("i%/a", "INBOX/a", true),
        ("x/inbox", "x/INBOX", false),
        ("abc", "ABC", false),
    ] {
        assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn as_the_plain_matcher(pattern in "[ab/%*]{0,9}", name in "[ab/]{1,10}") {
        prop_assert_eq!(matches(&pattern, &name), naive(pattern.as_bytes(), name.as_bytes(), 0));
    }

    #[test]
    fn inbox_has_no_case(pattern in "[iInNbBoOxX/a%*]{0,9}", rest in "(/[aX]{1,2})?") {
        let name = format!("INBOX{rest}");
        prop_assert_eq!(matches(&pattern, &name), naive(pattern.as_bytes(), name.as_bytes(), 5));
    }
}
