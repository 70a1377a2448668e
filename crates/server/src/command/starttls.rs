//! STARTTLS (RFC 3501 §6.2.1).

use super::{Deed, Done, Failure};
use crate::host::{Outcome, Transition};
use peregrine_proto::command::StartTls;

pub(super) async fn run(deed: &Deed, _: StartTls) -> Done {
    if deed.link.tls {
        return Err(Failure::Bad("TLS is active already"));
    }
    if !deed.link.starttls {
        return Err(Failure::Bad("TLS is not offered on this port"));
    }
    Ok(Outcome::ok("Begin TLS now").with_transition(Transition::StartTls))
}
