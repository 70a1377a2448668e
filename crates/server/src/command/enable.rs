//! ENABLE (RFC 5161): what we don't know is passed over.

use super::{Deed, Done, wire};
use crate::host::Outcome;
use peregrine_proto::Response;
use peregrine_proto::command::Enable;

/// What can be enabled; the session acts on it.
const KNOWN: [&str; 2] = ["CONDSTORE", "QRESYNC"];

pub(super) async fn run(_: &Deed, command: Enable) -> Done {
    let mut enabled = command.capabilities.to_vec();
    enabled.retain(|name| KNOWN.contains(&&**name));
    enabled.sort_unstable();
    enabled.dedup();
    let text = if enabled.is_empty() { "Nothing of that needs enabling here" } else { "Enabled" };
    Ok(Outcome::ok(text).with_data(wire(&Response::Enabled(enabled))))
}
