//! What is wrong with a history, in sentences.

use std::fmt::{self, Display, Formatter};

/// The rules that a server can break.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Rule {
    /// Each command has one tagged reply, which bears its tag.
    Reply,
    /// No order of the commands gives what the server answered.
    Order,
    /// EXPUNGE comes only where the client can know what its numbers mean.
    Expunge,
    /// Message numbers go from 1 to the number of messages, which falls by EXPUNGE only.
    Numbers,
    /// Extensions are used where the client has enabled them.
    Enabled,
    /// A MODSEQ stands for one state of a message.
    ModSeq,
    /// UIDs ascend and belong to one message each.
    Uid,
    /// Data that does not name its command belongs to the oldest one that waits for such data.
    Attribution,
    /// What a client was told at last of a mailbox is what there is.
    Truth,
    /// What is sent follows the grammar.
    Grammar,
}

/// Something that is wrong.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The rule.
    pub rule: Rule,
    /// What happened, in a sentence or a few lines.
    pub text: String,
    /// The events of the history that show it; empty where all of them do.
    pub events: Vec<u64>,
}

impl Rule {
    /// The rule in a sentence, with its place.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Reply => {
                "Each command is completed by exactly one tagged reply, which bears the tag of \
                 that command (RFC 3501 §2.2.2, §7.1)."
            }
            Self::Order => {
                "The results must be those of the commands done one after the other; where their \
                 order matters, commands of one connection are done in the order in which they \
                 were sent (RFC 3501 §5.5)."
            }
            Self::Expunge => {
                "EXPUNGE must not be sent when no command is in progress, nor while responding to \
                 a FETCH, STORE or SEARCH command; their UID forms do not count (RFC 3501 §7.4.1)."
            }
            Self::Numbers => {
                "Message sequence numbers go from 1 to the number of messages, which is lowered \
                 by EXPUNGE only (RFC 3501 §2.3.1.2, §5.2, §7.3.1)."
            }
            Self::Enabled => {
                "VANISHED takes the place of EXPUNGE when QRESYNC is enabled, and not before \
                 (RFC 7162 §3.2.10)."
            }
            Self::ModSeq => {
                "Whenever flags of a message change, its MODSEQ grows (RFC 7162 §3.1.1)."
            }
            Self::Uid => {
                "A UID stays with its message, and UIDs ascend with message sequence numbers \
                 (RFC 3501 §2.3.1.1)."
            }
            Self::Attribution => {
                "LIST, LSUB, STATUS and SEARCH responses do not name their command, so a client \
                 takes them for an answer to the oldest one that it waits for (RFC 3501 §5.5, §7)."
            }
            Self::Truth => {
                "Changes of the mailbox are told, at the latest in answer to NOOP, so that the \
                 client's view is what there is (RFC 3501 §5.2, §6.1.2, §7)."
            }
            Self::Grammar => "Responses follow the grammar (RFC 3501 §9).",
        }
    }
}

impl Display for Finding {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        write!(out, "{}\n{}", self.text, self.rule.sentence())
    }
}
