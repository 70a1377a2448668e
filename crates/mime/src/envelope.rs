//! ENVELOPE: the fields of a message's header that IMAP tells in one piece (RFC 3501 §7.4.2).

use crate::address::{Address, addresses};
use crate::header::Fields;
use crate::limits::{MAX_FIELD, MAX_HEADER};
use crate::token::unfold;
use crate::{Span, Structure};
use std::borrow::Cow;

/// The data of an ENVELOPE. Strings are unfolded and trimmed; RFC 2047 words are not decoded; the
/// bytes may be anything, NUL and 8-bit among them.
///
/// Of a string field that occurs more than once, the first counts; address fields are put together
/// (RFC 822 allowed several To and Cc fields, and RFC 5322 §4.5.3 still reads them).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Envelope<'a> {
    /// Date, as it was written.
    pub date: Option<Cow<'a, [u8]>>,
    /// Subject. Like the other strings, empty when the field is there but empty.
    pub subject: Option<Cow<'a, [u8]>>,
    /// From.
    pub from: Vec<Address<'a>>,
    /// Sender; the same as `from` where it is missing or empty.
    pub sender: Vec<Address<'a>>,
    /// Reply-To; the same as `from` where it is missing or empty.
    pub reply_to: Vec<Address<'a>>,
    /// To.
    pub to: Vec<Address<'a>>,
    /// Cc.
    pub cc: Vec<Address<'a>>,
    /// Bcc.
    pub bcc: Vec<Address<'a>>,
    /// In-Reply-To.
    pub in_reply_to: Option<Cow<'a, [u8]>>,
    /// Message-ID.
    pub message_id: Option<Cow<'a, [u8]>>,
    /// Whether something was left out because of [`crate::limits`].
    pub truncated: bool,
}

impl Structure {
    /// The envelope of the message whose root is `part`: 0, or the child of a
    /// [`Kind::Message`](crate::Kind::Message). Empty when there is no such part.
    pub fn envelope<'a>(&self, message: &'a [u8], part: u32) -> Envelope<'a> {
        let header = self.parts.get(part as usize).map_or(Span::default(), |part| part.header);
        let block = header.of(message);
        let mut envelope = Envelope { truncated: block.len() > MAX_HEADER, ..Envelope::default() };
        for field in Fields::new(&block[..block.len().min(MAX_HEADER)]) {
            envelope.field(field.name, field.value);
        }
        if envelope.sender.is_empty() {
            envelope.sender.clone_from(&envelope.from);
        }
        if envelope.reply_to.is_empty() {
            envelope.reply_to.clone_from(&envelope.from);
        }
        envelope
    }
}

/// Where a field goes.
enum Slot<'e, 'a> {
    Text(&'e mut Option<Cow<'a, [u8]>>),
    Addresses(&'e mut Vec<Address<'a>>),
}

impl<'a> Envelope<'a> {
    fn field(&mut self, name: &[u8], value: &'a [u8]) {
        let Some(slot) = self.slot(name) else { return };
        let bounded = &value[..value.len().min(MAX_FIELD)];
        let mut whole = bounded.len() == value.len();
        match slot {
            Slot::Text(text) => {
                text.get_or_insert_with(|| unfold(bounded));
            }
            Slot::Addresses(list) => whole &= addresses(bounded, list),
        }
        self.truncated |= !whole;
    }

    fn slot(&mut self, name: &[u8]) -> Option<Slot<'_, 'a>> {
        let is = |wanted: &[u8]| name.eq_ignore_ascii_case(wanted);
        Some(match name.len() {
            2 if is(b"to") => Slot::Addresses(&mut self.to),
            2 if is(b"cc") => Slot::Addresses(&mut self.cc),
            3 if is(b"bcc") => Slot::Addresses(&mut self.bcc),
            4 if is(b"from") => Slot::Addresses(&mut self.from),
            4 if is(b"date") => Slot::Text(&mut self.date),
            6 if is(b"sender") => Slot::Addresses(&mut self.sender),
            7 if is(b"subject") => Slot::Text(&mut self.subject),
            8 if is(b"reply-to") => Slot::Addresses(&mut self.reply_to),
            10 if is(b"message-id") => Slot::Text(&mut self.message_id),
            11 if is(b"in-reply-to") => Slot::Text(&mut self.in_reply_to),
            _ => return None,
        })
    }
}
