//! All calls, and a thousand tasks on one connection, against a server that somebody else wrote.
//!
//! Runs where `PEREGRINE_PEER` names one: `host:port user password`; see `tests/peers/client.sh`.
//! The account should be empty but for what this test leaves behind.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "client/tap.rs"]
mod tap;

use peregrine_client::proto::command::status::StatusItem;
use peregrine_client::proto::command::store::StoreAction;
use peregrine_client::proto::{DateTime, Flag, Section, Uid};
use peregrine_client::{
    BackOff, Change, Client, Connector, Credentials, Items, Mechanism, Ordering, Query, Update,
    Watch, all,
};
use std::time::{Duration, Instant};
use tap::{Tap, tapped};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const MAIL: &str = "From: ann@example.org\r\nSubject: one\r\n\r\nHello.\r\n";

struct Peer {
    connector: Connector,
    credentials: Credentials,
    /// User and password, for LOGIN.
    login: (String, String),
}

impl Peer {
    fn new() -> Option<Self> {
        let peer = std::env::var("PEREGRINE_PEER").ok()?;
        let mut words = peer.split(' ');
        let (host, port) = words.next().unwrap().split_once(':').unwrap();
        let mut connector = Connector::plain(host);
        connector.port = port.parse().unwrap();
        let (user, password) = (words.next().unwrap(), words.next().unwrap());
        let credentials = Credentials::password_of(user, password);
        Some(Self { connector, credentials, login: (user.to_owned(), password.to_owned()) })
    }

    async fn client(&self) -> Client {
        let client = self.connector.connect().await.unwrap();
        client.authenticate(&self.credentials).await.unwrap();
        client
    }

    /// The same, with what is sent judged by RFC 3501 §5.5.
    async fn tapped_client(&self, tap: &std::sync::Arc<std::sync::Mutex<Tap>>) -> Client {
        let place = (self.connector.host.as_str(), self.connector.port);
        let stream = tapped(tokio::net::TcpStream::connect(place).await.unwrap(), tap);
        let (client, connection) = self.connector.connect_over(stream, true).await.unwrap();
        tokio::spawn(connection);
        client.login(&self.login.0, &self.login.1).await.unwrap();
        client
    }

    /// A mailbox of this name without anything in it.
    async fn empty(&self, client: &Client, name: &str) {
        _ = client.delete(name).await;
        client.create(name).await.unwrap();
    }
}

/// COMPRESS with somebody else's zlib, where the server has it.
#[tokio::test]
async fn compressed() {
    let Some(mut peer) = Peer::new() else { return };
    peer.connector.settings.compress = true;
    let client = peer.client().await;
    if !client.capabilities().has("COMPRESS=DEFLATE") {
        return println!("no COMPRESS");
    }
    peer.empty(&client, "compressed").await;
    let mail = MAIL.to_owned() + &"0123456789 abcdefgh\r\n".repeat(20_000);
    for _ in 0..5 {
        client.append("compressed", mail.clone()).await.unwrap();
    }
    let mailbox = client.select("compressed").await.unwrap();
    let found = mailbox.fetch(all(), Items::new().body()).await.unwrap();
    assert_eq!(found.len(), 5);
    assert!(found.iter().all(|one| one.body().unwrap() == mail.as_bytes()));
    assert!(client.compress().await.is_err(), "it is compressed already");
    client.logout().await.unwrap();
    println!("compressed");
}

#[tokio::test]
async fn all_calls() {
    let Some(peer) = Peer::new() else { return };
    let client = peer.client().await;
    println!("{}\n{:?}", client.greeting(), client.capabilities().iter().collect::<Vec<_>>());
    let mut updates = client.updates();
    mailboxes(&client).await;
    messages(&peer, &client).await;
    mechanisms(&peer).await;
    client.logout().await.unwrap();
    while let Some(update) = updates.next().await {
        if let Update::Oddity(tolerated) = update {
            println!("odd: {tolerated}");
        }
    }
}

