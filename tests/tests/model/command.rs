//! The commands that simulated clients send, and which of them must be answered in order.

use super::flags;

/// `*` in a set.
pub const STAR: u32 = u32::MAX;

/// Messages by number or by UID.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Set {
    pub uid: bool,
    /// Ends in the order in which they are written; never empty.
    pub ranges: Vec<(u32, u32)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    Add,
    Remove,
    Replace,
}

/// What a FETCH asks for; UID always.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    Flags,
    Peek,
    Body,
    BodyAndFlags,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    All,
    /// A flag's bit, and whether it is to be set.
    Flag(u16, bool),
    Subject(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    Append { mailbox: String, token: String, flags: u16, waits: bool },
    Store { set: Set, how: How, flags: u16, silent: bool },
    Fetch { set: Set, what: What },
    Search { uid: bool, key: Key },
    Copy { set: Set, to: String },
    Move { set: Set, to: String },
    Expunge,
    UidExpunge(Set),
    Noop,
    Check,
    Idle,
    Select { name: String, examine: bool },
    Close,
    Unselect,
    Status(String),
    Create(String),
    Delete(String),
    Rename(String, String),
    List(String),
}

impl Set {
    pub fn holds(&self, number: u32) -> bool {
        self.ranges.iter().any(|&(a, b)| (a.min(b)..=a.max(b)).contains(&number))
    }

    pub fn has_star(&self) -> bool {
        self.ranges.iter().any(|&(a, b)| a == STAR || b == STAR)
    }

    fn overlaps(&self, other: &Self) -> bool {
        // Numbers against UIDs, and `*`: not known here, so no order is asked for.
        let known = self.uid == other.uid && !self.has_star() && !other.has_star();
        known && self.ranges.iter().any(|&(a, b)| (a.min(b)..=a.max(b)).any(|n| other.holds(n)))
    }
}

