//! ID (RFC 2971): who we are, truthfully; what the client says of itself goes to the log
//! (trap-36, trap-50).

use super::{Deed, Done, wire};
use crate::host::Outcome;
use crate::log::Shown;
use peregrine_proto::Response;
use peregrine_proto::command::Id;

pub(super) async fn run(_: &Deed, command: Id) -> Done {
    let told = |wanted: &str| {
        let parameters = command.parameters.iter().flatten();
        let mut found = parameters.filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
        found.next().and_then(|(_, value)| value.as_deref()).unwrap_or_default().to_owned()
    };
    let (name, version) = (told("name"), told("version"));
    tracing::info!(client = %Shown(&name), version = %Shown(&version), "client named itself");
    let answer = Response::Id(Some(vec![
        ("name".into(), Some("Peregrine".into())),
        ("version".into(), Some(env!("CARGO_PKG_VERSION").into())),
    ]));
    Ok(Outcome::ok("Pleased to meet you").with_data(wire(&answer)))
}
