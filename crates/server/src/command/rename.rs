//! RENAME (RFC 3501 §6.3.5): of INBOX, it moves the messages and leaves INBOX empty.

use super::{Deed, Done};
use crate::host::Outcome;
use peregrine_proto::command::Rename;

pub(super) async fn run(deed: &Deed, command: Rename) -> Done {
    deed.account()?.rename(&command.from, &command.to).await?;
    Ok(Outcome::ok("Renamed"))
}
