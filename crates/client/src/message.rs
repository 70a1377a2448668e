//! What FETCH tells of a message.

use bytes::Bytes;
use peregrine_proto::response::{BodyStructure, Envelope, FetchData};
use peregrine_proto::{
    DateTime, Flag, ModSeq, ObjectId, PartPath, Section, SectionText, SequenceNumber, Uid,
};

/// A message, as far as it was asked and told. What the server left out is `None`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Message {
    /// Its number in the mailbox when it was told; it sinks when messages before it are expunged.
    pub number: SequenceNumber,
    /// Its UID.
    pub uid: Option<Uid>,
    /// Its flags.
    pub flags: Option<Vec<Flag>>,
    /// When it came into the mailbox, or what APPEND said.
    pub internal_date: Option<DateTime>,
    /// Octets.
    pub size: Option<u64>,
    /// Its header in short.
    pub envelope: Option<Box<Envelope>>,
    /// Its parts; with extension data where BODYSTRUCTURE was asked.
    pub structure: Option<Box<BodyStructure>>,
    /// When it last changed (RFC 7162).
    pub mod_seq: Option<ModSeq>,
    /// Names its content (RFC 8474).
    pub email_id: Option<ObjectId>,
    /// Names its conversation.
    pub thread_id: Option<ObjectId>,
    /// When it came into the mailbox that it is in (RFC 8514).
    pub save_date: Option<DateTime>,
    /// Its first words (RFC 8970), in UTF-8.
    pub preview: Option<Bytes>,
    /// Texts of it.
    pub sections: Vec<SectionData>,
    /// Parts of it without their transfer encoding (RFC 3516).
    pub decoded: Vec<DecodedPart>,
    /// How many octets parts have without their transfer encoding, where that was asked.
    pub decoded_sizes: Vec<(PartPath, u64)>,
}

/// A part of a message without its transfer encoding.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DecodedPart {
    /// Which part; the whole message as it is where it has no numbers.
    pub part: PartPath,
    /// First octet of the decoded ones, where a piece was asked.
    pub origin: Option<u64>,
    /// The octets, NUL perhaps among them; `None` for NIL: there is no such part.
    pub data: Option<Bytes>,
}

/// A text of a message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SectionData {
    /// Which part and text.
    pub section: Section,
    /// First octet, where a piece was asked.
    pub origin: Option<u64>,
    /// The octets; `None` for NIL: there is no such text.
    pub data: Option<Bytes>,
}

impl Message {
    /// A message of which nothing is known yet.
    pub fn new(number: SequenceNumber) -> Self {
        Self {
            number,
            uid: None,
            flags: None,
            internal_date: None,
            size: None,
            envelope: None,
            structure: None,
            mod_seq: None,
            email_id: None,
            thread_id: None,
            save_date: None,
            preview: None,
            sections: Vec::new(),
            decoded: Vec::new(),
            decoded_sizes: Vec::new(),
        }
    }

    /// Takes in what a FETCH response tells; what comes later counts.
    pub fn merge(&mut self, data: Vec<FetchData>) {
        for item in data {
            match item {
                FetchData::Flags(flags) => self.flags = Some(flags),
                FetchData::Uid(uid) => self.uid = Some(uid),
                FetchData::InternalDate(date) => self.internal_date = Some(date),
                FetchData::Rfc822Size(size) => self.size = Some(size),
                FetchData::Envelope(envelope) => self.envelope = Some(envelope),
                FetchData::Body(body) => _ = self.structure.get_or_insert(body),
                FetchData::BodyStructure(body) => self.structure = Some(body),
                FetchData::Section { section, origin, data } => {
                    self.add_section(SectionData { section, origin, data });
                }
                FetchData::Binary { part, origin, data } => {
                    self.decoded.retain(|old| old.part != part || old.origin != origin);
                    self.decoded.push(DecodedPart { part, origin, data });
                }
                FetchData::BinarySize(part, octets) => {
                    self.decoded_sizes.retain(|(old, _)| *old != part);
                    self.decoded_sizes.push((part, octets));
                }
                FetchData::ModSeq(mod_seq) => self.mod_seq = Some(mod_seq),
                FetchData::EmailId(id) => self.email_id = Some(id),
                FetchData::ThreadId(id) => self.thread_id = id,
                FetchData::SaveDate(date) => self.save_date = date,
                FetchData::Preview(text) => self.preview = text,
                FetchData::Rfc822(data) => self.add_text(SectionText::Whole, data),
                FetchData::Rfc822Header(data) => self.add_text(SectionText::Header, data),
                FetchData::Rfc822Text(data) => self.add_text(SectionText::Text, data),
            }
        }
    }

    /// The whole message, where it was asked.
    pub fn body(&self) -> Option<&Bytes> {
        self.text(&Section::default())
    }

    /// Its header, where it was asked alone.
    pub fn header(&self) -> Option<&Bytes> {
        self.text(&Section { text: SectionText::Header, ..Section::default() })
    }

    /// A text of it, from its first octet.
    pub fn text(&self, section: &Section) -> Option<&Bytes> {
        let found = self.sections.iter().find(|found| {
            same_section(&found.section, section) && found.origin.unwrap_or_default() == 0
        });
        found.and_then(|found| found.data.as_ref())
    }

    /// A part without its transfer encoding, from its first octet.
    pub fn decoded(&self, part: &PartPath) -> Option<&Bytes> {
        let wanted = |it: &&DecodedPart| it.part == *part && it.origin.unwrap_or_default() == 0;
        self.decoded.iter().find(wanted).and_then(|found| found.data.as_ref())
    }

    fn add_text(&mut self, text: SectionText, data: Option<Bytes>) {
        let section = Section { text, ..Section::default() };
        self.add_section(SectionData { section, origin: None, data });
    }

    fn add_section(&mut self, new: SectionData) {
        let same = |old: &&mut SectionData| {
            same_section(&old.section, &new.section) && old.origin == new.origin
        };
        match self.sections.iter_mut().find(same) {
            Some(old) => *old = new,
            None => self.sections.push(new),
        }
    }
}

/// The UID that a FETCH response tells.
pub(crate) fn told_uid(data: &[FetchData]) -> Option<Uid> {
    data.iter().find_map(|item| match item {
        FetchData::Uid(uid) => Some(*uid),
        _ => None,
    })
}

/// Whether two sections mean the same: servers write the names of header fields in other case.
pub(crate) fn same_section(a: &Section, b: &Section) -> bool {
    use SectionText::{HeaderFields, HeaderFieldsNot};
    let fields = |a: &[bytestring::ByteString], b: &[bytestring::ByteString]| {
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.eq_ignore_ascii_case(b))
    };
    a.path == b.path
        && match (&a.text, &b.text) {
            (HeaderFields(a), HeaderFields(b)) => fields(a, b),
            (HeaderFieldsNot(a), HeaderFieldsNot(b)) => fields(a, b),
            (a, b) => a == b,
        }
}
