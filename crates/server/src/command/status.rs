//! STATUS (RFC 3501 §6.3.10, RFC 7162, RFC 7889, RFC 8438, RFC 8474, RFC 9051 §6.3.11).

use super::{Deed, Done, Failure};
use crate::host::Outcome;
use peregrine_proto::MailboxName;
use peregrine_proto::command::Status;
use peregrine_proto::command::status::StatusItem;
use peregrine_proto::number::Number;
use peregrine_proto::response::StatusData;
use peregrine_store::mailbox_id;

pub(super) async fn run(deed: &Deed, command: Status) -> Done {
    let found = deed.account()?.status(&command.mailbox)?;
    let mut out = Vec::new();
    write(deed, command.mailbox, &command.items, &found, &mut out)?;
    Ok(Outcome::ok("That is all").with_data(out))
}

/// Appends a STATUS response.
pub(super) fn write(
    deed: &Deed,
    mailbox: MailboxName,
    items: &[StatusItem],
    found: &peregrine_store::Status,
    out: &mut Vec<u8>,
) -> Result<(), Failure> {
    // RFC 9051 Appendix E.12
    if deed.enabled.rev2 && items.contains(&StatusItem::Recent) {
        return Err(Failure::Bad("IMAP4rev2 has no RECENT"));
    }
    let mut data = StatusData { mailbox, items: Default::default(), mailbox_id: None };
    for item in items {
        let value = match item {
            StatusItem::Messages => u64::from(found.counts.messages),
            StatusItem::Recent => u64::from(found.recent),
            StatusItem::UidNext => u64::from(found.uid_next.get()),
            StatusItem::UidValidity => u64::from(found.uid_validity.get()),
            StatusItem::Unseen => u64::from(found.counts.unseen),
            StatusItem::Deleted => u64::from(found.counts.deleted),
            StatusItem::Size => found.counts.octets,
            StatusItem::AppendLimit => {
                u64::from(deed.link.shared.options.limits.session.frame.append)
            }
            StatusItem::HighestModSeq => found.mod_seq.0,
            StatusItem::MailboxId => {
                data.mailbox_id = mailbox_id(deed.account()?.id(), found.mailbox);
                continue;
            }
        };
        data.items.push((*item, value));
    }
    data.write(out, deed.enabled.encoding());
    Ok(())
}
