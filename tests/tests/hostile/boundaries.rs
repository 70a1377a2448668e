//! Whose mail is whose: other people's mailboxes, and accounts that are taken away.

use super::client::Client;
use super::ground::{Ground, Stage};
use Stage::LoggedIn;
use bytes::Bytes;
use peregrine_proto::{Command, CommandBody, Frame};
use peregrine_server::{TlsMode, credentials};
use std::collections::BTreeSet;
use std::time::Duration;

/// Every command that names a mailbox, with `{}` in the place of its name.
const NAMING: [&str; 20] = [
    "SELECT {}",
    "EXAMINE {}",
    "DELETE {}",
    "RENAME {} Taken",
    "RENAME Nothing {}",
    "SUBSCRIBE {}",
    "UNSUBSCRIBE {}",
    "LIST \"\" {}",
    "LIST {} *",
    "LIST (SUBSCRIBED) \"\" ({} {}/*) RETURN (STATUS (MESSAGES UIDNEXT))",
    "LSUB \"\" {}",
    "STATUS {} (MESSAGES UNSEEN UIDNEXT UIDVALIDITY)",
    "APPEND {} {1+}\r\nx",
    "COPY 1 {}",
    "UID COPY 1:* {}",
    "MOVE 1 {}",
    "UID MOVE 1:* {}",
    "REPLACE 1 {} {1+}\r\nx",
    "UID REPLACE 1 {} {1+}\r\nx",
    "CREATE {}",
];

/// How many commands name one: so many kinds are in [`NAMING`].
const KINDS: usize = 14;

/// What one might call Secret, a mailbox of alice's.
const NAMES: [&str; 9] = [
    "Secret",
    "alice/Secret",
    "user/alice/Secret",
    "user.alice.Secret",
    "~alice/Secret",
    "\"Other Users/alice/Secret\"",
    "#shared/alice/Secret",
    "/alice/Secret",
    "../alice/Secret",
];

/// Whether a command names a mailbox. Whoever adds a command decides here, and so in [`NAMING`].
fn names_one(body: &CommandBody) -> bool {
    use CommandBody as C;
    match body {
        C::Select(_) | C::Examine(_) | C::Create(_) | C::Delete(_) | C::Rename(_) => true,
        C::Subscribe(_) | C::Unsubscribe(_) | C::List(_) | C::Lsub(_) | C::Status(_) => true,
        C::Append(_) | C::Copy(_) | C::Move(_) | C::Replace(_) => true,
        C::Capability(_) | C::Noop(_) | C::Logout(_) | C::StartTls(_) => false,
        C::Authenticate(_) | C::Compress(_) | C::Unauthenticate(_) | C::Login(_) => false,
        C::Check(_) | C::Close(_) | C::Unselect(_) | C::Expunge(_) | C::Idle(_) => false,
        C::Namespace(_) | C::Id(_) | C::Enable(_) | C::Store(_) | C::Fetch(_) => false,
        C::Search(_) | C::Sort(_) | C::Thread(_) => false,
    }
}

async fn bob(ground: &Ground) -> Client {
    let mut client = Client::new(ground.open("127.0.0.1", TlsMode::Off));
    client.response().await;
    client.ok("l LOGIN bob builder").await;
    client
}

/// All that bob is told when he names alice's mailbox in every way, in every command.
async fn told(ground: &Ground) -> Vec<String> {
    let mut client = bob(ground).await;
    let mut all = Vec::new();
    for name in NAMES {
        for command in NAMING {
            client.ok("s SELECT INBOX").await;
            let command = command.replace("{}", name);
            let reply = client.ask(&format!("a {command}")).await.join("\n");
            // What he makes is his own, and is taken away again; its numbers are ever new ones.
            let made = reply.starts_with("a OK [MAILBOXID ");
            let reply = if made { "a OK, made".to_owned() } else { reply };
            all.push(format!("{command}: {reply}"));
            if made {
                client.ok("s SELECT INBOX").await;
                client.ok(&format!("d DELETE {name}")).await;
            }
        }
    }
    client.close().await;
    all
}

