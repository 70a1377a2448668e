//! Commands that are answered while they are still being sent, and numbers that change meanwhile.

use crate::own_server::uid;
use crate::played::{Played, connect, plain};
use crate::wire::{Wire, command};
use peregrine_client::proto::CommandBody;
use peregrine_client::proto::command::append::Literal;
use peregrine_client::{Items, Settings, all};
use tokio::io::AsyncReadExt;

/// RFC 7888 §3: a server that refuses a command reads what it announced all the same. What was left
/// out would be taken from the next command.
#[test]
fn a_literal_that_is_not_waited_for_is_sent_to_its_end() {
    let mut wire = Wire::selected(Settings::default());
    let message = "x".repeat(20_000);
    let CommandBody::Append(mut append) = command("APPEND y {1+}\r\nx") else { panic!("APPEND") };
    append.message = Literal::Inline(message.clone().into());
    let append = wire.sends(CommandBody::Append(append));
    assert!(wire.machine.poll_transmit().is_some());
    wire.machine.receive(wire.now, format!("t{} NO [TOOBIG] no\r\n", append.0).as_bytes());
    wire.settle();
    assert!(wire.result(append).unwrap().is_err());
    let noop = wire.sends(command("NOOP"));
    assert_eq!(wire.sent(), format!("{message}\r\nt{} NOOP\r\n", noop.0));
    wire.says(format!("t{} OK done\r\n", noop.0));
    wire.ok(noop);
}

/// The same for octets that come from elsewhere: the connection goes on.
#[tokio::test]
async fn a_message_that_is_refused_early_does_not_end_the_connection() {
    const LENGTH: u32 = 3 << 20;
    let (ours, mut server) = Played::new();
    let served = tokio::spawn(async move {
        server.says("* PREAUTH [CAPABILITY IMAP4rev1 LITERAL+] in\r\n").await;
        let tag = server.expects(&format!("APPEND INBOX {{{LENGTH}+}}")).await;
        server.says(format!("{tag} NO [TOOBIG] no\r\n")).await;
        assert_eq!(server.line().await.len(), LENGTH as usize);
        server.answers("NOOP", "").await;
    });
    let client = connect(&plain(), ours).await.unwrap();
    let source = tokio::io::repeat(b'x').take(LENGTH.into());
    let error = client.append_from("INBOX", source, LENGTH).await.unwrap_err();
    assert!(error.to_string().contains("TOOBIG"), "{error}");
    client.noop().await.unwrap();
    served.await.unwrap();
}

/// RFC 3501 §7.4.1: EXPUNGE may come while a UID FETCH is answered, and numbers then mean others.
#[tokio::test]
async fn messages_are_told_apart_by_uid_where_numbers_change() {
    let (ours, mut server) = Played::new();
    tokio::spawn(async move {
        server.says("* PREAUTH [CAPABILITY IMAP4rev1] in\r\n").await;
        server.answers("SELECT INBOX", "* 3 EXISTS\r\n").await;
        let answer = "* 1 FETCH (UID 11 FLAGS (a))\r\n* 2 FETCH (UID 12 FLAGS (b))\r\n\
                      * 1 EXPUNGE\r\n* 2 FETCH (UID 13 FLAGS (c))\r\n\
                      * 1 FETCH (FLAGS (b d))\r\n";
        server.answers("UID FETCH 1:* (FLAGS UID)", answer).await;
        server.line().await;
    });
    let client = connect(&plain(), ours).await.unwrap();
    let inbox = client.select("INBOX").await.unwrap();
    let messages = inbox.fetch(all(), Items::new().flags()).await.unwrap();
    let found = messages.iter().map(|one| (one.uid.unwrap(), one.flags.as_ref().unwrap().len()));
    assert_eq!(found.collect::<Vec<_>>(), [(uid(11), 1), (uid(12), 2), (uid(13), 1)]);
}