async fn mailboxes(client: &Client) {
    for name in ["calls", "calls/below", "renamed", "renamed/below"] {
        _ = client.delete(name).await;
    }
    client.create("calls/below").await.unwrap();
    client.rename("calls/below", "renamed").await.unwrap();
    client.subscribe("renamed").await.unwrap();
    assert!(client.list("*").await.unwrap().iter().any(|one| one.mailbox.as_str() == "renamed"));
    assert!(client.lsub("*").await.unwrap().iter().any(|one| one.mailbox.as_str() == "renamed"));
    assert_eq!(client.separator().await.unwrap(), Some('/'));
    client.unsubscribe("renamed").await.unwrap();
    let items = [StatusItem::Messages, StatusItem::UidNext, StatusItem::UidValidity];
    assert_eq!(client.status("renamed", &items).await.unwrap().items.len(), 3);
    client.delete("renamed").await.unwrap();
    let error = client.select("renamed").await.unwrap_err();
    println!("{error}");
    assert!(client.namespace().await.unwrap()[0].is_some());
    println!("{:?}", client.id(&[("name", "test")]).await.unwrap());
    client.enable(&["CONDSTORE"]).await.unwrap();
    client.noop().await.unwrap();
    assert!(client.capability().await.unwrap().has("IDLE"));
}

async fn messages(peer: &Peer, client: &Client) {
    peer.empty(client, "calls").await;
    peer.empty(client, "calls target").await;
    let date = DateTime { unix: 1_000_000_000, offset: 60 };
    let new = client.append("calls", MAIL).flags([Flag::Flagged]).date(date).await.unwrap();
    assert!(new.is_some());
    let text = MAIL.repeat(50_000);
    let length = text.len() as u32;
    let source = std::io::Cursor::new(text.clone());
    client.append_from("calls", source, length).await.unwrap().unwrap();
    let calls = client.select("calls").await.unwrap();
    assert_eq!(calls.status().exists, 2);
    let uids = calls.search(Query::all()).await.unwrap();
    let items = Items::new().flags().internal_date().size().envelope().structure().body().header();
    let one = calls.fetch_one(uids[0], items).await.unwrap().unwrap();
    assert_eq!((one.body().unwrap(), one.size), (&MAIL.into(), Some(MAIL.len() as u64)));
    assert_eq!(one.internal_date.map(|date| date.unix), Some(date.unix));
    assert_eq!(one.envelope.unwrap().subject.unwrap(), "one");
    assert!(one.flags.unwrap().contains(&Flag::Flagged) && one.structure.is_some());
    let mut read = Vec::new();
    calls.read(uids[1], Section::default()).read_to_end(&mut read).await.unwrap();
    assert!(read == text.as_bytes(), "{} octets of {length}", read.len());

    calls.add_flags(uids[0], &[Flag::Answered]).await.unwrap();
    calls.remove_flags(uids[0], &[Flag::Flagged]).await.unwrap();
    let told = calls.store(all(), StoreAction::Add, &[Flag::Seen]).await.unwrap();
    let flags = told[0].flags.as_ref().unwrap();
    assert!(flags.contains(&Flag::Answered) && flags.contains(&Flag::Seen), "{flags:?}");
    assert!(!flags.contains(&Flag::Flagged), "{flags:?}");
    assert_eq!(calls.search(Query::all().subject("ONE").unseen()).await.unwrap(), []);
    assert_eq!(calls.search(Query::all().subject("caf\u{e9}")).await.unwrap(), []);
    assert_eq!(calls.search_numbers(Query::all()).await.unwrap().len(), 2);
    let copied = calls.copy(uids[0], "calls target").await.unwrap();
    let moved = calls.r#move(uids[0], "calls target").await.unwrap();
    assert!(copied.is_some() && moved.is_some());
    calls.check().await.unwrap();
    calls.set_flags(uids[1], &[Flag::Deleted]).await.unwrap();
    calls.expunge_uids(uids[1]).await.unwrap();
    calls.expunge().await.unwrap();
    assert_eq!(calls.fetch(all(), Items::new()).await.unwrap(), []);
    calls.unselect().await.unwrap();
    let target = client.examine("calls target").await.unwrap();
    assert!(target.status().exists == 2 && target.status().read_only);
    target.close().await.unwrap();
}

