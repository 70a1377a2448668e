//! Object identifiers (RFC 8474): made from the numbers of accounts, mailboxes and bodies, none of
//! which is ever used again.

use crate::{AccountId, BodyNumber, MailboxId};
use peregrine_proto::ObjectId;

/// MAILBOXID: the same whatever the mailbox is called.
#[must_use]
pub fn mailbox_id(account: AccountId, mailbox: MailboxId) -> Option<ObjectId> {
    ObjectId::new(format!("F{}-{}", account.0, mailbox.0))
}

/// EMAILID: the same for messages of equal content.
#[must_use]
pub fn email_id(account: AccountId, body: BodyNumber) -> Option<ObjectId> {
    ObjectId::new(format!("M{}-{}", account.0, body.0))
}

/// The body that an EMAILID names.
pub(crate) fn body_of(account: AccountId, id: &ObjectId) -> Option<BodyNumber> {
    let (found, body) = id.as_str().strip_prefix('M')?.split_once('-')?;
    let body = BodyNumber(body.parse().ok()?);
    (found == account.0.to_string() && email_id(account, body).as_ref() == Some(id)).then_some(body)
}
