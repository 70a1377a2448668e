//! STATUS (RFC 3501 §6.3.10).

use super::{Deed, Done, wire};
use crate::host::Outcome;
use peregrine_proto::Response;
use peregrine_proto::command::Status;
use peregrine_proto::command::status::StatusItem;
use peregrine_proto::number::Number;
use peregrine_proto::response::StatusData;

pub(super) async fn run(deed: &Deed, command: Status) -> Done {
    let status = deed.account()?.status(&command.mailbox)?;
    let value = |item: &StatusItem| match item {
        StatusItem::Messages => u64::from(status.counts.messages),
        StatusItem::Recent => u64::from(status.recent),
        StatusItem::UidNext => u64::from(status.uid_next.get()),
        StatusItem::UidValidity => u64::from(status.uid_validity.get()),
        StatusItem::Unseen => u64::from(status.counts.unseen),
    };
    let items = command.items.iter().map(|item| (*item, value(item))).collect();
    let answer = Response::Status(StatusData { mailbox: command.mailbox, items });
    Ok(Outcome::ok("That is all").with_data(wire(&answer)))
}
