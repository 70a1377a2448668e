//! One mailbox and the tree around it, by hand: what each operation answers and leaves.
#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

mod fixture;

use fixture::{account, inbox, message, name, uids};
use peregrine_kv::{Engine, MemoryEngine};
use peregrine_proto::command::store::StoreAction;
use peregrine_proto::number::Number;
use peregrine_proto::{Flag, Keyword, ModSeq, Uid, UidValidity};
use peregrine_store::{Error, FlagChange, Mailbox, MailboxView};
use std::num::NonZeroU32;
use std::sync::Arc;

fn flags_of(view: &MailboxView) -> Vec<String> {
    let all = view.messages(0..view.exists()).map(|message| {
        let mut out = Vec::new();
        view.write_flags(message, false, &mut out);
        String::from_utf8(out).unwrap()
    });
    all.collect()
}

async fn set(
    mailbox: &Mailbox,
    list: &[u32],
    action: StoreAction,
    flags: &[Flag],
) -> Option<ModSeq> {
    let change =
        FlagChange { action, flags: flags.to_vec(), unchanged_since: None, replaced_since: None };
    mailbox.store_flags(&uids(list), change).await.unwrap().mod_seq
}

fn keyword(text: &str) -> Flag {
    Flag::Keyword(Keyword::new(text).unwrap())
}

/// I1, I3, I13, I18, I22: what APPEND, STORE, COPY and EXPUNGE leave in views and counts.
#[tokio::test]
async fn changes_are_seen() {
    let (_store, account) = account().await;
    let mailbox = account.open(&inbox()).await.unwrap();
    let appended = account
        .append(&inbox(), vec![message("one", &[Flag::Seen]), message("two", &[])])
        .await
        .unwrap();
    assert_eq!(appended.uids, uids(&[1, 2]));
    let before = mailbox.view();
    assert_eq!((before.exists(), before.counts().unseen, before.first_unseen()), (2, 1, Some(1)));

    let first = set(&mailbox, &[1, 2], StoreAction::Add, &[keyword("$Work"), Flag::Deleted]).await;
    assert!(first > Some(appended.mod_seq));
    assert_eq!(set(&mailbox, &[1, 2], StoreAction::Add, &[keyword("$wORK")]).await, None);
    let view = mailbox.view();
    assert_eq!(flags_of(&view), ["(\\Deleted \\Seen $Work)", "(\\Deleted $Work)"]);
    let difference = view.difference(&before);
    assert_eq!(difference.changed.len(), 2);
    assert!(difference.keywords && !difference.arrived && difference.expunged.is_empty());

    let sent = account.open(&name("Sent")).await.unwrap();
    let copied = mailbox.copy(&view, &uids(&[1, 2, 77]), &name("Sent")).await.unwrap();
    assert_eq!((copied.source, copied.target), (uids(&[1, 2]), uids(&[1, 2])));
    assert_eq!(flags_of(&sent.view()), flags_of(&view));

    set(&mailbox, &[1], StoreAction::Remove, &[Flag::Deleted]).await;
    assert_eq!(mailbox.expunge(Some(&uids(&[1]))).await.unwrap().mod_seq, None);
    assert_eq!(mailbox.expunge(None).await.unwrap().uids, uids(&[2]));
    let view = mailbox.view();
    assert_eq!(view.difference(&before).expunged.len(), 1);
    assert_eq!(view.counts(), account.status(&inbox()).unwrap().counts);

    // A copy of what is gone fails as a whole, a move passes it over.
    let failed = mailbox.copy(&before, &uids(&[1, 2]), &name("Sent")).await;
    assert!(matches!(failed, Err(Error::Expunged)));
    let moved = mailbox.move_messages(&before, &uids(&[1, 2]), &name("Sent")).await.unwrap();
    assert_eq!((moved.source, moved.target), (uids(&[1]), uids(&[3])));
    assert_eq!((mailbox.view().exists(), sent.view().exists()), (0, 3));

    // The expunged message is still read by who sees it.
    let body = mailbox.body(&before, 1).await.unwrap().whole().await.unwrap();
    assert!(body.ends_with(b"two\r\n"));
    let page = mailbox.digests(&before, 0..2).next_page().await.unwrap().unwrap();
    assert_eq!(page.digests.len(), 2);
}

/// I25: each message is recent for one session, and STATUS counts those that nobody has claimed.
#[tokio::test]
async fn recent_is_claimed_once() {
    let (_store, account) = account().await;
    let mailbox = account.open(&inbox()).await.unwrap();
    account.append(&inbox(), vec![message("one", &[]), message("two", &[])]).await.unwrap();
    let old = mailbox.view();
    account.append(&inbox(), vec![message("three", &[])]).await.unwrap();
    assert_eq!(account.status(&inbox()).unwrap().recent, 3);
    assert_eq!(mailbox.recent(&old), uids(&[1, 2]));
    assert_eq!(mailbox.claim_recent(&old), uids(&[1, 2]));
    assert_eq!(account.status(&inbox()).unwrap().recent, 1);
    assert_eq!(mailbox.claim_recent(&mailbox.view()), uids(&[3]));
    assert_eq!(mailbox.claim_recent(&mailbox.view()), uids(&[]));
    assert_eq!(account.status(&inbox()).unwrap().recent, 0);
}

