//! NOOP (RFC 3501 §6.1.2).

use super::States;
use crate::effects::Effects;

/// The NOOP command: does nothing; its reply brings what changed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Noop;

impl Noop {
    pub(crate) const NAME: &'static str = "NOOP";
    pub(crate) const STATES: States = States::ANY;

    pub(crate) fn effects(&self) -> Effects {
        Effects::none()
    }
}

#[cfg(test)]
mod tests {
    use crate::command::tests::{known, refused};

    #[test]
    fn known_answers() {
        known("a NOOP", "a NOOP");
        known("a noop", "a NOOP");
        refused("a NOOP x");
        refused("a NOOP ");
    }
}
