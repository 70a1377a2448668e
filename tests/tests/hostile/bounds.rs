//! Too much of everything: connections, logins, output, and faults of the disk below.

use super::client::Client;
use super::ground::{Ground, Stage};
use Stage::{Greeted, LoggedIn, Selected};
use peregrine_kv::fault::{Call, FaultEngine};
use peregrine_kv::{Engine, Error, MemoryEngine, Transaction};
use peregrine_server::{TlsMode, credentials};
use std::sync::Arc;
use std::time::Duration;

#[tokio::test(start_paused = true)]
async fn t58_connections() {
    let ground = Ground::new().await;
    let mut canary = ground.client(LoggedIn).await;
    let mut clients = Vec::new();
    for count in 1..=1000 {
        let mut client = Client::new(ground.open("192.0.2.1", TlsMode::Off));
        let greeting = client.response().await;
        let expected = if count <= 50 { "* OK " } else { "* BYE [UNAVAILABLE] " };
        assert!(greeting.starts_with(expected), "{count}: {greeting}");
        clients.push(client);
    }
    canary.ok("a NOOP").await;
    assert!(
        Client::new(ground.open("192.0.2.2", TlsMode::Off)).response().await.starts_with("* OK")
    );
    drop(clients);
    // The rate, too, is of one address only, and is forgotten.
    tokio::time::sleep(Duration::from_secs(90)).await;
    for _ in 0..120 {
        let mut client = Client::new(ground.open("192.0.2.1", TlsMode::Off));
        assert!(client.response().await.starts_with("* OK "));
        client.close().await;
    }
    let mut client = Client::new(ground.open("192.0.2.1", TlsMode::Off));
    assert!(client.response().await.starts_with("* BYE [UNAVAILABLE] "));
    canary.ok("b NOOP").await;
    ground.end_unharmed().await;
}

#[tokio::test(start_paused = true)]
async fn t58_sessions_of_one_user() {
    let ground = Ground::with(|options| options.cleartext_login = true).await;
    let mut sessions = Vec::new();
    for count in 1..=100 {
        let mut client = Client::new(ground.open(&format!("192.0.2.{}", count % 10), TlsMode::Off));
        client.response().await;
        let reply = client.reply("a LOGIN alice wonderland").await;
        let expected = if count <= 20 { "a OK " } else { "a NO [LIMIT] " };
        assert!(reply.starts_with(expected), "{count}: {reply}");
        sessions.push(client);
    }
    let mut bob = Client::new(ground.open("198.51.100.1", TlsMode::Off));
    bob.response().await;
    bob.ok("a LOGIN bob builder").await;
    drop(sessions);
    tokio::time::sleep(Duration::from_secs(10)).await;
    ground.end_unharmed().await;
}

/// Hashing a password costs memory and a core: so many at once, a bounded queue, and the rest is
/// turned away at once. Who is logged in does not notice.
#[tokio::test(start_paused = true)]
async fn t59_many_logins() {
    let ground = Ground::with(|options| options.limits.password_checks = 1).await;
    ground.store.create_account("carol", credentials("secret").unwrap()).await.unwrap();
    let mut canary = ground.client(LoggedIn).await;
    let mut clients = Vec::new();
    for _ in 0..2000 {
        let mut client = ground.client(Greeted).await;
        client.send("a LOGIN carol secret\r\n").await;
        clients.push(client);
    }
    canary.ok("a NOOP").await;
    let mut counts = [0; 2];
    for mut client in clients {
        let reply = client.response().await;
        assert!(reply.starts_with("a OK ") || reply.starts_with("a NO [UNAVAILABLE] "), "{reply}");
        counts[usize::from(reply.starts_with("a OK "))] += 1;
    }
    assert!(counts[1] >= 32 && counts[0] > 1000, "{counts:?}");
    ground.end_unharmed().await;
}

/// A client that asks for much and reads nothing: what waits for it is bounded, and it is cut.
#[tokio::test(start_paused = true)]
async fn t62_a_client_that_does_not_read() {
    let ground = Ground::new().await;
    let mut client = ground.client(LoggedIn).await;
    client.ok("a CREATE Large").await;
    let body = "x".repeat(200_000);
    for _ in 0..20 {
        client.send(format!("b APPEND Large {{{}}}\r\n{body}\r\n", body.len())).await;
        client.until("b").await;
    }
    client.ok("c SELECT Large").await;
    client.send("d FETCH 1:* BODY.PEEK[]\r\n".repeat(100)).await;
    tokio::time::sleep(Duration::from_secs(120)).await;
    let told = client.octets().await;
    // What the pipe held.
    assert!(told.len() <= 64 * 1024, "{}", told.len());
    ground.client(Selected).await.close().await;
    ground.end().await;
}

/// A message of which the end never comes is not there, and takes no room.
#[tokio::test(start_paused = true)]
async fn t63_broken_off_messages() {
    let spool = tempfile::tempdir().unwrap();
    let folder = spool.path().to_owned();
    let ground = Ground::with(|options| options.spool_folder = Some(folder)).await;
    let mut canary = ground.client(Selected).await;
    for size in [1000, 300_000, 3_000_000] {
        let body = "x".repeat(size);
        let whole = format!("a APPEND Canary {{{size}}}\r\n{body}\r\n");
        for missing in [1, 2, 3, size / 100] {
            let mut client = ground.client(LoggedIn).await;
            client.send(&whole[..whole.len() - missing]).await;
            assert!(client.response().await.starts_with("+ "));
            drop(client);
            tokio::time::sleep(Duration::from_secs(10)).await;
        }
    }
    canary.ok("n NOOP").await;
    assert_eq!(std::fs::read_dir(spool.path()).unwrap().count(), 0);
    canary.close().await;
    ground.end_unharmed().await;
}

