//! The one table of all key spaces. A key is the account's id, the letter of its space, and what
//! the table says, all numbers big-endian; so an account is one contiguous range.
//!
//! | account | space | then | value |
//! |---|---|---|---|
//! | 0 | `c` | | counter of account ids |
//! | 0 | `u` | name in lower case | `row/user` |
//! | 0 | `t` | account (8) | marks an account that has no name yet, or none any more |
//! | id | `a` | | `row/account`: counters of the account; rewritten by every commit |
//! | id | `m` | mailbox (4) | `row/mailbox`: name, UIDVALIDITY, use |
//! | id | `h` | mailbox (4) | `row/head`: UIDNEXT, MODSEQ, counts |
//! | id | `k` | mailbox (4) | `row/keywords` |
//! | id | `r` | mailbox (4), key of the chunk (4) | `row/chunk`: up to 64 messages |
//! | id | `d` | mailbox (4), UID (4) | `digest/row`: what FETCH and SEARCH need ready |
//! | id | `v` | mailbox (4), MODSEQ (8), part (2) | `row/vanished`: UIDs that went |
//! | id | `b` | body number (8) | `row/body`: the body, or the name of its object |
//! | id | `i` | hash of the body (32) | `row/index`: its number |
//! | id | `x` | body number (8) | counter of references beyond the first; absent for 0 |
//! | id | `s` | hash of the name (32) | `row/subscription` |
//! | id | `g` | number (8) | `row/garbage`: what is to be reclaimed |
//! | id | `o` | name of the object (32) | marks an object that is about to be deleted |

use crate::{AccountId, BodyNumber, MailboxId};
use bytes::Bytes;
use peregrine_kv::{Key, ObjectName, Range, Topic};
use peregrine_proto::{ModSeq, Uid};

/// The account of what belongs to none.
const SYSTEM: AccountId = AccountId(0);

/// The space of the account's own row.
const ACCOUNT: u8 = b'a';
const MAILBOX: u8 = b'm';
const HEAD: u8 = b'h';
const KEYWORDS: u8 = b'k';
const CHUNK: u8 = b'r';
const DIGEST: u8 = b'd';
const VANISHED: u8 = b'v';
const BODY: u8 = b'b';
const INDEX: u8 = b'i';
const EXTRA: u8 = b'x';
const SUBSCRIPTION: u8 = b's';
const GARBAGE: u8 = b'g';
const DOOMED: u8 = b'o';
const USER: u8 = b'u';
const COUNTER: u8 = b'c';
const REMOVED: u8 = b't';

/// The counter of account ids.
pub(crate) fn account_counter() -> Key {
    key(SYSTEM, COUNTER, &[])
}

/// The row of a user.
pub(crate) fn user(lower_case: &str) -> Key {
    key(SYSTEM, USER, lower_case.as_bytes())
}

/// All users.
pub(crate) fn users() -> Range {
    Range::prefix(key(SYSTEM, USER, &[]))
}

/// Marks an account without a name.
pub(crate) fn removed(account: AccountId) -> Key {
    key(SYSTEM, REMOVED, &account.0.to_be_bytes())
}

/// All accounts without a name.
pub(crate) fn all_removed() -> Range {
    Range::prefix(key(SYSTEM, REMOVED, &[]))
}

/// The account that such a mark's key ends with.
pub(crate) fn removed_of(key: &[u8]) -> Option<AccountId> {
    Some(AccountId(u64::from_be_bytes(key.get(9..17)?.try_into().ok()?)))
}

/// The account's own row.
pub(crate) fn account(id: AccountId) -> Key {
    key(id, ACCOUNT, &[])
}

/// Everything of an account.
pub(crate) fn whole_account(id: AccountId) -> Range {
    Range::prefix(Bytes::copy_from_slice(&id.0.to_be_bytes()))
}

/// All rows of an account but those that can be made again from the bodies, and the bodies.
pub(crate) fn kept(id: AccountId) -> Vec<Range> {
    let whole = whole_account(id);
    let mut start = whole.start;
    let mut ranges = Vec::new();
    for space in [BODY, DIGEST, INDEX, DOOMED] {
        ranges.push(Range { start, end: Some(key(id, space, &[])), reverse: false });
        start = key(id, space + 1, &[]);
    }
    ranges.push(Range { start, end: whole.end, reverse: false });
    ranges
}

