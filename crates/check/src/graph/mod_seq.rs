//! What MODSEQs say (RFC 7162): of two states of a message, the one with the lower MODSEQ was first.

use super::build::Builder;
use super::{Kind, Reason};
use crate::command::{Command, Form, Key};
use crate::dialogue::{self, Dialogue, EntryId, Told, plain};
use crate::finding::{Finding, Rule};
use peregrine_proto::response::{Code, NumberList, SearchDatum};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

/// A mailbox: its name and UIDVALIDITY.
type Mailbox<'a> = (&'a str, Option<u32>);

/// A message.
type Message<'a> = (Mailbox<'a>, u32);

/// What depends on the MODSEQ of a message: it shows that this was below a limit, or not.
struct Shown<'a> {
    thing: usize,
    message: Message<'a>,
    limit: u64,
    below: bool,
}

/// A message had this MODSEQ.
struct Telling<'a> {
    message: Message<'a>,
    mod_seq: u64,
    flags: Option<u16>,
    connection: usize,
    place: usize,
}

/// A message cannot have different flags with one MODSEQ.
pub(crate) fn disagreements(dialogues: &[Dialogue]) -> Vec<Finding> {
    let mut known: HashMap<(Message<'_>, u64), (u16, u64)> = HashMap::new();
    let mut findings = Vec::new();
    for telling in tellings(dialogues) {
        let Some(flags) = telling.flags else { continue };
        let at = dialogues[telling.connection].observations[telling.place].at;
        let (before, first) =
            *known.entry((telling.message, telling.mod_seq)).or_insert((flags, at));
        if before != flags {
            let ((name, _), uid) = (telling.message.0, telling.message.1);
            let (one, other) = (crate::flags::names(before), crate::flags::names(flags));
            let text = format!(
                "UID {uid} of {name} has MODSEQ {} with the flags ({one}) and with ({other})",
                telling.mod_seq
            );
            findings.push(Finding { rule: Rule::ModSeq, text, events: vec![first, at] });
        }
    }
    findings
}

fn mailbox(dialogue: &Dialogue, selection: usize) -> Mailbox<'_> {
    let selection = &dialogue.selections[selection];
    (&selection.name, dialogue.asked[selection.by].data.validity)
}

fn tellings(dialogues: &[Dialogue]) -> Vec<Telling<'_>> {
    let mut tellings = Vec::new();
    for (connection, dialogue) in dialogues.iter().enumerate() {
        for (place, told) in dialogue.observations.iter().enumerate() {
            let Told::Message(dialogue::Message { entry, flags, mod_seq: Some(mod_seq), .. }) =
                &told.kind
            else {
                continue;
            };
            let Some(uid) = dialogue.entries[*entry].uid else { continue };
            let message = (mailbox(dialogue, told.selection), uid);
            let (mod_seq, flags) = (*mod_seq, *flags);
            tellings.push(Telling { message, mod_seq, flags, connection, place });
        }
    }
    tellings
}

impl<'a> Builder<'a> {
    pub(super) fn order_by_mod_seq(&mut self) {
        let dialogues = self.dialogues;
        let mut states: HashMap<Message<'a>, BTreeMap<u64, Vec<usize>>> = HashMap::new();
        for telling in tellings(dialogues) {
            let thing = self.told[telling.connection][telling.place];
            let of_message = states.entry(telling.message).or_default();
            of_message.entry(telling.mod_seq).or_default().push(thing);
        }
        for of_message in states.values() {
            for (earlier, later) in of_message.values().zip(of_message.values().skip(1)) {
                for (earlier, later) in
                    earlier.iter().flat_map(|a| later.iter().map(move |b| (a, b)))
                {
                    self.put(*earlier, *later, Reason::ModSeqs);
                }
            }
        }
        let lasting = lasting(dialogues);
        let mut shown = self.shown();
        shown.retain(|it| lasting.contains(&it.message));
        for Shown { thing, message, limit, below } in shown {
            let Some(of_message) = states.get(&message) else { continue };
            for (mod_seq, tellings) in of_message {
                for told in tellings {
                    match below {
                        true if *mod_seq >= limit => self.put(thing, *told, Reason::ModSeqs),
                        false if *mod_seq < limit => self.put(*told, thing, Reason::ModSeqs),
                        _ => {}
                    }
                }
            }
        }
        self.order_selects(&states);
    }

