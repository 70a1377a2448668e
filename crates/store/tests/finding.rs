//! SORT and THREAD beside the rules of RFC 5256 followed word by word, on mail made at random.
#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

mod fixture;
mod naive;

use fixture::{account, inbox};
use naive::Mail;
use peregrine_proto::DateTime;
use peregrine_proto::command::sort::{SortCriterion, SortKey};
use peregrine_proto::command::thread::ThreadAlgorithm;
use peregrine_store::{Mailbox, MailboxView, NewMessage, Threaded};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

const ADDRESSES: [&str; 8] = [
    "",
    "Zoe <ann@example.org>",
    "=?utf-8?Q?=C3=A9mile?= <bob@example.org>",
    "<bob@a.example>",
    "ann@b.example",
    "\"\" <carl@example.org>",
    "team: dora@example.org, x@y;",
    "zoe <ANN@example.org>",
];

const SUBJECTS: [&str; 10] = [
    "",
    "plan",
    "Re: plan",
    "PLAN (fwd)",
    "[list] plan",
    "\u{c9}t\u{e9}",
    "re: e\u{301}t\u{e9}",
    "plan b",
    "Fwd: [x] Plan B",
    "[x]",
];

/// A message of few possible values, so that many of them are equal.
fn mail() -> impl Strategy<Value = Mail> {
    let id = || prop::option::weighted(0.9, 0..9_u8);
    let address = || select(ADDRESSES.to_vec());
    let dates = (0..5_i64, prop::option::weighted(0.7, (0..5_i64, -1..2_i64)));
    (
        (address(), address(), address()),
        select(SUBJECTS.to_vec()),
        dates,
        (id(), vec(0..9_u8, 0..4), prop::option::of(0..9_u8)),
        0..3_usize,
    )
        .prop_map(|((from, to, cc), subject, (arrived, sent), ids, filler)| {
            let (id, references, in_reply_to) = ids;
            Mail { from, to, cc, subject, arrived, sent, id, references, in_reply_to, filler }
        })
}

fn criteria() -> impl Strategy<Value = Vec<SortCriterion>> {
    let key = select(SortKey::ALL.to_vec());
    vec((any::<bool>(), key).prop_map(|(reverse, key)| SortCriterion { reverse, key }), 1..4)
}

async fn filled(mail: &[Mail]) -> (peregrine_store::Store, Mailbox, MailboxView) {
    let (store, account) = account().await;
    let new = |mail: &Mail| NewMessage {
        body: mail.octets().into(),
        flags: vec![],
        date: DateTime { unix: mail.arrived(), offset: 60 },
    };
    account.append(&inbox(), mail.iter().map(new).collect()).await.unwrap();
    let mailbox = account.open(&inbox()).await.unwrap();
    let view = mailbox.view();
    (store, mailbox, view)
}

fn run<F: Future<Output = ()>>(test: F) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// I23: a SORT is a stable sort by the keys, of what was searched for.
    #[test]
    fn a_sort_is_a_sort(
        mail in vec(mail(), 1..25),
        criteria in vec(criteria(), 4),
    ) {
        let all: Vec<u32> = (0..mail.len() as u32).collect();
        run(async {
            let (_store, mailbox, view) = filled(&mail).await;
            for criteria in &criteria {
                let sorted = mailbox.sort(&view, all.clone(), criteria).await.unwrap();
                assert_eq!(sorted, naive::sort(&mail, &all, criteria), "{criteria:?}");
                let some: Vec<u32> = all.iter().copied().filter(|index| index % 3 != 1).collect();
                let sorted = mailbox.sort(&view, some.clone(), criteria).await.unwrap();
                assert_eq!(sorted, naive::sort(&mail, &some, criteria), "{criteria:?}");
            }
        });
    }

    /// I24: a THREAD is what the steps of RFC 5256 §3 make, of what was searched for.
    #[test]
    fn a_thread_is_what_the_rfc_makes(
        mail in vec(mail(), 1..25),
        wanted in subsequence((0..25_u32).collect::<Vec<_>>(), 1..25),
    ) {
        let wanted: Vec<u32> = wanted.into_iter().filter(|i| (*i as usize) < mail.len()).collect();
        run(async {
            let (_store, mailbox, view) = filled(&mail).await;
            for algorithm in [ThreadAlgorithm::References, ThreadAlgorithm::OrderedSubject] {
                let found = mailbox.thread(&view, wanted.clone(), algorithm).await.unwrap();
                let expected = match algorithm {
                    ThreadAlgorithm::References => naive::references(&mail, &wanted),
                    ThreadAlgorithm::OrderedSubject => naive::ordered_subject(&mail, &wanted),
                };
                assert_eq!(shown(&found), shown(&expected), "{algorithm:?}");
            }
        });
    }
}

/// For people who read a failure.
fn shown(threads: &[Threaded]) -> String {
    let line = |place: &Threaded| {
        let index = place.index.map_or("-".to_owned(), |index| index.to_string());
        format!("{}{index}\n", "  ".repeat(place.depth as usize))
    };
    threads.iter().map(line).collect()
}