async fn mechanisms(peer: &Peer) {
    for mechanism in [Mechanism::Plain, Mechanism::ScramSha256] {
        let client = peer.connector.connect().await.unwrap();
        if client.capabilities().has_mechanism(mechanism.name()) {
            client.authenticate_by(mechanism, &peer.credentials).await.unwrap();
            println!("{} is good", mechanism.name());
        }
    }
}

#[tokio::test]
async fn a_thousand_tasks() {
    const MESSAGES: usize = 50;
    let Some(mut peer) = Peer::new() else { return };
    for ordering in [Ordering::Cautious, Ordering::TrustServer] {
        peer.connector.settings.ordering = ordering;
        let tap = Tap::new(ordering);
        let client = peer.tapped_client(&tap).await;
        peer.empty(&client, "shared").await;
        peer.empty(&client, "other").await;
        let begin = Instant::now();
        let calls: Vec<_> = (0..MESSAGES).map(|_| client.append("shared", MAIL).send()).collect();
        for call in calls {
            call.await.unwrap();
        }
        let shared = client.select("shared").await.unwrap();
        let uids = shared.search(Query::all()).await.unwrap();
        assert_eq!(uids.len(), MESSAGES);
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..1000 {
            let (client, shared, uid) = (client.clone(), shared.clone(), uids[number % MESSAGES]);
            tasks.spawn(async move { one_task(number, &client, &shared, uid).await });
        }
        while let Some(task) = tasks.join_next().await {
            task.unwrap();
        }
        let other = client.status("other", &[StatusItem::Messages]).await.unwrap();
        assert_eq!(other.items[0].1, 400);
        let took = begin.elapsed();
        let (commands, most) = tap.lock().map(|tap| (tap.commands, tap.most)).unwrap();
        println!("{ordering:?}: 1,000 tasks in {took:?}, {commands} commands, {most} at once");
    }
}

async fn one_task(number: usize, client: &Client, shared: &peregrine_client::Mailbox, uid: Uid) {
    match number % 5 {
        0 => shared.add_flags(uid, &[Flag::Flagged]).await.unwrap(),
        1 => _ = client.append("other", MAIL).await.unwrap().unwrap(),
        2 => assert_eq!(shared.search(Query::all().uids(uid)).await.unwrap(), [uid]),
        3 => _ = shared.copy(uid, "other").await.unwrap().unwrap(),
        _ => {
            let found = shared.fetch_one(uid, Items::new().flags().body()).await.unwrap().unwrap();
            assert_eq!((found.uid, found.body().unwrap()), (Some(uid), &MAIL.into()));
        }
    }
}

#[tokio::test]
async fn changes() {
    let Some(peer) = Peer::new() else { return };
    let writer = peer.client().await;
    peer.empty(&writer, "watched").await;
    let name = peregrine_client::proto::MailboxName::new("watched").unwrap();
    let mut watch = peer.connector.watch(&peer.credentials, name);
    let mut next = async || {
        let change = tokio::time::timeout(Duration::from_secs(60), watch.next()).await;
        change.unwrap().unwrap()
    };
    assert!(matches!(next().await, Change::Begun { messages, .. } if messages.is_empty()));
    writer.append("watched", MAIL).await.unwrap();
    let Change::Arrived(new) = next().await else { panic!("nothing has arrived") };
    let uid = new[0].uid.unwrap();
    let watched = writer.select("watched").await.unwrap();
    watched.add_flags(uid, &[Flag::Deleted]).await.unwrap();
    assert!(matches!(next().await, Change::Flags(message) if message.uid == Some(uid)));
    watched.expunge().await.unwrap();
    assert!(matches!(next().await, Change::Expunged(gone) if gone == uid));
}

