//! What one client knows to be true: what was acknowledged, and what the kill left unknown.

use super::CLIENTS;
use super::mail;
use super::wire::{Reply, Wire, numbers};
use std::collections::{BTreeMap, BTreeSet};

/// A message of this client in a mailbox.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Copy {
    pub message: u64,
    pub flags: BTreeSet<String>,
}

/// Where it lies: mailbox and UID.
pub type Place = (String, u32);

/// Something that changes the store.
#[derive(Clone, Debug)]
pub enum Operation {
    /// APPEND of one message or more.
    Append {
        to: String,
        messages: Vec<Copy>,
    },
    /// REPLACE: a message comes in the place of another.
    Replace {
        from: String,
        uid: u32,
        to: String,
        message: Copy,
    },
    Copy {
        from: String,
        uids: Vec<u32>,
        to: String,
    },
    Move {
        from: String,
        uids: Vec<u32>,
        to: String,
    },
    /// STORE, and FETCH that sets \Seen.
    Flags {
        mailbox: String,
        uids: Vec<u32>,
        change: Change,
        flags: BTreeSet<String>,
    },
    Expunge {
        mailbox: String,
        uids: Vec<u32>,
    },
    Create(String),
    Rename(String, String),
    Delete(String),
}

/// How flags are changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Change {
    Add,
    Remove,
    Replace,
    /// By `FETCH BODY[]`.
    Read,
    /// Added where nothing has changed since a MODSEQ that is still to come.
    IfOld,
    /// Added where nothing has changed since a MODSEQ that is long past: not at all.
    IfOlder,
}

/// One client's truth.
#[derive(Default)]
pub struct Ledger {
    pub client: u64,
    pub state: State,
    /// The operation whose answer was cut off.
    pub unknown: Option<Operation>,
    pub acknowledged: u64,
    pub lost: u64,
    pub lost_and_done: u64,
    /// How many messages it has brought.
    pub brought: u64,
}

/// What there is, as far as it belongs to one client.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct State {
    pub copies: BTreeMap<Place, Copy>,
    /// Its own mailboxes that come and go, and the number of the CREATE that made each.
    pub names: BTreeMap<String, u64>,
    /// How many CREATEs there were.
    pub made: u64,
}

/// The mailboxes of a client.
pub fn mailboxes(client: u64) -> [String; 2] {
    [format!("Shared{}", client % 4), format!("Own{client}")]
}

/// The name before those that a client makes and removes.
pub fn prefix(client: u64) -> String {
    format!("Tree{client}-")
}

/// Makes all mailboxes that stay.
pub fn make_mailboxes(wire: &mut Wire) {
    let names: BTreeSet<String> = (0..CLIENTS).flat_map(mailboxes).collect();
    for name in names {
        assert!(wire.command(&format!("CREATE {name}")).expect("it serves").ok);
    }
}

impl Ledger {
    pub fn new(client: u64) -> Self {
        Self { client, ..Self::default() }
    }

    /// The number of its next message.
    pub fn next_message(&mut self) -> u64 {
        self.brought += 1;
        self.brought * CLIENTS + self.client
    }

    /// Takes note of an OK. New copies get the UIDs that the reply names.
    pub fn acknowledge(&mut self, operation: &Operation, reply: &Reply) {
        self.acknowledged += 1;
        let (mut after, new) = self.state.after(operation);
        let uids = match operation {
            Operation::Append { .. } => reply.code("APPENDUID").map(|words| numbers(words[1])),
            Operation::Copy { .. } => reply.code("COPYUID").map(|words| numbers(words[2])),
            // RFC 6851 §4.3, RFC 8508 §3.4: in an untagged OK before the EXPUNGEs.
            Operation::Move { .. } => reply.data_code("COPYUID").map(|words| numbers(&words[2])),
            Operation::Replace { .. } => {
                reply.data_code("APPENDUID").map(|words| numbers(&words[1]))
            }
            _ => Some(Vec::new()),
        };
        let uids = uids.unwrap_or_else(|| panic!("{operation:?}: no UIDs in {}", reply.text));
        assert_eq!(uids.len(), new.len(), "{operation:?}: {}", reply.text);
        for (uid, (mailbox, copy)) in uids.into_iter().zip(new) {
            after.copies.insert((mailbox, uid), copy);
        }
        self.state = after;
    }
}

impl State {
    /// How it is after an operation: what had UIDs before, and the new copies without theirs.
    pub fn after(&self, operation: &Operation) -> (Self, Vec<(String, Copy)>) {
        let mut after = self.clone();
        let mut new = Vec::new();
        match operation {
            Operation::Append { to, messages } => {
                new = messages.iter().map(|copy| (to.clone(), copy.clone())).collect();
            }
            Operation::Replace { from, uid, to, message } => {
                after.remove(from, &[*uid]);
                new.push((to.clone(), message.clone()));
            }
            Operation::Copy { from, uids, to } => new = self.copied(from, uids, to),
            Operation::Move { from, uids, to } => {
                new = self.copied(from, uids, to);
                after.remove(from, uids);
            }
            Operation::Flags { mailbox, uids, change, flags } => {
                for uid in uids {
                    let copy = after.copies.get_mut(&(mailbox.clone(), *uid));
                    change.apply(&mut copy.expect("an own message").flags, flags);
                }
            }
            Operation::Expunge { mailbox, uids } => after.remove(mailbox, uids),
            Operation::Create(name) => {
                after.made += 1;
                after.names.insert(name.clone(), after.made);
            }
            Operation::Rename(from, to) => {
                let made = after.names.remove(from).expect("it is there");
                after.names.insert(to.clone(), made);
            }
            Operation::Delete(name) => {
                after.names.remove(name);
            }
        }
        (after, new)
    }

    fn copied(&self, from: &str, uids: &[u32], to: &str) -> Vec<(String, Copy)> {
        let copy = |uid: &u32| self.copies[&(from.to_owned(), *uid)].clone();
        uids.iter().map(|uid| (to.to_owned(), copy(uid))).collect()
    }

    fn remove(&mut self, mailbox: &str, uids: &[u32]) {
        for uid in uids {
            self.copies.remove(&(mailbox.to_owned(), *uid));
        }
    }
}

impl Change {
    fn apply(self, flags: &mut BTreeSet<String>, given: &BTreeSet<String>) {
        match self {
            Self::Add | Self::Read | Self::IfOld => flags.extend(given.iter().cloned()),
            Self::Remove => flags.retain(|flag| !given.contains(flag)),
            Self::Replace => flags.clone_from(given),
            Self::IfOlder => {}
        }
    }
}

/// Flags as a set.
pub fn flags<'a>(names: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    let known = |name: &&str| mail::FLAGS.contains(name) || *name == "\\Deleted";
    names.into_iter().filter(known).map(str::to_owned).collect()
}
