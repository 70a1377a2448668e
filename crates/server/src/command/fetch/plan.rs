//! What a FETCH needs for each message, decided once.

use super::Failure;
use super::binary::BinaryItem;
use super::section::{Located, Octets, locate};
use bytes::Bytes;
use peregrine_mime::Structure;
use peregrine_proto::command::Fetch;
use peregrine_proto::command::fetch::FetchItem;
use peregrine_proto::{Partial, Section, SectionText, write};
use peregrine_session::Enabled;
use peregrine_store::{Body, Digest, PIECE};

/// The items of a FETCH, ready to be written.
pub(super) struct Plan {
    pub(super) items: Vec<Item>,
    pub(super) needs: Needs,
    /// One of the items sets \Seen.
    pub(super) sets_seen: bool,
    /// FLAGS, UID and MODSEQ are among the items.
    pub(super) tells_flags: bool,
    pub(super) tells_uid: bool,
    pub(super) tells_mod_seq: bool,
}

/// One item.
pub(super) enum Item {
    Uid,
    ModSeq,
    Flags,
    InternalDate,
    Size,
    Envelope,
    Body,
    BodyStructure,
    EmailId,
    ThreadId,
    SaveDate,
    Preview,
    Section(SectionItem),
    Binary(BinaryItem),
}

/// One section.
pub(super) struct SectionItem {
    /// Its name in the response, with a space behind it.
    pub(super) label: Vec<u8>,
    pub(super) section: Section,
    pub(super) partial: Option<Partial>,
}

/// How much must be read for a message.
#[derive(Clone, Copy)]
pub(super) enum Needs {
    /// Nothing.
    Memory,
    /// What was derived from it when it arrived.
    Digests,
    /// Its octets, and the part tree where `structure`.
    Bodies { structure: bool },
}

impl Plan {
    pub(super) fn new(command: &Fetch, enabled: Enabled) -> Self {
        let asked = &command.items;
        let mut items: Vec<Item> = Vec::with_capacity(asked.len() + 2);
        // RFC 3501 §6.4.8: UID FETCH tells the UID, asked for or not; UIDFETCH begins with it.
        if command.messages.is_uid() && !enabled.uid_only && !asked.contains(&FetchItem::Uid) {
            items.push(Item::Uid);
        }
        items.extend(asked.iter().map(Item::new));
        // RFC 7162 §3.1.4.1: CHANGEDSINCE adds it.
        if command.asks_mod_seq() && !asked.contains(&FetchItem::ModSeq) {
            items.push(Item::ModSeq);
        }
        let has = |wanted: fn(&Item) -> bool| items.iter().any(wanted);
        let digested = |it: &Item| {
            matches!(it, Item::Envelope | Item::Body | Item::BodyStructure | Item::Preview)
        };
        let digests = has(digested);
        let needs = if has(|it| matches!(it, Item::Section(_) | Item::Binary(_))) {
            let structure = digests || has(Item::in_part);
            Needs::Bodies { structure }
        } else if digests {
            Needs::Digests
        } else {
            Needs::Memory
        };
        let tells_flags = has(|it| matches!(it, Item::Flags));
        let tells_uid = has(|it| matches!(it, Item::Uid));
        let tells_mod_seq = has(|it| matches!(it, Item::ModSeq));
        let sets_seen = asked.iter().any(FetchItem::sets_seen);
        Self { items, needs, sets_seen, tells_flags, tells_uid, tells_mod_seq }
    }

    /// The part tree, where an item needs it.
    pub(super) fn structure(&self, digest: Option<&Digest>) -> Result<Option<Structure>, Failure> {
        match digest {
            Some(digest) if self.items.iter().any(Item::in_part) => Ok(Some(digest.structure()?)),
            _ => Ok(None),
        }
    }
}

