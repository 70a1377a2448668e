//! ENABLE (RFC 5161, RFC 9051 §6.3.1): what we don't know is passed over.

use super::{Deed, Done, wire};
use crate::host::Outcome;
use peregrine_proto::Response;
use peregrine_proto::command::Enable;

/// What can be enabled; the session acts on it.
const KNOWN: [&str; 5] = ["CONDSTORE", "IMAP4rev2", "QRESYNC", "UIDONLY", "UTF8=ACCEPT"];

pub(super) async fn run(_: &Deed, command: Enable) -> Done {
    let named = |known: &&str| command.capabilities.iter().any(|it| it.eq_ignore_ascii_case(known));
    let enabled: Vec<_> = KNOWN.into_iter().filter(named).map(Into::into).collect();
    let text = if enabled.is_empty() { "Nothing of that needs enabling here" } else { "Enabled" };
    Ok(Outcome::ok(text).with_data(wire(&Response::Enabled(enabled))))
}
