//! One FETCH response as it is written.

use super::plan::Item;
use super::prepared::{self, Prepared};
use peregrine_proto::number::Number;
use peregrine_proto::response::fetch::body_structure::Form;
use peregrine_proto::{ModSeq, Uid, write};
use peregrine_session::Enabled;
use peregrine_store::{Digest, MailboxView, Message, email_id};

/// What a response calls its message.
#[derive(Clone, Copy)]
pub(crate) enum Named {
    /// By sequence number: FETCH.
    Number(u32),
    /// By UID: UIDFETCH (RFC 9586).
    Uid(Uid),
}

impl Named {
    pub(crate) fn new(enabled: Enabled, number: u32, uid: Uid) -> Self {
        if enabled.uid_only { Self::Uid(uid) } else { Self::Number(number) }
    }
}

/// A response that has been begun.
pub(crate) struct Line<'a> {
    out: &'a mut Vec<u8>,
    first: bool,
}

impl<'a> Line<'a> {
    /// `* n FETCH (` or `* uid UIDFETCH (`
    pub(crate) fn begin(out: &'a mut Vec<u8>, named: Named) -> Self {
        let (number, word) = match named {
            Named::Number(number) => (number, " FETCH ("),
            Named::Uid(uid) => (uid.get(), " UIDFETCH ("),
        };
        out.extend_from_slice(b"* ");
        write::number(out, u64::from(number));
        out.extend_from_slice(word.as_bytes());
        Self { out, first: true }
    }

    /// One of which items, if not the `first`, were written already.
    pub(super) fn resume(out: &'a mut Vec<u8>, first: bool) -> Self {
        Self { out, first }
    }

    /// `)`
    pub(crate) fn end(self) {
        self.out.extend_from_slice(b")\r\n");
    }

    /// `UID n`
    pub(crate) fn uid(&mut self, uid: Uid) {
        self.name(b"UID ");
        write::number(self.out, u64::from(uid.0.get()));
    }

    /// `MODSEQ (n)`
    pub(crate) fn mod_seq(&mut self, mod_seq: ModSeq) {
        self.name(b"MODSEQ (");
        write::number(self.out, mod_seq.0);
        self.out.push(b')');
    }

    /// `FLAGS (…)`
    pub(crate) fn flags(&mut self, view: &MailboxView, message: &Message, recent: bool) {
        self.name(b"FLAGS ");
        view.write_flags(message, recent, self.out);
    }

    /// An item that is no section.
    pub(super) fn item(
        &mut self,
        item: &Item,
        (view, message): (&MailboxView, &Message),
        recent: bool,
        known: Prepared<'_>,
    ) {
        let digest = known.digest;
        match item {
            Item::Uid => self.uid(message.uid),
            Item::ModSeq => self.mod_seq(message.mod_seq),
            Item::Flags => self.flags(view, message, recent),
            Item::InternalDate => {
                self.name(b"INTERNALDATE ");
                write::date_time(self.out, message.date());
            }
            Item::Size => {
                self.name(b"RFC822.SIZE ");
                write::number(self.out, u64::from(message.size));
            }
            Item::Envelope => {
                self.name(b"ENVELOPE ");
                let value = digest.map_or(&b"NIL"[..], Digest::envelope);
                prepared::strings(self.out, value, known.encoding);
            }
            Item::Body => self.structure(b"BODY ", Digest::body, Form::Body, known),
            Item::BodyStructure => {
                let form = Form::BodyStructure;
                self.structure(b"BODYSTRUCTURE ", Digest::body_structure, form, known);
            }
            Item::EmailId => {
                self.name(b"EMAILID ");
                match email_id(known.account, message.body) {
                    Some(id) => id.write_in_parentheses(self.out),
                    None => self.out.extend_from_slice(b"NIL"),
                }
            }
            // RFC 8474 §5.2: threads have no ids here.
            Item::ThreadId => self.name(b"THREADID NIL"),
            Item::SaveDate => {
                self.name(b"SAVEDATE ");
                write::date_time(self.out, message.save_date());
            }
            Item::Preview => {
                self.name(b"PREVIEW ");
                let text = digest.map(Digest::preview).unwrap_or_default();
                write::string_in(self.out, text, known.encoding);
            }
            Item::Section(_) | Item::Binary(_) => {}
        }
    }

    /// A section under its name; `None` for one that the message does not have.
    ///
    /// The octets go out as they were stored, also NUL and 8-bit ones: RFC 3501 §4.3 forbids NUL
    /// in a literal, but a message that comes back changed would be worse, and every server does
    /// so.
    pub(super) fn section(&mut self, label: &[u8], octets: Option<&[u8]>) {
        self.name(label);
        match octets {
            None => self.out.extend_from_slice(b"NIL"),
            Some(b"") => self.out.extend_from_slice(b"\"\""),
            Some(octets) => write::literal(self.out, octets),
        }
    }

    /// A section that is sent from elsewhere: its name and size.
    pub(super) fn section_of(&mut self, label: &[u8], octets: u64) {
        self.name(label);
        write::literal_size(self.out, octets);
    }

    /// What BINARY.SIZE tells.
    pub(super) fn octets(&mut self, label: &[u8], octets: u64) {
        self.name(label);
        write::number(self.out, octets);
    }

    fn structure(
        &mut self,
        name: &[u8],
        of: impl Fn(&Digest) -> &[u8],
        form: Form,
        known: Prepared<'_>,
    ) {
        self.name(name);
        let value = known.digest.map_or(&b"NIL"[..], of);
        prepared::structure(self.out, value, form, known);
    }

    fn name(&mut self, name: &[u8]) {
        if !self.first {
            self.out.push(b' ');
        }
        self.first = false;
        self.out.extend_from_slice(name);
    }
}
