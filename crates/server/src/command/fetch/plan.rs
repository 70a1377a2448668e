//! What a FETCH needs for each message, decided once.

use super::Failure;
use super::section::{Located, Sections, locate};
use bytes::Bytes;
use peregrine_proto::command::fetch::FetchItem;
use peregrine_proto::{Partial, Section, SectionText, write};
use peregrine_store::{Body, Digest};

/// The items of a FETCH, ready to be written.
pub(super) struct Plan {
    pub(super) items: Vec<Item>,
    pub(super) needs: Needs,
    /// One of the items sets \Seen.
    pub(super) sets_seen: bool,
    /// FLAGS is among the items.
    pub(super) tells_flags: bool,
}

/// One item.
pub(super) enum Item {
    Uid,
    Flags,
    InternalDate,
    Size,
    Envelope,
    Body,
    BodyStructure,
    Section(SectionItem),
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
    pub(super) fn new(asked: &[FetchItem], uid_form: bool) -> Self {
        let mut items: Vec<Item> = Vec::with_capacity(asked.len() + 1);
        // RFC 3501 §6.4.8: UID FETCH tells the UID, asked for or not.
        if uid_form && !asked.contains(&FetchItem::Uid) {
            items.push(Item::Uid);
        }
        items.extend(asked.iter().map(Item::new));
        let has = |wanted: fn(&Item) -> bool| items.iter().any(wanted);
        let digests = has(|it| matches!(it, Item::Envelope | Item::Body | Item::BodyStructure));
        let needs = if has(|it| matches!(it, Item::Section(_))) {
            let structure = digests || has(|it| matches!(it, Item::Section(it) if it.in_part()));
            Needs::Bodies { structure }
        } else if digests {
            Needs::Digests
        } else {
            Needs::Memory
        };
        let tells_flags = has(|it| matches!(it, Item::Flags));
        Self { items, needs, sets_seen: asked.iter().any(sets_seen), tells_flags }
    }

    /// The octets of each section, in order; `None` for one that the message does not have.
    pub(super) async fn sections(
        &self,
        digest: Option<&Digest>,
        body: &Body,
    ) -> Result<Sections, Failure> {
        let structure = match digest {
            Some(digest)
                if self.items.iter().any(|it| matches!(it, Item::Section(it) if it.in_part())) =>
            {
                Some(digest.structure()?)
            }
            _ => None,
        };
        let mut found = Sections::new();
        for item in &self.items {
            if let Item::Section(item) = item {
                let place = locate(structure.as_ref(), &item.section, body.len());
                found.push(item.read(place, body).await?);
            }
        }
        Ok(found)
    }
}

/// `fetch-att` that sets \Seen (RFC 3501 §6.4.5).
fn sets_seen(item: &FetchItem) -> bool {
    match item {
        FetchItem::Rfc822 | FetchItem::Rfc822Text => true,
        FetchItem::BodySection { peek, .. } => !peek,
        _ => false,
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
            FetchItem::BodySection { section, partial, .. } => {
                Self::Section(SectionItem::new(section, *partial))
            }
        }
    }
}

impl SectionItem {
    fn new(section: &Section, partial: Option<Partial>) -> Self {
        let mut label = b"BODY".to_vec();
        section.write(&mut label);
        // RFC 3501 §7.4.2: the answer names the origin only (trap-41).
        if let Some(partial) = partial {
            label.push(b'<');
            write::number(&mut label, u64::from(partial.start));
            label.push(b'>');
        }
        label.push(b' ');
        Self { label, section: section.clone(), partial }
    }

    /// Whether the part tree is needed to find it.
    fn in_part(&self) -> bool {
        !self.section.path.is_empty() || self.section.text != SectionText::Whole
    }

    async fn read(&self, place: Located, body: &Body) -> Result<Option<Bytes>, Failure> {
        let octets = match place {
            Located::Missing => return Ok(None),
            Located::Octets(range) => {
                let range = match self.partial {
                    Some(partial) => cut(range, partial),
                    None => range,
                };
                return read(body, range).await.map(Some);
            }
            Located::Fields(header) => {
                let block = read(body, header).await?;
                super::section::fields(&block, &self.section.text)
            }
        };
        let whole = 0..octets.len() as u64;
        let range = self.partial.map_or(whole.clone(), |partial| cut(whole, partial));
        Ok(Some(octets.slice(range.start as usize..range.end as usize)))
    }
}

/// The part of a range that a partial asks for; empty beyond the end (RFC 3501 §6.4.5).
fn cut(range: std::ops::Range<u64>, partial: Partial) -> std::ops::Range<u64> {
    let start = (range.start + u64::from(partial.start)).min(range.end);
    start..(start + u64::from(partial.count)).min(range.end)
}

/// Octets of a body; of one that is not in memory, only those.
async fn read(body: &Body, range: std::ops::Range<u64>) -> Result<Bytes, Failure> {
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