impl std::fmt::Display for Set {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
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
        let by = |set: &Set| if set.uid { "UID " } else { "" };
        let line = match self {
            Self::Append { mailbox, token, flags, waits } => {
                let body = format!("Subject: {token}\r\n\r\n{token}\r\n");
                let flags = flags::names(*flags);
                let plus = if *waits { "" } else { "+" };
                let head = format!("{tag} APPEND {mailbox} ({flags}) {{{}{plus}}}\r\n", body.len());
                let body = format!("{body}\r\n");
                return if *waits { vec![head, body] } else { vec![head + &body] };
            }
            Self::Store { set, how, flags, silent } => {
                let sign = match how {
                    How::Add => "+",
                    How::Remove => "-",
                    How::Replace => "",
                };
                let silent = if *silent { ".SILENT" } else { "" };
                format!("{}STORE {set} {sign}FLAGS{silent} ({})", by(set), flags::names(*flags))
            }
            Self::Fetch { set, what } => {
                let items = match what {
                    What::Flags => "UID FLAGS",
                    What::Peek => "UID BODY.PEEK[TEXT]",
                    What::Body => "UID BODY[TEXT]",
                    What::BodyAndFlags => "UID FLAGS BODY[TEXT]",
                };
                format!("{}FETCH {set} ({items})", by(set))
            }
            Self::Search { uid, key } => {
                let key = match key {
                    Key::All => "ALL".to_owned(),
                    Key::Flag(bit, set) => flags::search_key(*bit, *set),
                    Key::Subject(token) => format!("SUBJECT \"{token}\""),
                };
                format!("{}SEARCH {key}", if *uid { "UID " } else { "" })
            }
            Self::Copy { set, to } => format!("{}COPY {set} {to}", by(set)),
            Self::Move { set, to } => format!("{}MOVE {set} {to}", by(set)),
            Self::Expunge => "EXPUNGE".to_owned(),
            Self::UidExpunge(set) => format!("UID EXPUNGE {set}"),
            Self::Noop => "NOOP".to_owned(),
            Self::Check => "CHECK".to_owned(),
            Self::Idle => "IDLE".to_owned(),
            Self::Select { name, examine: false } => format!("SELECT {name}"),
            Self::Select { name, examine: true } => format!("EXAMINE {name}"),
            Self::Close => "CLOSE".to_owned(),
            Self::Unselect => "UNSELECT".to_owned(),
            Self::Status(name) => {
                format!("STATUS {name} (MESSAGES RECENT UIDNEXT UIDVALIDITY UNSEEN)")
            }
            Self::Create(name) => format!("CREATE {name}"),
            Self::Delete(name) => format!("DELETE {name}"),
            Self::Rename(from, to) => format!("RENAME {from} {to}"),
            Self::List(pattern) => format!("LIST \"\" {pattern}"),
        };
        vec![format!("{tag} {line}\r\n")]
    }

    /// The messages that it names.
    pub fn set(&self) -> Option<&Set> {
        match self {
            Self::Store { set, .. } | Self::Fetch { set, .. } | Self::UidExpunge(set) => Some(set),
            Self::Copy { set, .. } | Self::Move { set, .. } => Some(set),
            _ => None,
        }
    }

    /// Sequence numbers in its words (RFC 3501 §7.4.1).
    pub fn has_numbers(&self) -> bool {
        match self {
            Self::Search { uid, .. } => !uid,
            // Those in the answers of a UID FETCH are judged when they come (I5).
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

    /// It expunges by itself, so that a client has to reckon with new numbers behind it.
    pub fn removes(&self) -> bool {
        matches!(self, Self::Expunge | Self::UidExpunge(_) | Self::Move { .. })
    }

    pub fn selects(&self) -> bool {
        matches!(self, Self::Select { .. } | Self::Close | Self::Unselect)
    }

    /// It works in the selected mailbox.
    pub fn in_selected(&self) -> bool {
        self.set().is_some()
            || matches!(self, Self::Search { .. } | Self::Expunge | Self::Close | Self::Check)
            || matches!(self, Self::Unselect)
    }

    /// The mailbox that it uses by name, and whether it makes or removes that name.
    fn named(&self) -> Vec<(&str, bool)> {
        match self {
            Self::Append { mailbox: name, .. } | Self::Copy { to: name, .. } => vec![(name, false)],
            Self::Move { to: name, .. } | Self::Status(name) => vec![(name, false)],
            Self::Select { name, .. } => vec![(name, false)],
            Self::Create(name) | Self::Delete(name) => vec![(name, true)],
            Self::Rename(from, to) => vec![(from, true), (to, true)],
            _ => Vec::new(),
        }
    }

    /// Messages come into a mailbox by name, or its messages are counted.
    fn delivers(&self) -> Option<&str> {
        match self {
            Self::Append { mailbox, .. } => Some(mailbox),
            Self::Copy { to, .. } | Self::Move { to, .. } => Some(to),
            _ => None,
        }
    }

    /// Why `later` of the same connection must be answered behind this one (RFC 3501 §5.5): a
    /// table of its own, so that the server's own table can be wrong.
    pub fn must_precede(&self, later: &Self) -> Option<&'static str> {
        if matches!(self, Self::Idle) {
            return Some("IDLE ends before anything else");
        }
        if same_answer(self, later) {
            return Some("data that bears no tag keeps its order");
        }
        if (self.selects() && later.in_selected()) || (self.in_selected() && later.selects()) {
            return Some("which mailbox is selected changes");
        }
        if self.selects() && later.selects() {
            return Some("the last one says what is selected");
        }
        if self.flags_meet(later) || later.flags_meet(self) {
            return Some("they use the flags of the same messages");
        }
        let counts = |a: &Self, b: &Self| match (a.delivers(), b) {
            (Some(to), Self::Status(name) | Self::Select { name, .. }) => to == name,
            _ => false,
        };
        if counts(self, later) || counts(later, self) {
            return Some("messages come into a mailbox that the other looks at");
        }
        let (one, other) = (self.named(), later.named());
        let meets = |a: &(&str, bool)| other.iter().any(|b| a.0 == b.0 && (a.1 || b.1));
        one.iter().any(meets).then_some("the name of a mailbox changes")
    }

    /// This one changes flags or messages, and the other uses them.
    fn flags_meet(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Store { set, how, .. }, Self::Store { set: other, how: different, .. }) => {
                (how != different || *how == How::Replace) && set.overlaps(other)
            }
            (Self::Store { set, .. }, Self::Fetch { set: other, what }) => {
                !matches!(what, What::Peek | What::Body) && set.overlaps(other)
            }
            (Self::Store { set, .. }, Self::Copy { set: other, .. }) => set.overlaps(other),
            (Self::Store { set, .. }, Self::Move { set: other, .. }) => set.overlaps(other),
            (Self::Store { .. }, Self::Expunge | Self::Search { key: Key::Flag(..), .. }) => true,
            (Self::Store { set, .. }, Self::UidExpunge(other)) => set.overlaps(other),
            (Self::Move { set, .. } | Self::UidExpunge(set), other) => match other {
                Self::Fetch { set: other, .. } | Self::Copy { set: other, .. } => {
                    set.overlaps(other)
                }
                Self::Move { set: other, .. } => set.overlaps(other),
                Self::Expunge => true,
                _ => false,
            },
            (Self::Expunge, other) => {
                matches!(other, Self::Fetch { .. } | Self::Copy { .. } | Self::Search { .. })
            }
            _ => false,
        }
    }
}

fn same_answer(one: &Command, other: &Command) -> bool {
    matches!(
        (one, other),
        (Command::Search { .. }, Command::Search { .. })
            | (Command::Status(_), Command::Status(_))
            | (Command::List(_), Command::List(_))
    )
}
