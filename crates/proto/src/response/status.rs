//! STATUS response (RFC 3501 §7.2.4, RFC 7889, RFC 8474).

use crate::command::status::StatusItem;
use crate::token::{Parsed, Reader, SyntaxError};
use crate::{Encoding, MailboxName, ObjectId, write};
use smallvec::SmallVec;

/// The data of a STATUS response.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StatusData {
    /// Which mailbox.
    pub mailbox: MailboxName,
    /// Items and values, in the server's order; may be empty. Not MAILBOXID, and not an
    /// APPENDLIMIT of NIL, which says nothing.
    pub items: SmallVec<[(StatusItem, u64); 6]>,
    /// MAILBOXID (RFC 8474 §4.3).
    pub mailbox_id: Option<ObjectId>,
}

impl StatusData {
    /// Appends `* STATUS …`, the name in this encoding.
    pub fn write(&self, out: &mut Vec<u8>, encoding: Encoding) {
        out.extend_from_slice(b"* STATUS ");
        write::mailbox(out, &self.mailbox, encoding);
        out.push(b' ');
        let numbers = self.items.iter().map(Some);
        let all = numbers.chain(self.mailbox_id.iter().map(|_| None));
        write::list(out, all, |out, item| match item {
            Some((item, value)) => {
                out.extend_from_slice(item.name().as_bytes());
                out.push(b' ');
                write::number(out, *value);
            }
            None => {
                out.extend_from_slice(b"MAILBOXID ");
                self.mailbox_id.iter().for_each(|id| id.write_in_parentheses(out));
            }
        });
        out.extend_from_slice(b"\r\n");
    }

    // mailbox-data    = "STATUS" SP mailbox SP "(" [status-att-list] ")" / …
    // status-att-list = status-att-val *(SP status-att-val)
    // status-att-val  = status-att SP number / "APPENDLIMIT" SP nil /
    //                   "MAILBOXID" SP "(" objectid ")"
    pub(super) fn parse(reader: &mut Reader<'_>) -> Parsed<Self> {
        reader.space()?;
        let mailbox = MailboxName::parse_told(reader)?;
        reader.space()?;
        let (mut items, mut mailbox_id) = (SmallVec::new(), None);
        reader.list_or_empty(|reader| {
            let offset = reader.offset();
            let item = StatusItem::parse(reader)?;
            reader.space()?;
            if item == StatusItem::MailboxId {
                if mailbox_id.is_some() {
                    return Err(SyntaxError::wrong(offset, "MAILBOXID stands there twice"));
                }
                mailbox_id = Some(ObjectId::parse_in_parentheses(reader)?);
            } else if item != StatusItem::AppendLimit || !reader.accept_atom("NIL") {
                items.push((item, reader.number64("a number")?));
            }
            Ok(())
        })?;
        Ok(Self { mailbox, items, mailbox_id })
    }
}
