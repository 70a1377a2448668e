//! Watching sessions: what is told, what never is, and that nobody waits for a watcher.

use super::dialogue::{PASSWORD, ann, connect, local, server};
use peregrine_server::Server;
use peregrine_server::admin::trace::record::{Event, What};
use peregrine_server::admin::trace::text::{self, Style};
use peregrine_server::admin::trace::{PhaseKind, Trace, html, panel, svg};
use peregrine_server::sessions::{NoSession, WatchError, Watched, Watching};
use std::sync::Arc;
use std::time::Duration;

fn watch_ann(server: &Server) -> Watching {
    server.sessions().watch(Watched::User("ann".to_owned())).unwrap()
}

/// Everything up to the end of the first session that ends.
async fn until_closed(watching: &mut Watching) -> Vec<Event> {
    let mut events = Vec::new();
    while !matches!(events.last(), Some(Event { what: What::Closed, .. })) {
        let next = tokio::time::timeout(Duration::from_secs(60), watching.next()).await;
        events.push(next.unwrap().unwrap());
    }
    events
}

/// From the login on, by user; other users' sessions are not told.
#[tokio::test]
async fn a_user_is_watched_from_the_login_on() {
    // A SELECT that ends at once would be answered before the next command is looked at.
    let server = server(|options| options.pace = Some(Arc::new(|| Duration::from_millis(1)))).await;
    let mut watching = watch_ann(&server);
    let mut other = connect(&server, local()).await;
    other.ask("b1 LOGIN bob secret").await;
    other.ask("b2 SELECT INBOX").await;
    let mut client = connect(&server, local()).await;
    client
        .send("a1 LOGIN ann secret\r\na2 SELECT INBOX\r\na3 UID SEARCH ALL\r\na4 LOGOUT\r\n")
        .await;
    client.rest().await;
    let events = until_closed(&mut watching).await;
    let trace = Trace::from_events(watching.header().clone(), events);
    let [session] = trace.sessions.as_slice() else { panic!("{trace:?}") };
    assert_eq!(session.user.as_deref(), Some("ann"));
    let told: Vec<_> = session.rows.iter().map(|row| (&row.tag[..], &row.command[..])).collect();
    let wanted =
        [("a1", "LOGIN …"), ("a2", "SELECT INBOX"), ("a3", "UID SEARCH ALL"), ("a4", "LOGOUT")];
    assert_eq!(told, wanted);
    assert!(session.rows.iter().all(|row| row.status.as_deref() == Some("OK")));
    let search = &session.rows[2];
    assert_eq!(search.waits[0].behind, session.rows[1].job);
    assert!(search.waits[0].why.contains("which mailbox is selected"));
    assert!(search.phases.iter().any(|phase| phase.kind == PhaseKind::Running));
}

/// Whoever connects while a user is watched costs little before the login, and a login behind many
/// other commands is watched from then on.
#[tokio::test]
async fn little_is_kept_before_the_login() {
    let server = server(|_| {}).await;
    let mut watching = watch_ann(&server);
    let mut client = connect(&server, local()).await;
    client.send("n NOOP\r\n".repeat(500)).await;
    client.send("a1 LOGIN ann secret\r\na2 SELECT INBOX\r\na3 LOGOUT\r\n").await;
    client.rest().await;
    let events = until_closed(&mut watching).await;
    let trace = Trace::from_events(watching.header().clone(), events);
    assert!(trace.lost > 500, "{}", trace.lost);
    let rows = &trace.sessions[0].rows;
    assert!(rows.len() < 70, "{rows:?}");
    let tags: Vec<_> = rows.iter().rev().take(2).map(|row| row.tag.as_str()).collect();
    assert_eq!(tags, ["a3", "a2"]);
    assert!(rows.iter().all(|row| row.end.is_some()), "{rows:?}");
}

/// Who watches later than the commands came is told of those that are under way.
#[tokio::test]
async fn what_is_under_way_is_told() {
    let server = server(|_| {}).await;
    let mut client = ann(&server).await;
    client.send("i1 IDLE\r\n").await;
    client.until("+").await;
    let session = server.sessions().list().remove(0);
    assert_eq!(session.running, ["IDLE"]);
    let id = session.id;
    let mut watching = server.sessions().watch(Watched::Session(id.clone())).unwrap();
    client.send("DONE\r\nn1 NOOP\r\nz LOGOUT\r\n").await;
    client.rest().await;
    let events = until_closed(&mut watching).await;
    assert!(matches!(events[0].what, What::Session { .. }), "{events:?}");
    assert!(matches!(&events[1].what, What::Present { command, running: true, .. }
        if command == "IDLE"));
    assert!(events.iter().all(|event| event.session == id));
    let unknown = server.sessions().watch(Watched::Session(id)).err();
    assert_eq!(unknown, Some(WatchError::NoSession(NoSession)));
}

