//! Which commands a client must hold back.
//!
//! RFC 3501 §5.5: a server keeps the order of commands that conflict, so only those must wait
//! whose meaning would be ambiguous. Servers don't all keep to it: see [`Ordering`].

use crate::settings::Ordering;
use peregrine_proto::command::{Messages, search::SearchKey};
use peregrine_proto::effects::{Answer, Effects, Resource, conflicts};
use peregrine_proto::{CommandBody, MailboxName};

/// A command and a later one, with their effects.
pub(super) struct Pair<'a> {
    pub(super) earlier: (&'a CommandBody, &'a Effects),
    pub(super) later: (&'a CommandBody, &'a Effects),
}

impl Pair<'_> {
    /// Whether the later one must not be sent before the earlier one has ended.
    pub(super) fn must_wait(&self, selected: Option<&MailboxName>, ordering: Ordering) -> bool {
        let (earlier, later) = (self.earlier.1, self.later.1);
        if changes(earlier) || changes(later) || self.renumbers() {
            return true;
        }
        match ordering {
            Ordering::TrustServer => false,
            Ordering::Cautious => {
                self.answers_alike() || conflicts(earlier, later, selected).is_some()
            }
        }
    }

    /// RFC 3501 §5.5, §7.4.1: while any command but FETCH, STORE and SEARCH is in progress, the
    /// server may send EXPUNGE, and a number sent meanwhile would mean two things. Their UID forms
    /// are no exception.
    fn renumbers(&self) -> bool {
        names_numbers(self.later.0) && !keeps_numbers(self.earlier.0)
    }

    /// Untagged data of the same kind does not say which of the two it answers.
    fn answers_alike(&self) -> bool {
        match (self.earlier.0, self.later.0) {
            // It names its mailbox.
            (CommandBody::Status(a), CommandBody::Status(b)) => a.mailbox == b.mailbox,
            _ => match (self.earlier.1.answers, self.later.1.answers) {
                (Some(a), Some(b)) => a == b && !matches!(a, Answer::Capability | Answer::Id),
                _ => false,
            },
        }
    }
}

/// What changes the connection, or which mailbox all numbers belong to.
fn changes(effects: &Effects) -> bool {
    effects.uses.iter().any(|one| {
        let matters =
            matches!(one.resource, Resource::Connection | Resource::Selection | Resource::Enabled);
        matters && one.access.changes()
    })
}

fn names_numbers(body: &CommandBody) -> bool {
    let sequence = |messages: &Messages| matches!(messages, Messages::Sequence(_));
    match body {
        CommandBody::Fetch(fetch) => sequence(&fetch.messages),
        CommandBody::Store(store) => sequence(&store.messages),
        CommandBody::Copy(copy) => sequence(&copy.messages),
        CommandBody::Move(r#move) => sequence(&r#move.messages),
        CommandBody::Search(search) => !search.uid || search.keys.iter().any(holds_sequence),
        CommandBody::Sort(sort) => !sort.uid || sort.keys.iter().any(holds_sequence),
        CommandBody::Thread(thread) => !thread.uid || thread.keys.iter().any(holds_sequence),
        _ => false,
    }
}

fn holds_sequence(key: &SearchKey) -> bool {
    match key {
        SearchKey::Sequence(_) => true,
        SearchKey::Not(key) => holds_sequence(key),
        SearchKey::Or(left, right) => holds_sequence(left) || holds_sequence(right),
        SearchKey::And(keys) => keys.iter().any(holds_sequence),
        _ => false,
    }
}

/// FETCH, STORE and SEARCH, and not their UID forms.
fn keeps_numbers(body: &CommandBody) -> bool {
    match body {
        CommandBody::Fetch(fetch) => !fetch.messages.is_uid(),
        CommandBody::Store(store) => !store.messages.is_uid(),
        CommandBody::Search(search) => !search.uid,
        _ => false,
    }
}
