//! How commands put their effects together.

use super::{Access, Answer, Effects, Resource, Scope, Use};
use crate::MailboxName;
use crate::command::Messages;

impl Effects {
    /// Of a command that needs nothing but a connection in its present state.
    pub(crate) fn none() -> Self {
        Self::default().reads(Resource::Connection)
    }

    /// Of a command beside which no other may run.
    pub(crate) fn barrier() -> Self {
        Self::default().writes(Resource::Connection)
    }

    /// Of a command in the selected state.
    pub(crate) fn in_selected() -> Self {
        Self::none().reads(Resource::Selection)
    }

    #[inline]
    pub(crate) fn reads(self, resource: Resource) -> Self {
        self.touches(resource, Access::Read)
    }

    /// Reads it as it stands when the command starts.
    #[inline]
    pub(crate) fn takes(self, resource: Resource) -> Self {
        self.touches(resource, Access::Snapshot)
    }

    #[inline]
    pub(crate) fn adds(self, resource: Resource) -> Self {
        self.touches(resource, Access::Add)
    }

    #[inline]
    pub(crate) fn writes(self, resource: Resource) -> Self {
        self.touches(resource, Access::Write)
    }

    #[inline]
    fn touches(mut self, resource: Resource, access: Access) -> Self {
        self.uses.push(Use { resource, access });
        self
    }

    /// Sends this kind of data.
    #[inline]
    pub(crate) fn answers(self, answer: Answer) -> Self {
        Self { answers: Some(answer), ..self }
    }

    /// Sequence numbers occur in the command or its answers.
    #[inline]
    pub(crate) fn numbered(self, numbers: bool) -> Self {
        Self { numbers, ..self }
    }

    /// Reads the saved result where the messages are `$`: its meaning is fixed at the start.
    pub(crate) fn names(self, messages: &Messages) -> Self {
        match messages {
            Messages::Saved { .. } => self.takes(Resource::SavedResult),
            Messages::Sequence(_) | Messages::Uid(_) => self,
        }
    }

    /// Messages come into a mailbox that must exist.
    pub(crate) fn delivers_to(self, mailbox: &MailboxName) -> Self {
        self.reads(Resource::Tree(Some(mailbox.clone()))).adds(Resource::Contents(mailbox.clone()))
    }
}

impl Messages {
    pub(crate) fn scope(&self) -> Scope {
        Scope::Messages(self.clone())
    }
}
