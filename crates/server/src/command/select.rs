//! SELECT (RFC 3501 §6.3.1).

use super::{Deed, Done, Failure};
use crate::host::{Outcome, Snapshot, Transition};
use peregrine_proto::command::Select;
use peregrine_proto::number::{Number, UidRanges};
use peregrine_proto::response::ResponseText;
use peregrine_proto::{Code, Flag, MailboxName, ObjectId, Response, SequenceNumber, Status};
use peregrine_store::{MailboxView, mailbox_id};

pub(super) async fn run(deed: &Deed, command: Select) -> Done {
    open(deed, command.mailbox, false).await
}

/// Opens a mailbox, for reading only where `read_only`.
pub(super) async fn open(deed: &Deed, name: MailboxName, read_only: bool) -> Done {
    let mailbox = match deed.account()?.open(&name).await {
        Ok(mailbox) => mailbox,
        // RFC 3501 §6.3.1: after a SELECT that failed, no mailbox is selected.
        Err(error) => {
            let refused = Outcome::from(Failure::from(error));
            return Ok(match deed.context.selected() {
                Some(_) => refused.with_transition(Transition::Unselected),
                None => refused,
            });
        }
    };
    let view = mailbox.view();
    let recent = if read_only { mailbox.recent(&view) } else { mailbox.claim_recent(&view) };
    let id = mailbox_id(mailbox.account().id(), mailbox.id());
    let data = describe(&view, &recent, read_only, id);
    let (code, text) = if read_only {
        (Code::ReadOnly, "Opened for reading only")
    } else {
        (Code::ReadWrite, "Opened")
    };
    let transition =
        Transition::Selected { mailbox, name, snapshot: Snapshot(view), recent, read_only };
    Ok(Outcome::new(Status::Ok, Some(code), text).with_data(data).with_transition(transition))
}

/// What a client must know of a mailbox, in the order of RFC 3501 §6.3.1. All of it comes for
/// EXAMINE too: programs have shown an empty mailbox otherwise (trap-29).
fn describe(
    view: &MailboxView,
    recent: &UidRanges,
    read_only: bool,
    id: Option<ObjectId>,
) -> Vec<u8> {
    let mut out = b"* FLAGS ".to_vec();
    view.write_flag_names(&mut out);
    out.extend_from_slice(b"\r\n");
    Response::Exists(view.exists()).write(&mut out);
    let recent = u32::try_from(recent.count()).unwrap_or(u32::MAX);
    Response::Recent(recent).write(&mut out);
    let mut tell = |code, text: &'static str| {
        let text = ResponseText { code: Some(code), text: text.into() };
        Response::Condition { status: Status::Ok, text }.write(&mut out);
    };
    // Only where there is one: zero has confused programs.
    let unseen = view.first_unseen().and_then(|index| SequenceNumber::new(index + 1));
    if let Some(unseen) = unseen {
        tell(Code::Unseen(unseen), "First unread message");
    }
    let mut flags = Vec::new();
    if !read_only {
        flags = vec![Flag::Answered, Flag::Flagged, Flag::Deleted, Flag::Seen, Flag::Draft];
        flags.extend(view.keywords().names().iter().cloned().map(Flag::Keyword));
    }
    let permanent = Code::PermanentFlags { flags, new_keywords: !read_only };
    tell(permanent, if read_only { "No flag can be changed" } else { "These flags stay" });
    tell(Code::UidNext(view.uid_next()), "Next UID");
    tell(Code::UidValidity(view.uid_validity()), "UIDs stay as they are");
    // RFC 8474 §4.2
    if let Some(id) = id {
        tell(Code::MailboxId(id), "Whatever its name");
    }
    out
}
