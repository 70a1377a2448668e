//! FETCH (RFC 3501 §6.4.5), of what has changed (RFC 7162 §3.1.4, §3.2.6).

mod modifiers;

pub use modifiers::FetchModifiers;

use super::{Messages, States, key};
use crate::effects::{Effects, Resource};
use crate::token::{Parsed, Reader, SyntaxError, class};
use crate::writer::CommandWriter;
use crate::{PartPath, Partial, Section, SectionText, write};
use smallvec::{SmallVec, smallvec};

/// The FETCH command: reads messages.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fetch {
    /// Which messages.
    pub messages: Messages,
    /// What to tell, macros (ALL, FAST, FULL) expanded; at least one.
    pub items: SmallVec<[FetchItem; 4]>,
    /// Which of these messages.
    pub modifiers: FetchModifiers,
}

/// `fetch-att`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum FetchItem {
    /// `ENVELOPE`
    Envelope,
    /// `FLAGS`
    Flags,
    /// `INTERNALDATE`
    InternalDate,
    /// `RFC822`: as `BODY[]`, under its own name.
    Rfc822,
    /// `RFC822.HEADER`: as `BODY.PEEK[HEADER]`.
    Rfc822Header,
    /// `RFC822.SIZE`
    Rfc822Size,
    /// `RFC822.TEXT`: as `BODY[TEXT]`.
    Rfc822Text,
    /// `BODY`: the structure without extension data.
    Body,
    /// `BODYSTRUCTURE`
    BodyStructure,
    /// `UID`
    Uid,
    /// `EMAILID` (RFC 8474)
    EmailId,
    /// `THREADID`
    ThreadId,
    /// `SAVEDATE` (RFC 8514)
    SaveDate,
    /// `PREVIEW` (RFC 8970)
    Preview {
        /// Only if it is at hand.
        lazy: bool,
    },
    /// `MODSEQ` (RFC 7162)
    ModSeq,
    /// `BODY[section]<partial>` or `BODY.PEEK[…]`.
    BodySection {
        /// Don't set \Seen.
        peek: bool,
        /// Which part and text. Boxed, so that commands stay small.
        section: Box<Section>,
        /// Which octets of it.
        partial: Option<Partial>,
    },
    /// `BINARY[part]<partial>` or `BINARY.PEEK[…]` (RFC 3516): without its transfer encoding.
    Binary {
        /// Don't set \Seen.
        peek: bool,
        /// Which part.
        part: Box<PartPath>,
        /// Which of the decoded octets.
        partial: Option<Partial>,
    },
    /// `BINARY.SIZE[part]`: decoded octets.
    BinarySize(Box<PartPath>),
}

impl Fetch {
    pub(crate) const NAME: &'static str = "FETCH";
    pub(crate) const STATES: States = States::SELECTED;

    /// Most items that are taken; clients that ask for each part's header ask for dozens.
    pub const MAX_ITEMS: usize = 128;

    /// ```abnf
    /// fetch           = "FETCH" SP sequence-set SP
    ///                   ("ALL" / "FULL" / "FAST" / fetch-att / "(" fetch-att *(SP fetch-att) ")")
    ///                   fetch-modifiers
    /// ```
    pub(crate) fn parse(reader: &mut Reader<'_>, uid: bool) -> Parsed<Self> {
        reader.space()?;
        let messages = Messages::parse(reader, uid)?;
        reader.space()?;
        if reader.peek() != Some(b'(') {
            let items = match macro_items(reader) {
                Some(items) => items,
                None => smallvec![FetchItem::parse(reader)?],
            };
            let modifiers = FetchModifiers::parse(reader, uid)?;
            return Ok(Self { messages, items, modifiers });
        }
        let mut items = SmallVec::new();
        reader.list(|reader| {
            let offset = reader.offset();
            if items.len() == Self::MAX_ITEMS {
                return Err(SyntaxError::wrong(offset, "more than 128 items are asked"));
            }
            items.push(FetchItem::parse(reader)?);
            Ok(())
        })?;
        let modifiers = FetchModifiers::parse(reader, uid)?;
        Ok(Self { messages, items, modifiers })
    }

