//! Watching a mailbox over links that die in every way.

use crate::house::House;
use crate::own_server::{MAIL, uid};
use crate::played::{Played, connect, plain};
use crate::wire::{ParseName, Wire};
use peregrine_client::proto::command::Noop;
use peregrine_client::proto::{CommandBody, Flag};
use peregrine_client::{BackOff, Change, Error, Method, Settings, Watch};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::DuplexStream;

/// A watch that uses these connections one after the other; then it fails.
fn watch(streams: Vec<DuplexStream>) -> Watch {
    let streams = Arc::new(Mutex::new(VecDeque::from(streams)));
    Watch::new("INBOX".parse_name(), BackOff::default(), move || {
        let stream = streams.lock().unwrap().pop_front();
        async move {
            let stream = stream.ok_or(Error::Unsupported("more connections"))?;
            connect(&plain(), stream).await
        }
    })
}

const GREETING: &str = "* PREAUTH [CAPABILITY IMAP4rev1 IDLE] in\r\n";
const ALL: &str = "UID FETCH 1:* (FLAGS UID)";

async fn opens(server: &mut Played, validity: u32, messages: &str) {
    server.says(GREETING).await;
    let count = messages.matches("FETCH").count();
    let code = format!("* OK [UIDVALIDITY {validity}] so\r\n");
    server.answers("EXAMINE INBOX", &format!("* {count} EXISTS\r\n{code}")).await;
    server.answers(ALL, messages).await;
}

#[tokio::test(start_paused = true)]
async fn a_dead_link_is_noticed_and_what_was_missed_is_told_at_once() {
    let (first, mut server) = Played::new();
    let (second, mut next) = Played::new();
    let played = tokio::spawn(async move {
        let messages = "* 1 FETCH (UID 1 FLAGS ())\r\n* 2 FETCH (UID 2 FLAGS ())\r\n\
                        * 3 FETCH (UID 3 FLAGS (\\Seen \\Flagged))\r\n";
        opens(&mut server, 7, messages).await;
        server.expects("IDLE").await;
        server.says("+ idling\r\n* 1 FETCH (FLAGS (\\Seen))\r\n* 4 EXISTS\r\n").await;
        assert_eq!(server.line().await, "DONE");
        // From here on nothing comes, and the connection stays open: a link that died half.
        let end = tokio::time::Instant::now();
        opens(
            &mut next,
            7,
            "* 1 FETCH (UID 2 FLAGS (\\Answered))\r\n\
            * 2 FETCH (UID 3 FLAGS (\\Recent \\Flagged \\Seen))\r\n* 3 FETCH (UID 9 FLAGS ())\r\n",
        )
        .await;
        let noticed = end.elapsed();
        next.expects("IDLE").await;
        next.says("+ idling\r\n* 2 EXPUNGE\r\n").await;
        next.line().await;
        drop(server);
        noticed
    });
    let mut watch = watch(vec![first, second]);
    let Some(Change::Begun { messages, .. }) = watch.next().await else { panic!() };
    assert_eq!(messages.len(), 3);
    let Some(Change::Flags(message)) = watch.next().await else { panic!() };
    assert_eq!((message.uid, message.flags.unwrap()), (Some(uid(1)), vec![Flag::Seen]));
    let Some(Change::Lost { error, again_in }) = watch.next().await else { panic!() };
    assert!(error.to_string().contains("silent for 120 s"), "{error}");
    assert_eq!(again_in, Duration::from_secs(1));
    let Some(Change::Resynchronized(missed)) = watch.next().await else { panic!() };
    assert!(!missed.renewed);
    assert_eq!(missed.vanished.iter().collect::<Vec<_>>(), [uid(1)]);
    assert_eq!(missed.changed.iter().map(|one| one.uid.unwrap()).collect::<Vec<_>>(), [uid(2)]);
    assert_eq!(missed.arrived.iter().map(|one| one.uid.unwrap()).collect::<Vec<_>>(), [uid(9)]);
    assert!(matches!(watch.next().await, Some(Change::Expunged(gone)) if gone == uid(3)));
    drop(watch);
    assert_eq!(played.await.unwrap().as_secs(), 121);
}