/// RFC 3501 §6.3.3 to §6.3.5: the tree's rules, INBOX's above all (I30, I31).
#[tokio::test]
async fn tree_follows_the_rules() {
    let (_store, account) = account().await;
    account.create(&name("a/b/c/")).await.unwrap();
    assert!(account.tree().get(&name("a/b")).is_some_and(|entry| entry.selectable));
    assert!(matches!(account.create(&name("a")).await, Err(Error::AlreadyExists(_))));
    for wrong in ["a//b", "/a", "x*", "x%y", "a/../b", ".", "//"] {
        assert!(matches!(account.create(&name(wrong)).await, Err(Error::Cannot(_))), "{wrong}");
    }
    for long in [format!("{}/x", "l".repeat(256)), vec!["d"; 33].join("/")] {
        assert!(matches!(account.create(&name(&long)).await, Err(Error::Limit(_))), "{long}");
    }
    account.create(&name(&"l".repeat(255))).await.unwrap();
    account.create(&name(&vec!["d"; 32].join("/"))).await.unwrap();

    account.subscribe(&name("a/b")).await.unwrap();
    account.append(&name("a/b"), vec![message("kept", &[])]).await.unwrap();
    let mailbox = account.open(&name("a/b")).await.unwrap();
    account.rename(&name("a"), &name("z/y")).await.unwrap();
    assert_eq!(mailbox.name(), Some(name("z/y/b")));
    assert_eq!(account.status(&name("z/y/b")).unwrap().counts.messages, 1);
    assert!(account.tree().is_subscribed(&name("a/b")));
    assert!(matches!(account.rename(&name("z"), &name("z/q")).await, Err(Error::Cannot(_))));
    assert!(matches!(account.rename(&name("z"), &inbox()).await, Err(Error::AlreadyExists(_))));

    // A name with children stays, without its messages; later it can be made anew.
    let old = account.status(&name("z/y/b")).unwrap().uid_validity;
    let mut changes = mailbox.changes();
    account.delete(&name("z/y/b")).await.unwrap();
    assert!(mailbox.is_deleted() && changes.has_changed().unwrap());
    changes.mark_unchanged();
    assert!(account.open(&name("z/y/b")).await.is_err());
    assert!(matches!(account.delete(&name("z/y/b")).await, Err(Error::HasChildren)));
    account.create(&name("z/y/b")).await.unwrap();
    assert!(account.status(&name("z/y/b")).unwrap().uid_validity > old);
    assert!(matches!(account.delete(&inbox()).await, Err(Error::Cannot(_))));
    assert!(matches!(account.delete(&name("none")).await, Err(Error::NonExistent(_))));

    // RENAME INBOX moves its messages only.
    account.create(&name("INBOX/child")).await.unwrap();
    account.append(&inbox(), vec![message("in", &[Flag::Flagged])]).await.unwrap();
    account.rename(&inbox(), &name("old/in")).await.unwrap();
    assert_eq!(account.status(&inbox()).unwrap().counts.messages, 0);
    assert_eq!(account.status(&name("old/in")).unwrap().counts.messages, 1);
    assert!(account.tree().get(&name("INBOX/child")).is_some());
    let moved = account.open(&name("old/in")).await.unwrap();
    assert_eq!(flags_of(&moved.view()), ["(\\Flagged)"]);
}

/// A mailbox has 512 keywords and no more, and a refused one leaves nothing behind.
#[tokio::test]
async fn keywords_are_bounded() {
    let (_store, account) = account().await;
    let mailbox = account.open(&inbox()).await.unwrap();
    account.append(&inbox(), vec![message("one", &[])]).await.unwrap();
    let all: Vec<Flag> = (0..512).map(|number| keyword(&format!("k{number}"))).collect();
    set(&mailbox, &[1], StoreAction::Replace, &all).await;
    let change = FlagChange {
        action: StoreAction::Add,
        flags: vec![keyword("k512")],
        unchanged_since: None,
        replaced_since: None,
    };
    let refused = mailbox.store_flags(&uids(&[1]), change).await;
    assert!(matches!(refused, Err(Error::Limit(_))));
    set(&mailbox, &[1], StoreAction::Remove, &all[1..511]).await;
    assert_eq!(flags_of(&mailbox.view()), ["(k0 k511)"]);
    assert_eq!(mailbox.view().keywords().names().len(), 512);
}

/// I12: UNCHANGEDSINCE changes those that did not change, and names the rest.
#[tokio::test]
async fn changes_can_be_conditional() {
    let (_store, account) = account().await;
    let mailbox = account.open(&inbox()).await.unwrap();
    let three = vec![message("one", &[]), message("two", &[]), message("three", &[])];
    let since = account.append(&inbox(), three).await.unwrap().mod_seq;
    set(&mailbox, &[2], StoreAction::Add, &[Flag::Seen]).await.unwrap();
    let change = FlagChange {
        action: StoreAction::Add,
        flags: vec![Flag::Flagged],
        unchanged_since: Some(since),
        replaced_since: None,
    };
    let stored = mailbox.store_flags(&uids(&[1, 2, 3, 9]), change).await.unwrap();
    assert_eq!((stored.changed, stored.modified), (uids(&[1, 3]), uids(&[2])));
    assert!(stored.missing);
}