    pub(crate) fn write(&self, out: &mut CommandWriter) {
        out.space();
        out.with(|out| self.messages.write(out));
        out.space();
        match self.items.as_slice() {
            [item] => item.write_command(out),
            items => {
                out.raw("(");
                for (index, item) in items.iter().enumerate() {
                    out.raw(if index > 0 { " " } else { "" });
                    item.write_command(out);
                }
                out.raw(")");
            }
        }
        self.modifiers.write(out);
    }

    /// A body that is not only peeked at sets \Seen: that commutes with itself and with
    /// `+FLAGS.SILENT`. A MODSEQ changes with the flags.
    pub(crate) fn effects(&self) -> Effects {
        let mut effects =
            Effects::in_selected().reads(Resource::Existence(self.messages.scope())).numbered(true);
        effects = effects.names(&self.messages);
        if self.reads_flags() {
            effects = effects.reads(Resource::Flags(self.messages.scope()));
        }
        if self.items.iter().any(FetchItem::sets_seen) {
            effects = effects.adds(Resource::Flags(self.messages.scope()));
        }
        effects
    }

    /// Whether it asks for MODSEQs, which CHANGEDSINCE does by itself (RFC 7162 §3.1.4.1).
    pub fn asks_mod_seq(&self) -> bool {
        self.modifiers.changed_since.is_some() || self.items.contains(&FetchItem::ModSeq)
    }

    fn reads_flags(&self) -> bool {
        self.asks_mod_seq() || self.items.contains(&FetchItem::Flags)
    }
}

/// RFC 3501 §6.4.5: the macros stand alone.
fn macro_items(reader: &mut Reader<'_>) -> Option<SmallVec<[FetchItem; 4]>> {
    use FetchItem::{Body, Envelope, Flags, InternalDate, Rfc822Size};
    if reader.accept_atom("ALL") {
        Some(smallvec![Flags, InternalDate, Rfc822Size, Envelope])
    } else if reader.accept_atom("FAST") {
        Some(smallvec![Flags, InternalDate, Rfc822Size])
    } else if reader.accept_atom("FULL") {
        Some(smallvec![Flags, InternalDate, Rfc822Size, Envelope, Body])
    } else {
        None
    }
}

impl FetchItem {
    /// Whether reading it sets \Seen.
    pub fn sets_seen(&self) -> bool {
        matches!(
            self,
            Self::Rfc822
                | Self::Rfc822Text
                | Self::BodySection { peek: false, .. }
                | Self::Binary { peek: false, .. }
        )
    }

    /// ```abnf
    /// fetch-att = "ENVELOPE" / "FLAGS" / "INTERNALDATE" / "MODSEQ" /
    ///             "EMAILID" / "THREADID" / "SAVEDATE" / "PREVIEW" [SP "(LAZY)"] /
    ///             "RFC822" [".HEADER" / ".SIZE" / ".TEXT"] / "BODY" ["STRUCTURE"] / "UID" /
    ///             "BODY" section [partial] /
    ///             "BODY.PEEK" section [partial] /
    ///             "BINARY" [".PEEK"] section-binary [partial] /
    ///             "BINARY.SIZE" section-binary
    /// ```
    fn parse(reader: &mut Reader<'_>) -> Parsed<Self> {
        let start = *reader;
        let word = reader.run(class::WORD);
        let section = reader.peek() == Some(b'[');
        let item = match (key(word), section) {
            (FLAGS, false) => Self::Flags,
            (UID, false) => Self::Uid,
            (MODSEQ, false) => Self::ModSeq,
            (ENVELOPE, false) => Self::Envelope,
            (INTERNALDATE, false) => Self::InternalDate,
            (RFC822, false) => Self::Rfc822,
            (RFC822_HEADER, false) => Self::Rfc822Header,
            (RFC822_SIZE, false) => Self::Rfc822Size,
            (RFC822_TEXT, false) => Self::Rfc822Text,
            (BODYSTRUCTURE, false) => Self::BodyStructure,
            (EMAILID, false) => Self::EmailId,
            (THREADID, false) => Self::ThreadId,
            (SAVEDATE, false) => Self::SaveDate,
            (PREVIEW, false) => Self::Preview { lazy: reader.accept_prefix(" (LAZY)") },
            (BODY, false) => Self::Body,
            (BODY, true) => return Self::parse_section(reader, false),
            (BODY_PEEK, true) => return Self::parse_section(reader, true),
            (BINARY, true) => return Self::parse_binary(reader, false),
            (BINARY_PEEK, true) => return Self::parse_binary(reader, true),
            (BINARY_SIZE, true) => Self::BinarySize(Box::new(PartPath::parse(reader)?)),
            _ => return Self::unknown(&start, word),
        };
        Ok(item)
    }

