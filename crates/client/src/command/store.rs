//! STORE (RFC 3501 §6.4.6).

use super::fetch::{gather, together};
use crate::call::{Call, Pending};
use crate::mailbox::Mailbox;
use crate::message::Message;
use peregrine_proto::command::store::StoreAction;
use peregrine_proto::command::{Messages, Store};
use peregrine_proto::{CommandBody, Flag};

impl Mailbox {
    /// Changes flags; gives the flags that the messages have then.
    pub fn store(
        &self,
        messages: impl Into<Messages>,
        action: StoreAction,
        flags: &[Flag],
    ) -> Call<Vec<Message>> {
        together(self.stores(messages.into(), action, false, flags), gather)
    }

    /// Sets flags.
    pub fn add_flags(&self, messages: impl Into<Messages>, flags: &[Flag]) -> Call<()> {
        self.store_silently(messages, StoreAction::Add, flags)
    }

    /// Takes flags away.
    pub fn remove_flags(&self, messages: impl Into<Messages>, flags: &[Flag]) -> Call<()> {
        self.store_silently(messages, StoreAction::Remove, flags)
    }

    /// Replaces all flags.
    pub fn set_flags(&self, messages: impl Into<Messages>, flags: &[Flag]) -> Call<()> {
        self.store_silently(messages, StoreAction::Replace, flags)
    }

    fn store_silently(
        &self,
        messages: impl Into<Messages>,
        action: StoreAction,
        flags: &[Flag],
    ) -> Call<()> {
        together(self.stores(messages.into(), action, true, flags), |_| Ok(Vec::<()>::new()))
            .then(|_| Ok(()))
    }

    fn stores(
        &self,
        messages: Messages,
        action: StoreAction,
        silent: bool,
        flags: &[Flag],
    ) -> Vec<Pending> {
        let sets = crate::numbers::split(messages, self.client().settings().line);
        let store = |messages| Store {
            messages,
            unchanged_since: None,
            action,
            silent,
            flags: flags.into(),
        };
        sets.into_iter().map(|set| self.send(CommandBody::Store(store(set)))).collect()
    }
}
