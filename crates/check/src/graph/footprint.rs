//! What a thing depends on and what it changes, roughly: enough to see that two things have
//! nothing to do with each other.

use super::{Kind, Thing};
use crate::command::{Command, Key, What};
use crate::dialogue::{Dialogue, Message, Told};

/// Places as bits: three for each mailbox name, two for each connection, one for subscriptions.
#[derive(Clone, Default)]
pub(super) struct Footprint {
    reads: u64,
    writes: u64,
    /// UIDs whose flags it changes or depends on, if nothing else is meant by the place of flags.
    flags_of: Option<Vec<u32>>,
}

/// Names that have places of their own; the others share the last one.
const NAMES: usize = 14;
const SUBSCRIPTIONS: u64 = 1 << 63;

/// The names of all mailboxes that occur.
pub(super) struct Names {
    all: Vec<String>,
    /// Of mailboxes that are renamed, and of those above and below: they share one place.
    renamed: Vec<String>,
}

impl Names {
    pub fn new(dialogues: &[Dialogue]) -> Self {
        let (mut names, mut renamed) = (Vec::new(), Vec::new());
        for command in dialogues.iter().flat_map(|one| &one.asked).map(|asked| &asked.command) {
            match command {
                Command::Append { mailbox: name, .. }
                | Command::Replace { mailbox: name, .. }
                | Command::Select { name, .. } => {
                    names.push(name.clone());
                }
                Command::Copy { to: name, .. } | Command::Move { to: name, .. } => {
                    names.push(name.clone());
                }
                Command::Create(name)
                | Command::Delete(name)
                | Command::Status(name)
                | Command::Subscribe(name) => {
                    names.push(name.clone());
                }
                Command::Rename(from, to) => renamed.extend([from.clone(), to.clone()]),
                _ => {}
            }
        }
        names.sort_unstable();
        names.dedup();
        let related = |a: &str, b: &str| a.starts_with(b) || b.starts_with(a);
        names.retain(|name| !renamed.iter().any(|other| related(name, other)));
        Self { all: names, renamed }
    }

    fn place(&self, name: &str) -> usize {
        // A name below another is made and removed with it.
        let found = self.all.iter().position(|known| name.starts_with(&**known));
        let place = found.map_or(NAMES - 1, |place| place + usize::from(!self.renamed.is_empty()));
        let shared = self.renamed.iter().any(|it| it.starts_with(name) || name.starts_with(&**it));
        if shared { 0 } else { place.min(NAMES - 1) * 3 }
    }

    /// That the name exists, and which mailbox it is.
    fn name(&self, name: &str) -> u64 {
        1 << self.place(name)
    }

    fn messages(&self, name: &str) -> u64 {
        2 << self.place(name)
    }

    fn flags(&self, name: &str) -> u64 {
        4 << self.place(name)
    }

    fn all(&self) -> u64 {
        (0..NAMES).map(|place| 1 << (place * 3)).sum()
    }
}

fn view(connection: usize) -> u64 {
    1 << (NAMES * 3 + connection.min(7))
}

/// What `$` means.
fn saved(connection: usize) -> u64 {
    1 << (NAMES * 3 + 8 + connection.min(7))
}

