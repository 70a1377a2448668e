//! Clients that come back (RFC 7162): from every state that a mailbox ever had, what the server
//! tells since then leads to the present state exactly (invariants I12 to I17).
//!
//! Several sessions change a mailbox at random, two of them at once now and then. After each step
//! the mailbox is read whole. At the end every one of these past states is brought up to date by
//! SELECT (QRESYNC …), and asked about by UID FETCH (CHANGEDSINCE … VANISHED).
//! `PEREGRINE_SYNC_SEED=n` repeats a run, `PEREGRINE_SYNC_STEPS=n` makes it longer.

use bytes::Bytes;
use peregrine_kv::MemoryEngine;
use peregrine_proto::number::Number;
use peregrine_proto::response::{Code, FetchData, ResponseFramer, ResponseLimits, Status};
use peregrine_proto::{Flag, Response};
use peregrine_server::{Options, Peer, Server, TlsMode, credentials};
use peregrine_store::Store;
use peregrine_testkit::model::Random;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

/// Flags, sorted, and MODSEQ by UID.
type Messages = BTreeMap<u32, (Vec<String>, u64)>;

/// A mailbox as it was.
#[derive(Clone, Debug, PartialEq)]
struct State {
    validity: u32,
    highest: u64,
    messages: Messages,
}

const FLAGS: [&str; 4] = ["\\Seen", "\\Flagged", "$One", "$Two"];

#[tokio::test]
async fn every_past_state_leads_to_the_present() {
    let chosen = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let steps = chosen("PEREGRINE_SYNC_STEPS").unwrap_or(60);
    let first = chosen("PEREGRINE_SYNC_SEED").unwrap_or(1);
    for seed in first..first + 6 {
        println!("PEREGRINE_SYNC_SEED={seed}");
        run(seed, steps).await;
    }
}

async fn run(seed: u64, steps: u64) {
    let store = Store::open(Arc::new(MemoryEngine::new())).await.expect("a store");
    let secret = credentials("wonderland").expect("a password");
    store.create_account("alice", secret).await.expect("an account");
    let server = Server::start(Options::new(store.clone())).await.expect("a server");
    let mut random = Random::new(seed);
    let mut writers = Vec::new();
    for enables in ["ENABLE QRESYNC", "NOOP", "STATUS INBOX (HIGHESTMODSEQ)"] {
        let mut writer = Client::new(&server).await;
        writer.ok(enables).await;
        writer.ok("SELECT INBOX").await;
        writers.push(writer);
    }
    let mut observer = Client::new(&server).await;
    observer.ok("ENABLE QRESYNC").await;
    let mut live = Client::new(&server).await;
    live.ok("ENABLE QRESYNC").await;
    let mut copy = Copy { uids: Vec::new(), messages: Messages::new() };
    copy.take(&live.ok("SELECT INBOX").await);
    let mut past = vec![observer.look().await];
    for _ in 0..steps {
        let before = past.last().expect("the first").clone();
        let one = random.below(writers.len());
        let command = change(&mut random, &before);
        if random.chance(25) {
            let other = (one + 1) % writers.len();
            writers[one].send(&command).await;
            writers[other].send(&change(&mut random, &before)).await;
            writers[one].finish().await;
            writers[other].finish().await;
        } else {
            // A UID that it has not been told of is none to it.
            writers[one].ok("NOOP").await;
            let answer = writers[one].run(&command).await;
            let after = observer.look().await;
            conditional(&command, &answer, &before, &after);
        }
        copy.take(&live.ok(if random.chance(50) { "NOOP" } else { "UID SEARCH ALL" }).await);
        if let Some(place) = copy.uids.iter().position(Option::is_none) {
            copy.take(&live.ok(&format!("FETCH {}:* (UID FLAGS MODSEQ)", place + 1)).await);
        }
        let now = observer.look().await;
        assert_eq!(copy.messages, now.messages, "the copy of a session that watches");
        assert!(now.highest >= before.highest, "HIGHESTMODSEQ went back");
        past.push(now);
    }
    let now = past.last().expect("the last").clone();
    for state in &past {
        come_back(&mut observer, state, &now).await;
    }
    server.shutdown().await;
    store.close().await;
}

/// A random command that changes INBOX.
fn change(random: &mut Random, state: &State) -> String {
    let uids: Vec<u32> = state.messages.keys().copied().collect();
    let set = |random: &mut Random| {
        let chosen: Vec<String> =
            uids.iter().filter(|_| random.chance(30)).map(ToString::to_string).collect();
        if chosen.is_empty() { "1:2".to_owned() } else { chosen.join(",") }
    };
    let flag = *random.pick(&FLAGS);
    let sign = *random.pick(&["+", "-", ""]);
    let silent = *random.pick(&["", ".SILENT"]);
    match random.below(if uids.len() < 4 { 3 } else { 9 }) {
        0..=2 => format!("APPEND INBOX ({flag}) {{10+}}\r\nSubject: x"),
        3 => format!("UID STORE {} {sign}FLAGS{silent} ({flag})", set(random)),
        4 => {
            let since = state.highest.saturating_sub(random.below(6) as u64);
            let set = set(random);
            format!("UID STORE {set} (UNCHANGEDSINCE {since}) {sign}FLAGS{silent} ({flag})")
        }
        5 => format!("UID STORE {} +FLAGS (\\Deleted)", set(random)),
        6 => "EXPUNGE".to_owned(),
        7 => format!("UID MOVE {} Archive", set(random)),
        _ => format!("UID EXPUNGE {}", set(random)),
    }
}

