//! Literals that are too large, too many or never finished, and what of them must never be run.

use super::attack::{Attack, run};
use super::ground::{Ground, Stage};
use Stage::{Greeted, LoggedIn, Selected};
use std::time::Duration;

#[tokio::test(start_paused = true)]
async fn t07_many_literals() {
    let ground = Ground::new().await;
    let literals = |count: usize, size: usize| {
        format!("a SEARCH{}", format!(" TEXT {{{size}}}\r\n{}", "x".repeat(size)).repeat(count))
    };
    let plus = |count: usize, end: &[&'static str]| {
        let mut replies = vec!["+"; count];
        replies.extend(end);
        replies
    };
    run(
        &ground,
        [
            // Refused before it comes.
            Attack::new("T07 one", Selected, "a SEARCH TEXT {102400}\r\n", ["a NO [TOOBIG]"]),
            Attack::new(
                "T07 sum",
                Selected,
                format!("{} TEXT {{1}}\r\n", literals(8, 65_536)),
                plus(8, &["a NO [TOOBIG]"]),
            ),
            Attack::new("T07 n", Selected, literals(256, 1) + "\r\n", plus(256, &["a OK"])),
            Attack::new(
                "T07 n+1",
                Selected,
                format!("{} TEXT {{1}}\r\n", literals(256, 1)),
                plus(256, &["a NO [LIMIT]"]),
            ),
        ],
    )
    .await;
    ground.end_unharmed().await;
}

#[tokio::test(start_paused = true)]
async fn t08_sizes_that_are_no_number() {
    let ground = Ground::new().await;
    let wrong = [
        "",
        "+",
        "-1",
        "-1+",
        "5 ",
        " 5",
        "0x5",
        "5++",
        "4294967296",
        "99999999999",
        "18446744073709551616",
        "340282366920938463463374607431768211456",
    ];
    for size in wrong {
        for command in ["SELECT", "APPEND INBOX", "APPEND Canary (\\Seen)", "SEARCH TEXT"] {
            let octets = format!("a {command} {{{size}}}\r\nb NOOP\r\n");
            run(&ground, [Attack::new("T08", Selected, octets, ["a BAD", "b OK"])]).await;
        }
        let octets = format!("a LOGIN {{{size}}}\r\nb NOOP\r\n");
        run(&ground, [Attack::new("T08", Greeted, octets, ["a BAD", "b OK"])]).await;
    }
    for size in ["4294967296+", "18446744073709551616+"] {
        // What follows may be the literal: none of it can be told from commands.
        let octets = format!("a SELECT {{{size}}}\r\nx CREATE Harm\r\n");
        run(&ground, [Attack::new("T08", LoggedIn, octets, ["* BYE"])]).await;
    }
    run(
        &ground,
        [
            Attack::new("T08 max", LoggedIn, "a SELECT {4294967295}\r\n", ["a NO [TOOBIG]"]),
            Attack::new("T08 max", LoggedIn, "a APPEND INBOX {4294967295}\r\n", ["a NO [TOOBIG]"]),
            Attack::new("T08 zeros", LoggedIn, "a STATUS {0001+}\r\nx (UNSEEN)\r\n", ["a NO"]),
        ],
    )
    .await;
    ground.end_unharmed().await;
}

#[tokio::test(start_paused = true)]
async fn t09_before_login() {
    let ground = Ground::new().await;
    let literal = |octets: usize| format!("a LOGIN {{{octets}}}\r\n{} x\r\n", "x".repeat(octets));
    run(
        &ground,
        [
            Attack::new("T09", Greeted, "a LOGIN {1073741824}\r\n", ["a NO [TOOBIG]"]),
            Attack::new("T09", Greeted, "a APPEND INBOX {1073741824}\r\n", ["a NO [TOOBIG]"]),
            Attack::new("T09 n+1", Greeted, "a LOGIN {4097}\r\n", ["a NO [TOOBIG]"]),
            Attack::new("T09 n", Greeted, literal(4096), ["+", "a NO [AUTHENTICATIONFAILED]"]),
            Attack::new("T09 n-1", Greeted, literal(4095), ["+", "a NO [AUTHENTICATIONFAILED]"]),
        ],
    )
    .await;
    ground.end_unharmed().await;
}