impl Item {
    fn new(asked: &FetchItem) -> Self {
        let whole = |name: &str, text: SectionText| {
            let section = Section { text, ..Section::default() };
            Self::Section(SectionItem { label: format!("{name} ").into(), section, partial: None })
        };
        match asked {
            FetchItem::Envelope => Self::Envelope,
            FetchItem::Flags => Self::Flags,
            FetchItem::InternalDate => Self::InternalDate,
            FetchItem::Rfc822 => whole("RFC822", SectionText::Whole),
            FetchItem::Rfc822Header => whole("RFC822.HEADER", SectionText::Header),
            FetchItem::Rfc822Size => Self::Size,
            FetchItem::Rfc822Text => whole("RFC822.TEXT", SectionText::Text),
            FetchItem::Body => Self::Body,
            FetchItem::BodyStructure => Self::BodyStructure,
            FetchItem::Uid => Self::Uid,
            FetchItem::EmailId => Self::EmailId,
            FetchItem::ThreadId => Self::ThreadId,
            FetchItem::SaveDate => Self::SaveDate,
            // It was made when the message came: LAZY makes no difference (RFC 8970 §4.1).
            FetchItem::Preview { .. } => Self::Preview,
            FetchItem::ModSeq => Self::ModSeq,
            FetchItem::BodySection { section, partial, .. } => {
                Self::Section(SectionItem::new(section, *partial))
            }
            FetchItem::Binary { part, partial, .. } => {
                Self::Binary(BinaryItem::new(part, *partial))
            }
            FetchItem::BinarySize(part) => Self::Binary(BinaryItem::size(part)),
        }
    }

    /// Whether the part tree is needed for it.
    fn in_part(&self) -> bool {
        match self {
            Self::Section(item) => item.in_part(),
            Self::Binary(item) => item.in_part(),
            _ => false,
        }
    }
}

impl SectionItem {
    fn new(section: &Section, partial: Option<Partial>) -> Self {
        let mut label = b"BODY".to_vec();
        section.write(&mut label);
        end_label(&mut label, partial);
        Self { label, section: section.clone(), partial }
    }

    /// Whether the part tree is needed to find it.
    fn in_part(&self) -> bool {
        !self.section.path.is_empty() || self.section.text != SectionText::Whole
    }

    /// Its octets in one message.
    pub(super) async fn read(
        &self,
        structure: Option<&Structure>,
        body: &Body,
    ) -> Result<Octets, Failure> {
        match locate(structure, &self.section, body.len()) {
            Located::Missing => Ok(Octets::Missing),
            Located::Octets(range) => {
                let range = self.partial.map_or(range.clone(), |partial| cut(range, partial));
                octets(body, range).await
            }
            Located::Fields(header) => {
                let block = read(body, header).await?;
                let fields = super::section::fields(&block, &self.section.text);
                let whole = 0..fields.len() as u64;
                let range = self.partial.map_or(whole.clone(), |partial| cut(whole, partial));
                Ok(Octets::Memory(fields.slice(range.start as usize..range.end as usize)))
            }
        }
    }
}

/// RFC 3501 §7.4.2: the answer names the origin only (trap-41).
pub(super) fn end_label(label: &mut Vec<u8>, partial: Option<Partial>) {
    if let Some(partial) = partial {
        label.push(b'<');
        write::number(label, partial.start);
        label.push(b'>');
    }
    label.push(b' ');
}

/// The part of a range that a partial asks for; empty beyond the end (RFC 3501 §6.4.5).
fn cut(range: std::ops::Range<u64>, partial: Partial) -> std::ops::Range<u64> {
    let start = (range.start + partial.start).min(range.end);
    start..(start + partial.count).min(range.end)
}

/// Octets of a body: in pieces where they are many and not in memory.
pub(super) async fn octets(body: &Body, range: std::ops::Range<u64>) -> Result<Octets, Failure> {
    let length = range.end - range.start;
    if length <= PIECE as u64 || body.in_memory().is_some() {
        return read(body, range).await.map(Octets::Memory);
    }
    let mut rest = body.pieces(range);
    // Before anything is said: a message that is not there can be answered with NO.
    let first = rest.next().await?.unwrap_or_default();
    Ok(Octets::Pieces { first, rest, length })
}

/// Octets of a body; of one that is not in memory, only those.
pub(super) async fn read(body: &Body, range: std::ops::Range<u64>) -> Result<Bytes, Failure> {
    if let Some(whole) = body.in_memory() {
        return Ok(whole.slice(range.start as usize..range.end as usize));
    }
    if range.is_empty() {
        return Ok(Bytes::new());
    }
    if range == (0..body.len()) {
        return Ok(body.whole().await?);
    }
    Ok(body.read_at(range.start, (range.end - range.start) as usize).await?)
}
