//! What the server has after a restart, and whether the ledgers explain it.

use super::ledger::{Copy, Ledger, Place, State, flags, mailboxes, prefix};
use super::wire::{Wire, numbers};
use super::{CLIENTS, mail};
use rustls::ClientConfig;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// Everything that the server has, and what it once showed.
#[derive(Default)]
pub struct Truth {
    copies: BTreeMap<Place, Copy>,
    /// The names that come and go, with their UIDVALIDITY.
    names: BTreeMap<String, u32>,
    /// What a mailbox, UIDVALIDITY and UID were ever bound to.
    bound: HashMap<(String, u32, u32), u64>,
    /// UIDVALIDITY and UIDNEXT of each mailbox that stays, as they were seen last.
    heads: BTreeMap<String, (u32, u32)>,
    /// By name: the CREATE that made what had it last, and its UIDVALIDITY.
    validities: HashMap<String, (u64, u32)>,
}

impl Truth {
    pub fn messages(&self) -> usize {
        self.copies.len()
    }

    /// Reads all from the server.
    pub fn read(&mut self, port: u16, tls: &Arc<ClientConfig>, context: &str) {
        let mut wire = Wire::log_in(port, tls).expect("it serves");
        self.copies.clear();
        let stay: BTreeSet<String> = (0..CLIENTS).flat_map(mailboxes).collect();
        for mailbox in &stay {
            self.read_mailbox(&mut wire, mailbox, context);
        }
        self.names.clear();
        let list = wire.command("LIST \"\" \"Tree*\"").expect("it serves");
        for line in &list.data {
            let line = String::from_utf8_lossy(line).trim_end().to_owned();
            let name = line.rsplit(' ').next().expect("a name").to_owned();
            let validity = status(&mut wire, &name, "UIDVALIDITY")[0];
            self.names.insert(name, validity);
        }
    }

    fn read_mailbox(&mut self, wire: &mut Wire, mailbox: &str, context: &str) {
        let head = status(wire, mailbox, "UIDVALIDITY UIDNEXT MESSAGES UNSEEN");
        let &[validity, next, messages, unseen] = head.as_slice() else { panic!("{head:?}") };
        let selected = wire.command(&format!("EXAMINE {mailbox}")).expect("it serves");
        assert!(selected.ok, "{context}: {}", selected.text);
        let items = "UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[]";
        let reply = wire.command(&format!("UID FETCH 1:* ({items})")).expect("it serves");
        assert!(reply.ok, "{context}: {}", reply.text);
        let (mut count, mut without_seen, mut anchors) = (0, 0, Vec::new());
        for response in reply.data.iter().filter(|data| data.ends_with(b")\r\n")) {
            let (uid, copy) = fetched(response, context);
            // V7: a UID means one message for ever.
            let bound = self.bound.entry((mailbox.to_owned(), validity, uid));
            let bound = *bound.or_insert(copy.message);
            assert_eq!(bound, copy.message, "{context}: {mailbox} {uid} meant another message");
            assert!(uid < next, "{context}: {mailbox} has {uid}, UIDNEXT is {next}");
            count += 1;
            without_seen += u32::from(!copy.flags.contains("\\Seen"));
            if mail::subject(copy.message) == "anchor" {
                anchors.push(uid);
            }
            self.copies.insert((mailbox.to_owned(), uid), copy);
        }
        // V12
        assert_eq!((count, without_seen), (messages, unseen), "{context}: STATUS of {mailbox}");
        // V8, V9
        let (old_validity, old_next) = self.heads.get(mailbox).copied().unwrap_or((validity, 1));
        assert_eq!(validity, old_validity, "{context}: UIDVALIDITY of {mailbox}");
        assert!(next >= old_next, "{context}: UIDNEXT of {mailbox} fell to {next}");
        self.heads.insert(mailbox.to_owned(), (validity, next));
        // V16
        let found = wire.command("UID SEARCH SUBJECT anchor").expect("it serves");
        let line = String::from_utf8_lossy(&found.data[0]).trim_end().to_owned();
        let words = line.strip_prefix("* SEARCH").expect("SEARCH").split_ascii_whitespace();
        let found: Vec<u32> = words.flat_map(numbers).collect();
        assert_eq!(found, anchors, "{context}: SEARCH in {mailbox}");
    }

    /// Holds the truth against a ledger, which then takes it over.
    pub fn judge(&mut self, ledger: &mut Ledger, context: &str) {
        let client = ledger.client;
        let belongs = |copy: &Copy| copy.message % CLIENTS == client;
        let copies = self.copies.iter().filter(|(_, copy)| belongs(copy));
        let copies: BTreeMap<Place, Copy> = copies.map(|(p, c)| (p.clone(), c.clone())).collect();
        let names = self.names.keys().filter(|name| name.starts_with(&prefix(client)));
        let names: BTreeSet<String> = names.cloned().collect();
        self.judge_uids(ledger, context);
        let before = fits(&ledger.state, Vec::new(), &copies, &names);
        let unknown = ledger.unknown.take();
        match (before, unknown) {
            (Ok(()), _) => {}
            (Err(reason), None) => panic!("{context}, client {client}: {reason}"),
            (Err(reason), Some(operation)) => {
                let (after, new) = ledger.state.after(&operation);
                if let Err(other) = fits(&after, new, &copies, &names) {
                    panic!(
                        "{context}, client {client}: {operation:?} is neither undone ({reason}) \
                         nor done ({other})"
                    );
                }
                ledger.lost_and_done += 1;
                ledger.state = after;
            }
        }
        ledger.state.copies = copies;
        self.judge_validities(ledger, context);
    }

