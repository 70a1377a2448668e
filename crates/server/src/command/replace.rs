//! REPLACE (RFC 8508).

use super::append::{code, messages};
use super::copy::named;
use super::{Deed, Done, Failure, wire};
use crate::host::Outcome;
use peregrine_proto::command::Replace;
use peregrine_proto::response::ResponseText;
use peregrine_proto::{Response, Status};
use peregrine_store::Error;

pub(super) async fn run(deed: &Deed, command: Replace) -> Done {
    let selected = deed.selected_for_change()?;
    let (uids, ghosts) = named(&selected.view, &command.old.messages())?;
    let old = uids.iter().next();
    let old = old.ok_or(if ghosts { Error::Expunged } else { Error::NonExistent("message") })?;
    let (messages, _memory) = messages(deed, vec![command.new]).await?;
    let new = messages.into_iter().next().ok_or(Failure::State("no message came"))?;
    let replaced = selected.mailbox.replace(old, &command.mailbox, new).await;
    let replaced = replaced.map_err(Failure::Target)?;
    // RFC 8508 §3.2: in an untagged OK before the EXPUNGE.
    let text = ResponseText { code: Some(code(replaced)), text: "The new message is kept".into() };
    let mut outcome = Outcome::ok("Replaced");
    outcome.before = wire(&Response::Condition { status: Status::Ok, text }).into();
    Ok(outcome)
}
