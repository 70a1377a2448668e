//! NAMESPACE (RFC 2342).

use super::States;
use crate::effects::Effects;

/// The NAMESPACE command: asks where mailboxes lie.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Namespace;

impl Namespace {
    pub(crate) const NAME: &'static str = "NAMESPACE";
    pub(crate) const STATES: States = States::AUTHENTICATED;

    pub(crate) fn effects(&self) -> Effects {
        Effects::none().answers(crate::effects::Answer::Namespace)
    }
}

#[cfg(test)]
mod tests {
    use crate::command::tests::{known, refused};

    #[test]
    fn known_answers() {
        known("a NAMESPACE", "a NAMESPACE");
        known("a namespace", "a NAMESPACE");
        refused("a NAMESPACE x");
        refused("a NAMESPACE ");
    }
}