/// No password and no mail is in any output, however it is said.
#[tokio::test]
async fn secrets_are_never_told() {
    const MAIL: &str = "Subject: sesame\r\n\r\nsesame\r\n";
    let server = server(|_| {}).await;
    let mut watching = watch_ann(&server);
    let mut client = connect(&server, local()).await;
    client.send("a LOGIN ann sesame\r\n").await;
    client.until("a").await;
    client.send("b LOGIN ann ses ame\r\n").await;
    client.until("b").await;
    // ann NUL secret, once at once and once when asked.
    client.send("c AUTHENTICATE PLAIN AGFubgBzZWNyZXR4\r\n").await;
    client.until("c").await;
    let mut client = connect(&server, local()).await;
    client.send("d AUTHENTICATE PLAIN\r\n").await;
    client.line().await;
    client.send("AGFubgBzZWNyZXQ=\r\n").await;
    client.until("d").await;
    let mut second = connect(&server, local()).await;
    second.send("e LOGIN {3+}\r\nann {6+}\r\nsecret\r\nf LOGOUT\r\n").await;
    second.rest().await;
    client.send(format!("g APPEND INBOX {{{}+}}\r\n{MAIL}\r\n", MAIL.len())).await;
    client.until("g").await;
    client.send("h LOGIN ann secret\r\nj LOGOUT\r\n").await;
    client.rest().await;
    let mut events = until_closed(&mut watching).await;
    events.extend(until_closed(&mut watching).await);
    let lines: String = events.iter().map(Event::to_line).collect();
    let trace = Trace::from_events(watching.header().clone(), events);
    let style = Style { width: 160, colours: false };
    let draw = |panel| text::panel(&panel, &trace.header.started, style);
    let plain: String = panel::panels(&trace).into_iter().map(draw).collect();
    assert!(lines.contains("AUTHENTICATE …") && lines.contains("APPEND INBOX {27}"), "{lines}");
    for output in [lines, plain, svg(&trace), html(&trace)] {
        for secret in [PASSWORD, "sesame", "ses ame", "AGFub"] {
            assert!(!output.contains(secret), "{secret}: {output}");
        }
    }
}

/// A watcher that does not read loses events and is told how many; every command is answered.
#[tokio::test]
async fn a_watcher_that_does_not_read_slows_nobody() {
    const COMMANDS: usize = 3000;
    let server = server(|_| {}).await;
    let mut watching = watch_ann(&server);
    let mut client = ann(&server).await;
    for number in 0..COMMANDS {
        let reply = client.reply(&format!("t{number} NOOP")).await;
        assert!(reply.starts_with(&format!("t{number} OK")), "{reply}");
    }
    client.ask("z LOGOUT").await;
    client.rest().await;
    let (mut told, mut lost) = (0, 0);
    while let Ok(event) = tokio::time::timeout(Duration::from_millis(200), watching.next()).await {
        match event.unwrap().what {
            What::Lost { events } => lost += events,
            _ => told += 1,
        }
    }
    // At most what the queue holds is kept: five events a NOOP are made.
    assert_eq!(told, 4096);
    assert!(lost as usize > COMMANDS * 5 - 4096, "{lost}");
}

/// n−1, n and n+1 watchers; a place is free again when one goes. The server's end ends watching.
#[tokio::test]
async fn watchers_are_bounded() {
    let server = server(|_| {}).await;
    let mut watchers: Vec<_> = (0..8).map(|_| watch_ann(&server)).collect();
    let refused = server.sessions().watch(Watched::User("ann".to_owned())).err();
    assert_eq!(refused, Some(WatchError::TooMany));
    watchers.pop();
    let mut last = watch_ann(&server);
    server.shutdown().await;
    assert_eq!(last.next().await, None);
}

/// Tracing is off while nobody watches: what happened before is told to nobody.
#[tokio::test]
async fn nothing_is_kept_while_nobody_watches() {
    let server = server(|_| {}).await;
    let mut client = ann(&server).await;
    drop(watch_ann(&server));
    client.ask("before NOOP").await;
    let mut watching = watch_ann(&server);
    client.ask("after NOOP").await;
    client.ask("z LOGOUT").await;
    let events = until_closed(&mut watching).await;
    let trace = Trace::from_events(watching.header().clone(), events);
    let tags: Vec<_> = trace.sessions[0].rows.iter().map(|row| row.tag.as_str()).collect();
    assert_eq!(tags, ["after", "z"]);
}

/// A session can be ended: its client is told why.
#[tokio::test]
async fn a_session_is_ended() {
    let server = server(|_| {}).await;
    let mut client = ann(&server).await;
    let mut other = ann(&server).await;
    let sessions = server.sessions().list();
    assert_eq!((sessions.len(), sessions[0].user.as_deref()), (2, Some("ann")));
    server.sessions().end(&sessions[0].id).unwrap();
    let told = client.rest().await;
    assert!(told.starts_with("* BYE [UNAVAILABLE] An administrator has ended"), "{told}");
    assert!(other.reply("a NOOP").await.starts_with("a OK"));
    assert!(server.sessions().list().iter().all(|session| session.running.is_empty()));
    assert_eq!(server.sessions().end("nonsense"), Err(NoSession));
    while server.sessions().list().len() > 1 {
        tokio::task::yield_now().await;
    }
}
