//! Reads the mailbox plainly, and holds what is found against it.

use super::client::Client;
use super::mail::{Change, Key, Message, base};
use peregrine_testkit::model::Random;
use std::cmp::Reverse;
use std::collections::HashMap;

pub struct Judge {
    /// Has INBOX open.
    looker: Client,
    /// Has the target of copies open.
    target: Client,
    messages: Vec<Message>,
    /// What every UID of INBOX was ever bound to.
    known: HashMap<u32, Message>,
    /// What `$` was, by UID.
    saved: Vec<u32>,
    /// Answers that were compared.
    pub looks: usize,
}

impl Judge {
    pub async fn new(mut looker: Client, mut target: Client) -> Self {
        looker.ok("CREATE Work").await;
        looker.ok("SELECT INBOX").await;
        target.ok("SELECT Work").await;
        let (messages, saved) = (Vec::new(), Vec::new());
        Self { looker, target, messages, known: HashMap::new(), saved, looks: 0 }
    }

    /// INBOX as it was read last.
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// I18: each copy is of the message that COPYUID pairs it with.
    pub async fn note(&mut self, change: &Change, told: &[String], context: &str) {
        let reply = told.last().unwrap();
        // Another session was quicker (RFC 2180 §4.2).
        let done = reply.contains(" OK ") || reply.contains(" NO [EXPUNGEISSUED] ");
        assert!(done, "{context}: {}: {told:?}", change.command);
        let code = told.iter().find_map(|line| line.split_once("[COPYUID ")?.1.split_once(']'));
        let Some((code, _)) = code.filter(|_| change.copies) else { return };
        let words: Vec<&str> = code.split(' ').collect();
        let (from, to) = (numbers(words[1]), numbers(words[2]));
        assert_eq!(from.len(), to.len(), "{context}: {code}");
        self.target.ok("NOOP").await;
        for (from, to) in from.into_iter().zip(to) {
            let copy = read(&mut self.target, &format!("UID FETCH {to}")).await;
            let copy = copy.first().unwrap_or_else(|| panic!("{context}: no copy {to}"));
            let original = &self.known[&from];
            let same = |one: &Message| (one.size, one.arrived, one.sent, one.subject.clone());
            assert_eq!(same(copy), same(original), "{context}: COPYUID {from} to {to}");
            self.looks += 1;
        }
    }

    /// Compares one of each kind of answer.
    pub async fn look(&mut self, random: &mut Random, context: &str) {
        self.looker.ok("NOOP").await;
        self.messages = read(&mut self.looker, "FETCH 1:*").await;
        for message in &self.messages {
            let known = self.known.entry(message.uid).or_insert_with(|| message.clone());
            assert_eq!(known.subject, message.subject, "{context}: UID {} changed", message.uid);
        }
        let key = Key::any(random, 2);
        let context = format!("{context}, {key}");
        self.look_at_saved(random, &key, &context).await;
        let uids = self.found(&key);
        let told = self.looker.ok(&format!("UID SEARCH {key}")).await;
        assert_eq!(listed(&told, "* SEARCH"), uids, "{context}: UID SEARCH");
        let places: Vec<u32> = uids.iter().map(|uid| self.place(*uid)).collect();
        let told = self.looker.ok(&format!("SEARCH {key}")).await;
        assert_eq!(listed(&told, "* SEARCH"), places, "{context}: SEARCH");
        self.look_at_extended(random, &key, &uids, "UID SEARCH", &context).await;
        self.look_at_extended(random, &key, &places, "SEARCH", &context).await;
        self.look_at_sort(random, &key, &context).await;
        self.look_at_threads(&key, &context).await;
        self.looks += 9;
    }

