//! CHECK (RFC 3501 §6.4.1): all is durable before it is told, so there is nothing to do.

use super::{Deed, Done};
use crate::host::Outcome;
use peregrine_proto::command::Check;

pub(super) async fn run(_: &Deed, _: Check) -> Done {
    Ok(Outcome::ok("All is on disk"))
}