/// Right by right there is nothing to miss, since nobody has rights to another's mail; so whatever he
/// calls it, nobody can tell whether another's mailbox exists. Octet for octet the same.
#[tokio::test(start_paused = true)]
async fn t52_mailboxes_of_others() {
    let tried = NAMING.iter().map(|line| {
        let line = format!("a {}", line.replace("{}", "x"));
        let command = Command::parse(&Frame::new(Bytes::from(line.clone()))).unwrap();
        assert!(names_one(&command.body), "{line}");
        command.body.name().trim_start_matches("UID ")
    });
    assert_eq!(tried.collect::<BTreeSet<_>>().len(), KINDS);
    let ground = Ground::new().await;
    let mut client = bob(&ground).await;
    client.ok("a APPEND INBOX {1+}\r\nx").await;
    client.close().await;
    let absent = told(&ground).await;
    let mut alice = ground.client(LoggedIn).await;
    for name in NAMES {
        alice.ask(&format!("a CREATE {name}")).await;
    }
    alice.ok("a APPEND Secret {1+}\r\nx").await;
    alice.ok("a SUBSCRIBE Secret").await;
    let there = told(&ground).await;
    assert_eq!(absent.len(), NAMES.len() * NAMING.len());
    for (absent, there) in absent.iter().zip(&there) {
        assert_eq!(absent, there);
    }
    assert!(absent.iter().any(|told| told.contains("NO [NONEXISTENT]")), "{absent:?}");
    alice.close().await;
    ground.end().await;
}

/// A removed account's mail is read by nobody after a second, whatever its sessions are doing: those
/// in a mailbox are told BYE, the others find nothing any more.
#[tokio::test(start_paused = true)]
async fn t53_an_account_that_is_removed() {
    let ground = Ground::new().await;
    ground.store.create_account("carol", credentials("secret").unwrap()).await.unwrap();
    let login = async || {
        let mut client = Client::new(ground.open("127.0.0.1", TlsMode::Off));
        client.response().await;
        client.ok("l LOGIN carol secret").await;
        client
    };
    let (mut outside, mut selected) = (login().await, login().await);
    let (mut idle, mut fetching) = (login().await, login().await);
    let body = "x".repeat(200_000);
    for _ in 0..5 {
        outside.send(format!("b APPEND INBOX {{{}}}\r\n{body}\r\n", body.len())).await;
        outside.until("b").await;
    }
    for client in [&mut selected, &mut idle, &mut fetching] {
        client.ok("s SELECT INBOX").await;
    }
    idle.send("i IDLE\r\n").await;
    assert!(idle.response().await.starts_with("+ "));
    // It does not read, so that FETCH is in the middle of the mailbox.
    fetching.send("f FETCH 1:* (UID BODY.PEEK[])\r\n".repeat(20)).await;
    tokio::time::sleep(Duration::from_millis(10)).await;
    ground.store.remove_account("carol").await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    for client in [&mut selected, &mut idle] {
        let told = client.rest().await;
        assert!(told.last().unwrap().starts_with("* BYE "), "{told:?}");
    }
    let octets = fetching.octets().await;
    // What had been put in order for sending, and no more of it.
    assert!(octets.len() < 20 * 5 * body.len() / 2, "{}", octets.len());
    assert_eq!(outside.ok("a LIST \"\" *").await.len(), 1);
    assert!(outside.reply("b SELECT INBOX").await.starts_with("b NO "));
    assert!(outside.reply("c APPEND INBOX {1+}\r\nx").await.starts_with("c NO "));
    let mut late = Client::new(ground.open("127.0.0.1", TlsMode::Off));
    late.response().await;
    assert!(late.reply("l LOGIN carol secret").await.starts_with("l NO [AUTHENTICATIONFAILED] "));
    ground.end_unharmed().await;
}
