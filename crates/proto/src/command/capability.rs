//! CAPABILITY (RFC 3501 §6.1.1).

use super::States;
use crate::effects::Effects;

/// The CAPABILITY command: asks what the server can do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Capability;

impl Capability {
    pub(crate) const NAME: &'static str = "CAPABILITY";
    pub(crate) const STATES: States = States::ANY;

    pub(crate) fn effects(&self) -> Effects {
        Effects::none().answers(crate::effects::Answer::Capability)
    }
}

#[cfg(test)]
mod tests {
    use crate::command::tests::{known, refused};

    #[test]
    fn known_answers() {
        known("a CAPABILITY", "a CAPABILITY");
        known("a capability", "a CAPABILITY");
        refused("a CAPABILITY x");
        refused("a CAPABILITY ");
    }
}
