//! The commands of a pipeline.

mod words;

use std::fmt::{self, Display, Formatter};

/// `*` in a set.
pub const STAR: u32 = u32::MAX;

/// Messages by number or by UID.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Set {
    /// By UID.
    pub uid: bool,
    /// Ends in the order in which they are written; none is `$`, the saved result (RFC 5182).
    pub ranges: Vec<(u32, u32)>,
}

/// How STORE changes flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// `+FLAGS`
    Add,
    /// `-FLAGS`
    Remove,
    /// `FLAGS`
    Replace,
}

/// What a FETCH asks for; UID always.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// `FLAGS`
    Flags,
    /// `BODY.PEEK[TEXT]`
    Peek,
    /// `BODY[TEXT]`, which sets `\Seen`
    Body,
    /// `FLAGS BODY[TEXT]`
    BodyAndFlags,
    /// `BINARY.PEEK[1]` (RFC 3516)
    BinaryPeek,
    /// `BINARY[1]`, which sets `\Seen`
    Binary,
    /// `BINARY.SIZE[1]`
    BinarySize,
}

impl What {
    /// It sets `\Seen`.
    pub fn sets_seen(self) -> bool {
        matches!(self, Self::Body | Self::BodyAndFlags | Self::Binary)
    }

    /// It asks for flags.
    pub fn asks_flags(self) -> bool {
        matches!(self, Self::Flags | Self::BodyAndFlags)
    }

    /// It asks for the text.
    pub fn asks_text(self) -> bool {
        !matches!(self, Self::Flags | Self::BinarySize)
    }
}

/// What a SEARCH looks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// Every message.
    All,
    /// A flag's bit, and whether it is to be set.
    Flag(u16, bool),
    /// The word that stands in one message only.
    Subject(String),
    /// `$`, what was found last (RFC 5182).
    Saved,
    /// Changed with this MODSEQ or a greater one (RFC 7162 §3.1.5).
    ModSeq(u64),
}

/// How a SEARCH is asked and answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `SEARCH`
    Plain,
    /// `SEARCH RETURN` (RFC 4731)
    Return(Return),
    /// `SORT (SUBJECT)` (RFC 5256)
    Sort,
    /// `THREAD ORDEREDSUBJECT` (RFC 5256)
    Thread,
}

/// What RETURN asks for; not nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Return {
    /// `ALL`
    pub all: bool,
    /// `MIN`
    pub min: bool,
    /// `MAX`
    pub max: bool,
    /// `COUNT`
    pub count: bool,
    /// `SAVE` (RFC 5182)
    pub save: bool,
}

/// What ENABLE turns on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extensions {
    /// CONDSTORE (RFC 7162)
    pub condstore: bool,
    /// QRESYNC (RFC 7162)
    pub qresync: bool,
    /// IMAP4rev2 (RFC 9051)
    pub rev2: bool,
    /// UIDONLY (RFC 9586)
    pub uid_only: bool,
}

impl Extensions {
    /// What either has.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            condstore: self.condstore || other.condstore,
            qresync: self.qresync || other.qresync,
            rev2: self.rev2 || other.rev2,
            uid_only: self.uid_only || other.uid_only,
        }
    }
}

/// One command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// APPEND of a small message that holds a word of its own.
    Append {
        /// Target.
        mailbox: String,
        /// The message's word.
        token: String,
        /// Its flags.
        flags: u16,
        /// Words and flags of further messages, which come with it or not at all (RFC 3502).
        more: Vec<(String, u16)>,
        /// As a literal8 (RFC 3516).
        binary: bool,
        /// The client waits for `+` before each literal.
        waits: bool,
    },
    /// REPLACE: such a message in another's place (RFC 8508).
    Replace {
        /// One message.
        set: Set,
        /// Target.
        mailbox: String,
        /// The new message's word.
        token: String,
        /// Its flags.
        flags: u16,
        /// The client waits for `+` before the literal.
        waits: bool,
    },
    /// APPEND of more octets than any server takes; the client waits for `+`, which must not come.
    Oversize(String),
    /// A line that is no command.
    Nonsense,
    /// ENABLE (RFC 5161)
    Enable(Extensions),
    /// STORE
    Store {
        /// Messages.
        set: Set,
        /// Added, removed or replaced.
        how: How,
        /// Flags.
        flags: u16,
        /// `.SILENT`
        silent: bool,
        /// `UNCHANGEDSINCE` (RFC 7162 §3.1.3)
        unchanged: Option<u64>,
    },
    /// FETCH
    Fetch {
        /// Messages.
        set: Set,
        /// Items.
        what: What,
        /// `CHANGEDSINCE` (RFC 7162 §3.1.4.1)
        since: Option<u64>,
    },
    /// SEARCH, SORT or THREAD
    Search {
        /// By UID.
        uid: bool,
        /// What is looked for.
        key: Key,
        /// How.
        form: Form,
    },
    /// COPY
    Copy {
        /// Messages.
        set: Set,
        /// Target.
        to: String,
    },
    /// MOVE (RFC 6851)
    Move {
        /// Messages.
        set: Set,
        /// Target.
        to: String,
    },
    /// EXPUNGE
    Expunge,
    /// UID EXPUNGE (RFC 4315)
    UidExpunge(Set),
    /// NOOP
    Noop,
    /// CHECK
    Check,
    /// IDLE (RFC 2177): DONE follows soon after `+`.
    Idle,
    /// SELECT or EXAMINE
    Select {
        /// Mailbox.
        name: String,
        /// EXAMINE
        examine: bool,
    },
    /// CLOSE
    Close,
    /// UNSELECT (RFC 3691)
    Unselect,
    /// STATUS
    Status(String),
    /// CREATE
    Create(String),
    /// DELETE
    Delete(String),
    /// RENAME
    Rename(String, String),
    /// LIST
    List(String),
    /// LSUB
    Lsub(String),
    /// SUBSCRIBE
    Subscribe(String),
    /// UNSUBSCRIBE
    Unsubscribe(String),
    /// CAPABILITY
    Capability,
    /// LOGOUT
    Logout,
}

