//! What one client does until the connection is lost.

use super::ledger::{Change, Copy, Ledger, Operation, flags, mailboxes, prefix};
use super::mail;
use super::wire::{Lost, Reply, Wire};
use peregrine_testkit::model::Random;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;

/// One client.
pub struct Load {
    ledger: Ledger,
    wire: Wire,
    random: Random,
    selected: Option<String>,
}

impl Load {
    pub fn new(ledger: Ledger, wire: Wire, random: Random) -> Self {
        Self { ledger, wire, random, selected: None }
    }

    /// Changes the store until the connection is lost or it is enough; tells of each
    /// acknowledgement.
    pub fn run(mut self, acknowledged: &Sender<()>, enough: &AtomicBool) -> Ledger {
        while !enough.load(Ordering::Relaxed) {
            let Some(operation) = self.choose() else { continue };
            if self.select_for(&operation).is_err() {
                return self.ledger;
            }
            match self.perform(&operation) {
                Ok(reply) if reply.ok => self.ledger.acknowledge(&operation, &reply),
                Ok(reply) => panic!("{operation:?}: refused: {}", reply.text),
                Err(Lost) => {
                    self.ledger.lost += 1;
                    self.ledger.unknown = Some(operation);
                    return self.ledger;
                }
            }
            // Nobody listens any more once the kill is on its way.
            let _ = acknowledged.send(());
        }
        self.ledger
    }

    fn choose(&mut self) -> Option<Operation> {
        let [one, other] = mailboxes(self.ledger.client);
        let (from, to) = if self.random.chance(50) { (one, other) } else { (other, one) };
        match self.random.below(100) {
            0..26 => Some(Operation::Append { to, messages: vec![self.new_message()] }),
            26..31 => {
                let count = 2 + self.random.below(4);
                Some(Operation::Append {
                    to,
                    messages: (0..count).map(|_| self.new_message()).collect(),
                })
            }
            31..36 => {
                let uid = self.some(&from)?[0];
                let to = if self.random.chance(50) { from.clone() } else { to };
                Some(Operation::Replace { uid, from, to, message: self.new_message() })
            }
            36..45 => Some(Operation::Copy { uids: self.some(&from)?, from, to }),
            45..55 => Some(Operation::Move { uids: self.some(&from)?, from, to }),
            55..75 => {
                use Change::{Add, IfOld, IfOlder, Remove, Replace};
                let change = *self.random.pick(&[Add, Remove, Replace, IfOld, IfOlder]);
                let (uids, flags) = (self.some(&from)?, self.some_flags());
                Some(Operation::Flags { mailbox: from, uids, change, flags })
            }
            75..80 => {
                let uids = self.some(&from)?[..1].to_vec();
                let flags = flags(["\\Seen"]);
                Some(Operation::Flags { mailbox: from, uids, change: Change::Read, flags })
            }
            80..88 => {
                let (uids, flags) = (self.some(&from)?, flags(["\\Deleted"]));
                Some(Operation::Flags { mailbox: from, uids, change: Change::Add, flags })
            }
            88..96 => {
                let copies = &self.ledger.state.copies;
                let deleted = copies.iter().filter(|((mailbox, _), copy)| {
                    *mailbox == from && copy.flags.contains("\\Deleted")
                });
                let uids: Vec<u32> = deleted.map(|((_, uid), _)| *uid).collect();
                (!uids.is_empty()).then_some(Operation::Expunge { mailbox: from, uids })
            }
            _ => Some(self.choose_name()),
        }
    }

    fn new_message(&mut self) -> Copy {
        Copy { message: self.ledger.next_message(), flags: self.some_flags() }
    }

    /// A change of names.
    fn choose_name(&mut self) -> Operation {
        let name = |random: &mut Random, client| format!("{}{}", prefix(client), random.below(4));
        let one = name(&mut self.random, self.ledger.client);
        let other = name(&mut self.random, self.ledger.client);
        let names = &self.ledger.state.names;
        match (names.contains_key(&one), names.contains_key(&other)) {
            (false, _) => Operation::Create(one),
            (true, false) => Operation::Rename(one, other),
            (true, true) => Operation::Delete(one),
        }
    }

    /// Up to eight of its messages in a mailbox; none if there are none.
    fn some(&mut self, mailbox: &str) -> Option<Vec<u32>> {
        let places = self.ledger.state.copies.keys().filter(|(name, _)| name == mailbox);
        let uids: Vec<u32> = places.map(|(_, uid)| *uid).collect();
        let start = self.random.below(uids.len());
        let count = 1 + self.random.below(8);
        let some: Vec<u32> = uids.into_iter().skip(start).take(count).collect();
        (!some.is_empty()).then_some(some)
    }

    fn some_flags(&mut self) -> BTreeSet<String> {
        let random = &mut self.random;
        flags(mail::FLAGS.into_iter().filter(|_| random.chance(30)))
    }

    /// Selects the mailbox that an operation is about.
    fn select_for(&mut self, operation: &Operation) -> Result<(), Lost> {
        let mailbox = match operation {
            Operation::Copy { from, .. }
            | Operation::Move { from, .. }
            | Operation::Replace { from, .. } => from,
            Operation::Flags { mailbox, .. } | Operation::Expunge { mailbox, .. } => mailbox,
            _ => return Ok(()),
        };
        if self.selected.as_ref() != Some(mailbox) {
            let reply = self.wire.command(&format!("SELECT {mailbox}"))?;
            assert!(reply.ok, "{}", reply.text);
            self.selected = Some(mailbox.clone());
        }
        Ok(())
    }

    fn perform(&mut self, operation: &Operation) -> Result<Reply, Lost> {
        let list = |flags: &BTreeSet<String>| {
            flags.iter().map(String::as_str).collect::<Vec<_>>().join(" ")
        };
        let set = |uids: &[u32]| uids.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
        let literal = |copy: &Copy| {
            let words = format!("({}) {}", list(&copy.flags), mail::date(copy.message));
            (words, mail::message(copy.message))
        };
        let command = match operation {
            Operation::Append { to, messages } => {
                let literals: Vec<_> = messages.iter().map(literal).collect();
                return self.wire.command_with(&format!("APPEND {to}"), &literals);
            }
            Operation::Replace { uid, to, message, .. } => {
                let command = format!("UID REPLACE {uid} {to}");
                return self.wire.command_with(&command, &[literal(message)]);
            }
            Operation::Copy { uids, to, .. } => format!("UID COPY {} {to}", set(uids)),
            Operation::Move { uids, to, .. } => format!("UID MOVE {} {to}", set(uids)),
            Operation::Flags { uids, change: Change::Read, .. } => {
                format!("UID FETCH {} BODY[]", set(uids))
            }
            Operation::Flags { uids, change, flags, .. } => {
                let action = match change {
                    Change::Add => "+FLAGS",
                    Change::Remove => "-FLAGS",
                    Change::IfOld => "(UNCHANGEDSINCE 4611686018427387904) +FLAGS",
                    Change::IfOlder => "(UNCHANGEDSINCE 1) +FLAGS",
                    Change::Read | Change::Replace => "FLAGS",
                };
                format!("UID STORE {} {action} ({})", set(uids), list(flags))
            }
            Operation::Expunge { uids, .. } => format!("UID EXPUNGE {}", set(uids)),
            Operation::Create(name) => format!("CREATE {name}"),
            Operation::Rename(from, to) => format!("RENAME {from} {to}"),
            Operation::Delete(name) => format!("DELETE {name}"),
        };
        self.wire.command(&command)
    }
}
