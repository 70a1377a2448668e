//! UNAUTHENTICATE (RFC 8437).

use super::States;
use crate::effects::Effects;

/// The UNAUTHENTICATE command: back to the state before login; of the connection only TLS stays.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unauthenticate;

impl Unauthenticate {
    pub(crate) const NAME: &'static str = "UNAUTHENTICATE";
    /// A `command-auth` and a `command-select` (RFC 8437 §6).
    pub(crate) const STATES: States = States::AUTHENTICATED;

    pub(crate) fn effects(&self) -> Effects {
        Effects::barrier()
    }
}

#[cfg(test)]
mod tests {
    use crate::command::tests::{known, refused};

    #[test]
    fn known_answers() {
        known("a UNAUTHENTICATE", "a UNAUTHENTICATE");
        known("a unauthenticate", "a UNAUTHENTICATE");
        refused("a UNAUTHENTICATE x");
        refused("a UNAUTHENTICATE ");
    }
}
