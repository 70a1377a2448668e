//! What a new account has.

use super::create::create;
use super::subscribe::Subscribe;
use super::{Failure, Operation};
use crate::Error;
use crate::account::Batch;
use peregrine_proto::MailboxName;
use peregrine_proto::response::list::SpecialUse;

/// INBOX, and the mailboxes that clients make themselves where they are missing: each under a name
/// of its own language, unless they find the use (RFC 6154).
const MAILBOXES: [(&str, Option<SpecialUse>); 6] = [
    ("INBOX", None),
    ("Drafts", Some(SpecialUse::Drafts)),
    ("Sent", Some(SpecialUse::Sent)),
    ("Junk", Some(SpecialUse::Junk)),
    ("Trash", Some(SpecialUse::Trash)),
    ("Archive", Some(SpecialUse::Archive)),
];

/// Makes the mailboxes of a new account, and subscribes them: some clients show no others.
pub(crate) struct Furnish;

impl Operation for Furnish {
    type Answer = ();

    fn apply(&self, batch: &mut Batch) -> Result<(), Failure> {
        for (name, special_use) in MAILBOXES {
            let name = MailboxName::new(name).map_err(|error| Error::Cannot(error.0))?;
            create(batch, &name, special_use)?;
            Subscribe { name, on: true }.apply(batch)?;
        }
        Ok(())
    }
}