/// What was missed while the link was down is told by the quickest way that the server has.
#[tokio::test]
async fn what_was_missed() {
    let Some(peer) = Peer::new() else { return };
    let writer = peer.client().await;
    peer.empty(&writer, "missed").await;
    for _ in 0..3 {
        writer.append("missed", MAIL).await.unwrap();
    }
    let (clients, mut dialled) = tokio::sync::mpsc::unbounded_channel();
    let (connector, credentials) = (peer.connector.clone(), peer.credentials.clone());
    let back_off = BackOff { first: Duration::from_secs(1), longest: Duration::from_secs(1) };
    let name = peregrine_client::proto::MailboxName::new("missed").unwrap();
    let mut watch = Watch::new(name, back_off, move || {
        let (connector, credentials) = (connector.clone(), credentials.clone());
        let clients = clients.clone();
        async move {
            let client = connector.connect().await?;
            client.authenticate(&credentials).await?;
            _ = clients.send(client.clone());
            Ok(client)
        }
    });
    let Some(Change::Begun { messages, .. }) = watch.next().await else { panic!() };
    let uids: Vec<Uid> = messages.iter().filter_map(|message| message.uid).collect();
    assert_eq!(uids.len(), 3);
    dialled.recv().await.unwrap().logout().await.unwrap();
    let missed = writer.select("missed").await.unwrap();
    missed.add_flags(uids[0], &[Flag::Deleted]).await.unwrap();
    missed.expunge().await.unwrap();
    missed.add_flags(uids[1], &[Flag::Flagged]).await.unwrap();
    writer.append("missed", MAIL).await.unwrap();
    assert!(matches!(watch.next().await, Some(Change::Lost { .. })));
    let Some(Change::Resynchronized(told)) = watch.next().await else { panic!() };
    println!("resynchronized by {:?}", told.by);
    assert_eq!(told.vanished.iter().collect::<Vec<_>>(), [uids[0]]);
    assert_eq!(told.changed.iter().map(|one| one.uid).collect::<Vec<_>>(), [Some(uids[1])]);
    assert_eq!(told.arrived.len(), 1);
}

/// A link of 100 ms (50 ms in each direction) to the peer: 1,000 small messages, one call each, from
/// 50 tasks; and 100 of them one after another. Printed, not asserted: the clock is real.
#[tokio::test]
async fn a_slow_link() {
    let Some(peer) = Peer::new() else { return };
    let filler = peer.client().await;
    peer.empty(&filler, "slow").await;
    let calls: Vec<_> = (0..1000).map(|_| filler.append("slow", MAIL).send()).collect();
    for call in calls {
        call.await.unwrap();
    }
    let mut connector = peer.connector.clone();
    connector.port = proxy(&connector.host, connector.port).await;
    let client = connector.connect().await.unwrap();
    client.authenticate(&peer.credentials).await.unwrap();
    let slow = client.examine("slow").await.unwrap();
    let uids = slow.search(Query::all()).await.unwrap();
    let begin = Instant::now();
    for uid in &uids[..100] {
        slow.fetch_one(*uid, Items::new().body()).await.unwrap().unwrap();
    }
    println!("100 messages one after another: {:?}", begin.elapsed());
    let begin = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for uids in uids.chunks(uids.len() / 50) {
        let (slow, uids) = (slow.clone(), uids.to_vec());
        tasks.spawn(async move {
            for uid in uids {
                slow.fetch_one(uid, Items::new().body()).await.unwrap().unwrap();
            }
        });
    }
    while let Some(task) = tasks.join_next().await {
        task.unwrap();
    }
    println!("{} messages from 50 tasks: {:?}", uids.len(), begin.elapsed());
}

/// A port behind which each octet takes 50 ms to the peer and back again.
async fn proxy(host: &str, port: u16) -> u16 {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let peer = (host.to_owned(), port);
    tokio::spawn(async move {
        while let Ok((near, _)) = listener.accept().await {
            let far = tokio::net::TcpStream::connect(peer.clone()).await.unwrap();
            let (near_read, near_write) = near.into_split();
            let (far_read, far_write) = far.into_split();
            tokio::spawn(delayed(near_read, far_write));
            tokio::spawn(delayed(far_read, near_write));
        }
    });
    address.port()
}

async fn delayed(
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
) {
    let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Some((due, octets)) = receiver.recv().await {
            tokio::time::sleep_until(due).await;
            let octets: Vec<u8> = octets;
            if to.write_all(&octets).await.is_err() {
                return;
            }
        }
    });
    let mut buffer = vec![0; 64 << 10];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        let due = tokio::time::Instant::now() + Duration::from_millis(50);
        if sender.send((due, buffer[..read].to_vec())).is_err() {
            return;
        }
    }
}