/// Whether a key is one of [`chunks`].
pub(crate) fn is_chunk(key: &[u8]) -> bool {
    key.get(8) == Some(&CHUNK)
}

/// Whether a key is one of [`mailboxes`].
pub(crate) fn is_mailbox(key: &[u8]) -> bool {
    key.get(8) == Some(&MAILBOX)
}

/// What tells that an account changed.
pub(crate) fn topic(id: AccountId) -> Topic {
    Topic(Bytes::copy_from_slice(&id.0.to_be_bytes()))
}

/// A mailbox's name and its like.
pub(crate) fn mailbox(id: AccountId, mailbox: MailboxId) -> Key {
    key(id, MAILBOX, &mailbox.0.to_be_bytes())
}

/// All mailboxes.
pub(crate) fn mailboxes(id: AccountId) -> Range {
    Range::prefix(key(id, MAILBOX, &[]))
}

/// The mailbox that a key of [`mailboxes`] or [`heads`] is of.
pub(crate) fn mailbox_of(key: &[u8]) -> Option<MailboxId> {
    Some(MailboxId(u32::from_be_bytes(key.get(9..13)?.try_into().ok()?)))
}

/// A mailbox's head.
pub(crate) fn head(id: AccountId, mailbox: MailboxId) -> Key {
    key(id, HEAD, &mailbox.0.to_be_bytes())
}

/// All heads.
pub(crate) fn heads(id: AccountId) -> Range {
    Range::prefix(key(id, HEAD, &[]))
}

/// A mailbox's keywords.
pub(crate) fn keywords(id: AccountId, mailbox: MailboxId) -> Key {
    key(id, KEYWORDS, &mailbox.0.to_be_bytes())
}

/// The keywords of all mailboxes.
pub(crate) fn all_keywords(id: AccountId) -> Range {
    Range::prefix(key(id, KEYWORDS, &[]))
}

/// A chunk of messages.
pub(crate) fn chunk(id: AccountId, mailbox: MailboxId, chunk: u32) -> Key {
    pair(id, CHUNK, mailbox, chunk)
}

/// All chunks of a mailbox.
pub(crate) fn chunks(id: AccountId, mailbox: MailboxId) -> Range {
    Range::prefix(key(id, CHUNK, &mailbox.0.to_be_bytes()))
}

/// The chunks of all mailboxes.
pub(crate) fn all_chunks(id: AccountId) -> Range {
    Range::prefix(key(id, CHUNK, &[]))
}

/// A message's digest.
pub(crate) fn digest(id: AccountId, mailbox: MailboxId, uid: Uid) -> Key {
    pair(id, DIGEST, mailbox, uid.0.get())
}

/// The digests of `first` to `last`, both included.
pub(crate) fn digests(id: AccountId, mailbox: MailboxId, first: Uid, last: Uid) -> Range {
    let mut end = digest(id, mailbox, last).to_vec();
    end.push(0);
    Range::new(digest(id, mailbox, first), end)
}

/// All digests of a mailbox.
pub(crate) fn all_digests(id: AccountId, mailbox: MailboxId) -> Range {
    Range::prefix(key(id, DIGEST, &mailbox.0.to_be_bytes()))
}

/// The digests of all mailboxes.
pub(crate) fn every_digest(id: AccountId) -> Range {
    Range::prefix(key(id, DIGEST, &[]))
}

/// The UID that a digest's key ends with.
pub(crate) fn uid_of(key: &[u8]) -> Option<u32> {
    Some(u32::from_be_bytes(key.get(13..17)?.try_into().ok()?))
}

/// A part of what vanished with a change.
pub(crate) fn vanished(id: AccountId, mailbox: MailboxId, mod_seq: ModSeq, part: u16) -> Key {
    let mut rest = mailbox.0.to_be_bytes().to_vec();
    rest.extend_from_slice(&mod_seq.0.to_be_bytes());
    rest.extend_from_slice(&part.to_be_bytes());
    key(id, VANISHED, &rest)
}

/// Up to which change it is no longer known what vanished: before all of [`vanished`], since no
/// change has the MODSEQ 0.
pub(crate) fn forgotten(id: AccountId, mailbox: MailboxId) -> Key {
    vanished(id, mailbox, ModSeq(0), 0)
}

