//! Lines, strings, brackets and tags that are not what they should be.

use super::attack::{Attack, run};
use super::ground::{Ground, Stage};
use Stage::{Greeted, LoggedIn, Selected};

#[tokio::test(start_paused = true)]
async fn t01_nul() {
    let ground = Ground::new().await;
    for command in ["a LOGIN \"u\0x\" p", "a LOGIN u\0x p", "a NOOP\0", "a LOGIN {3+}\r\nu\0x p"] {
        let octets = format!("{command}\r\nx CREATE Harm\r\n");
        // Before login nobody who sends NUL means well.
        run(&ground, [Attack::new("T01", Greeted, &octets, ["a BAD", "* BYE"])]).await;
    }
    run(
        &ground,
        [
            Attack::new("T01 tag", Greeted, "a\0 NOOP\r\nx CREATE Harm\r\n", ["* BAD", "* BYE"]),
            Attack::new("T01 tag", LoggedIn, "a\0 NOOP\r\n", ["* BAD"]),
            Attack::new("T01 quoted", LoggedIn, "a SELECT \"Can\0ary\"\r\n", ["a BAD"]),
            Attack::new("T01 atom", LoggedIn, "a DELETE Canary\0\r\n", ["a BAD"]),
            Attack::new("T01 literal", LoggedIn, "a DELETE {7+}\r\nCanary\0\r\n", ["a BAD"]),
        ],
    )
    .await;
    ground.end_unharmed().await;
}

#[tokio::test(start_paused = true)]
async fn t02_t03_t12_broken_strings_and_lists() {
    let ground = Ground::new().await;
    run(
        &ground,
        [
            Attack::new("T02", LoggedIn, "a SELECT \"x\\\r\nb NOOP\r\n", ["a BAD", "b OK"]),
            Attack::new("T02 both", LoggedIn, "a STATUS \"x\\\\\" (UNSEEN)\r\n", ["a NO"]),
            Attack::new("T02 quote", LoggedIn, "a STATUS \"x\\\"\" (UNSEEN)\r\n", ["a NO"]),
            Attack::new("T02 other", LoggedIn, "a STATUS \"x\\y\" (UNSEEN)\r\n", ["a BAD"]),
            Attack::new("T03", LoggedIn, "a SELECT \"INBOX\r\nb NOOP\r\n", ["a BAD", "b OK"]),
            Attack::new("T03 next", LoggedIn, "a DELETE \"\r\nx\" NOOP\r\n", ["a BAD", "* BAD"]),
            Attack::new("T12", Selected, "a FETCH 1 (BOGUS)\r\nb NOOP\r\n", ["a BAD", "b OK"]),
            Attack::new("T12", Selected, "a FETCH 1 (FLAGS\r\nb NOOP\r\n", ["a BAD", "b OK"]),
            Attack::new("T12", Selected, "a FETCH 1 BODY[\r\nb NOOP\r\n", ["a BAD", "b OK"]),
        ],
    )
    .await;
    ground.end_unharmed().await;
}

#[tokio::test(start_paused = true)]
async fn t04_endless_lines() {
    let ground = Ground::new().await;
    let endless = format!("a NOOP {}", "x".repeat(1 << 20));
    // Octets with their CR.
    let line = |octets: usize| format!("a NOOP {}\r\nb NOOP\r\n", "x".repeat(octets - 8));
    run(
        &ground,
        [
            Attack::new("T04 before", Greeted, &endless, ["* BYE"]),
            Attack::new(
                "T04 after",
                LoggedIn,
                format!("{endless}\r\nb NOOP\r\n"),
                ["a BAD", "b OK"],
            ),
            Attack::new("T04 n-1", Greeted, line(8 * 1024 - 1), ["a BAD", "b OK"]),
            Attack::new("T04 n", Greeted, line(8 * 1024), ["a BAD", "b OK"]),
            Attack::new("T04 n+1", Greeted, line(8 * 1024 + 1), ["* BYE"]),
            Attack::new("T04 n-1", LoggedIn, line(64 * 1024 - 1), ["a BAD", "b OK"]),
            Attack::new("T04 n", LoggedIn, line(64 * 1024), ["a BAD", "b OK"]),
            Attack::new("T04 n+1", LoggedIn, line(64 * 1024 + 1), ["a BAD", "b OK"]),
        ],
    )
    .await;
    ground.end_unharmed().await;
}

#[tokio::test(start_paused = true)]
async fn t05_brackets() {
    let ground = Ground::new().await;
    for bracket in ["[", "<", ")", "{", "]", ">", "}"] {
        let many = format!("a NOOP {}\r\nb NOOP\r\n", bracket.repeat(1000));
        run(&ground, [Attack::new("T05", LoggedIn, many, ["a BAD", "b OK"])]).await;
    }
    let many = format!("a NOOP {}\r\nb NOOP\r\n", "(".repeat(1000));
    run(
        &ground,
        [
            Attack::new("T05 (", LoggedIn, many, ["a BAD", "b OK"]),
            Attack::new("T05 (", Greeted, "a NOOP ((((", ["* BYE"]),
            Attack::new("T05 quoted", LoggedIn, "a STATUS \"((((((((\" (UNSEEN)\r\n", ["a NO"]),
        ],
    )
    .await;
    let mut clients = Vec::new();
    for _ in 0..1000 {
        let mut client = ground.client(Greeted).await;
        client.send("a NOOP ((((").await;
        clients.push(client);
    }
    for mut client in clients {
        let told = client.rest().await;
        assert!(told.len() == 1 && told[0].starts_with("* BYE "), "{told:?}");
    }
    ground.end_unharmed().await;
}

