//! LIST and LSUB responses (RFC 3501 §7.2.2, RFC 3348, RFC 6154, RFC 9051 §7.3.1).

use crate::token::{Parsed, Reader, SyntaxError, class};
use crate::write;
use crate::{Encoding, MailboxName};
use bytestring::ByteString;
use smallvec::SmallVec;

/// The data of one LIST or LSUB response.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ListData {
    /// In the server's order.
    pub attributes: SmallVec<[ListAttribute; 4]>,
    /// Hierarchy separator; `None` for NIL.
    pub separator: Option<char>,
    /// The name; empty for the answer to `LIST "" ""`.
    pub mailbox: MailboxName,
    /// Extended data item CHILDINFO (RFC 5258 §3.5): the selection options that a name below it
    /// meets; mostly empty.
    pub child_info: SmallVec<[ByteString; 1]>,
    /// Extended data item OLDNAME (RFC 9051 §6.3.9.7): what the mailbox was called before, or how
    /// the client spelt it.
    pub old_name: Option<MailboxName>,
}

/// `use-attr` (RFC 6154 §6).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum UseAttribute {
    /// One that is known.
    Use(SpecialUse),
    /// Any other, without its backslash: an atom.
    Other(ByteString),
}

impl UseAttribute {
    pub(crate) fn parse(reader: &mut Reader<'_>) -> Parsed<Self> {
        let offset = reader.offset();
        match ListAttribute::parse(reader)? {
            ListAttribute::Use(known) => Ok(Self::Use(known)),
            ListAttribute::Other(name) => Ok(Self::Other(name)),
            _ => Err(SyntaxError::expected(offset, "a use such as \\Sent")),
        }
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.push(b'\\');
        match self {
            Self::Use(known) => out.extend_from_slice(ListAttribute::Use(*known).name().as_bytes()),
            Self::Other(name) => out.extend_from_slice(name.as_bytes()),
        }
    }
}

/// `mbx-list-flags`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum ListAttribute {
    /// `\Noinferiors`
    NoInferiors,
    /// `\Noselect`
    NoSelect,
    /// `\NonExistent` (RFC 5258)
    NonExistent,
    /// `\HasChildren` (RFC 3348)
    HasChildren,
    /// `\HasNoChildren`
    HasNoChildren,
    /// `\Marked`
    Marked,
    /// `\Unmarked`
    Unmarked,
    /// `\Subscribed` (RFC 5258)
    Subscribed,
    /// A use (RFC 6154 §2).
    Use(SpecialUse),
    /// Any other, without its backslash: an atom.
    Other(ByteString),
}

/// What a mailbox is for (RFC 6154 §2).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum SpecialUse {
    /// `\All`
    All,
    /// `\Archive`
    Archive,
    /// `\Drafts`
    Drafts,
    /// `\Flagged`
    Flagged,
    /// `\Junk`
    Junk,
    /// `\Sent`
    Sent,
    /// `\Trash`
    Trash,
}

/// Attributes and their names on the wire.
static ATTRIBUTES: [(&str, ListAttribute); 15] = [
    ("Noinferiors", ListAttribute::NoInferiors),
    ("Noselect", ListAttribute::NoSelect),
    ("NonExistent", ListAttribute::NonExistent),
    ("HasChildren", ListAttribute::HasChildren),
    ("HasNoChildren", ListAttribute::HasNoChildren),
    ("Marked", ListAttribute::Marked),
    ("Unmarked", ListAttribute::Unmarked),
    ("Subscribed", ListAttribute::Subscribed),
    ("All", ListAttribute::Use(SpecialUse::All)),
    ("Archive", ListAttribute::Use(SpecialUse::Archive)),
    ("Drafts", ListAttribute::Use(SpecialUse::Drafts)),
    ("Flagged", ListAttribute::Use(SpecialUse::Flagged)),
    ("Junk", ListAttribute::Use(SpecialUse::Junk)),
    ("Sent", ListAttribute::Use(SpecialUse::Sent)),
    ("Trash", ListAttribute::Use(SpecialUse::Trash)),
];

impl ListAttribute {
    /// The name on the wire, without its backslash.
    pub fn name(&self) -> &str {
        match self {
            Self::Other(name) => name,
            known => ATTRIBUTES.iter().find(|(_, one)| one == known).map_or("", |(name, _)| name),
        }
    }

    // mbx-list-flags = *(mbx-list-oflag SP) mbx-list-sflag *(SP mbx-list-oflag) /
    //                  mbx-list-oflag *(SP mbx-list-oflag)
    // mbx-list-oflag = "\Noinferiors" / flag-extension
    // mbx-list-sflag = "\Noselect" / "\Marked" / "\Unmarked"
    fn parse(reader: &mut Reader<'_>) -> Parsed<Self> {
        reader.byte(b'\\', "an attribute")?;
        let at = reader.offset();
        let name = reader.atom("an attribute's name")?;
        let known =
            ATTRIBUTES.iter().find(|(known, _)| name.eq_ignore_ascii_case(known.as_bytes()));
        match known {
            Some((_, attribute)) => Ok(attribute.clone()),
            None => reader.share_text(name, at).map(Self::Other),
        }
    }
}

