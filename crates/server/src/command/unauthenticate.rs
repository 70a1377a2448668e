//! UNAUTHENTICATE (RFC 8437): a connection for the next user. It is never answered by NO (§3).

use super::{Deed, Done, Failure};
use crate::host::{Outcome, Transition};
use peregrine_proto::command::Unauthenticate;

pub(super) async fn run(deed: &Deed, _: Unauthenticate) -> Done {
    if !deed.link.shared.options.unauthenticate {
        return Err(Failure::Bad("UNAUTHENTICATE is not offered here: connect anew"));
    }
    deed.link.log_out();
    Ok(Outcome::ok("Who is next?").with_transition(Transition::Unauthenticated))
}
