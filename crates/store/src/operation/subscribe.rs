//! SUBSCRIBE and UNSUBSCRIBE: a set of names beside the tree, which outlives the mailboxes.

use super::{Failure, Operation};
use crate::account::{Batch, subscription_row};
use crate::limits::MAX_SUBSCRIPTIONS;
use crate::{Error, keys};
use peregrine_proto::MailboxName;
use std::sync::Arc;

/// Subscribes a name, or ends it.
pub(crate) struct Subscribe {
    pub name: MailboxName,
    pub on: bool,
}

impl Operation for Subscribe {
    type Answer = ();

    fn apply(&self, batch: &mut Batch) -> Result<(), Failure> {
        let text = self.name.as_str();
        let name = match MailboxName::new(text.strip_suffix('/').unwrap_or(text)) {
            Ok(name) => name,
            Err(error) => return Err(Error::Cannot(error.0).into()),
        };
        if batch.tree.is_subscribed(&name) == self.on {
            return Ok(());
        }
        let key = keys::subscription(batch.account, name.as_str());
        if !self.on {
            batch.delete(key);
            Arc::make_mut(&mut batch.tree).subscriptions.remove(&name);
            return Ok(());
        }
        // RFC 3501 §6.3.6: a server may verify that the name exists.
        if batch.tree.get(&name).is_none() {
            return Err(Error::NonExistent("mailbox").into());
        }
        if batch.tree.subscriptions.len() >= MAX_SUBSCRIPTIONS {
            return Err(Error::Limit("an account may have 20,000 subscriptions").into());
        }
        batch.put(key, subscription_row(&name));
        Arc::make_mut(&mut batch.tree).subscriptions.insert(name);
        Ok(())
    }
}
