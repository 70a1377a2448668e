//! A client that believes only what it is told, against a mailbox that changes at random.

use crate::client::Client;
use crate::mail::{Message, own, uid};
use peregrine_proto::command::Messages;
use peregrine_proto::number::{Bound, Number, NumberSet};
use peregrine_proto::{ModSeq, SequenceNumber, Uid};
use peregrine_session::{Job, Outcome, Snapshot, View};
use proptest::prelude::*;
use std::collections::BTreeSet;

/// One thing that happens.
#[derive(Clone, Debug)]
enum Event {
    Append(u32),
    /// By place in the mailbox, modulo its size.
    Expunge(Vec<usize>),
    Flag(usize, u8),
    Publish,
    /// And whether the first job that begins ends at once.
    Send(Command, bool),
    /// Ends one of the running jobs.
    End(usize),
    Transmit,
}

#[derive(Clone, Copy, Debug)]
enum Command {
    Noop,
    Fetch,
    UidFetch,
    Search,
    Store,
    UidStoreSilent,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        (1..4u32).prop_map(Event::Append),
        prop::collection::vec(0..40usize, 1..4).prop_map(Event::Expunge),
        (0..40usize, 0..3u8).prop_map(|(place, flag)| Event::Flag(place, flag)),
        Just(Event::Publish),
        Just(Event::Publish),
        (
            prop_oneof![
                Just(Command::Noop),
                Just(Command::Fetch),
                Just(Command::UidFetch),
                Just(Command::Search),
                Just(Command::Store),
                Just(Command::UidStoreSilent),
            ],
            any::<bool>()
        )
            .prop_map(|(command, at_once)| Event::Send(command, at_once)),
        (0..8usize).prop_map(Event::End),
        (0..8usize).prop_map(Event::End),
        Just(Event::Transmit),
    ]
}

/// What the client has been told, by nothing but the transcript; UIDs it learns of by looking.
struct Belief {
    /// UID and flags, each where known: those of a new message are not told by themselves.
    messages: Vec<(Option<u32>, Option<Vec<String>>)>,
    /// Tags of FETCH, STORE, SEARCH by number that have been sent and not answered.
    numbered: Vec<String>,
    /// Tags of STOREs that add \\Flagged to UIDs 1 and 2 without a word.
    silent: Vec<String>,
}

impl Belief {
    fn read(&mut self, transcript: &str) {
        let mut expunged = false;
        for line in transcript.lines() {
            let words: Vec<&str> = line.split(' ').collect();
            match words[..] {
                ["*", number, "EXPUNGE"] => {
                    let number: usize = number.parse().unwrap();
                    assert!(number <= self.messages.len(), "EXPUNGE beyond the end: {line}");
                    self.messages.remove(number - 1);
                    expunged = true;
                }
                ["*", number, "EXISTS"] => {
                    let number: usize = number.parse().unwrap();
                    assert!(number >= self.messages.len(), "EXISTS shrank (I7): {line}");
                    self.messages.resize(number, (None, None));
                }
                ["*", number, "FETCH", ..] => {
                    let number: usize = number.parse().unwrap();
                    let (_, rest) = line.split_once("FLAGS (").unwrap();
                    let flags = rest.trim_end_matches(')').split(' ').filter(|f| !f.is_empty());
                    self.messages[number - 1].1 = Some(flags.map(str::to_owned).collect());
                }
                ["*", ..] => {}
                [tag, ..] => {
                    // I6: none before the reply to a command by number.
                    let numbered = self.numbered.contains(&tag.to_owned());
                    assert!(!(expunged && numbered), "EXPUNGE told to {tag}:\n{transcript}");
                    self.numbered.retain(|known| known != tag);
                    expunged = false;
                    if self.silent.iter().any(|known| known == tag) {
                        self.believe_in_store();
                    }
                }
                [] => {}
            }
        }
    }

    /// What the client did itself it knows without being told.
    fn believe_in_store(&mut self) {
        let stored = |uid: &Option<u32>| matches!(uid, Some(1 | 2));
        for (_, flags) in self.messages.iter_mut().filter(|(uid, _)| stored(uid)) {
            if let Some(flags) = flags
                && !flags.iter().any(|flag| flag == "\\Flagged")
            {
                flags.push("\\Flagged".to_owned());
            }
        }
    }

