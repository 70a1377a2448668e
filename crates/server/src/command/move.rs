//! MOVE (RFC 6851).

use super::copy::{code, named};
use super::{Deed, Done, Failure, bound, wire};
use crate::host::Outcome;
use peregrine_proto::command::Move;
use peregrine_proto::response::ResponseText;
use peregrine_proto::{Response, Status};

pub(super) async fn run(deed: &Deed, command: Move) -> Done {
    let selected = deed.selected_for_change()?;
    // Messages that are gone are passed over, so that a client that moves what another one moved
    // a moment ago is not told to try again for ever (trap-31).
    let (mut uids, _) = named(&selected.view, &command.messages)?;
    let view = &selected.view.snapshot().0;
    let cut = bound::cut(view, &uids, deed.message_limit());
    if let Some(cut) = cut {
        uids = bound::from(&uids, cut.lowest);
    }
    let moved = selected.mailbox.move_messages(view, &uids, &command.mailbox).await;
    let moved = moved.map_err(Failure::Target)?;
    let mut outcome = Outcome::ok("Moved");
    if let Some(code) = code(&moved) {
        // RFC 6851 §4.3: in an untagged OK before the EXPUNGEs, which tell by number what is gone.
        let text = ResponseText { code: Some(code), text: "Moved".into() };
        outcome.before = wire(&Response::Condition { status: Status::Ok, text }).into();
    }
    if let Some(cut) = cut {
        cut.tell(&mut outcome);
    }
    Ok(outcome)
}
