//! STATUS (RFC 3501 §6.3.10, RFC 7162 §3.1.7, RFC 8438, RFC 9051 §6.3.11).

use super::{States, key};
use crate::MailboxName;
use crate::effects::{Answer, Effects, Resource};
use crate::token::{Parsed, Reader, SyntaxError};
use crate::write;
use crate::writer::CommandWriter;
use smallvec::{Array, SmallVec};

/// The STATUS command: asks for a mailbox's counts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Status {
    /// The mailbox asked about.
    pub mailbox: MailboxName,
    /// What is asked, at least one item, in the client's order.
    pub items: SmallVec<[StatusItem; 6]>,
}

/// `status-att`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum StatusItem {
    /// `MESSAGES`
    Messages,
    /// `RECENT`
    Recent,
    /// `UIDNEXT`
    UidNext,
    /// `UIDVALIDITY`
    UidValidity,
    /// `UNSEEN`: how many have no \Seen.
    Unseen,
    /// `DELETED`: how many have \Deleted (RFC 9051).
    Deleted,
    /// `SIZE`: octets of all messages (RFC 8438).
    Size,
    /// `APPENDLIMIT`: octets of the largest message that is taken (RFC 7889).
    AppendLimit,
    /// `MAILBOXID` (RFC 8474)
    MailboxId,
    /// `HIGHESTMODSEQ` (RFC 7162).
    HighestModSeq,
}

impl Status {
    pub(crate) const NAME: &'static str = "STATUS";
    pub(crate) const STATES: States = States::AUTHENTICATED;

    /// Most items that are taken: several times what there is to ask.
    pub const MAX_ITEMS: usize = 32;

    /// ```abnf
    /// status = "STATUS" SP mailbox SP "(" status-att *(SP status-att) ")"
    /// ```
    pub(crate) fn parse(reader: &mut Reader<'_>) -> Parsed<Self> {
        reader.space()?;
        let mailbox = MailboxName::parse(reader)?;
        reader.space()?;
        Ok(Self { mailbox, items: StatusItem::parse_list(reader)? })
    }

    pub(crate) fn write(&self, out: &mut CommandWriter) {
        out.space();
        out.mailbox(&self.mailbox);
        out.space();
        out.with(|out| StatusItem::write_list(&self.items, out));
    }

    pub(crate) fn effects(&self) -> Effects {
        let effects = Effects::none()
            .reads(Resource::Tree(Some(self.mailbox.clone())))
            .reads(Resource::Contents(self.mailbox.clone()))
            .answers(Answer::Status);
        if self.items.iter().all(|item| item.is_without_flags()) {
            return effects;
        }
        effects.reads(Resource::FlagCounts(self.mailbox.clone()))
    }
}

impl StatusItem {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Messages,
        Self::Recent,
        Self::UidNext,
        Self::UidValidity,
        Self::Unseen,
        Self::Deleted,
        Self::Size,
        Self::AppendLimit,
        Self::MailboxId,
        Self::HighestModSeq,
    ];

    /// Whether no change of flags changes it.
    fn is_without_flags(self) -> bool {
        matches!(self, Self::Messages | Self::Recent | Self::UidNext | Self::UidValidity)
    }

    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Messages => "MESSAGES",
            Self::Recent => "RECENT",
            Self::UidNext => "UIDNEXT",
            Self::UidValidity => "UIDVALIDITY",
            Self::Unseen => "UNSEEN",
            Self::Deleted => "DELETED",
            Self::Size => "SIZE",
            Self::AppendLimit => "APPENDLIMIT",
            Self::MailboxId => "MAILBOXID",
            Self::HighestModSeq => "HIGHESTMODSEQ",
        }
    }

    /// ```abnf
    /// status-att = "MESSAGES" / "RECENT" / "UIDNEXT" / "UIDVALIDITY" / "UNSEEN" / "DELETED" /
    ///              "SIZE" / "APPENDLIMIT" / "MAILBOXID" / "HIGHESTMODSEQ"
    /// ```
    pub fn parse(reader: &mut Reader<'_>) -> Parsed<Self> {
        const WHAT: &str = "a STATUS item such as MESSAGES, UNSEEN or UIDNEXT";
        let offset = reader.offset();
        Ok(match key(reader.atom(WHAT)?) {
            MESSAGES => Self::Messages,
            RECENT => Self::Recent,
            UIDNEXT => Self::UidNext,
            UIDVALIDITY => Self::UidValidity,
            UNSEEN => Self::Unseen,
            DELETED => Self::Deleted,
            SIZE => Self::Size,
            APPENDLIMIT => Self::AppendLimit,
            MAILBOXID => Self::MailboxId,
            HIGHESTMODSEQ => Self::HighestModSeq,
            _ => return Err(SyntaxError::expected(offset, WHAT)),
        })
    }

    /// `"(" status-att *(SP status-att) ")"`
    pub(super) fn parse_list<A>(reader: &mut Reader<'_>) -> Parsed<SmallVec<A>>
    where
        A: Array<Item = Self>,
    {
        let mut items = SmallVec::new();
        reader.list(|reader| {
            let offset = reader.offset();
            items.push(Self::parse(reader)?);
            if items.len() > Status::MAX_ITEMS {
                return Err(SyntaxError::wrong(offset, "more than 32 items are asked"));
            }
            Ok(())
        })?;
        Ok(items)
    }

    pub(super) fn write_list(items: &[Self], out: &mut Vec<u8>) {
        write::list(out, items, |out, item| out.extend_from_slice(item.name().as_bytes()));
    }
}

const APPENDLIMIT: u128 = key(b"APPENDLIMIT");
const DELETED: u128 = key(b"DELETED");
const HIGHESTMODSEQ: u128 = key(b"HIGHESTMODSEQ");
const MAILBOXID: u128 = key(b"MAILBOXID");
const MESSAGES: u128 = key(b"MESSAGES");
const RECENT: u128 = key(b"RECENT");
const SIZE: u128 = key(b"SIZE");
const UIDNEXT: u128 = key(b"UIDNEXT");
const UIDVALIDITY: u128 = key(b"UIDVALIDITY");
const UNSEEN: u128 = key(b"UNSEEN");

#[cfg(test)]
mod tests {
    use crate::command::tests::{known, refused};

    #[test]
    fn known_answers() {
        known("a STATUS blurdybloop (UIDNEXT MESSAGES)", "a STATUS blurdybloop (UIDNEXT MESSAGES)");
        known(
            "a status \"a b\" (messages recent uidnext uidvalidity unseen)",
            "a STATUS \"a b\" (MESSAGES RECENT UIDNEXT UIDVALIDITY UNSEEN)",
        );
        known("a STATUS frop (size Deleted)", "a STATUS frop (SIZE DELETED)");
        known("a STATUS x (appendlimit mailboxid)", "a STATUS x (APPENDLIMIT MAILBOXID)");
        known("a STATUS x (highestmodseq)", "a STATUS x (HIGHESTMODSEQ)");
        refused("a STATUS INBOX ()");
        refused("a STATUS INBOX UNSEEN");
        refused("a STATUS INBOX (UNSEEN");
        refused("a STATUS INBOX (UNSEEN )");
        refused("a STATUS INBOX (SIZES)");
    }
}