    /// I5: the view numbers messages as the client does.
    fn compare(&mut self, view: &View<crate::mail::Version>) {
        assert_eq!(view.exists() as usize, self.messages.len());
        for (place, (known, _)) in self.messages.iter_mut().enumerate() {
            let number = SequenceNumber::new(place as u32 + 1).unwrap();
            let uid = view.uid(number).unwrap();
            assert_eq!(view.sequence(uid), Some(number));
            // Once a message stands at a number, only EXPUNGE may move it.
            assert_eq!(*known.get_or_insert(uid.get()), uid.get());
        }
        assert_eq!(view.uid(SequenceNumber::new(view.exists() + 1).unwrap()), None);
        compare_runs(view);
    }
}

/// Runs give each message once, in order, from a version that holds it.
fn compare_runs(view: &View<crate::mail::Version>) {
    let exists = view.exists();
    let number = |n: u32| SequenceNumber::new(n).unwrap();
    let all = [(Bound::Number(number(1)), Bound::Largest)];
    let all = Messages::Sequence(NumberSet { ranges: all.into_iter().collect() });
    let all_uids = [(Bound::Number(uid(1)), Bound::Largest)];
    let all_uids = Messages::Uid(NumberSet { ranges: all_uids.into_iter().collect() });
    for messages in [all, all_uids] {
        let mut next = 1;
        for run in view.runs(&messages).unwrap() {
            assert_eq!(run.first.get(), next);
            for index in run.indexes {
                let uid: Uid = run.snapshot.uid_at(index).unwrap();
                assert_eq!(view.uid(number(next)), Some(uid));
                next += 1;
            }
        }
        assert_eq!(next, exists + 1);
    }
    for n in 1..=exists {
        let one = Messages::Sequence(NumberSet::single(number(n)));
        let runs = view.runs(&one).unwrap();
        assert_eq!(runs.len(), 1);
        let found = runs[0].snapshot.uid_at(runs[0].indexes.start);
        assert_eq!(found, view.uid(number(n)));
        let by_uid = Messages::Uid(NumberSet::single(found.unwrap()));
        assert_eq!(view.runs(&by_uid).unwrap()[0].first.get(), n);
    }
    let beyond = Messages::Sequence(NumberSet::single(number(exists + 1)));
    assert!(view.runs(&beyond).is_err());
}

struct World {
    client: Client,
    belief: Belief,
    sent: u32,
}

impl World {
    fn apply(&mut self, event: Event) {
        let client = &mut self.client;
        let place = |place: usize, messages: &[Message]| {
            (!messages.is_empty()).then(|| messages[place % messages.len()].uid)
        };
        match event {
            Event::Append(count) => client.mail.append(count),
            Event::Expunge(places) => {
                let messages = &client.mail.messages;
                let gone: Vec<u32> = places.iter().filter_map(|p| place(*p, messages)).collect();
                client.mail.expunge(&gone);
            }
            Event::Flag(at, flag) => {
                if let Some(uid) = place(at, &client.mail.messages) {
                    client.mail.flag(uid, ["\\Seen", "$A", "$B"][usize::from(flag)]);
                }
            }
            Event::Publish => client.publish(),
            Event::Send(command, at_once) => self.send(command, at_once),
            Event::End(at) => {
                if !client.jobs.is_empty() {
                    let job = client.jobs.remove(at % client.jobs.len());
                    self.end(job, false);
                }
            }
            Event::Transmit => self.transmit(),
        }
    }

    fn send(&mut self, command: Command, at_once: bool) {
        if self.belief.messages.is_empty() {
            return;
        }
        self.sent += 1;
        let tag = format!("t{}", self.sent);
        let (text, numbered) = match command {
            Command::Noop => ("NOOP", false),
            Command::Fetch => ("FETCH 1:* FLAGS", true),
            Command::UidFetch => ("UID FETCH 1:* FLAGS", false),
            Command::Search => ("SEARCH ALL", true),
            Command::Store => ("STORE 1 +FLAGS (\\Seen)", true),
            Command::UidStoreSilent => ("UID STORE 1:2 +FLAGS.SILENT (\\Flagged)", false),
        };
        if numbered {
            self.belief.numbered.push(tag.clone());
        }
        if matches!(command, Command::UidStoreSilent) {
            self.belief.silent.push(tag.clone());
        }
        self.client.reads = false;
        let line = format!("{tag} {text}\r\n");
        self.client.session.handle_bytes(self.client.now, line.into());
        if at_once && let Some(job) = self.client.session.poll_job() {
            self.end(job, true);
        }
        self.client.pump();
    }

