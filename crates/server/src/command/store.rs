//! STORE (RFC 3501 §6.4.6).

use super::copy::named;
use super::fetch::Line;
use super::{Deed, Done, Failure};
use crate::host::{Outcome, Selected};
use peregrine_proto::command::{Messages, Store};
use peregrine_proto::{Code, Flag, Status};
use peregrine_session::OwnChange;
use peregrine_store::{FlagChange, MailboxView};

pub(super) async fn run(deed: &Deed, command: Store) -> Done {
    let selected = deed.selected_for_change()?;
    if command.flags.iter().any(|flag| matches!(flag, Flag::Extension(_) | Flag::Recent)) {
        return Err(Failure::Refused(
            Code::Cannot,
            "Only \\Answered, \\Flagged, \\Deleted, \\Seen, \\Draft and keywords can be set",
        ));
    }
    let (uids, ghosts) = named(&selected.view, &command.messages)?;
    let change = FlagChange {
        action: command.action,
        flags: command.flags.to_vec(),
        unchanged_since: None,
        replaced_since: command.silent.then_some(selected.known),
    };
    let stored = selected.mailbox.store_flags(&uids, change).await?;
    let replaced = stored.replaced;
    let told = stored.mod_seq.map(|mod_seq| OwnChange { mod_seq, replaced }).into_iter().collect();
    if command.silent {
        // RFC 2180 §4.2.1: the client did not want to hear of those that are gone either. What
        // other sessions changed is told by the session.
        return Ok(Outcome::ok("Stored").with_told(told));
    }
    let data = answer(selected, &command.messages, &selected.mailbox.view())?;
    // RFC 2180 §4.2.2: those that are left were changed.
    let outcome = if stored.missing || ghosts {
        Outcome::new(Status::No, Some(Code::ExpungeIssued), "Some are gone; the others changed")
    } else {
        Outcome::ok("Stored")
    };
    Ok(outcome.with_data(data).with_told(told))
}

/// The flags of each message that was named, changed or not.
fn answer(
    selected: &Selected,
    messages: &Messages,
    newest: &MailboxView,
) -> Result<Vec<u8>, Failure> {
    let mut out = Vec::new();
    let uid_form = messages.is_uid();
    for run in selected.view.runs(messages)? {
        for (message, number) in run.snapshot.0.messages(run.indexes).zip(run.first.0.get()..) {
            let index = newest.index_of(message.uid);
            let Some(message) = index.ok().and_then(|index| newest.message(index)) else {
                continue;
            };
            let mut line = Line::begin(&mut out, number);
            if uid_form {
                line.uid(message.uid);
            }
            line.flags(newest, message, selected.view.recent(message.uid));
            line.end();
        }
    }
    Ok(out)
}
