//! STATUS (RFC 3501 §6.3.10, RFC 8438).

use super::{Deed, Done, wire};
use crate::host::Outcome;
use peregrine_proto::command::Status;
use peregrine_proto::command::status::StatusItem;
use peregrine_proto::number::Number;
use peregrine_proto::response::StatusData;
use peregrine_proto::{MailboxName, Response};

pub(super) async fn run(deed: &Deed, command: Status) -> Done {
    let found = deed.account()?.status(&command.mailbox)?;
    let answer = data(command.mailbox, &command.items, &found);
    Ok(Outcome::ok("That is all").with_data(wire(&Response::Status(answer))))
}

/// Appends a STATUS response.
pub(super) fn write(
    mailbox: MailboxName,
    items: &[StatusItem],
    found: &peregrine_store::Status,
    out: &mut Vec<u8>,
) {
    data(mailbox, items, found).write(out);
}

fn data(mailbox: MailboxName, items: &[StatusItem], found: &peregrine_store::Status) -> StatusData {
    let value = |item: &StatusItem| match item {
        StatusItem::Messages => u64::from(found.counts.messages),
        StatusItem::Recent => u64::from(found.recent),
        StatusItem::UidNext => u64::from(found.uid_next.get()),
        StatusItem::UidValidity => u64::from(found.uid_validity.get()),
        StatusItem::Unseen => u64::from(found.counts.unseen),
        StatusItem::Deleted => u64::from(found.counts.deleted),
        StatusItem::Size => found.counts.octets,
    };
    StatusData { mailbox, items: items.iter().map(|item| (*item, value(item))).collect() }
}
