//! CHECK (RFC 3501 §6.4.1).

use super::States;
use crate::effects::{Effects, Resource, Scope};

/// The CHECK command: a checkpoint; as NOOP here, since all is durable at once.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Check;

impl Check {
    pub(crate) const NAME: &'static str = "CHECK";
    pub(crate) const STATES: States = States::SELECTED;

    /// A checkpoint of what was changed before it (RFC 3501 §6.4.1): mbsync sends it behind its
    /// STOREs and never ends when its answer overtakes theirs.
    pub(crate) fn effects(&self) -> Effects {
        Effects::in_selected()
            .reads(Resource::Existence(Scope::All))
            .reads(Resource::Flags(Scope::All))
    }
}

#[cfg(test)]
mod tests {
    use crate::command::tests::{known, refused};

    #[test]
    fn known_answers() {
        known("a CHECK", "a CHECK");
        known("a check", "a CHECK");
        refused("a CHECK x");
        refused("a CHECK ");
    }
}