    /// I21: all that ESEARCH says of one search agrees (RFC 4731 §3.1, RFC 9394 §3.1).
    async fn look_at_extended(
        &mut self,
        random: &mut Random,
        key: &Key,
        found: &[u32],
        command: &str,
        context: &str,
    ) {
        let told = self.looker.ok(&format!("{command} RETURN (MIN MAX COUNT ALL) {key}")).await;
        let line = extended(&told);
        let value = |name: &str| value(&line, name);
        assert_eq!(value("COUNT"), Some(found.len().to_string()), "{context}: {line}");
        let one = |number: Option<&u32>| number.map(u32::to_string);
        assert_eq!(value("MIN"), one(found.first()), "{context}: {line}");
        assert_eq!(value("MAX"), one(found.last()), "{context}: {line}");
        assert_eq!(
            value("ALL").map_or(Vec::new(), |set| numbers(&set)),
            found,
            "{context}: {line}"
        );
        let (first, last) = (1 + random.below(10), 1 + random.below(10));
        let (first, last) = (first.min(last), first.max(last));
        for from_the_end in [false, true] {
            let sign = if from_the_end { "-" } else { "" };
            let range = format!("{sign}{first}:{sign}{last}");
            let told = self.looker.ok(&format!("{command} RETURN (PARTIAL {range}) {key}")).await;
            let line = extended(&told);
            let mut part: Vec<u32> = found.to_vec();
            if from_the_end {
                part.reverse();
            }
            let mut part: Vec<u32> = part.into_iter().take(last).skip(first - 1).collect();
            part.sort_unstable();
            let (_, partial) = line.split_once("PARTIAL (").unwrap_or(("", ""));
            let set = partial.split(' ').nth(1).unwrap_or("").trim_end_matches(')');
            let told = if set == "NIL" { Vec::new() } else { numbers(set) };
            assert_eq!(told, part, "{context}: PARTIAL {range}: {line}");
        }
    }

    /// I22: `$` is what was saved, without what is gone (RFC 5182 §2.1).
    async fn look_at_saved(&mut self, random: &mut Random, key: &Key, context: &str) {
        let here: Vec<u32> = self.messages.iter().map(|message| message.uid).collect();
        let left: Vec<u32> = self.saved.iter().copied().filter(|uid| here.contains(uid)).collect();
        let told = self.looker.ok("UID SEARCH $").await;
        assert_eq!(listed(&told, "* SEARCH"), left, "{context}: $ was {:?}", self.saved);
        let fetched = read(&mut self.looker, "FETCH $").await;
        let fetched: Vec<u32> = fetched.iter().map(|message| message.uid).collect();
        assert_eq!(fetched, left, "{context}: FETCH $");
        if random.chance(30) {
            self.looker.ok(&format!("SEARCH RETURN (SAVE) {key}")).await;
            self.saved = self.found(key);
        }
    }

    /// I23: SORT is a stable sort of what is found (RFC 5256 §3).
    async fn look_at_sort(&mut self, random: &mut Random, key: &Key, context: &str) {
        let name = *random.pick(&["ARRIVAL", "SIZE", "SUBJECT", "DATE"]);
        let reverse = random.chance(50);
        let mut messages: Vec<&Message> = self.messages.iter().filter(|m| key.finds(m)).collect();
        let by = |message: &&Message| match name {
            "ARRIVAL" => (message.arrived as usize, String::new()),
            "SIZE" => (message.size, String::new()),
            "DATE" => (message.sent as usize, String::new()),
            _ => (0, base(&message.subject).to_uppercase()),
        };
        match reverse {
            true => messages.sort_by_key(|message| Reverse(by(message))),
            false => messages.sort_by_key(by),
        }
        let expected: Vec<u32> = messages.iter().map(|message| message.uid).collect();
        let order = if reverse { "REVERSE " } else { "" };
        let told = self.looker.ok(&format!("UID SORT ({order}{name}) UTF-8 {key}")).await;
        assert_eq!(listed(&told, "* SORT"), expected, "{context}: SORT ({order}{name})");
    }