    /// No message has a greater MODSEQ than the HIGHESTMODSEQ that SELECT tells.
    fn order_selects(&mut self, states: &HashMap<Message<'a>, BTreeMap<u64, Vec<usize>>>) {
        for (connection, dialogue) in self.dialogues.iter().enumerate() {
            for selection in 0..dialogue.selections.len() {
                let by = dialogue.selections[selection].by;
                let Some(highest) = dialogue.asked[by].data.highest else { continue };
                let mailbox = mailbox(dialogue, selection);
                let select = self.commands[connection][by];
                let of_mailbox = states.iter().filter(|((it, _), _)| *it == mailbox);
                let later = of_mailbox.flat_map(|(_, states)| states.range(highest + 1..));
                let later: Vec<usize> = later.flat_map(|(_, things)| things).copied().collect();
                later.into_iter().for_each(|told| self.put(select, told, Reason::ModSeqs));
            }
        }
    }

    /// What the answers to UNCHANGEDSINCE, CHANGEDSINCE and SEARCH MODSEQ show, of messages that the
    /// client knows.
    fn shown(&self) -> Vec<Shown<'a>> {
        let mut shown = Vec::new();
        for (connection, dialogue) in self.dialogues.iter().enumerate() {
            for (place, asked) in dialogue.asked.iter().enumerate() {
                let Some(selection) = asked.selection.filter(|_| asked.is_ok()) else { continue };
                let thing = self.commands[connection][place];
                let Kind::Command(ready) = &self.things[thing].kind else { continue };
                let Some(known) = known(dialogue, &ready.views) else { continue };
                let named = self.uids[connection][place].as_ref();
                let named = |uid: &u32| named.is_some_and(|named| named.contains(uid));
                let by_number = |number: &u32| known.get(*number as usize - 1).copied();
                let (limit, above, all): (u64, BTreeSet<u32>, Vec<u32>) = match &asked.command {
                    Command::Fetch { since: Some(since), .. } => {
                        let told = ready.told.iter().filter_map(|told| {
                            newer(dialogue, &dialogue.observations[*told].kind, *since)
                        });
                        (since + 1, told.collect(), known.iter().copied().filter(named).collect())
                    }
                    Command::Store { set, unchanged: Some(than), .. } => {
                        let Some(modified) = (match asked.code() {
                            Some(Code::Modified(modified)) => Some(plain(modified)),
                            _ => Some(Vec::new()),
                        }) else {
                            continue;
                        };
                        let modified: BTreeSet<u32> = match set.uid {
                            true => modified.into_iter().collect(),
                            false => modified.iter().filter_map(by_number).collect(),
                        };
                        (than + 1, modified, known.iter().copied().filter(named).collect())
                    }
                    Command::Search { uid, key: Key::ModSeq(from), form } => {
                        let found: Vec<u32> = match form {
                            Form::Return(_) => all_of(asked),
                            _ => asked.data.search.concat(),
                        };
                        let found = match uid {
                            true => found.into_iter().collect(),
                            false => found.iter().filter_map(by_number).collect(),
                        };
                        (*from, found, known.clone())
                    }
                    _ => continue,
                };
                let mailbox = mailbox(dialogue, selection);
                shown.extend(all.into_iter().map(|uid| {
                    let below = !above.contains(&uid);
                    Shown { thing, message: (mailbox, uid), limit, below }
                }));
            }
        }
        shown
    }
}

/// The UIDs of a command's view, where it has only one and the client knows them all.
fn known(dialogue: &Dialogue, views: &[Rc<[EntryId]>]) -> Option<Vec<u32>> {
    let [view] = views else { return None };
    view.iter().map(|entry| dialogue.entries[*entry].uid).collect()
}

/// The message, where it was told with a greater MODSEQ.
fn newer(dialogue: &Dialogue, told: &Told, since: u64) -> Option<u32> {
    match told {
        Told::Message(dialogue::Message { entry, mod_seq: Some(mod_seq), .. })
            if *mod_seq > since =>
        {
            dialogue.entries[*entry].uid
        }
        _ => None,
    }
}

fn all_of(asked: &crate::dialogue::Asked) -> Vec<u32> {
    let items = asked.data.extended.iter().flat_map(|told| &told.items);
    let lists = items.filter_map(|item| match item {
        SearchDatum::All(numbers) => Some(numbers),
        _ => None,
    });
    lists.flat_map(NumberList::iter).take(crate::dialogue::MOST).collect()
}

/// The messages that are there in the end, as the last connection sees them.
fn lasting(dialogues: &[Dialogue]) -> BTreeSet<Message<'_>> {
    let Some(last) = dialogues.last() else { return BTreeSet::new() };
    let mut lasting = BTreeSet::new();
    for (place, selection) in last.selections.iter().enumerate() {
        let view = selection.views.last().map_or(&[][..], |(_, view)| view);
        let uids = view.iter().filter_map(|entry| last.entries[*entry].uid);
        lasting.extend(uids.map(|uid| (mailbox(last, place), uid)));
    }
    lasting
}