impl Footprint {
    pub fn of(
        thing: &Thing,
        dialogues: &[Dialogue],
        names: &Names,
        uids: Option<Vec<u32>>,
    ) -> Self {
        let dialogue = &dialogues[thing.connection];
        let selected = |selection: usize| &*dialogue.selections[selection].name;
        match &thing.kind {
            Kind::Command(ready) => {
                let asked = &dialogue.asked[ready.place];
                let selected = asked.selection.map(selected);
                let removes = asked.removes;
                let mut footprint = of_command(&asked.command, selected, thing.connection, names);
                if removes {
                    footprint.writes |= view(thing.connection);
                }
                footprint.flags_of = match asked.command {
                    Command::Store { .. } | Command::Fetch { .. } => uids,
                    _ => None,
                };
                footprint
            }
            Kind::Told(place) => {
                let told = &dialogue.observations[*place];
                let name = selected(told.selection);
                match &told.kind {
                    Told::More(_) => Self {
                        reads: names.messages(name),
                        writes: view(thing.connection),
                        flags_of: None,
                    },
                    Told::Deleted => Self { reads: names.name(name), ..Self::default() },
                    Told::Gone(_) => Self { reads: names.messages(name), ..Self::default() },
                    Told::Message(Message { entry, .. }) => Self {
                        reads: names.flags(name) | names.messages(name),
                        flags_of: dialogue.entries[*entry].uid.map(|uid| vec![uid]),
                        ..Self::default()
                    },
                }
            }
            Kind::Settled(selection, _) => {
                let name = selected(*selection);
                let reads = names.messages(name) | names.flags(name);
                Self { reads, ..Self::default() }
            }
        }
    }

    /// Whether this one may change what the other depends on.
    pub fn changes(&self, other: &Self) -> bool {
        let places = self.writes & (other.reads | other.writes);
        places & !FLAGS != 0 || (places & FLAGS != 0 && self.meets(other))
    }

    fn meets(&self, other: &Self) -> bool {
        match (&self.flags_of, &other.flags_of) {
            (Some(one), Some(other)) => one.iter().any(|uid| other.contains(uid)),
            _ => true,
        }
    }
}

/// The places of flags.
const FLAGS: u64 = {
    let (mut places, mut place) = (0, 0);
    while place < NAMES {
        places |= 4 << (place * 3);
        place += 1;
    }
    places
};

fn of_command(
    command: &Command,
    selected: Option<&str>,
    connection: usize,
    names: &Names,
) -> Footprint {
    let messages = selected.map_or(0, |name| names.messages(name));
    let flags = selected.map_or(0, |name| names.flags(name));
    let view = view(connection);
    let (reads, writes) = match command {
        Command::Fetch { what: What::Peek | What::BinaryPeek | What::BinarySize, .. } => {
            (messages | view, 0)
        }
        Command::Fetch { what: What::Flags, .. } => (messages | flags | view, 0),
        Command::Fetch { .. } | Command::Store { .. } => (messages | view, flags),
        Command::Search { key: Key::Flag(..), .. } => (messages | flags | view, 0),
        Command::Search { .. } => (messages | view, 0),
        Command::Copy { to, .. } => {
            (messages | flags | view | names.name(to), names.messages(to) | names.flags(to))
        }
        Command::Move { to, .. } | Command::Replace { mailbox: to, .. } => (
            messages | flags | view | names.name(to),
            messages | names.messages(to) | names.flags(to),
        ),
        Command::Expunge | Command::UidExpunge(_) | Command::Close => (flags | view, messages),
        Command::Append { mailbox, .. } => (names.name(mailbox), names.messages(mailbox)),
        Command::Status(name) => (names.name(name) | names.messages(name) | names.flags(name), 0),
        Command::Select { name, .. } => (names.name(name) | names.messages(name), view),
        Command::Create(name) | Command::Delete(name) => {
            (0, names.name(name) | names.messages(name) | names.flags(name))
        }
        Command::Rename(from, to) => {
            let places = |name: &str| names.name(name) | names.messages(name) | names.flags(name);
            (0, places(from) | places(to))
        }
        Command::List(_) => (names.all(), 0),
        Command::Lsub(_) => (SUBSCRIPTIONS, 0),
        Command::Subscribe(name) => (names.name(name), SUBSCRIPTIONS),
        Command::Unsubscribe(_) => (0, SUBSCRIPTIONS),
        _ => (0, 0),
    };
    let (reads, writes) = match command {
        Command::Select { .. } => (reads, writes | saved(connection)),
        _ if command.saves() => (reads | saved(connection), writes | saved(connection)),
        _ if command.uses_saved() => (reads | saved(connection), writes),
        _ => (reads, writes),
    };
    Footprint { reads, writes, flags_of: None }
}
