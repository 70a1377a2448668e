//! Collects the things of a history and their order.

use super::footprint::{Footprint, Names};
use super::known::{is_gone_at_last, known_flags, named, only_reads, tells, tells_flags};
use super::{Graph, Kind, Ready, Reason, Thing};
use crate::bits::Bits;
use crate::command::{Command, What};
use crate::dialogue::{Asked, Dialogue, EntryId, Message, Observation, Renames, Told};
use crate::history::History;
use crate::order::{Placed, SETTLED, must_precede};
use peregrine_proto::response::Code;
use std::collections::HashMap;

pub(super) struct Builder<'a> {
    history: &'a History,
    pub(super) dialogues: &'a [Dialogue],
    renames: &'a Renames,
    in_order: bool,
    pub(super) things: Vec<Thing>,
    reasons: Vec<Vec<(usize, Reason)>>,
    /// Things by connection: commands, observations.
    pub(super) commands: Vec<Vec<usize>>,
    pub(super) told: Vec<Vec<usize>>,
    /// UIDs that each command names.
    pub(super) uids: Vec<Vec<Option<Vec<u32>>>>,
    overtakings: Vec<(usize, usize, &'static str)>,
}

impl<'a> Builder<'a> {
    pub fn new(
        history: &'a History,
        dialogues: &'a [Dialogue],
        renames: &'a Renames,
        in_order: bool,
    ) -> Self {
        let (things, reasons) = (Vec::new(), Vec::new());
        let (commands, told, uids) = (Vec::new(), Vec::new(), Vec::new());
        let overtakings = Vec::new();
        Self {
            history,
            dialogues,
            renames,
            in_order,
            things,
            reasons,
            commands,
            told,
            uids,
            overtakings,
        }
    }

    pub fn build(mut self) -> Graph {
        for connection in 0..self.dialogues.len() {
            self.add_commands(connection);
            self.add_told(connection);
        }
        for connection in 0..self.dialogues.len() {
            self.order_told(connection);
            self.add_settled(connection);
        }
        self.order_by_time();
        self.order_by_uid();
        self.order_by_mod_seq();
        self.close()
    }

    fn push(&mut self, connection: usize, kind: Kind, at: u64, only_reads: bool) -> usize {
        self.things.push(Thing { connection, kind, at, only_reads });
        self.reasons.push(Vec::new());
        self.things.len() - 1
    }

    pub(super) fn put(&mut self, before: usize, after: usize, reason: Reason) {
        debug_assert_ne!(before, after);
        self.reasons[after].push((before, reason));
    }

    fn add_commands(&mut self, connection: usize) {
        let dialogue = &self.dialogues[connection];
        let count = dialogue.asked.len();
        let uids: Vec<_> = (0..count).map(|place| named(dialogue, place)).collect();
        let mut things = Vec::with_capacity(count);
        for place in 0..count {
            let (start, reasons) = self.start(connection, place, &uids);
            let asked = &dialogue.asked[place];
            let end = asked.reply.as_ref().map_or(usize::MAX, |reply| reply.index);
            let selection = asked.selection.map(|selection| &dialogue.selections[selection]);
            let views = selection.map_or(Vec::new(), |selection| selection.views(start, end));
            let told = dialogue.observations.iter().enumerate().filter(|(_, told)| {
                (start..end).contains(&told.index) && Some(told.selection) == asked.selection
            });
            let told = told.map(|(place, _)| place).collect();
            let at = asked.reply.as_ref().map_or(u64::MAX, |reply| reply.at);
            let kind = Kind::Command(Ready { place, views, told });
            let still = only_reads(&asked.command) && !asked.command.saves();
            let thing = self.push(connection, kind, at, still);
            for (earlier, why) in reasons {
                self.put(things[earlier], thing, Reason::Sent(why));
                // What only looks may have looked at once, and answer later.
                let changes = why != SETTLED && !only_reads(&dialogue.asked[earlier].command);
                let replied = dialogue.asked[earlier].reply.as_ref().filter(|_| changes);
                if replied.zip(asked.reply.as_ref()).is_some_and(|(one, two)| one.index > two.index)
                {
                    self.overtakings.push((things[earlier], thing, why));
                }
            }
            things.push(thing);
        }
        self.commands.push(things);
        self.uids.push(uids);
    }

