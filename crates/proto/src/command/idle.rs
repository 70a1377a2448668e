//! IDLE (RFC 2177).

use super::States;
use crate::effects::Effects;

/// The IDLE command: tells changes until the client sends DONE.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Idle;

impl Idle {
    pub(crate) const NAME: &'static str = "IDLE";
    pub(crate) const STATES: States = States::AUTHENTICATED;

    /// Between it and DONE no other command can be sent; all before it is answered first.
    pub(crate) fn effects(&self) -> Effects {
        Effects::barrier()
    }
}

#[cfg(test)]
mod tests {
    use crate::command::tests::{known, refused};

    #[test]
    fn known_answers() {
        known("a IDLE", "a IDLE");
        known("a idle", "a IDLE");
        refused("a IDLE x");
        refused("a IDLE ");
    }
}
