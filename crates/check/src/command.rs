//! The commands of a pipeline.

use crate::flags;
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
        /// The client waits for `+` before the literal.
        waits: bool,
    },
    /// APPEND of more octets than any server takes; the client waits for `+`, which must not come.
    Oversize(String),
    /// A line that is no command.
    Nonsense,
    /// ENABLE CONDSTORE, or QRESYNC too (RFC 7162).
    Enable {
        /// QRESYNC
        qresync: bool,
    },
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
    /// The octets, in pieces between which the client waits for `+`.
    pub fn write(&self, tag: &str) -> Vec<String> {
        let Self::Append { mailbox, token, flags, waits } = self else {
            return vec![format!("{tag} {self}\r\n")];
        };
        let body = format!("Subject: {token}\r\n\r\n{token}\r\n");
        let plus = if *waits { "" } else { "+" };
        let (name, flags) = (Quoted(mailbox), flags::names(*flags));
        let head = format!("{tag} APPEND {name} ({flags}) {{{}{plus}}}\r\n", body.len());
        let body = format!("{body}\r\n");
        if *waits { vec![head, body] } else { vec![head + &body] }
    }

    /// The messages that it names.
    pub fn set(&self) -> Option<&Set> {
        match self {
            Self::Store { set, .. } | Self::Fetch { set, .. } | Self::UidExpunge(set) => Some(set),
            Self::Copy { set, .. } | Self::Move { set, .. } => Some(set),
            _ => None,
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
            Self::Fetch { what, .. } => matches!(what, What::Flags | What::Peek),
            Self::Search { .. } => true,
            _ => false,
        }
    }
}

impl Display for Command {
    /// The command without its tag. A literal is left out.
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let by = |set: &Set| if set.uid { "UID " } else { "" };
        match self {
            Self::Append { mailbox, token, flags, .. } => {
                write!(out, "APPEND {} ({}) <{token}>", Quoted(mailbox), flags::names(*flags))
            }
            Self::Oversize(name) => write!(out, "APPEND {} {{{OVERSIZE}}}", Quoted(name)),
            Self::Nonsense => out.write_str("FETSCH 1 (FLAGS"),
            Self::Enable { qresync } => {
                write!(out, "ENABLE CONDSTORE{}", if *qresync { " QRESYNC" } else { "" })
            }
            Self::Store { .. } => self.write_store(out),
            Self::Fetch { set, what, since } => {
                let items = match what {
                    What::Flags => "UID FLAGS",
                    What::Peek => "UID BODY.PEEK[TEXT]",
                    What::Body => "UID BODY[TEXT]",
                    What::BodyAndFlags => "UID FLAGS BODY[TEXT]",
                };
                let since = since.map(|since| format!(" (CHANGEDSINCE {since})"));
                write!(out, "{}FETCH {set} ({items}){}", by(set), since.unwrap_or_default())
            }
            Self::Search { uid, key, form } => {
                let uid = if *uid { "UID " } else { "" };
                match form {
                    Form::Plain => write!(out, "{uid}SEARCH {key}"),
                    Form::Return(options) => write!(out, "{uid}SEARCH RETURN ({options}) {key}"),
                    Form::Sort => write!(out, "{uid}SORT (SUBJECT) UTF-8 {key}"),
                    Form::Thread => write!(out, "{uid}THREAD ORDEREDSUBJECT UTF-8 {key}"),
                }
            }
            Self::Copy { set, to } => write!(out, "{}COPY {set} {}", by(set), Quoted(to)),
            Self::Move { set, to } => write!(out, "{}MOVE {set} {}", by(set), Quoted(to)),
            Self::Expunge => out.write_str("EXPUNGE"),
            Self::UidExpunge(set) => write!(out, "UID EXPUNGE {set}"),
            Self::Noop => out.write_str("NOOP"),
            Self::Check => out.write_str("CHECK"),
            Self::Idle => out.write_str("IDLE"),
            Self::Select { name, examine: false } => write!(out, "SELECT {}", Quoted(name)),
            Self::Select { name, examine: true } => write!(out, "EXAMINE {}", Quoted(name)),
            Self::Close => out.write_str("CLOSE"),
            Self::Unselect => out.write_str("UNSELECT"),
            Self::Status(name) => {
                write!(out, "STATUS {} (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)", Quoted(name))
            }
            Self::Create(name) => write!(out, "CREATE {}", Quoted(name)),
            Self::Delete(name) => write!(out, "DELETE {}", Quoted(name)),
            Self::Rename(from, to) => write!(out, "RENAME {} {}", Quoted(from), Quoted(to)),
            Self::List(pattern) => write!(out, "LIST \"\" {}", Quoted(pattern)),
            Self::Lsub(pattern) => write!(out, "LSUB \"\" {}", Quoted(pattern)),
            Self::Subscribe(name) => write!(out, "SUBSCRIBE {}", Quoted(name)),
            Self::Unsubscribe(name) => write!(out, "UNSUBSCRIBE {}", Quoted(name)),
            Self::Capability => out.write_str("CAPABILITY"),
            Self::Logout => out.write_str("LOGOUT"),
        }
    }
}

impl Command {
    fn write_store(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let Self::Store { set, how, flags, silent, unchanged } = self else { return Ok(()) };
        let sign = match how {
            How::Add => "+",
            How::Remove => "-",
            How::Replace => "",
        };
        let uid = if set.uid { "UID " } else { "" };
        let silent = if *silent { ".SILENT" } else { "" };
        let unchanged = unchanged.map(|than| format!("(UNCHANGEDSINCE {than}) "));
        let unchanged = unchanged.unwrap_or_default();
        let flags = flags::names(*flags);
        write!(out, "{uid}STORE {set} {unchanged}{sign}FLAGS{silent} ({flags})")
    }
}

impl Display for Key {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => out.write_str("ALL"),
            Self::Flag(bit, set) => out.write_str(&flags::search_key(*bit, *set)),
            Self::Subject(token) => write!(out, "SUBJECT \"{token}\""),
            Self::Saved => out.write_str("$"),
            Self::ModSeq(from) => write!(out, "MODSEQ {from}"),
        }
    }
}

impl Display for Return {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let options = [
            (self.save, "SAVE"),
            (self.min, "MIN"),
            (self.max, "MAX"),
            (self.all, "ALL"),
            (self.count, "COUNT"),
        ];
        let wanted = options.into_iter().filter(|(wanted, _)| *wanted);
        out.write_str(&wanted.map(|(_, name)| name).collect::<Vec<_>>().join(" "))
    }
}

/// A name in quotes, which every server takes.
struct Quoted<'a>(&'a str);

impl Display for Quoted<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        write!(out, "\"{}\"", self.0.replace('\\', "\\\\").replace('"', "\\\""))
    }
}