/// Octets that an [`Command::Oversize`] announces: 2 GiB less one, below the 32 bits in which some
/// servers count.
const OVERSIZE: u32 = 0x7fff_ffff;

impl Set {
    /// One message.
    pub fn one(uid: bool, number: u32) -> Self {
        Self { uid, ranges: vec![(number, number)] }
    }

    /// `$` (RFC 5182).
    pub fn saved(uid: bool) -> Self {
        Self { uid, ranges: Vec::new() }
    }

    /// Whether it is `$`.
    pub fn is_saved(&self) -> bool {
        self.ranges.is_empty()
    }

    /// Whether it names this number, where `*` is `last`; `$` names none.
    pub fn holds(&self, number: u32, last: u32) -> bool {
        let end = |end: u32| if end == STAR { last } else { end };
        let mut ranges = self.ranges.iter().map(|&(a, b)| (end(a), end(b)));
        ranges.any(|(a, b)| (a.min(b)..=a.max(b)).contains(&number))
    }

    /// The greatest number but `*`.
    pub fn greatest(&self) -> u32 {
        let ends = self.ranges.iter().flat_map(|&(a, b)| [a, b]);
        ends.filter(|end| *end != STAR).max().unwrap_or(0)
    }
}

impl Display for Set {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        if self.is_saved() {
            return out.write_str("$");
        }
        let end = |end: u32| if end == STAR { "*".to_owned() } else { end.to_string() };
        for (place, &(a, b)) in self.ranges.iter().enumerate() {
            let comma = if place > 0 { "," } else { "" };
            let colon = if a == b { String::new() } else { format!(":{}", end(b)) };
            write!(out, "{comma}{}{colon}", end(a))?;
        }
        Ok(())
    }
}

impl Command {
    /// FETCH of the UIDs and flags of all messages.
    pub fn all_flags(uid: bool) -> Self {
        let set = Set { uid, ranges: vec![(1, STAR)] };
        Self::Fetch { set, what: What::Flags, since: None }
    }

    /// The messages that it names.
    pub fn set(&self) -> Option<&Set> {
        match self {
            Self::Store { set, .. } | Self::Fetch { set, .. } | Self::UidExpunge(set) => Some(set),
            Self::Copy { set, .. } | Self::Move { set, .. } | Self::Replace { set, .. } => {
                Some(set)
            }
            _ => None,
        }
    }

    /// It names messages by number, or asks for numbers.
    pub fn by_number(&self) -> bool {
        match self {
            Self::Search { uid, .. } => !uid,
            _ => self.set().is_some_and(|set| !set.uid),
        }
    }

    /// RFC 3501 §7.4.1: no EXPUNGE while the server responds to these.
    pub fn forbids_expunge(&self) -> bool {
        match self {
            Self::Search { uid, .. } => !uid,
            Self::Fetch { set, .. } | Self::Store { set, .. } => !set.uid,
            _ => false,
        }
    }

    /// It changes what `$` means (RFC 5182).
    pub fn saves(&self) -> bool {
        matches!(self, Self::Search { form: Form::Return(Return { save: true, .. }), .. })
    }

    /// It depends on what `$` means.
    pub fn uses_saved(&self) -> bool {
        matches!(self, Self::Search { key: Key::Saved, .. })
            || self.set().is_some_and(Set::is_saved)
    }

    /// It says which mailbox is selected from then on.
    pub fn selects(&self) -> bool {
        matches!(self, Self::Select { .. } | Self::Close | Self::Unselect | Self::Logout)
    }

    /// It is legal only where a mailbox is selected (RFC 3501 §6.4).
    pub fn in_selected(&self) -> bool {
        self.set().is_some()
            || matches!(self, Self::Search { .. } | Self::Expunge | Self::Close | Self::Check)
            || matches!(self, Self::Unselect)
    }

    /// It only looks at the selected mailbox. What other sessions changed there may be told to
    /// this one later (RFC 3501 §5.2), so it may be answered from an older state.
    pub fn looks(&self) -> bool {
        match self {
            Self::Fetch { what, .. } => !what.sets_seen(),
            Self::Search { .. } => true,
            _ => false,
        }
    }
}