    /// Ends a job; what FETCH tells comes as blocks, or with the outcome.
    fn end(&mut self, job: Job<crate::mail::Fake>, with_outcome: bool) {
        use peregrine_proto::CommandBody;
        let client = &mut self.client;
        let selected = job.context.selected().unwrap();
        let (view, known) = (selected.view.clone(), selected.known);
        let mut outcome = Outcome::ok("Done");
        match &*job.body {
            CommandBody::Fetch(fetch) => {
                for run in view.runs(&fetch.messages).unwrap() {
                    for (offset, index) in run.indexes.enumerate() {
                        let uid = run.snapshot.uid_at(index).unwrap();
                        let mut block =
                            format!("* {} FETCH (FLAGS ", run.first.get() + offset as u32)
                                .into_bytes();
                        run.snapshot.write_flags(uid, false, &mut block);
                        block.extend_from_slice(b")\r\n");
                        match with_outcome {
                            true => outcome.data = [&outcome.data[..], &block].concat().into(),
                            false => {
                                client.session.handle_block(client.now, job.id, block.into());
                            }
                        }
                    }
                }
            }
            CommandBody::Store(store) => {
                let runs = view.runs(&store.messages).unwrap_or_default();
                let uids = runs.iter().flat_map(|run| {
                    run.indexes.clone().filter_map(|index| run.snapshot.uid_at(index))
                });
                for uid in uids {
                    let Some(before) = client.mail.messages.iter().find(|m| m.uid == uid.get())
                    else {
                        continue;
                    };
                    let flag = if store.silent { "\\Flagged" } else { "\\Seen" };
                    let before = ModSeq(before.mod_seq);
                    let mut change = own(client.mail.flag(uid.get(), flag));
                    if before > known {
                        change.replaced.push((uid, before));
                    }
                    outcome.told.push(change);
                    if !store.silent {
                        let number = view.sequence(uid).unwrap();
                        let mut data = outcome.data.to_vec();
                        data.extend_from_slice(format!("* {number} FETCH (FLAGS ").as_bytes());
                        client.mail.version().write_flags(uid, false, &mut data);
                        data.extend_from_slice(b")\r\n");
                        outcome.data = data.into();
                    }
                }
                client.publish();
            }
            _ => {}
        }
        client.session.handle_outcome(client.now, job.id, outcome);
    }

    fn transmit(&mut self) {
        self.client.reads = true;
        self.client.pump();
        let text = self.client.take();
        self.belief.read(&text);
        for job in &self.client.jobs {
            // Jobs that run see a mailbox of the past, but a consistent one.
            compare_runs(&job.context.selected().unwrap().view);
        }
    }

    /// I8: with no writer, a NOOP brings the client up to date.
    fn settle(&mut self) {
        self.client.publish();
        while !self.client.jobs.is_empty() {
            let job = self.client.jobs.remove(0);
            self.end(job, false);
            self.transmit();
        }
        self.client.publish();
        self.client.send("z NOOP\r\n");
        let view = self.client.jobs[0].context.selected().unwrap().view.clone();
        self.belief.compare(&view);
        self.client.ok("z");
        self.transmit();
        let mail = &self.client.mail.messages;
        assert_eq!(self.belief.messages.len(), mail.len());
        for ((known, flags), message) in self.belief.messages.iter().zip(mail) {
            assert!(known.is_none_or(|uid| uid == message.uid));
            let sorted = |flags: &Vec<String>| flags.iter().cloned().collect::<BTreeSet<_>>();
            let stale = flags.as_ref().filter(|flags| sorted(flags) != sorted(&message.flags));
            assert_eq!(stale, None, "flags of UID {}", message.uid);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// Whatever changes while whatever runs, the client's numbers stay true.
    #[test]
    fn numbers_stay_true(events in prop::collection::vec(event(), 1..60)) {
        let client = Client::selected(6);
        let messages = (1..=6).map(|uid| (Some(uid), Some(Vec::new()))).collect();
        let belief = Belief { messages, numbered: Vec::new(), silent: Vec::new() };
        let mut world = World { client, belief, sent: 0 };
        for event in events {
            world.apply(event);
        }
        world.transmit();
        world.settle();
    }
}
