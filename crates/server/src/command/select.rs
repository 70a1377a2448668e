//! SELECT (RFC 3501 §6.3.1, RFC 9051 §6.3.2), resynchronizing (RFC 7162 §3.2.5).

use super::fetch::{Line, Named, earlier};
use super::{Deed, Done, Failure, list};
use crate::host::{Outcome, Snapshot, Transition};
use peregrine_proto::command::Select;
use peregrine_proto::command::select::{Resync, SelectParameters};
use peregrine_proto::number::{Number, UidRanges};
use peregrine_proto::response::ResponseText;
use peregrine_proto::{Code, Flag, MailboxName, ObjectId, Response, SequenceNumber, Status, Uid};
use peregrine_session::Enabled;
use peregrine_store::{Mailbox, MailboxView, mailbox_id};

pub(super) async fn run(deed: &Deed, command: Select) -> Done {
    open(deed, command.mailbox, command.parameters, false).await
}

/// Opens a mailbox, for reading only where `read_only`.
pub(super) async fn open(
    deed: &Deed,
    name: MailboxName,
    parameters: SelectParameters,
    read_only: bool,
) -> Done {
    if parameters.qresync.is_some() && !deed.enabled.qresync {
        return Ok(Outcome::bad("ENABLE QRESYNC first"));
    }
    let mailbox = match deed.account()?.open(&name).await {
        Ok(mailbox) => mailbox,
        Err(error) => return Ok(failed(deed, error.into())),
    };
    let view = mailbox.view();
    // Who is not told RECENT takes it from nobody who is.
    let claims = !read_only && !deed.enabled.rev2;
    let recent = if claims { mailbox.claim_recent(&view) } else { mailbox.recent(&view) };
    let id = mailbox_id(mailbox.account().id(), mailbox.id());
    let mut data = closed(deed);
    let of_rev1 = (!deed.enabled.rev2).then_some(&recent);
    describe(deed.enabled, &view, of_rev1, read_only, id, &mut data);
    if deed.enabled.rev2 {
        data.extend(list::unasked(deed, &name, name.sent())?);
    }
    if let Some(resync) = parameters.qresync.filter(|it| it.uid_validity == view.uid_validity()) {
        let shown = (&view, of_rev1);
        let resynchronized = resynchronize(deed.enabled, &mailbox, shown, &resync, &mut data);
        if let Err(failure) = resynchronized.await {
            return Ok(failed(deed, failure));
        }
    }
    let (code, text) = if read_only {
        (Code::ReadOnly, "Opened for reading only")
    } else {
        (Code::ReadWrite, "Opened")
    };
    let transition =
        Transition::Selected { mailbox, name, snapshot: Snapshot(view), recent, read_only };
    Ok(Outcome::new(Status::Ok, Some(code), text).with_data(data).with_transition(transition))
}

/// RFC 3501 §6.3.1: after a SELECT that failed, no mailbox is selected.
fn failed(deed: &Deed, failure: Failure) -> Outcome {
    let refused = Outcome::from(failure);
    match deed.context.selected() {
        Some(_) => refused.with_data(closed(deed)).with_transition(Transition::Unselected),
        None => refused,
    }
}

/// What a client must know of a mailbox, in the order of RFC 3501 §6.3.1. All of it comes for
/// EXAMINE too: programs have shown an empty mailbox otherwise (trap-29). RECENT and UNSEEN only in
/// IMAP4rev1, where `recent` is given.
fn describe(
    enabled: Enabled,
    view: &MailboxView,
    recent: Option<&UidRanges>,
    read_only: bool,
    id: Option<ObjectId>,
    out: &mut Vec<u8>,
) {
    out.extend_from_slice(b"* FLAGS ");
    view.write_flag_names(out);
    out.extend_from_slice(b"\r\n");
    Response::Exists(view.exists()).write(out);
    if let Some(recent) = recent {
        Response::Recent(u32::try_from(recent.count()).unwrap_or(u32::MAX)).write(out);
    }
    let mut tell = |code, text| tell(code, text, out);
    // Only where there is one: zero has confused programs. RFC 9586 §3: no sequence numbers.
    let unseen = recent.filter(|_| !enabled.uid_only).and_then(|_| view.first_unseen());
    let unseen = unseen.and_then(|index| SequenceNumber::new(index + 1));
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
    tell(Code::HighestModSeq(view.mod_seq()), "Last change");
    // RFC 8474 §4.2
    if let Some(id) = id {
        tell(Code::MailboxId(id), "Whatever its name");
    }
}

fn tell(code: Code, text: &'static str, out: &mut Vec<u8>) {
    let text = ResponseText { code: Some(code), text: text.into() };
    Response::Condition { status: Status::Ok, text }.write(out);
}

/// RFC 7162 §3.2.11: what follows is of another mailbox, or of none.
fn closed(deed: &Deed) -> Vec<u8> {
    let mut out = Vec::new();
    if deed.context.selected().is_some() {
        tell(Code::Closed, "The mailbox before is closed", &mut out);
    }
    out
}

/// What has happened since the client was here last: which messages are gone, then the flags of
/// those that changed or came (RFC 7162 §3.2.5).
async fn resynchronize(
    enabled: Enabled,
    mailbox: &Mailbox,
    (view, recent): (&MailboxView, Option<&UidRanges>),
    resync: &Resync,
    out: &mut Vec<u8>,
) -> Result<(), Failure> {
    let all = || Some((Uid::new(1)?, Uid::new(view.uid_next().get() - 1)?));
    let known = match &resync.known {
        Some(known) => known.resolve(None),
        None => UidRanges::from_unordered(all().into_iter().collect()),
    };
    let first = matching(view, resync);
    let beyond = first.zip(Uid::new(u32::MAX)).into_iter().collect();
    let asked = known.intersection(&UidRanges::from_unordered(beyond));
    let gone = mailbox.vanished(view, resync.mod_seq, &asked).await?;
    out.extend(earlier(&gone));
    for (index, message) in view.changed_since(resync.mod_seq) {
        if known.contains(message.uid) {
            let named = Named::new(enabled, index + 1, message.uid);
            let mut line = Line::begin(out, named);
            if !enabled.uid_only {
                line.uid(message.uid);
            }
            line.mod_seq(message.mod_seq);
            let recent = recent.is_some_and(|recent| recent.contains(message.uid));
            line.flags(view, message, recent);
            line.end();
        }
    }
    Ok(())
}

/// From which UID on the client may not know what is gone: where a sequence number still has the
/// UID that it had, nothing before it is gone that the client does not know of (RFC 7162 §3.2.5.2).
fn matching(view: &MailboxView, resync: &Resync) -> Option<Uid> {
    let mut first = Uid::new(1);
    let Some((numbers, uids)) = &resync.matching else { return first };
    let (numbers, uids) = (numbers.resolve(None), uids.resolve(None));
    let pairs = numbers.iter().zip(uids.iter());
    for (number, uid) in pairs.take_while(|(number, _)| number.get() <= view.exists()) {
        if view.uid_at(number.get() - 1) == Some(uid) {
            first = Uid::new(uid.get().saturating_add(1));
        }
    }
    first
}
