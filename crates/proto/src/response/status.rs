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
            out.extend_from_slice(item.name().as_bytes());
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
            let item = StatusItem::parse(reader)?;
            reader.space()?;
            items.push((item, reader.number64("a number")?));
            Ok(())
        })?;
        Ok(Self { mailbox, items })
    }
}
