//! CAPABILITY (RFC 3501 §6.1.1).

use super::{Deed, Done, wire};
use crate::capability;
use crate::host::Outcome;
use peregrine_proto::Response;
use peregrine_proto::command::Capability;

pub(super) async fn run(deed: &Deed, _: Capability) -> Done {
    let names = capability::list(&deed.link, deed.context.account().is_some());
    Ok(Outcome::ok("That is all").with_data(wire(&Response::Capability(names))))
}