/// What vanished with changes after `since`.
pub(crate) fn vanished_after(id: AccountId, mailbox: MailboxId, since: ModSeq) -> Range {
    let from = ModSeq(since.0.saturating_add(1));
    Range { start: vanished(id, mailbox, from, 0), ..all_vanished(id, mailbox) }
}

/// The change that a key of [`vanished`] is of.
pub(crate) fn mod_seq_of(key: &[u8]) -> Option<ModSeq> {
    Some(ModSeq(u64::from_be_bytes(key.get(13..21)?.try_into().ok()?)))
}

/// All that vanished from a mailbox.
pub(crate) fn all_vanished(id: AccountId, mailbox: MailboxId) -> Range {
    Range::prefix(key(id, VANISHED, &mailbox.0.to_be_bytes()))
}

/// A body.
pub(crate) fn body(id: AccountId, number: BodyNumber) -> Key {
    key(id, BODY, &number.0.to_be_bytes())
}

/// The bodies of `first` to `last`, both included.
pub(crate) fn bodies(id: AccountId, first: BodyNumber, last: BodyNumber) -> Range {
    let mut end = body(id, last).to_vec();
    end.push(0);
    Range::new(body(id, first), end)
}

/// All bodies.
pub(crate) fn all_bodies(id: AccountId) -> Range {
    Range::prefix(key(id, BODY, &[]))
}

/// The number that a body's key ends with.
pub(crate) fn body_of(key: &[u8]) -> Option<BodyNumber> {
    Some(BodyNumber(u64::from_be_bytes(key.get(9..17)?.try_into().ok()?)))
}

/// Which body has a hash.
pub(crate) fn index(id: AccountId, hash: &[u8; 32]) -> Key {
    key(id, INDEX, hash)
}

/// All hashes of bodies.
pub(crate) fn all_index(id: AccountId) -> Range {
    Range::prefix(key(id, INDEX, &[]))
}

/// The hash that such a key ends with.
pub(crate) fn hash_of(key: &[u8]) -> Option<[u8; 32]> {
    key.get(9..41)?.try_into().ok()
}

/// How often a body is referred to beyond the first time.
pub(crate) fn extra(id: AccountId, number: BodyNumber) -> Key {
    key(id, EXTRA, &number.0.to_be_bytes())
}

/// All such counters.
pub(crate) fn all_extra(id: AccountId) -> Range {
    Range::prefix(key(id, EXTRA, &[]))
}

/// A subscription. A name may be longer than a key, so its hash stands for it.
pub(crate) fn subscription(id: AccountId, name: &str) -> Key {
    key(id, SUBSCRIPTION, &ObjectName::of(name.as_bytes()).0)
}

/// All subscriptions.
pub(crate) fn subscriptions(id: AccountId) -> Range {
    Range::prefix(key(id, SUBSCRIPTION, &[]))
}

/// A row of garbage.
pub(crate) fn garbage(id: AccountId, number: u64) -> Key {
    key(id, GARBAGE, &number.to_be_bytes())
}

/// All garbage.
pub(crate) fn all_garbage(id: AccountId) -> Range {
    Range::prefix(key(id, GARBAGE, &[]))
}

/// The number that a garbage row's key ends with.
pub(crate) fn garbage_of(key: &[u8]) -> Option<u64> {
    Some(u64::from_be_bytes(key.get(9..17)?.try_into().ok()?))
}

/// Marks an object that is about to be deleted.
pub(crate) fn doomed(id: AccountId, name: &ObjectName) -> Key {
    key(id, DOOMED, &name.0)
}

/// All objects that are about to be deleted.
pub(crate) fn all_doomed(id: AccountId) -> Range {
    Range::prefix(key(id, DOOMED, &[]))
}

/// The name that such a mark's key ends with.
pub(crate) fn doomed_of(key: &[u8]) -> Option<ObjectName> {
    Some(ObjectName(key.get(9..41)?.try_into().ok()?))
}

fn key(account: AccountId, space: u8, rest: &[u8]) -> Key {
    let mut key = Vec::with_capacity(9 + rest.len());
    key.extend_from_slice(&account.0.to_be_bytes());
    key.push(space);
    key.extend_from_slice(rest);
    key.into()
}

fn pair(account: AccountId, space: u8, mailbox: MailboxId, number: u32) -> Key {
    let mut rest = [0; 8];
    rest[..4].copy_from_slice(&mailbox.0.to_be_bytes());
    rest[4..].copy_from_slice(&number.to_be_bytes());
    key(account, space, &rest)
}
