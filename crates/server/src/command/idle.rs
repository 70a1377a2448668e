//! IDLE (RFC 2177): the session tells changes as they come; here is only the wait for DONE.

use super::{Deed, Done, Failure};
use crate::host::Outcome;
use peregrine_proto::command::Idle;

pub(super) async fn run(deed: &Deed, _: Idle) -> Done {
    let line = deed.slot.prompt("Waiting for changes, say DONE to go on").await;
    if line.eq_ignore_ascii_case(b"DONE") {
        Ok(Outcome::ok("Done waiting"))
    } else {
        Err(Failure::Bad("Expected DONE, which alone ends IDLE; the line was not run as a command"))
    }
}