/// Each call that APPEND, COPY, MOVE, STORE and EXPUNGE make fails once: the command says NO, the
/// mailbox is as it was, and the next one succeeds.
#[tokio::test(start_paused = true)]
async fn t64_faults_of_the_disk() {
    for (error, code) in [
        (Error::Full, "NO [OVERQUOTA] "),
        (Error::Io(Arc::new(std::io::ErrorKind::Other.into())), "NO [UNAVAILABLE] "),
    ] {
        let (engine, faults) = FaultEngine::new(Arc::new(MemoryEngine::new()));
        let ground = Ground::on(Arc::new(engine), |_| {}).await;
        let mut client = ground.client(Selected).await;
        let large = format!("APPEND INBOX {{{}}}\r\n{}", 400_000, "x".repeat(400_000));
        for command in [
            "APPEND INBOX {1+}\r\nx",
            &large,
            "COPY 1 INBOX",
            "MOVE 1 Canary",
            "STORE 1 +FLAGS (\\Flagged)",
            "STORE 1 +FLAGS.SILENT (new)",
            "CREATE Harm",
            "RENAME Canary Harm",
            "DELETE Canary",
        ] {
            for call in [Call::Commit, Call::ObjectPut] {
                if call == Call::ObjectPut && !command.contains("400000") {
                    continue;
                }
                let status = "b STATUS INBOX (MESSAGES UIDNEXT UNSEEN)";
                let before = client.ok(status).await;
                faults.fail(call, 1, error.clone());
                client.send(format!("a {command}\r\n")).await;
                let told = client.until("a").await;
                let reply = told.last().unwrap();
                let name = &command[..command.len().min(20)];
                assert!(reply.starts_with(&format!("a {code}")), "{name}, {call:?}: {told:?}");
                faults.clear();
                assert_eq!(client.ok(status).await, before, "{name}, {call:?}");
            }
        }
        client.ok("c STORE 1 +FLAGS (\\Flagged)").await;
        client.ok("d COPY 1 INBOX").await;
        client.close().await;
        ground.end_unharmed().await;
    }
}

/// UIDs end before they wrap: the last are given, then what needs more is refused.
#[tokio::test(start_paused = true)]
async fn t65_the_last_uids() {
    let ground = with_inbox(1, &(u32::MAX - 2).to_be_bytes()).await;
    let mut client = ground.client(Selected).await;
    for uid in [u32::MAX - 2, u32::MAX - 1] {
        let told = client.ok("a APPEND INBOX {1+}\r\nx").await.pop().unwrap();
        assert!(told.contains(&format!(" {uid}] ")), "{told}");
    }
    for command in ["a APPEND INBOX {1+}\r\nx", "a COPY 1 INBOX", "a UID COPY 1:* INBOX"] {
        let reply = client.reply(command).await;
        assert!(reply.starts_with("a NO [LIMIT] "), "{command}: {reply}");
    }
    client.ok("b UID FETCH 4294967294:* (UID FLAGS)").await;
    client.ok("c NOOP").await;
    client.close().await;
    ground.end().await;
}

/// So do MODSEQs, which have 63 bits (RFC 7162 §7).
#[tokio::test(start_paused = true)]
async fn t65_the_last_mod_seqs() {
    let ground = with_inbox(5, &(i64::MAX - 1).to_be_bytes()).await;
    let mut client = ground.client(Selected).await;
    client.ok("a STORE 1 +FLAGS (\\Flagged)").await;
    for command in [
        "a STORE 2 +FLAGS (\\Flagged)",
        "a APPEND INBOX {1+}\r\nx",
        "a COPY 1 INBOX",
        "a MOVE 1 Sent",
    ] {
        let reply = client.reply(command).await;
        assert!(reply.starts_with("a NO [LIMIT] "), "{command}: {reply}");
    }
    assert!(client.ok("b FETCH 1:3 FLAGS").await[2].contains("* 3 FETCH"));
    client.close().await;
    ground.end().await;
}

/// A server in whose INBOX these octets of the head's row have been replaced: UIDNEXT stands
/// behind the version byte, MODSEQ behind that.
async fn with_inbox(at: usize, number: &[u8]) -> Ground {
    let engine: Arc<dyn Engine> = Arc::new(MemoryEngine::new());
    let ground = Ground::on(Arc::clone(&engine), |_| {}).await;
    let (id, _) = ground.store.credentials("alice").await.unwrap().unwrap();
    ground.server.shutdown().await;
    drop(ground.store);
    // What it still had to write is written.
    tokio::time::sleep(Duration::from_secs(60)).await;
    // INBOX is the first mailbox.
    let key = [&id.0.to_be_bytes()[..], b"h", &1_u32.to_be_bytes()].concat();
    let mut head = engine.snapshot().await.unwrap().get(&key).await.unwrap().unwrap().to_vec();
    head[at..at + number.len()].copy_from_slice(number);
    let mut transaction = Transaction::new();
    transaction.put(key, head);
    engine.commit(transaction).await.unwrap();
    Ground::again(engine).await
}