/// I12: a conditional STORE leaves exactly those alone that it lists as MODIFIED, and these have a
/// greater MODSEQ.
fn conditional(command: &str, answer: &[Response], before: &State, after: &State) {
    let Some((set, rest)) =
        command.strip_prefix("UID STORE ").and_then(|rest| rest.split_once(" (UNCHANGEDSINCE "))
    else {
        return;
    };
    let since: u64 = rest.split(')').next().expect("a number").parse().expect("a number");
    let named = set.split(',').filter_map(|uid| uid.parse::<u32>().ok());
    let newer: BTreeSet<u32> = named
        .filter(|uid| before.messages.get(uid).is_some_and(|(_, mod_seq)| *mod_seq > since))
        .collect();
    let Some(Response::Tagged { text, .. }) = answer.last() else { panic!("no reply") };
    let modified: BTreeSet<u32> = match &text.code {
        Some(Code::Modified(set)) => set.resolve(None).iter().map(Number::get).collect(),
        _ => BTreeSet::new(),
    };
    assert_eq!(modified, newer, "{command}");
    for uid in &modified {
        assert_eq!(before.messages[uid], after.messages[uid], "{command}");
    }
}

/// Brings a past state up to date in each of the ways that there are.
async fn come_back(client: &mut Client, state: &State, now: &State) {
    let known: Vec<String> = state.messages.keys().map(ToString::to_string).collect();
    let mut ways = vec![String::new()];
    if !known.is_empty() {
        ways.push(format!(" {}", known.join(",")));
        let places = 1..=known.len();
        let places: Vec<String> = places.map(|place| place.to_string()).collect();
        ways.push(format!(" {0} ({1} {0})", known.join(","), places.join(",")));
    }
    for way in ways {
        let (validity, highest) = (state.validity, state.highest);
        let select = format!("SELECT INBOX (QRESYNC ({validity} {highest}{way}))");
        let told = Told::of(&client.ok(&select).await);
        let mut messages = state.messages.clone();
        let gone: BTreeSet<u32> = messages.keys().copied().collect();
        let gone: BTreeSet<u32> =
            gone.into_iter().filter(|uid| !now.messages.contains_key(uid)).collect();
        if !way.is_empty() {
            assert_eq!(told.vanished, gone, "I16: {select}");
        }
        assert!(told.vanished.iter().all(|uid| !now.messages.contains_key(uid)), "I17: {select}");
        messages.retain(|uid, _| !told.vanished.contains(uid));
        messages.extend(told.messages.clone());
        let mut expected = now.messages.clone();
        if !way.is_empty() {
            expected.retain(|uid, _| state.messages.contains_key(uid));
        }
        assert_eq!(messages, expected, "I16: {select}");
    }
    let highest = state.highest;
    let fetch = format!("UID FETCH 1:* (FLAGS) (CHANGEDSINCE {highest} VANISHED)");
    let told = Told::of(&client.ok(&fetch).await);
    let mut newer = now.messages.clone();
    newer.retain(|_, (_, mod_seq)| *mod_seq > highest);
    assert_eq!(told.messages, newer, "I15: {fetch}");
    let gone = state.messages.keys().filter(|uid| !now.messages.contains_key(uid));
    assert!(gone.into_iter().all(|uid| told.vanished.contains(uid)), "{fetch}");
    assert!(told.vanished.iter().all(|uid| !now.messages.contains_key(uid)), "I17: {fetch}");
}

/// What a client is told of earlier changes.
#[derive(Default)]
struct Told {
    vanished: BTreeSet<u32>,
    messages: Messages,
    highest: u64,
    validity: u32,
}

impl Told {
    fn of(responses: &[Response]) -> Self {
        let mut told = Self::default();
        for response in responses {
            match response {
                Response::Vanished(gone) => {
                    assert!(gone.earlier, "VANISHED without EARLIER");
                    told.vanished.extend(gone.uids.resolve(None).iter().map(Number::get));
                }
                Response::Fetch { data, .. } => {
                    let (uid, flags, mod_seq) = message(data);
                    let (uid, mod_seq) = (uid.expect("a UID"), mod_seq.expect("a MODSEQ"));
                    told.messages.insert(uid, (flags.expect("flags"), mod_seq));
                }
                Response::Condition { text, .. } => match text.code {
                    Some(Code::HighestModSeq(value)) => told.highest = value.0,
                    Some(Code::UidValidity(value)) => told.validity = value.get(),
                    _ => {}
                },
                _ => {}
            }
        }
        told
    }
}

