//! ENVELOPE (RFC 3501 §7.4.2, §9 `envelope`).

use crate::response::string::nstring;
use crate::token::{Parsed, Reader};
use bytes::Bytes;

/// `envelope`. Octets as they stand in the header: encoded words are not decoded, folding is
/// undone. Written as they are, in whichever form of string holds them; NUL is left out.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Envelope {
    /// The Date: field's text.
    pub date: Option<Bytes>,
    /// The Subject: field's text.
    pub subject: Option<Bytes>,
    /// Never NIL on the wire (RFC 3501 §7.4.2): where it is empty, one address of empty strings.
    pub from: Vec<Address>,
    /// Where it is empty, From is written.
    pub sender: Vec<Address>,
    /// Where it is empty, From is written.
    pub reply_to: Vec<Address>,
    /// To: an empty list is NIL on the wire, here and below.
    pub to: Vec<Address>,
    /// Cc:
    pub cc: Vec<Address>,
    /// Bcc:
    pub bcc: Vec<Address>,
    /// In-Reply-To:
    pub in_reply_to: Option<Bytes>,
    /// Message-ID:
    pub message_id: Option<Bytes>,
}

/// `address`. A group begins with one whose `host` is `None` and ends with one whose `mailbox`
/// is `None` too.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Address {
    /// Display name.
    pub name: Option<Bytes>,
    /// Source route.
    pub route: Option<Bytes>,
    /// Local part, or a group's name.
    pub mailbox: Option<Bytes>,
    /// Domain.
    pub host: Option<Bytes>,
}

impl Envelope {
    /// Appends `(…)`.
    pub fn write(&self, out: &mut Vec<u8>) {
        let or_from = |list| if <[Address]>::is_empty(list) { &self.from[..] } else { list };
        out.push(b'(');
        nstring(out, self.date.as_deref());
        out.push(b' ');
        nstring(out, self.subject.as_deref());
        out.push(b' ');
        write_origin(out, &self.from);
        out.push(b' ');
        write_origin(out, or_from(&self.sender));
        out.push(b' ');
        write_origin(out, or_from(&self.reply_to));
        for list in [&self.to, &self.cc, &self.bcc] {
            out.push(b' ');
            write_addresses(out, list);
        }
        out.push(b' ');
        nstring(out, self.in_reply_to.as_deref());
        out.push(b' ');
        nstring(out, self.message_id.as_deref());
        out.push(b')');
    }

    // envelope = "(" env-date SP env-subject SP env-from SP env-sender SP env-reply-to SP env-to
    //            SP env-cc SP env-bcc SP env-in-reply-to SP env-message-id ")"
    pub(crate) fn parse(reader: &mut Reader<'_>) -> Parsed<Self> {
        reader.byte(b'(', "`(`")?;
        let date = text(reader)?;
        let subject = text(reader)?;
        let from = addresses(reader)?;
        let sender = addresses(reader)?;
        let reply_to = addresses(reader)?;
        let to = addresses(reader)?;
        let cc = addresses(reader)?;
        let bcc = addresses(reader)?;
        let in_reply_to = text(reader)?;
        let message_id = reader.nstring("a string or NIL")?;
        reader.byte(b')', "`)`")?;
        Ok(Self { date, subject, from, sender, reply_to, to, cc, bcc, in_reply_to, message_id })
    }
}

impl Address {
    fn write(&self, out: &mut Vec<u8>) {
        out.push(b'(');
        nstring(out, self.name.as_deref());
        out.push(b' ');
        nstring(out, self.route.as_deref());
        out.push(b' ');
        nstring(out, self.mailbox.as_deref());
        out.push(b' ');
        nstring(out, self.host.as_deref());
        out.push(b')');
    }

    // address = "(" addr-name SP addr-adl SP addr-mailbox SP addr-host ")"
    fn parse(reader: &mut Reader<'_>) -> Parsed<Self> {
        reader.byte(b'(', "`(`")?;
        let name = text(reader)?;
        let route = text(reader)?;
        let mailbox = text(reader)?;
        let host = reader.nstring("a string or NIL")?;
        reader.byte(b')', "`)`")?;
        Ok(Self { name, route, mailbox, host })
    }
}

fn write_addresses(out: &mut Vec<u8>, list: &[Address]) {
    if list.is_empty() {
        return out.extend_from_slice(b"NIL");
    }
    out.push(b'(');
    for address in list {
        address.write(out);
    }
    out.push(b')');
}

/// From, Sender and Reply-To "can not be NIL", says RFC 3501 §7.4.2, and strict clients believe it.
fn write_origin(out: &mut Vec<u8>, list: &[Address]) {
    if list.is_empty() {
        return out.extend_from_slice(b"((NIL NIL \"\" \"\"))");
    }
    write_addresses(out, list);
}

// nstring SP
fn text(reader: &mut Reader<'_>) -> Parsed<Option<Bytes>> {
    let text = reader.nstring("a string or NIL")?;
    reader.space()?;
    Ok(text)
}

// ("(" 1*address ")" / nil) SP
fn addresses(reader: &mut Reader<'_>) -> Parsed<Vec<Address>> {
    let mut list = Vec::new();
    if !reader.accept_atom("NIL") {
        reader.byte(b'(', "a list of addresses or NIL")?;
        loop {
            list.push(Address::parse(reader)?);
            if reader.accept(b')') {
                break;
            }
        }
    }
    reader.space()?;
    Ok(list)
}