#[tokio::test(start_paused = true)]
async fn t06_nesting() {
    let ground = Ground::new().await;
    for word in ["(", "NOT ", "OR ", "OR ALL ", "(NOT ", "OR (NOT "] {
        for count in [65, 1000, 100_000] {
            let octets = format!("a SEARCH {}\r\nb NOOP\r\n", word.repeat(count));
            run(&ground, [Attack::new("T06", Selected, octets, ["a BAD", "b OK"])]).await;
        }
    }
    let nested =
        |depth: usize| format!("a SEARCH {}ALL{}\r\n", "(".repeat(depth), ")".repeat(depth));
    run(
        &ground,
        [
            Attack::new("T06 n-1", Selected, nested(63), ["a OK"]),
            Attack::new("T06 n+1", Selected, nested(65), ["a BAD"]),
            Attack::new(
                "T06 n-1",
                Selected,
                format!("a SEARCH {}ALL\r\n", "NOT ".repeat(63)),
                ["a OK"],
            ),
        ],
    )
    .await;
    ground.end_unharmed().await;
}

/// A line ends at LF, with or without CR before it, in every layer: nothing is both one line and
/// two.
#[tokio::test(start_paused = true)]
async fn t14_line_ends() {
    let ground = Ground::new().await;
    run(
        &ground,
        [
            Attack::new("T14 LF", LoggedIn, "a NOOP\nb NOOP\r\n", ["a OK", "b OK"]),
            Attack::new("T14 CR", LoggedIn, "a NOOP\rx DELETE Canary\r\n", ["a BAD"]),
            Attack::new("T14 CR CR LF", LoggedIn, "a NOOP\r\r\nb NOOP\r\n", ["a BAD", "b OK"]),
            Attack::new("T14 quoted CR", LoggedIn, "a CREATE \"Ha\rrm\"\r\n", ["a BAD"]),
            Attack::new("T14 quoted LF", LoggedIn, "a CREATE \"Ha\nrm\"\r\n", ["a BAD", "* BAD"]),
            Attack::new("T14 literal", LoggedIn, "a STATUS {1+}\nx (UNSEEN)\n", ["a NO"]),
            Attack::new("T14 empty", LoggedIn, "\r\n", ["* BAD"]),
            Attack::new("T14 empty", LoggedIn, "\n", ["* BAD"]),
        ],
    )
    .await;
    ground.end_unharmed().await;
}

#[tokio::test(start_paused = true)]
async fn t16_tags() {
    let ground = Ground::new().await;
    let tags: [&[u8]; 10] =
        [b"+", b"*", b"", b"\xc3\xa9", b"\xff", b"a{", b"\"a\"", b"a(", b"a%", &[b'x'; 65]];
    for tag in tags {
        let octets = [tag, b" CREATE Harm\r\nb NOOP\r\n"].concat();
        // Of the tag nothing comes back.
        run(&ground, [Attack::new("T16", LoggedIn, octets, ["* BAD", "b OK"])]).await;
    }
    let long = format!("{} NOOP\r\n", "x".repeat(10_000));
    run(
        &ground,
        [
            Attack::new("T16 long", LoggedIn, &long, ["* BAD"]),
            Attack::new("T16 long", Greeted, &long, ["* BYE"]),
            Attack::new("T16 64", LoggedIn, format!("{} NOOP\r\n", "x".repeat(64)), ["xxx"]),
        ],
    )
    .await;
    let mut client = ground.client(LoggedIn).await;
    let reply = client.reply("<script> NOOP\r\nb(evil NOOP\r\n* NOOP").await;
    assert!(!reply.contains("evil"), "{reply}");
    ground.end_unharmed().await;
}

#[tokio::test(start_paused = true)]
async fn t17_a_browser() {
    let ground = Ground::new().await;
    let headers = "Host: x\r\nContent-Length: 18\r\n\r\nx CREATE Harm\r\n";
    for line in
        ["GET /evil HTTP/1.1", "POST /evil HTTP/1.1", "PRI * HTTP/2.0", "OPTIONS * HTTP/1.1"]
    {
        let octets = format!("{line}\r\n{headers}");
        run(&ground, [Attack::new("T17", Greeted, octets, ["* BYE"])]).await;
    }
    let mut client = ground.client(Greeted).await;
    client.send(format!("GET /evil HTTP/1.1\r\n{headers}")).await;
    assert!(!client.rest().await.concat().contains("evil"));
    ground.end_unharmed().await;
}

#[tokio::test(start_paused = true)]
async fn t25_truncated_commands() {
    let ground = Ground::new().await;
    for command in [
        "STATUS INBOX (",
        "STATUS INBOX",
        "STATUS",
        "APPEND INBOX (\\Seen",
        "APPEND INBOX",
        "APPEND INBOX (",
        "APPEND",
        "SEARCH CHARSET",
        "SEARCH CHARSET UTF-8",
        "SEARCH",
        "SEARCH OR",
        "SEARCH NOT",
        "SEARCH (",
        "SEARCH UID",
        "SEARCH HEADER",
        "SEARCH HEADER x",
        "FETCH",
        "FETCH 1",
        "FETCH 1 (",
        "FETCH 1 BODY[",
        "FETCH 1 BODY[1.",
        "FETCH 1 BODY[]<",
        "STORE 1",
        "STORE 1 FLAGS (",
        "UID",
        "UID FETCH",
        "LIST",
        "LIST \"",
        "LIST (",
        "COPY 1",
        "RENAME x",
        "LOGIN",
        "AUTHENTICATE",
        "ENABLE",
        "ID",
        "ID (",
        "MOVE 1",
        "UID EXPUNGE",
        "",
    ] {
        let octets = format!("a {command}\r\nb NOOP\r\n");
        run(&ground, [Attack::new("T25", Selected, octets, ["a BAD", "b OK"])]).await;
    }
    ground.end_unharmed().await;
}
