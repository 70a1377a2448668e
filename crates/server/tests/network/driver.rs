//! The driver of a connection: many commands at once, large messages, idle clients, faults, ends.

use super::dialogue::{Dialogue, ann, connect, local, open, server, server_on};
use super::faults::Faulty;
use peregrine_server::{ListenerConfig, TlsMode};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A message of about so many octets.
pub fn message(octets: usize) -> String {
    let mut text = String::from("Subject: long\r\n\r\n");
    while text.len() < octets {
        text.push_str("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\r\n");
    }
    text
}

pub async fn append<S>(client: &mut Dialogue<S>, text: &str)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    client.send(format!("append APPEND INBOX {{{}}}\r\n", text.len())).await;
    assert!(client.line().await.starts_with("+ "));
    client.send(format!("{text}\r\n")).await;
    let reply = client.until("append").await.pop().unwrap();
    assert!(reply.starts_with("append OK [APPENDUID "), "{reply}");
}

/// A message that is spooled comes back octet for octet; smaller ones as well.
#[tokio::test]
async fn large_messages_come_back_unchanged() {
    let server = server(|_| {}).await;
    let mut client = ann(&server).await;
    for octets in [100, 60_000, 300_000, 3_000_000] {
        let text = message(octets);
        append(&mut client, &text).await;
        client.ask("s SELECT INBOX").await;
        let lines = client.ask("f UID FETCH * BODY.PEEK[]").await;
        let whole = lines.join("\r\n");
        assert!(whole.contains(&format!("BODY[] {{{}}}\r\n{text})", text.len())), "{octets}");
    }
}

/// Commands sent at once are all answered, each once.
#[tokio::test]
async fn pipelined_commands() {
    let server = server(|_| {}).await;
    let mut client = ann(&server).await;
    append(&mut client, &message(1000)).await;
    let commands = "a SELECT INBOX\r\nb FETCH 1 (FLAGS ENVELOPE)\r\nc STATUS Sent (MESSAGES)\r\n\
        d STORE 1 +FLAGS (\\Flagged)\r\ne FETCH 1 FLAGS\r\nf CLOSE\r\ng NOOP\r\nh LOGOUT\r\n";
    client.send(commands).await;
    let told = client.rest().await;
    for tag in ["a", "b", "c", "d", "e", "f", "g", "h"] {
        let tagged = format!("{tag} OK ");
        assert_eq!(told.lines().filter(|line| line.starts_with(&tagged)).count(), 1, "{told}");
    }
    assert!(told.contains("* 1 FETCH (FLAGS (\\Flagged"), "{told}");
}

/// Idle clients hear of a message as it arrives; DONE and the next command may come together
/// (trap-1).
#[tokio::test]
async fn idle_clients_are_told() {
    let server = server(|_| {}).await;
    let mut idle = Vec::new();
    for _ in 0..20 {
        let mut client = ann(&server).await;
        client.ask("s SELECT INBOX").await;
        client.send("i IDLE\r\n").await;
        assert!(client.line().await.starts_with("+ "));
        idle.push(client);
    }
    let mut sender = ann(&server).await;
    append(&mut sender, &message(100)).await;
    for client in &mut idle {
        assert_eq!(client.line().await, "* 1 EXISTS");
        client.send("DONE\r\nn NOOP\r\n").await;
        assert!(client.until("i").await.pop().unwrap().starts_with("i OK "));
        assert!(client.until("n").await.pop().unwrap().starts_with("n OK "));
    }
}

/// Anything but DONE ends IDLE with BAD and is not run.
#[tokio::test]
async fn idle_ends_only_by_done() {
    let server = server(|_| {}).await;
    let mut client = ann(&server).await;
    client.ask("s SELECT INBOX").await;
    client.send("i IDLE\r\n").await;
    client.line().await;
    client.send("x LOGOUT\r\nn NOOP\r\n").await;
    let lines = client.until("n").await;
    assert!(lines.iter().any(|line| line.starts_with("i BAD ")), "{lines:?}");
    assert!(!lines.iter().any(|line| line.starts_with("x ")), "{lines:?}");
}

/// A deleted mailbox ends the sessions that have it open (RFC 2180 §3.3), and no others.
#[tokio::test]
async fn the_selected_mailbox_goes() {
    let server = server(|_| {}).await;
    let mut first = ann(&server).await;
    let mut second = ann(&server).await;
    assert!(first.reply("a CREATE Work").await.starts_with("a OK"));
    assert!(second.reply("a SELECT Work").await.starts_with("a OK"));
    assert!(first.reply("b DELETE Work").await.starts_with("b OK"));
    assert!(second.rest().await.starts_with("* BYE "));
    assert!(first.reply("c NOOP").await.starts_with("c OK"));
}

