//! A small mail store that does one command after the other: what is true at each moment.

mod apply;
mod bring;
mod change;
mod look;
mod names;
mod search;

pub(crate) use apply::Doing;

use crate::dialogue::Dialogue;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};
use std::rc::Rc;

/// Mail at one moment, and which message of it each entry of a client's view is.
#[derive(Clone)]
pub(crate) struct State {
    boxes: Vec<Rc<Mailbox>>,
    names: BTreeMap<String, usize>,
    /// Names that are kept only for those below them.
    hollow: BTreeSet<String>,
    subscriptions: BTreeSet<String>,
    /// By connection: the UIDs of `$`.
    saved: Vec<Rc<Vec<u32>>>,
    /// By connection and entry; 0 where it is not yet known.
    bound: Vec<Rc<Vec<u32>>>,
    /// By connection and selection: which mailbox it is.
    opened: Vec<Vec<Option<usize>>>,
}

#[derive(Clone, Default, Hash)]
struct Mailbox {
    messages: BTreeMap<u32, Message>,
    /// No message has this UID or a greater one yet.
    next: u32,
    validity: Option<u32>,
}

#[derive(Clone, Hash)]
struct Message {
    flags: u16,
    token: Rc<str>,
}

/// What is known of the server.
#[derive(Clone, Copy, Debug)]
pub struct Server {
    /// UIDPLUS (RFC 4315): APPENDUID and COPYUID are told.
    pub uid_plus: bool,
    /// UIDNEXT grows by one for each new message, as nearly everywhere.
    pub next_by_one: bool,
    /// What depends on another command is also answered behind it, and each SEARCH and STATUS
    /// response comes before the reply of its command and behind those before. No RFC asks for it.
    pub replies_in_order: bool,
    /// A command may be refused for the server's own reasons (LIMIT, INUSE, UNAVAILABLE and the
    /// like) without being done.
    pub excused: bool,
}

/// Why a reply cannot be; empty unless words are wanted.
pub(crate) type Why = String;

/// What doing a command here makes of the state: nothing, or one of these.
pub(crate) enum Next {
    Same,
    Made(Vec<State>),
}

/// Everything that the model looks at.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    pub dialogues: &'a [Dialogue],
    pub server: Server,
    /// Whether to say why.
    pub words: bool,
}

impl State {
    /// An account without mailboxes.
    pub fn new(dialogues: &[Dialogue]) -> Self {
        Self {
            boxes: Vec::new(),
            names: BTreeMap::new(),
            hollow: BTreeSet::new(),
            subscriptions: BTreeSet::new(),
            saved: vec![Rc::default(); dialogues.len()],
            bound: dialogues.iter().map(|one| Rc::new(vec![0; one.entries.len()])).collect(),
            opened: dialogues.iter().map(|one| vec![None; one.selections.len()]).collect(),
        }
    }

    /// A number that differs for states that differ in mail, or in what is open.
    pub fn digest(&self) -> u64 {
        let mut hasher = std::hash::DefaultHasher::new();
        self.boxes.hash(&mut hasher);
        self.names.hash(&mut hasher);
        self.hollow.hash(&mut hasher);
        self.subscriptions.hash(&mut hasher);
        self.saved.hash(&mut hasher);
        self.bound.hash(&mut hasher);
        self.opened.hash(&mut hasher);
        hasher.finish()
    }

    fn mailbox(&self, name: &str) -> Option<(usize, &Mailbox)> {
        let id = *self.names.get(name)?;
        Some((id, &self.boxes[id]))
    }

    fn change(&mut self, id: usize) -> &mut Mailbox {
        Rc::make_mut(&mut self.boxes[id])
    }

    /// The mailbox of a selection.
    fn of_selection(&self, connection: usize, selection: usize) -> Option<&Mailbox> {
        Some(&self.boxes[self.opened[connection][selection]?])
    }

    /// Whether the mailbox of a selection has a name: it is not deleted.
    fn is_named(&self, connection: usize, selection: usize) -> bool {
        let opened = self.opened[connection][selection];
        opened.is_some_and(|opened| self.names.values().any(|id| *id == opened))
    }

    /// The UID of an entry, once its EXISTS has been explained.
    fn uid(&self, connection: usize, entry: usize) -> Option<u32> {
        Some(self.bound[connection][entry]).filter(|uid| *uid != 0)
    }

    fn bind(&mut self, connection: usize, entry: usize, uid: u32) {
        Rc::make_mut(&mut self.bound[connection])[entry] = uid;
    }
}

impl Message {
    /// Octets of its text: the word and a line's end.
    fn text_octets(&self) -> u64 {
        self.token.len() as u64 + 2
    }
}

impl Mailbox {
    fn add(&mut self, uid: u32, flags: u16, token: Rc<str>) {
        self.messages.insert(uid, Message { flags, token });
        self.next = self.next.max(uid + 1);
    }

    /// UIDVALIDITY as told; `false` where it was told otherwise before.
    fn has_validity(&self, told: u32) -> bool {
        self.validity.is_none_or(|known| known == told)
    }
}
