//! STARTTLS (RFC 3501 §6.2.1).

use super::States;
use crate::effects::Effects;

/// The STARTTLS command: begins TLS.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StartTls;

impl StartTls {
    pub(crate) const NAME: &'static str = "STARTTLS";
    pub(crate) const STATES: States = States::NOT_AUTHENTICATED;

    pub(crate) fn effects(&self) -> Effects {
        Effects::barrier()
    }
}

#[cfg(test)]
mod tests {
    use crate::command::tests::{known, refused};

    #[test]
    fn known_answers() {
        known("a STARTTLS", "a STARTTLS");
        known("a starttls", "a STARTTLS");
        refused("a STARTTLS x");
        refused("a STARTTLS ");
    }
}
