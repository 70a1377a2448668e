//! UNSELECT (RFC 3691).

use super::States;
use crate::effects::Effects;

/// The UNSELECT command: leaves the mailbox without expunging.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unselect;

impl Unselect {
    pub(crate) const NAME: &'static str = "UNSELECT";
    pub(crate) const STATES: States = States::SELECTED;

    pub(crate) fn effects(&self) -> Effects {
        Effects::none().writes(crate::effects::Resource::Selection)
    }
}

#[cfg(test)]
mod tests {
    use crate::command::tests::{known, refused};

    #[test]
    fn known_answers() {
        known("a UNSELECT", "a UNSELECT");
        known("a unselect", "a UNSELECT");
        refused("a UNSELECT x");
        refused("a UNSELECT ");
    }
}
