//! Large messages piece by piece.

use crate::house::House;
use crate::own_server::{MAIL, uid};
use crate::played::{Played, connect, plain};
use peregrine_client::proto::{Section, SectionText};
use tokio::io::AsyncReadExt;

#[tokio::test]
async fn a_large_message_comes_as_it_went() {
    let client = House::new().await.client().await;
    let sizes = [1, 1000, (256 << 10) - 1, 256 << 10, (256 << 10) + 1, 3 << 20, 5_000_001];
    for size in sizes {
        let text: Vec<u8> = (0..size).map(|at| b'a' + (at % 23) as u8).collect();
        let source = std::io::Cursor::new(text.clone());
        client.append_from("INBOX", source, size as u32).await.unwrap().unwrap();
    }
    let inbox = client.select("INBOX").await.unwrap();
    for (index, size) in sizes.into_iter().enumerate() {
        let mut reader = inbox.read(uid(index as u32 + 1), Section::default());
        let mut octets = Vec::new();
        reader.read_to_end(&mut octets).await.unwrap();
        assert_eq!(octets.len(), size as usize);
        assert!(octets.iter().enumerate().all(|(at, octet)| *octet == b'a' + (at % 23) as u8));
    }
    // One that is not read to its end holds up nobody.
    let mut slow = inbox.read(uid(7), Section::default());
    assert!(slow.next().await.unwrap().is_some());
    client.noop().await.unwrap();
    drop(slow);
    client.append("INBOX", MAIL).await.unwrap();
    let header = Section { text: SectionText::Header, ..Section::default() };
    let mut reader = inbox.read(uid(8), header);
    client.noop().await.unwrap();
    assert_eq!(reader.next().await.unwrap().unwrap(), MAIL.strip_suffix("Hello.\r\n").unwrap());
    let error = inbox.read(uid(9), Section::default()).next().await.unwrap_err();
    assert!(error.to_string().contains("expunged"), "{error}");
}

/// C15: a server with its own idea of a piece, one that knows no pieces, one that has nothing.
#[tokio::test]
async fn c15_servers_that_send_less_or_more_than_asked() {
    let (ours, mut server) = Played::new();
    tokio::spawn(async move {
        server.says("* PREAUTH [CAPABILITY IMAP4rev1] in\r\n").await;
        server.answers("SELECT INBOX", "* 3 EXISTS\r\n").await;
        let ask = |start: u32| format!("BODY.PEEK[]<{start}.262144>");
        let tag = server.expects(&format!("UID FETCH 1 ({} RFC822.SIZE UID)", ask(0))).await;
        let first = "* 1 FETCH (UID 1 RFC822.SIZE 5 BODY[]<0> \"abc\")\r\n";
        server.says(format!("{first}{tag} OK so\r\n")).await;
        let next = format!("UID FETCH 1 ({} UID)", ask(3));
        server.answers(&next, "* 1 FETCH (UID 1 BODY[]<3> \"de\")\r\n").await;
        let whole = "x".repeat(300_000);
        let tag = server.expects(&format!("UID FETCH 2 ({} RFC822.SIZE UID)", ask(0))).await;
        let first = format!("* 2 FETCH (UID 2 BODY[] {{300000}}\r\n{whole})\r\n");
        server.says(format!("{first}{tag} OK so\r\n")).await;
        let tag = server.expects(&format!("UID FETCH 3 ({} RFC822.SIZE UID)", ask(0))).await;
        server.says(format!("* 3 FETCH (UID 3 BODY[]<0> NIL)\r\n{tag} OK so\r\n")).await;
        server.line().await;
    });
    let client = connect(&plain(), ours).await.unwrap();
    let inbox = client.select("INBOX").await.unwrap();
    for (number, expected) in [(1, "abcde".to_owned()), (2, "x".repeat(300_000))] {
        let mut text = String::new();
        let mut reader = inbox.read(uid(number), Section::default());
        reader.read_to_string(&mut text).await.unwrap();
        assert_eq!(text, expected);
    }
    let error = inbox.read(uid(3), Section::default()).next().await.unwrap_err();
    assert_eq!(error.to_string(), "UID FETCH: the server answered OK without the message's octets");
}
