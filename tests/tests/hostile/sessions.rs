//! Several sessions, and many commands at once: order, IDLE, and mailboxes that go away.

use super::attack::{Attack, run};
use super::client::Client;
use super::ground::{Ground, Stage};
use Stage::{LoggedIn, Selected};
use std::time::Duration;

#[tokio::test(start_paused = true)]
async fn t55_idle() {
    let ground = Ground::new().await;
    let endless = "x".repeat(10 << 20);
    let lines = "x CREATE Harm\r\n".repeat(20);
    run(
        &ground,
        [
            Attack::new("T55 endless", Selected, format!("a IDLE\r\n{endless}"), ["+", "* BYE"]),
            Attack::new("T55 other", Selected, "a IDLE\r\nx CREATE Harm\r\n", ["+", "a BAD"]),
            Attack::new(
                "T55 nul",
                Selected,
                "a IDLE\r\n\0\0\r\nb NOOP\r\n",
                ["+", "a BAD", "b OK"],
            ),
            Attack::new(
                "T55 done",
                Selected,
                "a IDLE\r\nDONE\r\nb NOOP\r\n",
                ["+", "a OK", "b OK"],
            ),
            Attack::new(
                "T55 case",
                Selected,
                "a IDLE\r\ndone\r\nb NOOP\r\n",
                ["+", "a OK", "b OK"],
            ),
            Attack::new(
                "T55 literal",
                Selected,
                "a IDLE\r\nDONE {3+}\r\nb NOOP\r\n",
                ["+", "a BAD", "b OK"],
            ),
            Attack::new("T55 only DONE", Selected, "DONE\r\nb NOOP\r\n", ["DONE BAD", "b OK"]),
        ],
    )
    .await;
    // The first of them ends IDLE; the others are commands again, and bob's to make.
    let mut client = Client::new(ground.open("127.0.0.1", peregrine_server::TlsMode::Off));
    client.response().await;
    client.ok("l LOGIN bob builder").await;
    client.send(format!("a IDLE\r\n{lines}b LOGOUT\r\n")).await;
    let told = client.until("b").await;
    assert!(told[0].starts_with("+ ") && told[1].starts_with("a BAD "), "{told:?}");
    assert_eq!(told.iter().filter(|line| line.starts_with("x ")).count(), 19, "{told:?}");
    ground.end_unharmed().await;
}

/// A client that idles and never reads, while messages come and go: what waits for it is bounded,
/// the others are served, and in the end it is cut.
#[tokio::test(start_paused = true)]
async fn t55_idle_without_reading() {
    let ground = Ground::new().await;
    let mut deaf = ground.client(Selected).await;
    deaf.send("a IDLE\r\n").await;
    let mut client = ground.client(Selected).await;
    let mut sent = 0;
    for _ in 0..60 {
        let appends = "c APPEND INBOX {1+}\r\nx\r\n".repeat(100);
        client.send(appends).await;
        client.send("s STORE 4:* +FLAGS.SILENT (\\Deleted)\r\nd EXPUNGE\r\n").await;
        let told = client.until("d").await;
        assert!(told.last().unwrap().starts_with("d OK"), "{told:?}");
        sent += told.iter().filter(|line| line.ends_with("EXPUNGE")).count();
    }
    assert!(sent > 3000, "{sent}");
    client.ok("z NOOP").await;
    tokio::time::sleep(Duration::from_secs(3600)).await;
    let told = deaf.octets().await;
    assert!(told.len() < 512 * 1024, "{}", told.len());
    ground.end().await;
}

/// Commands that touch the same messages are carried out in the client's order (RFC 3501 §5.5).
#[tokio::test(start_paused = true)]
async fn t56_order() {
    let ground = Ground::new().await;
    run(&ground, [Attack::new(
        "T56 beyond",
        LoggedIn,
        "s SELECT INBOX\r\na STORE 4 +FLAGS (\\Deleted)\r\nb EXPUNGE\r\nc STORE 1 +FLAGS (\\Seen)\r\n",
        ["s OK", "a BAD", "b OK", "c OK"],
    )])
    .await;
    for _ in 0..20 {
        let mut client = ground.client(LoggedIn).await;
        client
            .send(
                "m CREATE Order\r\ns SELECT Order\r\np APPEND Order {1+}\r\nx\r\n\
                 q APPEND Order {1+}\r\ny\r\nn NOOP\r\na STORE 1 +FLAGS.SILENT (\\Deleted)\r\n\
                 b EXPUNGE\r\nc STORE 1 FLAGS.SILENT (\\Flagged)\r\nd UID FETCH 1:* (FLAGS)\r\n\
                 e CLOSE\r\nf DELETE Order\r\n",
            )
            .await;
        let told = client.until("f").await.join("\n");
        assert!(told.contains("* 1 EXPUNGE\n* 1 RECENT\nb OK"), "{told}");
        assert!(told.contains("* 1 FETCH (UID 2 FLAGS (\\Flagged \\Recent))"), "{told}");
        assert!(told.contains("f OK"), "{told}");
        client.close().await;
    }
    ground.end().await;
}

/// Deleted: sessions that have it open are told BYE (RFC 2180 §3.3). Renamed: they go on. Made
/// again under the same name: another UIDVALIDITY.
#[tokio::test(start_paused = true)]
async fn t57_mailboxes_that_others_have_open() {
    let ground = Ground::new().await;
    let mut client = ground.client(LoggedIn).await;
    let mut validities = Vec::new();
    for turn in 0..20 {
        client.ok("a CREATE Shared").await;
        client.ok("b APPEND Shared {1+}\r\nx").await;
        let mut reader = ground.client(LoggedIn).await;
        let mut idler = ground.client(LoggedIn).await;
        let selected = reader.ok("s SELECT Shared").await.join("\n");
        let validity = selected.split("UIDVALIDITY ").nth(1).unwrap().split(']').next().unwrap();
        validities.push(validity.parse::<u32>().unwrap());
        idler.ok("s SELECT Shared").await;
        idler.send("i IDLE\r\n").await;
        assert!(idler.response().await.starts_with("+ "));

        client.ok("c RENAME Shared Moved").await;
        assert!(reader.ok("f FETCH 1 FLAGS").await[0].contains("FETCH"), "{turn}");
        client.ok("d CREATE Shared").await;
        client.ok("e DELETE Shared").await;
        reader.ok("g NOOP").await;

        client.ok("h DELETE Moved").await;
        for mut gone in [reader, idler] {
            gone.send("DONE\r\nx NOOP\r\n").await;
            let told = gone.rest().await;
            assert!(told.len() == 1 && told[0].starts_with("* BYE "), "{told:?}");
        }
    }
    assert!(validities.is_sorted_by(|a, b| a < b), "{validities:?}");
    // What is selected is not deleted under its own session's feet without a word.
    client.ok("j CREATE Own").await;
    client.ok("k SELECT Own").await;
    let told = client.ask("l DELETE Own").await;
    assert!(told.last().unwrap().starts_with("l ") || told.concat().contains("* BYE "), "{told:?}");
    ground.end_unharmed().await;
}