impl ListData {
    /// Appends `* LIST …` or `* LSUB …`, as `word` says, the names in this encoding.
    pub fn write(&self, out: &mut Vec<u8>, word: &str, encoding: Encoding) {
        out.extend_from_slice(b"* ");
        out.extend_from_slice(word.as_bytes());
        out.push(b' ');
        write::list(out, &self.attributes, |out, attribute| {
            out.push(b'\\');
            out.extend_from_slice(attribute.name().as_bytes());
        });
        out.push(b' ');
        write_separator(out, self.separator);
        out.push(b' ');
        write::mailbox(out, &self.mailbox, encoding);
        self.write_extended(out, encoding);
        out.extend_from_slice(b"\r\n");
    }

    // mbox-list-extended    =  "(" [mbox-list-extended-item *(SP mbox-list-extended-item)] ")"
    // oldname-extended-item =  "OLDNAME" SP "(" mailbox ")"
    fn write_extended(&self, out: &mut Vec<u8>, encoding: Encoding) {
        let mut before: &[u8] = b" (";
        if !self.child_info.is_empty() {
            out.extend_from_slice(std::mem::replace(&mut before, b" "));
            out.extend_from_slice(b"\"CHILDINFO\" ");
            write::list(out, &self.child_info, |out, option| write::string(out, option.as_bytes()));
        }
        if let Some(name) = &self.old_name {
            out.extend_from_slice(std::mem::replace(&mut before, b" "));
            out.extend_from_slice(b"\"OLDNAME\" (");
            write::mailbox(out, name, encoding);
            out.push(b')');
        }
        if before == b" " {
            out.push(b')');
        }
    }

    // mailbox-list = "(" [mbx-list-flags] ")" SP (DQUOTE QUOTED-CHAR DQUOTE / nil) SP mailbox
    pub(super) fn parse(reader: &mut Reader<'_>) -> Parsed<Self> {
        reader.space()?;
        let mut attributes = SmallVec::new();
        reader.list_or_empty(|reader| {
            attributes.push(ListAttribute::parse(reader)?);
            Ok(())
        })?;
        reader.space()?;
        let separator = parse_separator(reader)?;
        reader.space()?;
        let mailbox = MailboxName::parse_or_empty(reader)?;
        let (mut child_info, mut old_name) = (SmallVec::new(), None);
        if reader.accept(b' ') {
            reader.list_or_empty(|reader| {
                let name = reader.astring("the name of an extended data item")?;
                reader.space()?;
                if name.eq_ignore_ascii_case(b"CHILDINFO") {
                    return reader.list(|reader| {
                        child_info.push(reader.astring_text("a selection option")?);
                        Ok(())
                    });
                }
                if name.eq_ignore_ascii_case(b"OLDNAME") {
                    reader.byte(b'(', "`(`")?;
                    old_name = Some(MailboxName::parse_told(reader)?);
                    return reader.byte(b')', "`)`");
                }
                skip_value(reader)
            })?;
        }
        Ok(Self { attributes, separator, mailbox, child_info, old_name })
    }
}

/// Passes over the value of an extended data item that is not known, without recursion.
///
// tagged-ext-val = tagged-ext-simple / "(" [tagged-ext-comp] ")"
fn skip_value(reader: &mut Reader<'_>) -> Parsed<()> {
    let mut depth = 0_usize;
    loop {
        match reader.peek() {
            Some(b'(') => {
                reader.advance(1);
                depth += 1;
                if !reader.accept(b')') {
                    continue;
                }
                depth -= 1;
            }
            Some(b'"' | b'{') => drop(reader.string("a value")?),
            // As in sequence sets, which are no atoms.
            _ => drop(reader.word(class::LIST, "a value")?),
        }
        while depth > 0 && reader.accept(b')') {
            depth -= 1;
        }
        if depth == 0 {
            return Ok(());
        }
        reader.space()?;
    }
}

/// One character in quotes, or NIL. What cannot stand there (8-bit, control characters) is NIL.
pub(super) fn write_separator(out: &mut Vec<u8>, separator: Option<char>) {
    match separator.and_then(|separator| u8::try_from(separator).ok()) {
        Some(separator @ b' '..=b'~') => write::quoted(out, &[separator]),
        _ => out.extend_from_slice(b"NIL"),
    }
}

// DQUOTE QUOTED-CHAR DQUOTE / nil
pub(super) fn parse_separator(reader: &mut Reader<'_>) -> Parsed<Option<char>> {
    if reader.accept_atom("NIL") {
        return Ok(None);
    }
    let before = *reader;
    match reader.quoted()?[..] {
        [separator @ 1..=0x7F] => Ok(Some(char::from(separator))),
        _ => before.expected("one character in quotes, or NIL"),
    }
}