    /// I24: threads by subject, each in the order in which its messages were sent, by their first
    /// ones; and by references every message once.
    async fn look_at_threads(&mut self, key: &Key, context: &str) {
        let mut messages: Vec<&Message> = self.messages.iter().filter(|m| key.finds(m)).collect();
        messages.sort_by_key(|message| (message.sent, self.place(message.uid)));
        let mut threads: Vec<Vec<&Message>> = Vec::new();
        for message in messages {
            let is_same =
                |thread: &&mut Vec<&Message>| base(&thread[0].subject) == base(&message.subject);
            match threads.iter_mut().find(is_same) {
                Some(thread) => thread.push(message),
                None => threads.push(vec![message]),
            }
        }
        let thread = |thread: &Vec<&Message>| match thread.as_slice() {
            [one] => format!("({})", one.uid),
            [one, other] => format!("({} {})", one.uid, other.uid),
            [one, others @ ..] => {
                let others: String = others.iter().map(|m| format!("({})", m.uid)).collect();
                format!("({} {others})", one.uid)
            }
            [] => String::new(),
        };
        let expected: String = threads.iter().map(thread).collect();
        let told = self.looker.ok(&format!("UID THREAD ORDEREDSUBJECT UTF-8 {key}")).await;
        let line = told.iter().find_map(|line| line.strip_prefix("* THREAD")).unwrap();
        assert_eq!(line.trim(), expected, "{context}");
        let told = self.looker.ok(&format!("UID THREAD REFERENCES UTF-8 {key}")).await;
        let line = told.iter().find_map(|line| line.strip_prefix("* THREAD")).unwrap();
        let words = line.split(['(', ')', ' ']).filter(|word| !word.is_empty());
        let mut all: Vec<u32> = words.map(|word| word.parse().unwrap()).collect();
        all.sort_unstable();
        assert_eq!(all, self.found(key), "{context}: {line}");
    }

    fn found(&self, key: &Key) -> Vec<u32> {
        let found = self.messages.iter().filter(|message| key.finds(message));
        found.map(|message| message.uid).collect()
    }

    /// The sequence number.
    fn place(&self, uid: u32) -> u32 {
        self.messages.iter().position(|message| message.uid == uid).unwrap() as u32 + 1
    }
}

/// Messages as FETCH tells them.
async fn read(client: &mut Client, command: &str) -> Vec<Message> {
    let items = "(UID FLAGS RFC822.SIZE INTERNALDATE BODY.PEEK[HEADER])";
    client.send(&format!("{command} {items}")).await;
    let told = client.finish().await;
    // No message, no `1:*`.
    let fetched = told.iter().filter(|line| line.contains(" FETCH ("));
    fetched.map(|line| message(line)).collect()
}

fn message(line: &str) -> Message {
    let between = |from: &str, to: &str| {
        let (_, rest) = line.split_once(from).unwrap_or_else(|| panic!("no {from} in {line}"));
        rest.split_once(to).unwrap().0.to_owned()
    };
    let minute = |date: String| date.split(':').nth(1).unwrap().parse().unwrap();
    Message {
        uid: between("UID ", " ").parse().unwrap(),
        flags: between("FLAGS (", ")").split(' ').map(str::to_owned).collect(),
        size: between("RFC822.SIZE ", " ").parse().unwrap(),
        arrived: minute(between("INTERNALDATE \"", "\"")),
        sent: minute(between("Date: ", "\r\n")),
        subject: between("Subject: ", "\r\n"),
    }
}

/// The numbers behind a word; none where the line is not there.
fn listed(told: &[String], start: &str) -> Vec<u32> {
    let line = told.iter().find_map(|line| line.strip_prefix(start)).unwrap_or("");
    line.split_ascii_whitespace().map(|word| word.parse().unwrap()).collect()
}

fn extended(told: &[String]) -> String {
    told.iter().find(|line| line.starts_with("* ESEARCH")).unwrap().clone()
}

/// The word behind a name.
fn value(line: &str, name: &str) -> Option<String> {
    let mut words = line.split_ascii_whitespace();
    words.find(|word| *word == name)?;
    words.next().map(str::to_owned)
}

/// The numbers of a set.
fn numbers(set: &str) -> Vec<u32> {
    let number = |text: &str| text.parse::<u32>().unwrap();
    let range = |range: &str| match range.split_once(':') {
        Some((first, last)) => number(first)..=number(last),
        None => number(range)..=number(range),
    };
    set.split(',').filter(|range| !range.is_empty()).flat_map(range).collect()
}