/// Stalwart's #2768: a refused message that holds commands.
#[tokio::test(start_paused = true)]
async fn t10_refused_messages() {
    let ground = Ground::new().await;
    let body = "x DELETE Canary\r\n".repeat(400);
    let size = body.len();
    run(
        &ground,
        [
            Attack::new(
                "T10 huge",
                LoggedIn,
                format!("a APPEND INBOX {{200000000+}}\r\n{body}"),
                ["* BYE"],
            ),
            Attack::new(
                "T10 drained",
                LoggedIn,
                format!("a APPEND INBOX {{{size}+}}\r\n{body}\r\nb NOOP\r\n"),
                ["a BAD [TOOBIG]", "b OK"],
            ),
            // No such mailbox, wrong flag, wrong date: the message is read and dropped.
            Attack::new(
                "T10 nowhere",
                LoggedIn,
                "a APPEND nowhere {17+}\r\nx DELETE Canary\r\n\r\nb NOOP\r\n",
                ["a NO [TRYCREATE]", "b OK"],
            ),
            Attack::new(
                "T10 flags",
                LoggedIn,
                "a APPEND INBOX (\\Recent) {17+}\r\nx DELETE Canary\r\n\r\nb NOOP\r\n",
                ["a BAD", "b OK"],
            ),
            Attack::new(
                "T10 spooled",
                LoggedIn,
                format!(
                    "a APPEND nowhere {{300000}}\r\n{}\r\n",
                    &"x DELETE Canary\r\n".repeat(20_000)[..300_000]
                ),
                ["+", "a NO [TRYCREATE]"],
            ),
        ],
    )
    .await;
    ground.end_unharmed().await;
}

#[tokio::test(start_paused = true)]
async fn t11_chains() {
    let ground = Ground::new().await;
    run(
        &ground,
        [
            Attack::new(
                "T11",
                LoggedIn,
                "a BOGUS {3+}\r\nabc {5+}\r\na2 NO\r\nb NOOP\r\n",
                ["a BAD", "b OK"],
            ),
            Attack::new(
                "T11 refused",
                LoggedIn,
                format!(
                    "a X {{5000+}}\r\n{} {{15+}}\r\nx CREATE Harm\r\n {{2+}}\r\n\r\n\r\nb NOOP\r\n",
                    "y".repeat(5000)
                ),
                ["a BAD", "b OK"],
            ),
            Attack::new(
                "T11 long line",
                LoggedIn,
                format!("a X {} {{15+}}\r\nx CREATE Harm\r\n\r\nb NOOP\r\n", "y".repeat(70_000)),
                ["a BAD", "b OK"],
            ),
            Attack::new(
                "T11 brackets",
                LoggedIn,
                format!("a X {} {{15+}}\r\nx CREATE Harm\r\n\r\nb NOOP\r\n", "(".repeat(100)),
                ["a BAD", "b OK"],
            ),
            Attack::new(
                "T11 quoted",
                LoggedIn,
                "a CREATE \"{15+}\r\nx CREATE Harm\r\n\"\r\nb NOOP\r\n",
                ["a BAD", "b OK"],
            ),
        ],
    )
    .await;
    ground.end_unharmed().await;
}

