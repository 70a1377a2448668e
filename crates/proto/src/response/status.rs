//! STATUS response (RFC 3501 §7.2.4).

use crate::MailboxName;
use crate::command::status::StatusItem;
use crate::token::{Parsed, Reader};
use crate::write;
use smallvec::SmallVec;

/// The data of a STATUS response.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StatusData {
    /// Which mailbox.
    pub mailbox: MailboxName,
    /// Items and values, in the server's order; may be empty.
    pub items: SmallVec<[(StatusItem, u64); 6]>,
}

impl StatusData {
    /// Appends `* STATUS …`.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"* STATUS ");
        write::mailbox(out, &self.mailbox);
        out.push(b' ');
        write::list(out, &self.items, |out, (item, value)| {
            out.extend_from_slice(name(*item).as_bytes());
            out.push(b' ');
            write::number(out, *value);
        });
        out.extend_from_slice(b"\r\n");
    }

    // mailbox-data    = "STATUS" SP mailbox SP "(" [status-att-list] ")" / …
    // status-att-list = status-att SP number *(SP status-att SP number)
    pub(super) fn parse(reader: &mut Reader<'_>) -> Parsed<Self> {
        reader.space()?;
        let mailbox = MailboxName::parse(reader)?;
        reader.space()?;
        let mut items = SmallVec::new();
        reader.list_or_empty(|reader| {
            let item = parse_item(reader)?;
            reader.space()?;
            items.push((item, reader.number64("a number")?));
            Ok(())
        })?;
        Ok(Self { mailbox, items })
    }
}

/// Items and their names on the wire.
const ITEMS: [(&str, StatusItem); 5] = [
    ("MESSAGES", StatusItem::Messages),
    ("RECENT", StatusItem::Recent),
    ("UIDNEXT", StatusItem::UidNext),
    ("UIDVALIDITY", StatusItem::UidValidity),
    ("UNSEEN", StatusItem::Unseen),
];

fn name(item: StatusItem) -> &'static str {
    ITEMS.iter().find(|(_, known)| *known == item).map_or("", |(name, _)| name)
}

// status-att = "MESSAGES" / "RECENT" / "UIDNEXT" / "UIDVALIDITY" / "UNSEEN"
fn parse_item(reader: &mut Reader<'_>) -> Parsed<StatusItem> {
    let before = *reader;
    let word = reader.atom("a STATUS item")?;
    let known = ITEMS.iter().find(|(name, _)| word.eq_ignore_ascii_case(name.as_bytes()));
    known.map_or_else(|| before.expected("a STATUS item that is known"), |(_, item)| Ok(*item))
}
