//! The log of what vanished from a mailbox (RFC 7162 §3.2): read for clients that come back, and
//! cut when it has grown too long.

use crate::account::rows;
use crate::limits::{VANISHED_OCTETS, VANISHED_ROWS};
use crate::row::vanished;
use crate::{AccountId, Error, MailboxId, MailboxView, keys};
use peregrine_kv::{Engine, Snapshot, Transaction};
use peregrine_proto::number::{Number, UidRanges};
use peregrine_proto::{ModSeq, Uid};

/// Which UIDs of `known` have left the mailbox after `since` and up to `view`. Where the log does
/// not reach back so far, all that are not in `view`.
pub(crate) async fn since(
    engine: &dyn Engine,
    account: AccountId,
    view: &MailboxView,
    since: ModSeq,
    known: &UidRanges,
) -> Result<UidRanges, Error> {
    let mailbox = view.version().mailbox;
    if since >= view.mod_seq() {
        return Ok(UidRanges::new());
    }
    let snapshot = engine.snapshot().await?;
    let forgotten = snapshot.get(&keys::forgotten(account, mailbox)).await?;
    let forgotten = forgotten.map(|row| vanished::decode_forgotten(&row)).transpose()?;
    if forgotten.is_some_and(|up_to| since < up_to) {
        let first = Uid(std::num::NonZeroU32::MIN);
        let last = Uid::new(view.uid_next().get() - 1);
        let all = last.map(|last| (first, last)).into_iter().collect();
        return Ok(absent(view, &UidRanges::from_unordered(all).intersection(known)));
    }
    let mut gone = Vec::new();
    let range = keys::vanished_after(account, mailbox, since);
    for (key, row) in rows(&*snapshot, range).await? {
        // What went after this version is told as it goes.
        if keys::mod_seq_of(&key).is_none_or(|mod_seq| mod_seq > view.mod_seq()) {
            break;
        }
        gone.extend(vanished::decode(&row)?);
    }
    Ok(UidRanges::from_unordered(gone).intersection(known))
}

/// Those that are not there.
fn absent(view: &MailboxView, uids: &UidRanges) -> UidRanges {
    let mut gone = Vec::new();
    for &(first, last) in uids.ranges() {
        let mut next = first.get();
        let start = view.index_of(first).unwrap_or_else(|place| place);
        let end = view.index_of(last).map_or_else(|place| place, |index| index + 1);
        for message in view.messages(start..end) {
            let uid = message.uid.get();
            if next < uid {
                gone.extend(Uid::new(next).zip(Uid::new(uid - 1)));
            }
            // UID 2^32-1 cannot be given out: UIDNEXT would have no value.
            next = uid.saturating_add(1);
        }
        if next <= last.get() {
            gone.extend(Uid::new(next).map(|next| (next, last)));
        }
    }
    UidRanges::from_unordered(gone)
}

/// Adds to a transaction what makes a log that is too long a quarter shorter than it may be.
pub(crate) async fn cut(
    snapshot: &dyn Snapshot,
    account: AccountId,
    mailbox: MailboxId,
    transaction: &mut Transaction,
) -> Result<(), Error> {
    let rows = rows(snapshot, keys::vanished_after(account, mailbox, ModSeq(0))).await?;
    let octets: usize = rows.iter().map(|(_, row)| row.len()).sum();
    if rows.len() <= VANISHED_ROWS && octets <= VANISHED_OCTETS {
        return Ok(());
    }
    let (mut left, mut octets) = (rows.len(), octets);
    for (key, row) in rows {
        if left <= VANISHED_ROWS / 4 * 3 && octets <= VANISHED_OCTETS / 4 * 3 {
            break;
        }
        (left, octets) = (left - 1, octets - row.len());
        let up_to = keys::mod_seq_of(&key).ok_or_else(|| Error::corrupt("a key of the log"))?;
        let forgotten = vanished::encode_forgotten(up_to);
        transaction.put(keys::forgotten(account, mailbox), forgotten);
        transaction.delete(key);
    }
    Ok(())
}