    fn parse_section(reader: &mut Reader<'_>, peek: bool) -> Parsed<Self> {
        let section = Box::new(Section::parse(reader)?);
        let partial = Partial::parse(reader)?;
        Ok(Self::BodySection { peek, section, partial })
    }

    fn parse_binary(reader: &mut Reader<'_>, peek: bool) -> Parsed<Self> {
        let part = Box::new(PartPath::parse(reader)?);
        let partial = Partial::parse(reader)?;
        Ok(Self::Binary { peek, part, partial })
    }

    fn unknown(reader: &Reader<'_>, word: &[u8]) -> Parsed<Self> {
        let is_macro =
            [&b"ALL"[..], b"FAST", b"FULL"].iter().any(|name| word.eq_ignore_ascii_case(name));
        if is_macro {
            let clause = "ALL, FAST and FULL must stand alone, without parentheses";
            return Err(SyntaxError::wrong(reader.offset(), clause));
        }
        reader.expected("a FETCH item such as FLAGS, UID, ENVELOPE or BODY[]")
    }

    fn write_command(&self, out: &mut CommandWriter) {
        out.raw(self.name());
        let partial = match self {
            Self::BodySection { peek, section, partial } => {
                out.raw(if *peek { ".PEEK" } else { "" });
                write_section(section, out);
                *partial
            }
            Self::Binary { peek, part, partial } => {
                out.raw(if *peek { ".PEEK" } else { "" });
                out.with(|out| part.write(out));
                *partial
            }
            Self::BinarySize(part) => {
                out.with(|out| part.write(out));
                None
            }
            Self::Preview { lazy: true } => {
                out.raw(" (LAZY)");
                None
            }
            _ => None,
        };
        if let Some(partial) = partial {
            out.with(|out| partial.write(out));
        }
    }

    /// The name on the wire; of a section, what stands before the bracket in a response.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Envelope => "ENVELOPE",
            Self::Flags => "FLAGS",
            Self::InternalDate => "INTERNALDATE",
            Self::Rfc822 => "RFC822",
            Self::Rfc822Header => "RFC822.HEADER",
            Self::Rfc822Size => "RFC822.SIZE",
            Self::Rfc822Text => "RFC822.TEXT",
            Self::Body | Self::BodySection { .. } => "BODY",
            Self::BodyStructure => "BODYSTRUCTURE",
            Self::Uid => "UID",
            Self::EmailId => "EMAILID",
            Self::ThreadId => "THREADID",
            Self::SaveDate => "SAVEDATE",
            Self::Preview { .. } => "PREVIEW",
            Self::ModSeq => "MODSEQ",
            Self::Binary { .. } => "BINARY",
            Self::BinarySize(_) => "BINARY.SIZE",
        }
    }
}