/// A panic costs its own session, which is told; others do not notice.
#[tokio::test]
async fn a_fault_ends_one_session() {
    let engine = Arc::new(Faulty::new());
    let server = server_on(engine.clone(), |_| {}).await;
    let mut bystander = ann(&server).await;
    let mut client = connect(&server, local()).await;
    engine.panic_once();
    client.send("a LOGIN ann secret\r\n").await;
    let reply = client.line().await;
    assert!(reply.starts_with("a NO [SERVERBUG] ") && reply.contains("reference"), "{reply}");
    assert!(client.rest().await.starts_with("* BYE "));
    assert!(bystander.reply("b NOOP").await.starts_with("b OK"));
    ann(&server).await;
}

/// A client that sends its commands and ends its side gets its answers (`nc < file`).
#[tokio::test]
async fn a_half_closed_client_is_answered() {
    let server = server(|_| {}).await;
    let mut client = connect(&server, local()).await;
    client.send("a LOGIN ann secret\r\nb SELECT INBOX\r\nc SEARCH ALL\r\n").await;
    client.stream.shutdown().await.unwrap();
    let told = client.rest().await;
    assert!(told.contains("a OK ") && told.contains("b OK ") && told.contains("c OK "), "{told}");
}

/// However long that takes, as long as it reads; one that has stopped is not waited for long.
#[tokio::test(start_paused = true)]
async fn a_half_closed_client_may_read_slowly() {
    let server = server(|_| {}).await;
    let mut client = ann(&server).await;
    append(&mut client, &message(400_000)).await;
    client.ask("a SELECT INBOX").await;
    client.send("b FETCH 1 BODY.PEEK[]\r\nc FETCH 1 BODY.PEEK[]\r\n").await;
    client.stream.shutdown().await.unwrap();
    let mut octets = 0;
    let mut buffer = vec![0; 64 * 1024];
    for _ in 0..4 {
        octets += client.stream.read(&mut buffer).await.unwrap();
        tokio::time::sleep(Duration::from_secs(4)).await;
    }
    octets += client.rest().await.len();
    assert!(octets > 800_000, "{octets}");
    let mut stopped = ann(&server).await;
    stopped.ask("a SELECT INBOX").await;
    stopped.send("b FETCH 1 BODY.PEEK[]\r\n").await;
    stopped.stream.shutdown().await.unwrap();
    tokio::time::sleep(Duration::from_secs(11)).await;
    assert!(stopped.rest().await.len() < 400_000);
}

/// Shutdown says BYE, also to idle clients, and ends.
#[tokio::test]
async fn shutdown_says_bye() {
    let server = server(|options| {
        let address = "127.0.0.1:0".parse().unwrap();
        options.listeners.push(ListenerConfig { address, tls: TlsMode::Off });
    })
    .await;
    let address = server.addresses()[0].0;
    let mut client = Dialogue::new(TcpStream::connect(address).await.unwrap());
    client.line().await;
    client.ask("a LOGIN ann secret").await;
    client.ask("b SELECT INBOX").await;
    client.send("c IDLE\r\n").await;
    client.line().await;
    let ((), told) = tokio::join!(server.shutdown(), client.rest());
    assert!(told.starts_with("* BYE [UNAVAILABLE] "), "{told}");
    assert!(TcpStream::connect(address).await.is_err());
}

/// T10, T42: a message that is refused is not run as commands.
#[tokio::test]
async fn a_refused_message_is_no_command() {
    let server = server(|options| options.limits.session.frame.append = 1000).await;
    let mut client = ann(&server).await;
    let text = "x DELETE Archive\r\n".repeat(100);
    client.send(format!("a APPEND INBOX {{{}+}}\r\n{text}\r\nb NOOP\r\n", text.len())).await;
    let told = client.until("b").await.join("\n");
    assert!(!told.contains("\nx "), "{told}");
    let mut client = ann(&server).await;
    assert!(client.ask("c LIST \"\" Archive").await[0].contains("Archive"));
}

/// T62: a client that never reads is cut, and holds nothing up.
#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_read() {
    let server = server(|_| {}).await;
    let mut client = ann(&server).await;
    append(&mut client, &message(200_000)).await;
    client.ask("a SELECT INBOX").await;
    client.send("b FETCH 1 BODY.PEEK[]\r\n".repeat(40)).await;
    let mut other = Dialogue::new(open(&server, local(), TlsMode::Off));
    other.line().await;
    assert!(other.reply("a LOGIN ann secret").await.starts_with("a OK"));
    tokio::time::sleep(Duration::from_secs(120)).await;
    let told = client.rest().await;
    assert!(told.len() < 1_000_000, "{}", told.len());
}
