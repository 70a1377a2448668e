//! NAMESPACE (RFC 2342): one personal namespace without a prefix, and no others. Some programs
//! never ask and would put a prefix before every name (trap-19, trap-29).

use super::{Deed, Done, wire};
use crate::host::Outcome;
use peregrine_proto::command::Namespace;
use peregrine_proto::{MailboxName, Response, response};

pub(super) async fn run(_: &Deed, _: Namespace) -> Done {
    let personal =
        response::Namespace { prefix: "".into(), separator: Some(MailboxName::SEPARATOR) };
    let answer = Response::Namespace([Some(vec![personal]), None, None]);
    Ok(Outcome::ok("That is all").with_data(wire(&answer)))
}
