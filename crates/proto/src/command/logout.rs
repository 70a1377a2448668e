//! LOGOUT (RFC 3501 §6.1.3).

use super::States;
use crate::effects::Effects;

/// The LOGOUT command: ends the connection.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Logout;

impl Logout {
    pub(crate) const NAME: &'static str = "LOGOUT";
    pub(crate) const STATES: States = States::ANY;

    /// It waits for all before it, so that their replies are sent.
    pub(crate) fn effects(&self) -> Effects {
        Effects::barrier()
    }
}

#[cfg(test)]
mod tests {
    use crate::command::tests::{known, refused};

    #[test]
    fn known_answers() {
        known("a LOGOUT", "a LOGOUT");
        known("a logout", "a LOGOUT");
        refused("a LOGOUT x");
        refused("a LOGOUT ");
    }
}