    /// The response from which on a command can have been at work: it waits for those that it
    /// depends on. And these.
    fn start(
        &self,
        connection: usize,
        place: usize,
        uids: &[Option<Vec<u32>>],
    ) -> (usize, Vec<(usize, &'static str)>) {
        let dialogue = &self.dialogues[connection];
        // By the names that mailboxes have when the later command is at work.
        let mut known: Vec<(Option<usize>, Option<String>)> = Vec::new();
        for selection in dialogue.asked[..=place].iter().map(|asked| asked.selection) {
            if known.iter().all(|(one, _)| *one != selection) {
                known.push((selection, self.name_of(connection, selection, place)));
            }
        }
        let placed = |place: usize| {
            let asked: &Asked = &dialogue.asked[place];
            let name = known.iter().find(|(one, _)| *one == asked.selection);
            let name = name.and_then(|(_, name)| name.as_deref());
            let selection = asked.selection.map(|selection| &dialogue.selections[selection]);
            Placed {
                command: &asked.command,
                selected: name,
                removes: asked.removes,
                read_only: selection.is_some_and(|selection| selection.read_only),
                uids: uids[place].clone(),
            }
        };
        // What UIDONLY refuses is not done, wherever it stands (RFC 9586 §3).
        let refused = |asked: &Asked| asked.code() == Some(&Code::UidRequired);
        let later = placed(place);
        let asked = &dialogue.asked[place];
        let mut start = asked.sent_at;
        let mut reasons = Vec::new();
        for earlier in 0..place {
            if refused(&dialogue.asked[earlier]) || refused(asked) {
                continue;
            }
            let Some(why) = must_precede(&placed(earlier), &later) else { continue };
            reasons.push((earlier, why));
            let replied = |asked: &Asked| asked.reply.as_ref().map(|reply| reply.index);
            let earlier = &dialogue.asked[earlier];
            // What only looks may have looked at once, and answer later.
            if !self.in_order || why == SETTLED || only_reads(&earlier.command) {
                continue;
            }
            if let Some(index) = replied(earlier).filter(|index| Some(*index) < replied(asked)) {
                start = start.max(index);
            }
        }
        (start, reasons)
    }

    /// What the mailbox of a selection is called while a command is at work, where that is known.
    fn name_of(&self, connection: usize, selection: Option<usize>, place: usize) -> Option<String> {
        let dialogue = &self.dialogues[connection];
        let mut names = dialogue.names(connection, selection?, place, self.renames);
        if names.len() == 1 { names.pop() } else { None }
    }

    fn add_told(&mut self, connection: usize) {
        let dialogue = &self.dialogues[connection];
        let mut things = Vec::with_capacity(dialogue.observations.len());
        for (place, told) in dialogue.observations.iter().enumerate() {
            // Where UIDs are known, the same messages are meant whenever it fits.
            let known = |entry: &EntryId| dialogue.entries[*entry].uid.is_some();
            let only_reads = match &told.kind {
                Told::More(new) => new.iter().all(known),
                _ => true,
            };
            things.push(self.push(connection, Kind::Told(place), told.at, only_reads));
        }
        self.told.push(things);
    }

    /// The order of what was told within one connection.
    fn order_told(&mut self, connection: usize) {
        let dialogue = &self.dialogues[connection];
        let things = self.told[connection].clone();
        // By selection: the last change of the view. By entry: where it was told of first, and
        // the last flags, with those before that may be older.
        let mut views: HashMap<usize, usize> = HashMap::new();
        let mut born: HashMap<EntryId, usize> = HashMap::new();
        let mut last: HashMap<EntryId, Vec<(usize, usize)>> = HashMap::new();
        for (place, told) in dialogue.observations.iter().enumerate() {
            let thing = things[place];
            let select = self.commands[connection][dialogue.selections[told.selection].by];
            self.put(select, thing, Reason::Told);
            match &told.kind {
                Told::More(new) => {
                    if let Some(before) = views.insert(told.selection, thing) {
                        self.put(before, thing, Reason::Told);
                    }
                    born.extend(new.iter().map(|entry| (*entry, thing)));
                }
                Told::Deleted => {}
                Told::Gone(entry) => {
                    if let Some(before) = born.get(entry) {
                        self.put(*before, thing, Reason::Told);
                    }
                }
                Told::Message(Message { entry, flags, .. }) => {
                    if let Some(before) = born.get(entry) {
                        self.put(*before, thing, Reason::Told);
                    }
                    if flags.is_some() {
                        self.order_flags(connection, place, *entry, &mut last);
                    }
                }
            }
        }
    }

    /// Flags of a message that are told may not be older than those that were told before; but
    /// while a FETCH or STORE that is in progress tells them again later, or EXPUNGE comes before
    /// it can, they may be.
    fn order_flags(
        &mut self,
        connection: usize,
        place: usize,
        entry: EntryId,
        last: &mut HashMap<EntryId, Vec<(usize, usize)>>,
    ) {
        let dialogue = &self.dialogues[connection];
        let index = dialogue.observations[place].index;
        let thing = self.told[connection][place];
        let later = &dialogue.observations[place + 1..];
        let again = later.iter().find(|told| tells(told, entry));
        let ends = |told: &&Observation| {
            tells(told, entry) || matches!(told.kind, Told::Gone(gone) if gone == entry)
        };
        let later = later.iter().find(ends);
        let gone_at_last = is_gone_at_last(self.dialogues, connection, entry);
        let pending = |command: &usize| {
            let end = dialogue.asked[*command].reply.as_ref().map_or(usize::MAX, |it| it.index);
            dialogue.is_pending(*command, index)
                && tells_flags(&dialogue.asked[*command].command)
                // Its EXPUNGE has to wait while a FETCH by number is answered (RFC 3501 §7.4.1), or
                // is never told where the mailbox is left.
                && later.map_or(gone_at_last, |it| {
                    it.index < end || matches!(it.kind, Told::Gone(_))
                })
        };
        let oldest = (0..dialogue.asked.len()).find(pending);
        let from = oldest.map_or(index, |oldest| dialogue.asked[oldest].sent_at);
        // None may be older than what was told before; but for those that are told again, only
        // than what was told before that command was sent.
        let before = last.entry(entry).or_default();
        let older = before.iter().filter(|(told, _)| *told < from);
        let older: Vec<usize> = older.map(|(_, thing)| *thing).collect();
        if oldest.is_none() {
            before.clear();
        }
        before.push((index, thing));
        older.into_iter().for_each(|older| self.put(older, thing, Reason::Told));
        let again = again.map(|again| again.index);
        self.order_behind_stores(connection, place, entry, (from, again));
    }

    /// Flags that are told behind a change of them are not older than it. `from` is what they may be
    /// as old as, and `again` where they are told the next time.
    fn order_behind_stores(
        &mut self,
        connection: usize,
        place: usize,
        entry: EntryId,
        (from, again): (usize, Option<usize>),
    ) {
        let dialogue = &self.dialogues[connection];
        let index = dialogue.observations[place].index;
        let thing = self.told[connection][place];
        let gone = dialogue.is_expunged(entry);
        for store in 0..dialogue.asked.len() {
            let asked = &dialogue.asked[store];
            let Some(reply) = asked.reply.as_ref().filter(|_| asked.is_ok()) else { continue };
            let silent = match asked.command {
                Command::Store { silent, unchanged, .. } => silent || unchanged.is_some(),
                Command::Fetch { what: What::BodyAndFlags, .. } => false,
                _ => continue,
            };
            let named =
                |uid: u32| self.uids[connection][store].as_ref().map(|it| it.contains(&uid));
            let here = asked.selection == Some(dialogue.entries[entry].selection);
            if !here || dialogue.entries[entry].uid.and_then(named) != Some(true) {
                continue;
            }
            // What is told behind the reply, and what is told last before it: unless the message
            // was expunged, for of such a one the STORE may have told nothing.
            let is_last = again.is_none_or(|again| again > reply.index);
            let of_store = !silent && is_last && !gone && self.answers(connection, store, place);
            if reply.index < from || (reply.index > index && of_store) {
                self.put(self.commands[connection][store], thing, Reason::Told);
            }
        }
    }

    /// Whether a command was at work when this was told.
    fn answers(&self, connection: usize, command: usize, told: usize) -> bool {
        let thing = self.commands[connection][command];
        matches!(&self.things[thing].kind, Kind::Command(ready) if ready.told.contains(&told))
    }

    /// At the end each client has asked for what is new, and nothing else was in progress.
    fn add_settled(&mut self, connection: usize) {
        let dialogue = &self.dialogues[connection];
        let Some(last) = dialogue.asked.last() else { return };
        let Some(reply) = last.reply.as_ref().filter(|_| last.command == Command::Noop) else {
            return;
        };
        let busy = |asked: &Asked| {
            let end = asked.reply.as_ref().map_or(u64::MAX, |reply| reply.at);
            asked.begun < reply.at && end > last.begun && asked.command != Command::Noop
        };
        let Some(selection) = last.selection else { return };
        if self.dialogues.iter().flat_map(|one| &one.asked).any(busy) {
            return;
        }
        let view = dialogue.selections[selection].view(reply.index);
        let known = view
            .iter()
            .map(|entry| (*entry, known_flags(dialogue, *entry, &self.uids[connection])));
        let kind = Kind::Settled(selection, known.collect());
        let thing = self.push(connection, kind, reply.at, true);
        for other in 0..thing {
            let of_this = self.things[other].connection == connection;
            let begun = self.begun(other).is_some_and(|begun| begun < reply.at);
            if of_this || begun {
                self.put(other, thing, Reason::Time);
            }
        }
    }

    fn begun(&self, thing: usize) -> Option<u64> {
        let Thing { connection, kind: Kind::Command(ready), .. } = &self.things[thing] else {
            return None;
        };
        Some(self.history.connections[*connection].commands[ready.place].begun)
    }

    fn order_by_time(&mut self) {
        for later in 0..self.things.len() {
            let Some(begun) = self.begun(later) else { continue };
            let connection = self.things[later].connection;
            let Kind::Command(ready) = &self.things[later].kind else { continue };
            let looks = self.dialogues[connection].asked[ready.place].command.looks();
            for earlier in 0..self.things.len() {
                let thing = &self.things[earlier];
                // What others changed may be told later (RFC 3501 §5.2).
                let unseen = looks && thing.connection != connection;
                let settled = matches!(thing.kind, Kind::Settled(..));
                if thing.at < begun && !unseen && !settled {
                    self.put(earlier, later, Reason::Time);
                }
            }
        }
    }

    /// UIDs of one mailbox are given in ascending order.
    fn order_by_uid(&mut self) {
        let mut given: HashMap<(&str, u32), Vec<(u32, usize)>> = HashMap::new();
        for (connection, dialogue) in self.dialogues.iter().enumerate() {
            for (place, asked) in dialogue.asked.iter().enumerate() {
                let (name, code) = match &asked.command {
                    Command::Append { mailbox, .. } => (mailbox, asked.code()),
                    Command::Copy { to, .. } => (to, asked.code()),
                    Command::Move { to, .. } | Command::Replace { mailbox: to, .. } => {
                        (to, asked.data.copied.as_ref().or(asked.code()))
                    }
                    _ => continue,
                };
                let first = match code {
                    Some(Code::AppendUid { uid_validity, uids }) => {
                        uids.iter().next().map(|uid| (uid_validity, uid))
                    }
                    Some(Code::CopyUid { uid_validity, target, .. }) => {
                        target.resolve(None).iter().next().map(|uid| (uid_validity, uid))
                    }
                    _ => None,
                };
                if let Some((validity, uid)) = first {
                    let thing = self.commands[connection][place];
                    given.entry((name, validity.0.get())).or_default().push((uid.0.get(), thing));
                }
            }
        }
        for mut given in given.into_values() {
            given.sort_unstable();
            for pair in given.windows(2) {
                self.put(pair[0].1, pair[1].1, Reason::Uids);
            }
        }
    }

    fn close(self) -> Graph {
        let count = self.things.len();
        let mut before = vec![Bits::new(count); count];
        for (thing, reasons) in self.reasons.iter().enumerate() {
            reasons.iter().for_each(|(earlier, _)| before[thing].add(*earlier));
        }
        // Until nothing is added: a few rounds, since most things are in the order of time.
        loop {
            let mut grown = false;
            for thing in 0..count {
                let mut all = before[thing].clone();
                for earlier in before[thing].iter() {
                    all.add_all(&before[earlier]);
                }
                grown |= all != before[thing];
                before[thing] = all;
            }
            if !grown {
                break;
            }
        }
        let mut after = vec![Bits::new(count); count];
        for (thing, earlier) in before.iter().enumerate() {
            earlier.iter().for_each(|earlier| after[earlier].add(thing));
        }
        let (changers, rivals) = self.rivals();
        let (things, reasons, overtakings) = (self.things, self.reasons, self.overtakings);
        Graph { things, reasons, before, after, changers, rivals, overtakings }
    }

    fn rivals(&self) -> (Vec<Bits>, Vec<Bits>) {
        let names = Names::new(self.dialogues);
        let footprints: Vec<Footprint> = self
            .things
            .iter()
            .map(|thing| {
                let uids = match &thing.kind {
                    Kind::Command(ready) => self.uids[thing.connection][ready.place].clone(),
                    _ => None,
                };
                Footprint::of(thing, self.dialogues, &names, uids)
            })
            .collect();
        let count = self.things.len();
        let mut changers = vec![Bits::new(count); count];
        let mut rivals = vec![Bits::new(count); count];
        for one in 0..count {
            for other in 0..count {
                if one != other && footprints[other].changes(&footprints[one]) {
                    changers[one].add(other);
                    rivals[one].add(other);
                    rivals[other].add(one);
                }
            }
        }
        (changers, rivals)
    }
}
