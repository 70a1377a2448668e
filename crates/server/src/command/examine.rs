//! EXAMINE (RFC 3501 §6.3.2): SELECT that changes nothing.

use super::select::open;
use super::{Deed, Done};
use peregrine_proto::command::Examine;

pub(super) async fn run(deed: &Deed, command: Examine) -> Done {
    open(deed, command.mailbox, command.parameters, true).await
}