/// The choice: a client whose literal was refused has been told NO and goes on with its next
/// command (RFC 3501 §7.5 makes it wait). If what follows is none, it is taken for the literal of a
/// client that does not wait, and the connection ends before a line of it can do harm.
#[tokio::test(start_paused = true)]
async fn t13_a_refused_literal_that_comes_all_the_same() {
    let ground = Ground::new().await;
    run(
        &ground,
        [
            Attack::new(
                "T13",
                LoggedIn,
                "a SELECT {65537}\r\nb NOOP\r\n",
                ["a NO [TOOBIG]", "b OK"],
            ),
            Attack::new(
                "T13 all the same",
                LoggedIn,
                "a APPEND INBOX {70000000}\r\nSubject: x\r\n\r\nx DELETE Canary\r\n",
                ["a NO [TOOBIG]", "Subject: BAD", "* BYE"],
            ),
            Attack::new(
                "T13 one line",
                LoggedIn,
                format!(
                    "a APPEND INBOX {{70000000}}\r\n{}\r\nx DELETE Canary\r\n",
                    "y".repeat(70_000)
                ),
                ["a NO [TOOBIG]", "* BAD", "* BYE"],
            ),
            Attack::new(
                "T13 again",
                LoggedIn,
                "a APPEND INBOX {70000000}\r\nb APPEND INBOX {70000000}\r\nc NOOP\r\nd BAD\r\n",
                ["a NO [TOOBIG]", "b NO [TOOBIG]", "c OK", "d BAD"],
            ),
        ],
    )
    .await;
    ground.end_unharmed().await;
}

/// A literal that comes too slowly ends with the connection: before login in the time for logging
/// in, afterwards when nothing comes any more.
#[tokio::test(start_paused = true)]
async fn t15_slow_literals() {
    let ground = Ground::new().await;
    let mut client = ground.client(Greeted).await;
    client.send("a LOGIN {100}\r\n").await;
    assert!(client.response().await.starts_with("+ "));
    for _ in 0..4 {
        client.send("x").await;
        tokio::time::sleep(Duration::from_secs(10)).await;
    }
    let told = client.rest().await;
    assert!(told.len() == 1 && told[0].starts_with("* BYE "), "{told:?}");

    for size in [100, 300_000] {
        let mut client = ground.client(LoggedIn).await;
        client.send(format!("a APPEND Canary {{{size}}}\r\nxyz")).await;
        assert!(client.response().await.starts_with("+ "));
        let told = client.rest().await;
        assert!(told.len() == 1 && told[0].starts_with("* BYE "), "{told:?}");
    }

    let mut silent = ground.client(Greeted).await;
    let told = silent.rest().await;
    assert!(told.len() == 1 && told[0].starts_with("* BYE "), "{told:?}");
    ground.end_unharmed().await;
}

/// What was stored is what was sent, octet for octet; what cannot be stored is refused.
#[tokio::test(start_paused = true)]
async fn t39_odd_messages() {
    let ground = Ground::new().await;
    let bodies: [&[u8]; 11] = [
        b"\r\n",
        b"\n",
        b"\r",
        b"\r\n\r\nx",
        b"\n\nx\n",
        b"a\rb\r\r\n\rc",
        b"no header",
        b"Subject: x",
        b"x\0y",
        b"\0\r\n",
        b"\xff\xfe\x80 \x01\x1b[2J\r\n",
    ];
    let mut client = ground.client(LoggedIn).await;
    client.ok("c CREATE Odd").await;
    // RFC 3502 §6.3.11: a message without octets is an error.
    client.send("n APPEND Odd {0+}\r\n\r\n").await;
    let reply = client.until("n").await.pop().unwrap();
    assert!(reply.starts_with("n NO "), "{reply}");
    for body in bodies {
        let sent = String::from_utf8_lossy(body).into_owned();
        client.send(format!("a APPEND Odd {{{}+}}\r\n", body.len())).await;
        client.send([body, b"\r\n"].concat()).await;
        let reply = client.until("a").await.pop().unwrap();
        assert!(reply.starts_with("a OK [APPENDUID "), "{sent:?}: {reply}");
        client.ok("s SELECT Odd").await;
        let told = client.ok("f FETCH * (RFC822.SIZE BODY.PEEK[])").await.join("\r\n");
        let octets = format!("RFC822.SIZE {} BODY[] ", body.len());
        let literal = format!("{{{}}}\r\n{sent})", body.len());
        assert!(told.contains(&octets), "{sent:?}: {told:?}");
        assert!(told.contains(&literal) || told.contains(&format!("\"{sent}\"")), "{told:?}");
        client.ok("g FETCH * (ENVELOPE BODYSTRUCTURE BODY[HEADER] BODY[TEXT] BODY[1])").await;
    }
    client.close().await;
    ground.end().await;
}