/// UID, flags and MODSEQ of a FETCH response. `\Recent` is each session's own.
fn message(data: &[FetchData]) -> (Option<u32>, Option<Vec<String>>, Option<u64>) {
    let (mut uid, mut flags, mut mod_seq) = (None, None, None);
    for item in data {
        match item {
            FetchData::Uid(value) => uid = Some(value.get()),
            FetchData::ModSeq(value) => mod_seq = Some(value.0),
            FetchData::Flags(list) => {
                let mut list: Vec<String> = list
                    .iter()
                    .filter(|flag| **flag != Flag::Recent)
                    .map(|flag| format!("{flag:?}"))
                    .collect();
                list.sort();
                flags = Some(list);
            }
            _ => {}
        }
    }
    (uid, flags, mod_seq)
}

/// What a session that stays selected knows: kept by its untagged responses alone.
struct Copy {
    /// By sequence number; `None` for one whose UID is not known yet.
    uids: Vec<Option<u32>>,
    messages: Messages,
}

impl Copy {
    fn take(&mut self, responses: &[Response]) {
        for response in responses {
            match response {
                Response::Exists(count) => self.uids.resize(*count as usize, None),
                Response::Expunge(number) => panic!("EXPUNGE {number} after ENABLE QRESYNC"),
                Response::Vanished(gone) => {
                    assert!(!gone.earlier, "VANISHED (EARLIER) unasked");
                    for uid in gone.uids.resolve(None).iter().map(Number::get) {
                        self.messages.remove(&uid);
                        let place = self.uids.iter().position(|known| *known == Some(uid));
                        self.uids.remove(place.expect("I17: a UID that the client knows"));
                    }
                }
                Response::Fetch { number, data } => {
                    let (uid, flags, mod_seq) = message(data);
                    let (uid, mod_seq) = (uid.expect("a UID"), mod_seq.expect("a MODSEQ"));
                    let place = &mut self.uids[number.get() as usize - 1];
                    assert!(place.is_none_or(|known| known == uid), "{number} is not UID {uid}");
                    *place = Some(uid);
                    if let Some(flags) = flags {
                        self.messages.insert(uid, (flags, mod_seq));
                    }
                }
                _ => {}
            }
        }
    }
}

/// A connection.
struct Client {
    stream: DuplexStream,
    framer: ResponseFramer,
    tag: u32,
}

impl Client {
    async fn new(server: &Server) -> Self {
        let (stream, other) = tokio::io::duplex(64 * 1024);
        let loopback = SocketAddr::from(([127, 0, 0, 1], 143));
        let peer = Peer { remote: loopback, local: loopback };
        tokio::spawn(server.serve_stream(other, peer, TlsMode::Off));
        let framer = ResponseFramer::new(ResponseLimits::default());
        let mut client = Self { stream, framer, tag: 0 };
        client.response().await;
        client.ok("LOGIN alice wonderland").await;
        client
    }

    async fn response(&mut self) -> Response {
        loop {
            if let Some(line) = self.framer.next_response().expect("a response") {
                let line: Bytes = line;
                return Response::parse(&line)
                    .unwrap_or_else(|error| panic!("{error}: {}", line.escape_ascii()));
            }
            let mut octets = [0; 4096];
            let count = self.stream.read(&mut octets).await.expect("a stream");
            assert!(count > 0, "the server has closed the connection");
            self.framer.push(&octets[..count]);
        }
    }

    async fn send(&mut self, command: &str) {
        self.tag += 1;
        let line = format!("t{} {command}\r\n", self.tag);
        self.stream.write_all(line.as_bytes()).await.expect("a stream");
    }

    /// All responses up to the reply.
    async fn finish(&mut self) -> Vec<Response> {
        let mut responses = Vec::new();
        loop {
            let response = self.response().await;
            let ends = matches!(response, Response::Tagged { .. });
            responses.push(response);
            if ends {
                return responses;
            }
        }
    }

    async fn run(&mut self, command: &str) -> Vec<Response> {
        self.send(command).await;
        self.finish().await
    }

    async fn ok(&mut self, command: &str) -> Vec<Response> {
        let responses = self.run(command).await;
        let ok = matches!(responses.last(), Some(Response::Tagged { status: Status::Ok, .. }));
        assert!(ok, "{command}: {:?}", responses.last());
        responses
    }

    /// The mailbox as it is.
    async fn look(&mut self) -> State {
        let opened = Told::of(&self.ok("EXAMINE INBOX").await);
        let messages = Told::of(&self.ok("UID FETCH 1:* (FLAGS MODSEQ)").await).messages;
        let greatest = messages.values().map(|(_, mod_seq)| *mod_seq).max().unwrap_or(0);
        assert!(opened.highest >= greatest, "I13: HIGHESTMODSEQ below a message's");
        State { validity: opened.validity, highest: opened.highest, messages }
    }
}