/// As [`Section::write`], but header field names may need literals, for which a client waits.
fn write_section(section: &Section, out: &mut CommandWriter) {
    let Some(names) = section.text.fields() else {
        return out.with(|out| section.write(out));
    };
    let word = match section.text {
        SectionText::HeaderFieldsNot(_) => "HEADER.FIELDS.NOT (",
        _ => "HEADER.FIELDS (",
    };
    out.raw("[");
    for part in &section.path {
        out.with(|out| write::number(out, u64::from(*part)));
        out.raw(".");
    }
    out.raw(word);
    for (index, name) in names.iter().enumerate() {
        out.raw(if index > 0 { " " } else { "" });
        out.astring(name.as_bytes());
    }
    out.raw(")]");
}

const FLAGS: u128 = key(b"FLAGS");
const UID: u128 = key(b"UID");
const ENVELOPE: u128 = key(b"ENVELOPE");
const INTERNALDATE: u128 = key(b"INTERNALDATE");
const MODSEQ: u128 = key(b"MODSEQ");
const RFC822: u128 = key(b"RFC822");
const RFC822_HEADER: u128 = key(b"RFC822.HEADER");
const RFC822_SIZE: u128 = key(b"RFC822.SIZE");
const RFC822_TEXT: u128 = key(b"RFC822.TEXT");
const BODYSTRUCTURE: u128 = key(b"BODYSTRUCTURE");
const EMAILID: u128 = key(b"EMAILID");
const PREVIEW: u128 = key(b"PREVIEW");
const SAVEDATE: u128 = key(b"SAVEDATE");
const THREADID: u128 = key(b"THREADID");
const BODY: u128 = key(b"BODY");
const BODY_PEEK: u128 = key(b"BODY.PEEK");
const BINARY: u128 = key(b"BINARY");
const BINARY_PEEK: u128 = key(b"BINARY.PEEK");
const BINARY_SIZE: u128 = key(b"BINARY.SIZE");

#[cfg(test)]
mod tests {
    use crate::command::tests::{known, refused};

    #[test]
    fn known_answers() {
        for (text, canonical) in [
            ("1 FLAGS", "1 FLAGS"),
            ("1:* (flags uid)", "1:* (FLAGS UID)"),
            ("1 (FLAGS)", "1 FLAGS"),
            ("1 all", "1 (FLAGS INTERNALDATE RFC822.SIZE ENVELOPE)"),
            ("1 FAST", "1 (FLAGS INTERNALDATE RFC822.SIZE)"),
            ("1 FULL", "1 (FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODY)"),
            ("1 (RFC822 rfc822.header RFC822.TEXT)", "1 (RFC822 RFC822.HEADER RFC822.TEXT)"),
            ("1 (BODY BODYSTRUCTURE)", "1 (BODY BODYSTRUCTURE)"),
            ("1 (emailid THREADID savedate)", "1 (EMAILID THREADID SAVEDATE)"),
            ("1 preview", "1 PREVIEW"),
            ("1 (UID PREVIEW (lazy) FLAGS)", "1 (UID PREVIEW (LAZY) FLAGS)"),
            ("1 PREVIEW (LAZY)", "1 PREVIEW (LAZY)"),
            ("1 BODY[]", "1 BODY[]"),
            ("1 body.peek[1.2.mime]", "1 BODY.PEEK[1.2.MIME]"),
            ("1 BODY[1]<0.100>", "1 BODY[1]<0.100>"),
            ("1 BODY[header]", "1 BODY[HEADER]"),
            ("1 BODY[3.TEXT]", "1 BODY[3.TEXT]"),
            ("1 BODY[HEADER.FIELDS (date \"From\")]", "1 BODY[HEADER.FIELDS (date From)]"),
            ("1 BODY[4.HEADER.FIELDS.NOT (a b)]", "1 BODY[4.HEADER.FIELDS.NOT (a b)]"),
            ("1 BODY[HEADER.FIELDS ({1}\r\na)]", "1 BODY[HEADER.FIELDS (a)]"),
            ("1 binary[]", "1 BINARY[]"),
            (
                "1 (binary.peek[1.2]<3.4> Binary.Size[1])",
                "1 (BINARY.PEEK[1.2]<3.4> BINARY.SIZE[1])",
            ),
        ] {
            known(&format!("a FETCH {text}"), &format!("a FETCH {canonical}"));
            known(&format!("a uid fetch {text}"), &format!("a UID FETCH {canonical}"));
        }
        known("a FETCH $ FLAGS", "a FETCH $ FLAGS");
        let partial = "a UID FETCH 25900:26600 (UID FLAGS) (PARTIAL -1:-30)";
        known(partial, partial);
        known(
            "a uid fetch $ fast (partial 5:1)",
            "a UID FETCH $ (FLAGS INTERNALDATE RFC822.SIZE) (PARTIAL 5:1)",
        );
        refused("a FETCH 1:* FLAGS (PARTIAL 1:2)");
        refused("a UID FETCH 1:* FLAGS (PARTIAL 1:2 PARTIAL 1:2)");
        refused("a UID FETCH 1:* FLAGS ()");
        refused("a UID FETCH 1:* FLAGS (FOO)");
        refused("a UID FETCH $,1 FLAGS");
    }