    /// V7, V8: what was acknowledged with a UID was bound to it, and UIDNEXT lies above.
    fn judge_uids(&mut self, ledger: &Ledger, context: &str) {
        for ((mailbox, uid), copy) in &ledger.state.copies {
            let (validity, next) = self.heads[mailbox];
            assert!(*uid < next, "{context}: {mailbox} gave {uid}, UIDNEXT is {next}");
            let bound = self.bound.entry((mailbox.clone(), validity, *uid));
            let bound = *bound.or_insert(copy.message);
            assert_eq!(bound, copy.message, "{context}: {mailbox} {uid} means another message");
        }
    }

    /// V9: another mailbox of a name has another UIDVALIDITY, and the same keeps the one it had.
    fn judge_validities(&mut self, ledger: &Ledger, context: &str) {
        for (name, made) in &ledger.state.names {
            let validity = self.names[name];
            match self.validities.insert(name.clone(), (*made, validity)) {
                Some((before, old)) if before == *made => assert_eq!(validity, old, "{context}"),
                // It need not be greater: a rename brings the one of its old name along.
                Some((_, old)) => assert_ne!(validity, old, "{context}: {name} was made again"),
                None => {}
            }
        }
    }

    /// V14: after another restart all is as it was.
    pub fn is_still(&mut self, port: u16, tls: &Arc<ClientConfig>, context: &str) {
        let (copies, names) = (self.copies.clone(), self.names.clone());
        self.read(port, tls, context);
        assert!(copies == self.copies, "{context}: another restart changed messages");
        assert_eq!(names, self.names, "{context}: another restart changed names");
    }
}

/// Whether a state and new copies without known UIDs are what is there.
fn fits(
    state: &State,
    mut new: Vec<(String, Copy)>,
    copies: &BTreeMap<Place, Copy>,
    names: &BTreeSet<String>,
) -> Result<(), String> {
    for (place, copy) in &state.copies {
        match copies.get(place) {
            Some(there) if there == copy => {}
            there => return Err(format!("{place:?} should be {copy:?}, and is {there:?}")),
        }
    }
    let more = copies.iter().filter(|(place, _)| !state.copies.contains_key(*place));
    let mut more: Vec<_> =
        more.map(|((mailbox, _), copy)| (mailbox.clone(), copy.clone())).collect();
    more.sort();
    new.sort();
    if more != new {
        return Err(format!("beside what had UIDs, {new:?} should be there, and is {more:?}"));
    }
    if !state.names.keys().eq(names) {
        return Err(format!("names should be {:?}, and are {names:?}", state.names));
    }
    Ok(())
}

/// A FETCH response as a copy; its octets, date and size are compared with what was sent.
fn fetched(response: &[u8], context: &str) -> (u32, Copy) {
    let at = find(response, b"BODY[] {").expect("a body");
    let head = String::from_utf8_lossy(&response[..at]);
    let start = at + find(&response[at..], b"\r\n").expect("a literal") + 2;
    let body = &response[start..response.len() - 3];
    let between = |from: &str, to: &str| {
        let (_, rest) = head.split_once(from).unwrap_or_else(|| panic!("no {from} in {head}"));
        rest.split_once(to).expect("its end").0.to_owned()
    };
    let number = mail::number(body).unwrap_or_else(|| panic!("{context}: not of ours: {head}"));
    assert!(body == mail::message(number), "{context}: the octets of {head}");
    assert_eq!(between("RFC822.SIZE ", " "), body.len().to_string(), "{context}: {head}");
    let date = format!("\"{}\"", between("INTERNALDATE \"", "\""));
    assert_eq!(date, mail::date(number), "{context}: {head}");
    let flags = flags(between("FLAGS (", ")").split(' '));
    (between("UID ", " ").parse().expect("a UID"), Copy { message: number, flags })
}

fn find(octets: &[u8], what: &[u8]) -> Option<usize> {
    octets.windows(what.len()).position(|window| window == what)
}

/// The numbers of a STATUS response, in the order in which they were asked for.
fn status(wire: &mut Wire, mailbox: &str, items: &str) -> Vec<u32> {
    let reply = wire.command(&format!("STATUS {mailbox} ({items})")).expect("it serves");
    assert!(reply.ok, "{}", reply.text);
    let line = String::from_utf8_lossy(&reply.data[0]).into_owned();
    let words: Vec<&str> = line.split(['(', ')', ' ']).collect();
    let value = |item: &str| words.iter().position(|word| *word == item).map(|at| words[at + 1]);
    items.split(' ').map(|item| value(item).expect(item).parse().expect("a number")).collect()
}
