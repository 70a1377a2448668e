//! STORE (RFC 3501 §6.4.6), conditional (RFC 7162 §3.1.3).

use super::bound::Cut;
use super::copy::named;
use super::fetch::{Line, Named};
use super::{Deed, Done, Failure, bound};
use crate::host::{Outcome, Selected};
use peregrine_proto::command::{Messages, Store};
use peregrine_proto::number::{Number, NumberSet, SequenceRanges, UidRanges};
use peregrine_proto::{Code, Flag, SequenceNumber, Status, Uid};
use peregrine_session::OwnChange;
use peregrine_store::FlagChange;

pub(super) async fn run(deed: &Deed, command: Store) -> Done {
    let selected = deed.selected_for_change()?;
    if command.flags.iter().any(|flag| matches!(flag, Flag::Extension(_) | Flag::Recent)) {
        return Err(Failure::Refused(
            Code::Cannot,
            "Only \\Answered, \\Flagged, \\Deleted, \\Seen, \\Draft and keywords can be set",
        ));
    }
    let (mut uids, ghosts) = named(&selected.view, &command.messages)?;
    let cut = bound::cut(&selected.view.snapshot().0, &uids, deed.message_limit());
    if let Some(cut) = cut {
        uids = bound::from(&uids, cut.lowest);
    }
    let change = FlagChange {
        action: command.action,
        flags: command.flags.to_vec(),
        unchanged_since: command.unchanged_since,
        replaced_since: command.silent.then_some(selected.known),
    };
    let stored = selected.mailbox.store_flags(&uids, change).await?;
    let replaced = stored.replaced;
    let told = stored.mod_seq.map(|mod_seq| OwnChange { mod_seq, replaced }).into_iter().collect();
    let data = match (command.silent, deed.enabled.condstore) {
        (true, false) => Vec::new(),
        _ => answer(deed, selected, &command, (&stored.modified, cut))?,
    };
    let modified = modified(selected, &command.messages, &stored.modified);
    if command.silent && modified.is_none() {
        // RFC 2180 §4.2.1: the client did not want to hear of those that are gone either. What
        // other sessions changed is told by the session.
        return Ok(told_of(Outcome::ok("Stored").with_data(data).with_told(told), cut));
    }
    // RFC 2180 §4.2.2: those that are left were changed.
    let gone = stored.missing || ghosts;
    let outcome = match (modified, gone && !command.silent) {
        // RFC 7162 §3.1.3, example 11.
        (Some(code), true) => {
            Outcome::new(Status::No, Some(code), "Some are gone, and some had changed")
        }
        (Some(code), false) => {
            Outcome::new(Status::Ok, Some(code), "Some had changed; the others are stored")
        }
        (None, true) => {
            Outcome::new(Status::No, Some(Code::ExpungeIssued), "Some are gone; the others changed")
        }
        (None, false) => Outcome::ok("Stored"),
    };
    Ok(told_of(outcome.with_data(data).with_told(told), cut))
}

fn told_of(mut outcome: Outcome, cut: Option<Cut>) -> Outcome {
    if let Some(cut) = cut {
        cut.tell(&mut outcome);
    }
    outcome
}

/// MODIFIED with the messages that were passed over; none where all were stored.
fn modified(selected: &Selected, messages: &Messages, modified: &UidRanges) -> Option<Code> {
    if modified.is_empty() {
        return None;
    }
    let number = |uid: Uid| match messages.is_uid() {
        true => SequenceNumber::new(uid.get()),
        false => selected.view.sequence(uid),
    };
    let numbers: SequenceRanges = modified.iter().filter_map(number).collect();
    Some(Code::Modified(NumberSet::from(&numbers)))
}

/// The flags of each message that was named, changed or not; with .SILENT only its MODSEQ, and the
/// flags of those that were passed over because they had changed (RFC 7162 §3.1.3).
fn answer(
    deed: &Deed,
    selected: &Selected,
    command: &Store,
    (modified, cut): (&UidRanges, Option<Cut>),
) -> Result<Vec<u8>, Failure> {
    let mut out = Vec::new();
    let newest = &selected.mailbox.view();
    // RFC 7162 §3.2.4
    let mod_seqs = deed.enabled.condstore;
    let uids = !deed.enabled.uid_only && (mod_seqs || command.messages.is_uid());
    for run in selected.view.runs(&command.messages)? {
        for (message, number) in run.snapshot.0.messages(run.indexes).zip(run.first.0.get()..) {
            if cut.is_some_and(|cut| message.uid < cut.lowest) {
                continue;
            }
            let index = newest.index_of(message.uid);
            let Some(message) = index.ok().and_then(|index| newest.message(index)) else {
                continue;
            };
            let named = Named::new(deed.enabled, number, message.uid);
            let mut line = Line::begin(&mut out, named);
            if uids {
                line.uid(message.uid);
            }
            if mod_seqs {
                line.mod_seq(message.mod_seq);
            }
            if !command.silent || modified.contains(message.uid) {
                line.flags(newest, message, deed.is_recent(message.uid));
            }
            line.end();
        }
    }
    Ok(out)
}
