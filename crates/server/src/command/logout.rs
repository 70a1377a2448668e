//! LOGOUT (RFC 3501 §6.1.3).

use super::{Deed, Done};
use crate::host::{Outcome, Transition};
use peregrine_proto::command::Logout;

pub(super) async fn run(_: &Deed, _: Logout) -> Done {
    Ok(Outcome::ok("Logged out").with_transition(Transition::LogOut))
}
