//! UNSELECT (RFC 3691): CLOSE without expunging.

use super::{Deed, Done};
use crate::host::{Outcome, Transition};
use peregrine_proto::command::Unselect;

pub(super) async fn run(_: &Deed, _: Unselect) -> Done {
    Ok(Outcome::ok("Closed, nothing expunged").with_transition(Transition::Unselected))
}