/// What STORE found changed already is listed with its MODSEQ, but only where it changed it again.
#[tokio::test]
async fn changes_tell_what_they_replaced() {
    let (_store, account) = account().await;
    let mailbox = account.open(&inbox()).await.unwrap();
    let four = (0..4).map(|_| message("text", &[])).collect();
    let since = account.append(&inbox(), four).await.unwrap().mod_seq;
    let second = set(&mailbox, &[2], StoreAction::Add, &[Flag::Seen]).await.unwrap();
    let third = set(&mailbox, &[3, 4], StoreAction::Add, &[Flag::Flagged]).await.unwrap();
    let change = |replaced_since| FlagChange {
        action: StoreAction::Add,
        flags: vec![Flag::Flagged],
        unchanged_since: None,
        replaced_since,
    };
    let stored = mailbox.store_flags(&uids(&[1, 2, 3]), change(Some(since))).await.unwrap();
    assert_eq!(stored.changed, uids(&[1, 2]));
    let uid = |number| *uids(&[number]).iter().next().as_ref().unwrap();
    assert_eq!(stored.replaced, [(uid(2), second)]);
    set(&mailbox, &[3], StoreAction::Remove, &[Flag::Flagged]).await.unwrap();
    let stored = mailbox.store_flags(&uids(&[3]), change(Some(third))).await.unwrap();
    assert_eq!(stored.replaced.len(), 1);
    let stored = mailbox.store_flags(&uids(&[4]), change(None)).await.unwrap();
    assert!(stored.replaced.is_empty());
}

/// Rows of messages that shrink are joined, and the row that is left over goes: otherwise expunged
/// messages would come back.
#[tokio::test]
async fn joined_rows_are_stored_once() {
    let engine: Arc<dyn Engine> = Arc::new(MemoryEngine::new());
    let (_store, account) = fixture::on(Arc::clone(&engine)).await;
    let many = (0..200).map(|number| message(&number.to_string(), &[])).collect();
    account.append(&inbox(), many).await.unwrap();
    assert_eq!(fixture::rows(&engine, b'r').await, 4);
    let mailbox = account.open(&inbox()).await.unwrap();
    // Leaves four in the first row, which takes in the last one's eight once all between is gone.
    let gone: Vec<u32> = (5..193).collect();
    set(&mailbox, &gone, StoreAction::Add, &[Flag::Deleted]).await;
    mailbox.expunge(None).await.unwrap();
    assert_eq!(fixture::rows(&engine, b'r').await, 1);
    let (_store, again) = fixture::on(Arc::clone(&engine)).await;
    let view = again.open(&inbox()).await.unwrap().view();
    assert_eq!((view.exists(), view.uid_at(4)), (12, mailbox.view().uid_at(4)));
}

/// RFC 3501 §2.3.1.1: a copy of a mailbox from elsewhere keeps its UIDs, but never where one could
/// come to mean another message.
#[tokio::test]
async fn uids_come_along() {
    let (_store, account) = account().await;
    let uid = |number: u32| Uid::new(number).unwrap();
    let validity = |number: u32| UidValidity(NonZeroU32::new(number).unwrap());
    let put = async |from: u32, list: &[u32]| {
        let new = list.iter().map(|n| (uid(*n), message(&n.to_string(), &[]))).collect();
        account.append_with_uids(&inbox(), validity(from), new).await
    };
    assert!(matches!(put(7, &[1]).await, Err(Error::Cannot(_))), "it has another UIDVALIDITY");
    account.adopt(&inbox(), validity(7)).await.unwrap();
    assert!(matches!(account.adopt(&inbox(), validity(u32::MAX)).await, Err(Error::Cannot(_))));
    put(7, &[5, 9]).await.unwrap();
    for wrong in [&[9][..], &[12, 11], &[10, 10], &[u32::MAX]] {
        assert!(put(7, wrong).await.is_err(), "{wrong:?}");
    }
    put(7, &[20]).await.unwrap();
    assert!(matches!(account.adopt(&inbox(), validity(8)).await, Err(Error::Cannot(_))));

    let status = account.status(&inbox()).unwrap();
    assert_eq!((status.uid_validity, status.uid_next), (validity(7), uid(21)));
    account.append(&inbox(), vec![message("next", &[])]).await.unwrap();
    let view = account.open(&inbox()).await.unwrap().view();
    let found: Vec<_> = view.messages(0..view.exists()).map(|m| m.uid.0.get()).collect();
    assert_eq!(found, [5, 9, 20, 21]);
    // One that is made later has a larger one, also under the same name.
    account.create(&name("later")).await.unwrap();
    assert!(account.status(&name("later")).unwrap().uid_validity > validity(7));
}
