//! NOOP (RFC 3501 §6.1.2): the session tells what changed before the reply.

use super::{Deed, Done};
use crate::host::Outcome;
use peregrine_proto::command::Noop;

pub(super) async fn run(_: &Deed, _: Noop) -> Done {
    Ok(Outcome::ok("Nothing done"))
}
