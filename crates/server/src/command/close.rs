//! CLOSE (RFC 3501 §6.4.2): expunges without telling, unless the mailbox was opened by EXAMINE.

use super::{Deed, Done};
use crate::host::{Outcome, Transition};
use peregrine_proto::command::Close;

pub(super) async fn run(deed: &Deed, _: Close) -> Done {
    let selected = deed.selected()?;
    if !selected.read_only {
        selected.mailbox.expunge(None).await?;
    }
    Ok(Outcome::ok("Closed").with_transition(Transition::Unselected))
}
