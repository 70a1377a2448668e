//! CLOSE (RFC 3501 §6.4.2).

use super::States;
use crate::effects::{Effects, Resource, Scope};

/// The CLOSE command: leaves the mailbox and expunges it without telling.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Close;

impl Close {
    pub(crate) const NAME: &'static str = "CLOSE";
    pub(crate) const STATES: States = States::SELECTED;

    pub(crate) fn effects(&self) -> Effects {
        Effects::none()
            .writes(Resource::Selection)
            .writes(Resource::Existence(Scope::All))
            .reads(Resource::Flags(Scope::All))
    }
}

#[cfg(test)]
mod tests {
    use crate::command::tests::{known, refused};

    #[test]
    fn known_answers() {
        known("a CLOSE", "a CLOSE");
        known("a close", "a CLOSE");
        refused("a CLOSE INBOX");
    }
}