/// C16: another UIDVALIDITY means that nothing that was known holds.
#[tokio::test(start_paused = true)]
async fn c16_a_renewed_mailbox_is_told_as_such() {
    for validity in [8, 0] {
        let (first, mut server) = Played::new();
        let (second, mut next) = Played::new();
        tokio::spawn(async move {
            opens(&mut server, 7, "* 1 FETCH (UID 1 FLAGS ())\r\n").await;
            drop(server);
            opens(&mut next, validity, "* 1 FETCH (UID 1 FLAGS ())\r\n").await;
            next.line().await;
        });
        let mut watch = watch(vec![first, second]);
        assert!(matches!(watch.next().await, Some(Change::Begun { .. })));
        assert!(matches!(watch.next().await, Some(Change::Lost { .. })));
        let Some(Change::Resynchronized(missed)) = watch.next().await else { panic!() };
        assert!(missed.renewed && missed.arrived.len() == 1 && missed.vanished.count() == 1);
    }
}

#[tokio::test(start_paused = true)]
async fn it_waits_twice_as_long_each_time_and_not_for_what_cannot_pass() {
    let mut streams = Vec::new();
    for _ in 0..12 {
        let (stream, mut server) = Played::new();
        tokio::spawn(async move { server.says("* BYE later\r\n").await });
        streams.push(stream);
    }
    let mut watch = watch(streams);
    let mut waited = Vec::new();
    let ended = loop {
        match watch.next().await.unwrap() {
            Change::Lost { again_in, .. } => waited.push(again_in.as_secs()),
            Change::Ended(error) => break error,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(waited, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]);
    assert!(matches!(ended, Error::Unsupported(_)));
    assert!(watch.next().await.is_none());
}

#[tokio::test]
async fn changes_on_our_own_server() {
    let house = Arc::new(House::new().await);
    let writer = house.client().await;
    let dialled = Arc::clone(&house);
    let mut watch = Watch::new("INBOX".parse_name(), BackOff::default(), move || {
        let house = Arc::clone(&dialled);
        async move { Ok(house.client().await) }
    });
    assert!(
        matches!(watch.next().await, Some(Change::Begun { messages, .. }) if messages.is_empty())
    );
    writer.append("INBOX", MAIL).await.unwrap();
    let Some(Change::Arrived(new)) = watch.next().await else { panic!() };
    assert_eq!(new[0].uid, Some(uid(1)));
    let inbox = writer.select("INBOX").await.unwrap();
    inbox.add_flags(uid(1), &[Flag::Deleted]).await.unwrap();
    assert!(matches!(watch.next().await, Some(Change::Flags(message))
        if message.flags.as_ref().unwrap().contains(&Flag::Deleted)));
    inbox.expunge().await.unwrap();
    assert!(matches!(watch.next().await, Some(Change::Expunged(gone)) if gone == uid(1)));
}

/// IDLE is begun anew before the half hour is over, whatever is set (RFC 2177), and ended for other
/// commands.
#[test]
fn idle_is_renewed_and_makes_way() {
    for (set, renewed) in [(300, 300), (7200, 28 * 60)] {
        let idle_renewal = Duration::from_secs(set);
        let mut wire = Wire::selected(Settings { idle_renewal, ..Settings::default() });
        wire.machine.want_idle(wire.now, true);
        wire.now = wire.machine.deadline().unwrap();
        wire.machine.handle_timeout(wire.now);
        assert_eq!(wire.sent(), "ti1 IDLE\r\n");
        wire.says("+ idling\r\n");
        assert!(wire.machine.is_idling());
        assert_eq!(wire.machine.deadline(), Some(wire.now + Duration::from_secs(renewed)));
        wire.now = wire.machine.deadline().unwrap();
        wire.machine.handle_timeout(wire.now);
        assert_eq!(wire.sent(), "DONE\r\n");
        // Now an answer is due.
        assert_eq!(wire.machine.deadline(), Some(wire.now + Settings::default().silence));
        wire.says("ti1 OK done\r\n");
        wire.now = wire.machine.deadline().unwrap();
        wire.machine.handle_timeout(wire.now);
        assert_eq!(wire.sent(), "ti2 IDLE\r\n");
        // A command after a long silence is given its time.
        wire.says("+ idling\r\n");
        wire.now += Duration::from_secs(299);
        let noop = wire.sends(CommandBody::Noop(Noop));
        assert_eq!(wire.sent(), format!("DONE\r\nt{} NOOP\r\n", noop.0));
        assert_eq!(wire.machine.deadline(), Some(wire.now + Settings::default().silence));
        wire.says(format!("ti2 OK done\r\nt{} OK done\r\n", noop.0));
        wire.now = wire.machine.deadline().unwrap();
        wire.machine.handle_timeout(wire.now);
        assert_eq!(wire.sent(), "ti3 IDLE\r\n");
        // A command that comes before `+` waits for it: DONE can go only then.
        let noop = wire.sends(CommandBody::Noop(Noop));
        assert_eq!(wire.sent(), "");
        wire.machine.receive(wire.now, b"+ idling\r\n");
        assert_eq!(wire.sent(), format!("DONE\r\nt{} NOOP\r\n", noop.0));
        wire.says(format!("ti3 OK done\r\nt{} OK done\r\n", noop.0));
        wire.ok(noop);
    }
}

/// The second connection: what changed after 17.
async fn plays_again(next: &mut Played, greeting: &str, codes: &str, quick: bool) {
    let changed = "* 1 FETCH (UID 2 FLAGS (\\Seen) MODSEQ (20))\r\n\
                   * 3 FETCH (UID 9 FLAGS () MODSEQ (21))\r\n";
    next.says(greeting).await;
    if quick {
        next.answers("ENABLE QRESYNC", "* ENABLED QRESYNC\r\n").await;
    }
    next.answers("EXAMINE INBOX", codes).await;
    if quick {
        // Also of what was never known (RFC 7162 §3.2.6).
        let gone = "* VANISHED (EARLIER) 1,4:8\r\n";
        let asked = "UID FETCH 1:* (FLAGS UID) (CHANGEDSINCE 17 VANISHED)";
        next.answers(asked, &format!("{gone}{changed}")).await;
    } else {
        let fetch = next.expects("UID FETCH 1:* (FLAGS UID) (CHANGEDSINCE 17)").await;
        let search = next.expects("UID SEARCH ALL").await;
        let answers = format!("{changed}{fetch} OK so\r\n* SEARCH 2 3 9\r\n{search} OK so\r\n");
        next.says(answers).await;
    }
    next.expects("IDLE").await;
    let gone = if quick { "* VANISHED 2:3\r\n" } else { "* 1 EXPUNGE\r\n* 1 EXPUNGE\r\n" };
    next.says(format!("+ idling\r\n{gone}")).await;
    if !quick {
        // Of the second one, no UID was told on this connection: all are compared.
        assert_eq!(next.line().await, "DONE");
        next.answers(ALL, "* 1 FETCH (UID 9 FLAGS ())\r\n").await;
    }
    next.line().await;
}

/// With QRESYNC, and with CONDSTORE alone, only what changed is asked for.
#[tokio::test(start_paused = true)]
async fn what_the_server_counts_is_not_compared() {
    for quick in [true, false] {
        let capabilities = if quick { "ENABLE CONDSTORE QRESYNC" } else { "CONDSTORE" };
        let greeting = format!("* PREAUTH [CAPABILITY IMAP4rev1 IDLE {capabilities}] in\r\n");
        let (first, mut server) = Played::new();
        let (second, mut next) = Played::new();
        let played = tokio::spawn(async move {
            server.says(&greeting).await;
            if quick {
                server.answers("ENABLE QRESYNC", "* ENABLED QRESYNC\r\n").await;
            }
            let codes = "* 3 EXISTS\r\n* OK [UIDVALIDITY 7] so\r\n* OK [HIGHESTMODSEQ 17] so\r\n";
            server.answers("EXAMINE INBOX", codes).await;
            let all = "* 1 FETCH (UID 1 FLAGS ())\r\n* 2 FETCH (UID 2 FLAGS ())\r\n\
                       * 3 FETCH (UID 3 FLAGS ())\r\n";
            server.answers(ALL, all).await;
            server.expects("IDLE").await;
            drop(server);

            plays_again(&mut next, &greeting, codes, quick).await;
        });
        let mut watch = watch(vec![first, second]);
        assert!(matches!(watch.next().await, Some(Change::Begun { .. })));
        assert!(matches!(watch.next().await, Some(Change::Lost { .. })));
        let Some(Change::Resynchronized(missed)) = watch.next().await else { panic!() };
        assert_eq!(missed.by, if quick { Method::QResync } else { Method::CondStore });
        assert_eq!(missed.vanished.iter().collect::<Vec<_>>(), [uid(1)]);
        assert_eq!(missed.changed[0].uid, Some(uid(2)));
        assert_eq!(missed.arrived[0].uid, Some(uid(9)));
        assert!(matches!(watch.next().await, Some(Change::Expunged(gone)) if gone == uid(2)));
        let gone = match watch.next().await {
            Some(Change::Expunged(gone)) if quick => gone,
            Some(Change::Resynchronized(again)) if !quick => again.vanished.iter().next().unwrap(),
            other => panic!("{other:?}"),
        };
        assert_eq!(gone, uid(3));
        played.abort();
    }
}
