//! EXPUNGE (RFC 3501 §6.4.3), UID EXPUNGE (RFC 4315 §2.1).

use crate::call::Call;
use crate::error::Error;
use crate::mailbox::Mailbox;
use peregrine_proto::command::Expunge;
use peregrine_proto::command::expunge::ExpungeOnly;
use peregrine_proto::{CommandBody, UidSet};

impl Mailbox {
    /// Removes for good what is marked \Deleted, by whomever. What is gone comes as
    /// [updates](crate::Client::updates).
    pub fn expunge(&self) -> Call<()> {
        self.call(CommandBody::Expunge(Expunge { only: None }), |_| Ok(()))
    }

    /// Removes for good those of these messages that are marked \Deleted, and no others.
    pub fn expunge_uids(&self, uids: impl Into<UidSet>) -> Call<()> {
        let uids = uids.into();
        if uids.ranges.is_empty() {
            return Call::answered(Ok(()));
        }
        // Without it there is only the form above, which removes what others have marked, too.
        if !self.client().capabilities().has("UIDPLUS")
            && !self.client().capabilities().has("IMAP4REV2")
        {
            return Call::answered(Err(Error::Unsupported("UIDPLUS")));
        }
        self.call(CommandBody::Expunge(Expunge { only: Some(ExpungeOnly::Uids(uids)) }), |_| Ok(()))
    }
}