    #[test]
    fn t20_t21_what_is_no_fetch_is_refused() {
        for wrong in [
            "",
            " 1",
            " 1 ",
            " FLAGS",
            " 0 FLAGS",
            " 4294967296 FLAGS",
            " 1: FLAGS",
            " 1,,2 FLAGS",
            " 01 FLAGS",
            " -1 FLAGS",
            " 1 ()",
            " 1 (FLAGS",
            " 1 (FLAGS ALL)",
            " 1 (ALL)",
            " 1 FLAGS UID",
            " 1 FLAGS,UID",
            " 1 BODY[",
            " 1 BODY[MIME]",
            " 1 BODY[0]",
            " 1 BODY[1.]",
            " 1 BODY[1.0]",
            " 1 BODY[FOO]",
            " 1 BODY.PEEK",
            " 1 BODY.PEEK (",
            " 1 BODY[]<0.0>",
            " 1 BODY[]<0>",
            " 1 BODY[]<.1>",
            " 1 BODY[]<9223372036854775808.1>",
            " 1 BODY[]<1.9223372036854775808>",
            " 1 BODY[]<1.00>",
            " 1 BODY[HEADER.FIELDS ()]",
            " 1 BODY[HEADER.FIELDS]",
            " 1 FLAGS[]",
            " 1 RFC822.FOO",
            " 1 BODYSTRUCTURE[]",
            " 1 BINARY",
            " 1 BINARY.SIZE",
            " 1 BINARY[1",
            " 1 BINARY[1.]",
            " 1 BINARY[1.0]",
            " 1 BINARY[.1]",
            " 1 BINARY[TEXT]",
            " 1 BINARY[1.MIME]",
            " 1 BINARY[]<0.0>",
            " 1 BINARY.SIZE[1]<0.1>",
        ] {
            refused(&format!("a FETCH{wrong}"));
        }
        for partial in ["4294967296.4294967296", "9223372036854775807.9223372036854775807"] {
            let limit = format!("a FETCH 4294967295 (BODY[]<{partial}> BINARY[]<{partial}>)");
            known(&limit, &limit);
        }
    }

    #[test]
    fn t22_limits_hold_exactly() {
        let path = |depth| format!("a FETCH 1 BODY[{}]", vec!["1"; depth].join("."));
        let fields =
            |count| format!("a FETCH 1 BODY[HEADER.FIELDS ({})]", vec!["a"; count].join(" "));
        let items = |count| format!("a FETCH 1 ({})", vec!["UID"; count].join(" "));
        let binary = |depth| path(depth).replace("BODY", "BINARY");
        for (good, bad) in [
            (path(100), path(101)),
            (binary(100), binary(101)),
            (fields(256), fields(257)),
            (items(128), items(129)),
        ] {
            known(&good, &good);
            refused(&bad);
        }
    }
}
