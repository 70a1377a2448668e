//! Arguments that are well framed and still not what they should be.

use super::attack::{Attack, run};
use super::ground::{Ground, Stage};
use Stage::{Greeted, LoggedIn, Selected};

#[tokio::test(start_paused = true)]
async fn t18_octets_that_are_not_utf8() {
    let ground = Ground::new().await;
    let octets: [&[u8]; 5] = [b"\xff", b"\xc3\x28", b"\xe2\x82", b"\xed\xa0\x80", b"\xc0\xaf"];
    for octets in octets {
        let literal = [format!("{{{}+}}\r\n", octets.len()).as_bytes(), octets].concat();
        let quoted = [b"\"", octets, b"\""].concat();
        for name in [&literal, &quoted] {
            for command in ["SELECT", "CREATE", "DELETE", "SUBSCRIBE", "LIST \"\""] {
                let octets = [b"a ", command.as_bytes(), b" ", name, b"\r\nb NOOP\r\n"].concat();
                run(&ground, [Attack::new("T18", LoggedIn, octets, ["a BAD", "b OK"])]).await;
            }
        }
        // A quoted string is UTF-8 (RFC 9051 §9); a literal may be anything, and is nobody's name.
        for (user, password, reply) in [
            (&literal[..], &b"x"[..], "a NO [AUTHENTICATIONFAILED]"),
            (b"alice", &literal, "a NO [AUTHENTICATIONFAILED]"),
            (&quoted, &quoted, "a BAD"),
        ] {
            let octets = [b"a LOGIN ", user, b" ", password, b"\r\n"].concat();
            run(&ground, [Attack::new("T18", Greeted, octets, [reply])]).await;
        }
    }
    ground.client(LoggedIn).await.close().await;
    ground.end_unharmed().await;
}

/// A name has one spelling, so that no two of them are one mailbox and none hides another.
#[tokio::test(start_paused = true)]
async fn t19_modified_utf7() {
    let ground = Ground::new().await;
    for name in [
        "&",
        "x&",
        "&AAA-",
        "&2D0-",
        "&3AA-",
        "&AGE-",
        "&AOQ",
        "&AOQ-&AOQ-",
        "&AAo-",
        "&AOR-",
        "&AOQ=-",
        "&-&",
        "&AC8-",
        "a&ACo-b",
        "&AO,-",
    ] {
        for command in ["SELECT", "CREATE", "DELETE", "LIST \"\"", "SUBSCRIBE", "RENAME Canary"] {
            let octets = format!("a {command} {name}\r\nb NOOP\r\n");
            run(&ground, [Attack::new("T19", LoggedIn, octets, ["a BAD", "b OK"])]).await;
        }
    }
    ground.end_unharmed().await;
}

#[tokio::test(start_paused = true)]
async fn t20_wrong_sets() {
    let ground = Ground::new().await;
    for set in [
        "0",
        "0:*",
        "1:0",
        "4294967296",
        "1:4294967296",
        "00",
        "",
        ",",
        "1,",
        ",1",
        "-1",
        "a",
        "**",
        "*1",
        "1:2:3",
        "1 :2",
        "18446744073709551617",
        "1;2",
        "$,1",
        "1:$",
        "$$",
    ] {
        for command in [
            "FETCH {} FLAGS",
            "UID FETCH {} FLAGS",
            "STORE {} +FLAGS (\\Deleted)",
            "COPY {} Canary",
            "UID MOVE {} Canary",
            "UID EXPUNGE {}",
            "SEARCH UID {}",
        ] {
            let octets = format!("a {}\r\nb NOOP\r\n", command.replace("{}", set));
            run(&ground, [Attack::new("T20", Selected, octets, ["a BAD", "b OK"])]).await;
        }
    }
    run(
        &ground,
        [
            // RFC 3501 §9 `seq-number`: beyond the last message is an error, for a UID it is not.
            Attack::new("T20", Selected, "a FETCH 1:4294967295 FLAGS\r\n", ["a BAD"]),
            Attack::new("T20", Selected, "a FETCH 4 FLAGS\r\n", ["a BAD"]),
            Attack::new("T20", Selected, "a STORE 4294967295 +FLAGS (\\Seen)\r\n", ["a BAD"]),
        ],
    )
    .await;
    ground.end_unharmed().await;
}

/// Sets stay ranges, however large, and each message is told once.
#[tokio::test(start_paused = true)]
async fn t20_large_sets() {
    let ground = Ground::new().await;
    let mut client = ground.client(Selected).await;
    let many = "1:*,".repeat(15_000);
    for command in [
        "a FETCH *:1 UID",
        "a UID FETCH 1:4294967295 UID",
        "a UID FETCH 4294967295:1 UID",
        &format!("a FETCH {many}1 UID"),
        &format!("a UID FETCH {many}4294967295 UID"),
    ] {
        let told = client.ok(command).await;
        let fetched = told.iter().filter(|line| line.contains(" FETCH ")).count();
        assert_eq!(fetched, 3, "{}: {told:?}", &command[..30.min(command.len())]);
    }
    client.close().await;
    ground.end_unharmed().await;
}

#[tokio::test(start_paused = true)]
async fn t21_partial_ranges() {
    let ground = Ground::new().await;
    for partial in [
        "<0.0>",
        "<0>",
        "<-1.1>",
        "<0.9223372036854775808>",
        "<9223372036854775808.1>",
        "<0.1",
        "<.1>",
        "<0.>",
        "<>",
        "<0.1>>",
        "<1.2.3>",
    ] {
        let octets = format!("a FETCH 1 BODY.PEEK[]{partial}\r\nb NOOP\r\n");
        run(&ground, [Attack::new("T21", Selected, octets, ["a BAD", "b OK"])]).await;
    }
    let mut client = ground.client(Selected).await;
    for (item, told) in [
        ("BODY.PEEK[]<4294967295.4294967295>", "BODY[]<4294967295> \"\""),
        ("BODY.PEEK[]<4294967296.4294967296>", "BODY[]<4294967296> \"\""),
        (
            "BODY.PEEK[]<9223372036854775807.9223372036854775807>",
            "BODY[]<9223372036854775807> \"\"",
        ),
        ("BODY.PEEK[]<16.1>", "BODY[]<16> \"\""),
        ("BODY.PEEK[]<15.4294967295>", "BODY[]<15> {1}\r\n\n"),
        ("BODY.PEEK[TEXT]<1.4294967295>", "BODY[TEXT]<1> {1}\r\n\n"),
        ("BODY.PEEK[HEADER.FIELDS (X)]<4294967295.1>", "BODY[HEADER.FIELDS (X)]<4294967295> \"\""),
        ("BODY.PEEK[7.7.7]<1.1>", "BODY[7.7.7]<1> NIL"),
    ] {
        let fetched = client.ok(&format!("a FETCH 1 {item}")).await;
        assert!(fetched[0].contains(told), "{item}: {fetched:?}");
    }
    client.close().await;
    ground.end_unharmed().await;
}

#[tokio::test(start_paused = true)]
async fn t22_sections() {
    let ground = Ground::new().await;
    let path = |levels: usize| "1.".repeat(levels - 1) + "1";
    let fields = |count: usize| {
        let names: Vec<String> = (0..count).map(|n| format!("f{n}")).collect();
        format!("HEADER.FIELDS ({})", names.join(" "))
    };
    let mut attacks = Vec::new();
    for (section, reply) in [
        (path(10_000), "a BAD"),
        (path(101), "a BAD"),
        (path(100), "a OK"),
        (fields(10_000), "a BAD"),
        (fields(257), "a BAD"),
        (fields(256), "a OK"),
        ("0".to_owned(), "a BAD"),
        ("1.0".to_owned(), "a BAD"),
        ("4294967296".to_owned(), "a BAD"),
        ("1.".to_owned(), "a BAD"),
        ("MIME".to_owned(), "a BAD"),
        ("1.MIME.1".to_owned(), "a BAD"),
        ("HEADER.FIELDS ()".to_owned(), "a BAD"),
        ("4294967295.4294967295".to_owned(), "a OK"),
    ] {
        let octets = format!("a FETCH 1 BODY.PEEK[{section}]\r\n");
        attacks.push(Attack::new("T22", Selected, octets, [reply]));
    }
    run(&ground, attacks).await;
    ground.end_unharmed().await;
}

/// Names of header fields and keywords that a hash which multiplies by 31 (and many others) cannot
/// tell apart: a table of them would take minutes.
#[tokio::test(start_paused = true)]
async fn t23_names_made_to_collide() {
    let alike = |number: usize| -> String {
        (0..16).map(|bit| if number >> bit & 1 == 0 { "Aa" } else { "BB" }).collect()
    };
    let ground = Ground::new().await;
    let mut client = ground.client(LoggedIn).await;
    client.ok("c CREATE Alike").await;
    client.ok("s SELECT Alike").await;
    let mut message: String =
        (0..50_000).map(|number| format!("{}: {number}\r\n", alike(number))).collect();
    message.push_str("\r\nx\r\n");
    client.send(format!("a APPEND Alike {{{}}}\r\n", message.len())).await;
    assert!(client.response().await.starts_with("+ "));
    client.send(format!("{message}\r\n")).await;
    assert!(client.until("a").await.pop().unwrap().starts_with("a OK "));
    let names: Vec<String> = (49_744..50_000).map(alike).collect();
    let fields = format!("BODY.PEEK[HEADER.FIELDS ({})]", names.join(" "));
    let told = client.ok(&format!("f FETCH 1 ({fields} ENVELOPE)")).await;
    assert_eq!(told[0].matches(": 49").count(), 256);
    for header in [0, 49_999] {
        let told = client.ok(&format!("h SEARCH HEADER {} {header}", alike(header))).await;
        assert_eq!(told[0], "* SEARCH 1");
    }
    for some in (0..512).map(alike).collect::<Vec<_>>().chunks(128) {
        client.ok(&format!("k STORE 1 +FLAGS ({})", some.join(" "))).await;
    }
    let reply = client.reply(&format!("k STORE 1 +FLAGS ({})", alike(512))).await;
    assert!(reply.starts_with("k NO [LIMIT] "), "{reply}");
    for number in [0, 255, 511] {
        let told = client.ok(&format!("k SEARCH KEYWORD {}", alike(number))).await;
        assert_eq!(told[0], "* SEARCH 1");
    }
    client.close().await;
    ground.end().await;
}

/// As many names as an account holds, and a pattern that makes a matcher with retries run for
/// ever: ours is linear, so the test ends.
#[tokio::test(start_paused = true)]
async fn t24_list_patterns() {
    let ground = Ground::new().await;
    let mut client = ground.client(LoggedIn).await;
    for batch in 0..50 {
        let creates = |n: usize| format!("c{n} CREATE {}{batch}-{n}\r\n", "a/".repeat(20));
        client.send((0..100).map(creates).collect::<String>()).await;
        client.until("c99").await;
    }
    for pattern in
        ["*%*%*%*%*%*%q", "%*%*%*%*%*%*%*%*%*%*%*%*q", &"*a".repeat(40), &"%/".repeat(60)]
    {
        let told = client.ok(&format!("a LIST \"\" {pattern}")).await;
        assert_eq!(told.len(), 1, "{pattern}: {told:?}");
    }
    assert_eq!(client.ok("a LIST \"\" a*-7").await.len(), 51);
    client.close().await;
    ground.end().await;
}

#[tokio::test(start_paused = true)]
async fn t26_id() {
    let ground = Ground::new().await;
    let pairs = |count: usize| {
        let pairs: Vec<String> = (0..count).map(|n| format!("\"f{n}\" \"v\"")).collect();
        format!("a ID ({})\r\nb NOOP\r\n", pairs.join(" "))
    };
    let value = |octets: usize| format!("a ID (\"f\" \"{}\")\r\nb NOOP\r\n", "x".repeat(octets));
    let field = |octets: usize| format!("a ID (\"{}\" \"v\")\r\nb NOOP\r\n", "x".repeat(octets));
    for stage in [Greeted, LoggedIn] {
        run(
            &ground,
            [
                Attack::new("T26 n", stage, pairs(30), ["a OK", "b OK"]),
                Attack::new("T26 n+1", stage, pairs(31), ["a BAD", "b OK"]),
                Attack::new("T26 n", stage, value(1024), ["a OK", "b OK"]),
                Attack::new("T26 n+1", stage, value(1025), ["a BAD", "b OK"]),
                Attack::new("T26 n", stage, field(30), ["a OK", "b OK"]),
                Attack::new("T26 n+1", stage, field(31), ["a BAD", "b OK"]),
                Attack::new("T26 odd", stage, "a ID (\"f\")\r\nb NOOP\r\n", ["a BAD", "b OK"]),
                Attack::new("T26 none", stage, "a ID\r\nb NOOP\r\n", ["a BAD", "b OK"]),
            ],
        )
        .await;
    }
    run(
        &ground,
        [
            Attack::new("T26 nested", Greeted, "a ID ((\"f\" \"v\"))\r\nb NOOP\r\n", ["* BYE"]),
            Attack::new(
                "T26 nested",
                LoggedIn,
                "a ID ((\"f\" \"v\"))\r\nb NOOP\r\n",
                ["a BAD", "b OK"],
            ),
        ],
    )
    .await;
    ground.end_unharmed().await;
}

/// Without ENABLE, QRESYNC's parameter is wrong (RFC 7162 §3.2.5), whatever is in it.
#[tokio::test(start_paused = true)]
async fn t27_select_parameters() {
    let ground = Ground::new().await;
    for parameters in [
        "(QRESYNC (1))",
        "(QRESYNC (0 0))",
        "(QRESYNC (1 1 1:*))",
        "(QRESYNC)",
        "(QRESYNC (1 99999999999999999999))",
        "(CONDSTORE",
        "()",
        "(",
        "(X)",
    ] {
        let octets = format!("a SELECT INBOX {parameters}\r\nb NOOP\r\n");
        run(&ground, [Attack::new("T27", LoggedIn, octets, ["a BAD", "b OK"])]).await;
    }
    run(
        &ground,
        [
            Attack::new("T27", LoggedIn, "a ENABLE X-QRESYNC\r\nb NOOP\r\n", ["a OK", "b OK"]),
            Attack::new("T27", LoggedIn, "a ENABLE\r\nb NOOP\r\n", ["a BAD", "b OK"]),
        ],
    )
    .await;
    ground.end_unharmed().await;
}

#[tokio::test(start_paused = true)]
async fn t28_flags() {
    let ground = Ground::new().await;
    for flag in [
        "\\Recent",
        "\\*",
        "\\",
        "a\\b",
        "(a)",
        "\"a\"",
        "a]b\"",
        "%",
        "{1}",
        "\u{e9}",
        &"x".repeat(65),
        &"x".repeat(10_000),
    ] {
        let octets = format!("a STORE 1 +FLAGS ({flag})\r\nb NOOP\r\n");
        run(&ground, [Attack::new("T28", Selected, octets, ["a BAD", "b OK"])]).await;
        let octets = format!("a APPEND Canary ({flag}) {{1+}}\r\nx\r\nb NOOP\r\n");
        run(&ground, [Attack::new("T28", LoggedIn, octets, ["a BAD", "b OK"])]).await;
    }
    run(
        &ground,
        [
            Attack::new("T28", Selected, "a STORE 1 +FLAGS (\\Foo)\r\n", ["a NO [CANNOT]"]),
            // Mail that comes with flags of another server is kept, without them.
            Attack::new("T28", LoggedIn, "a APPEND INBOX (\\Foo) {1+}\r\nx\r\n", ["a OK"]),
        ],
    )
    .await;
    let mut client = ground.client(Selected).await;
    client.ok(&format!("a STORE 1 +FLAGS.SILENT ({})", "x".repeat(64))).await;
    let mut made = 1;
    for n in 0..30 {
        let names: Vec<String> = (0..50).map(|m| format!("k{}", n * 50 + m)).collect();
        let reply = client.reply(&format!("a STORE 1 +FLAGS.SILENT ({})", names.join(" "))).await;
        // All of a command's keywords, or none.
        let fits = made + 50 <= 512;
        assert!(reply.starts_with(if fits { "a OK" } else { "a NO [LIMIT]" }), "{made}: {reply}");
        made += if fits { 50 } else { 0 };
    }
    let flags = client.ok("a FETCH 1 FLAGS").await.remove(0);
    assert!(flags.contains(" k499") || flags.contains("(k499"), "{flags}");
    assert!(!flags.contains("k500"), "{flags}");
    client.close().await;
    ground.end_unharmed().await;
}

#[tokio::test(start_paused = true)]
async fn t29_mailbox_names() {
    let ground = Ground::new().await;
    let long = "x".repeat(256);
    let deep = format!("{}x", "x/".repeat(32));
    for (name, reply) in [
        ("../x", "a NO [CANNOT]"),
        ("a/../b", "a NO [CANNOT]"),
        (".", "a NO [CANNOT]"),
        ("..", "a NO [CANNOT]"),
        ("a/.", "a NO [CANNOT]"),
        ("a//b", "a NO [CANNOT]"),
        ("/a", "a NO [CANNOT]"),
        ("\"\"", "a BAD"),
        ("{1+}\r\n*", "a NO [CANNOT]"),
        ("{1+}\r\n%", "a NO [CANNOT]"),
        ("{4+}\r\na\r\nb", "a BAD"),
        ("{3+}\r\na\nb", "a BAD"),
        ("{3+}\r\na\0b", "a BAD"),
        ("{3+}\r\na\x1bb", "a BAD"),
        ("{3+}\r\na\x7fb", "a BAD"),
        (&long, "a NO [LIMIT]"),
        (&deep, "a NO [LIMIT]"),
    ] {
        for command in ["CREATE", "RENAME Canary"] {
            let octets = format!("a {command} {name}\r\n");
            run(&ground, [Attack::new("T29", LoggedIn, octets, [reply])]).await;
        }
    }
    let huge = "x".repeat(60_000);
    let tall = "x/".repeat(1000) + "x";
    for name in [&huge, &tall, &"x/".repeat(30_000)] {
        let octets = format!("a CREATE {{{}}}\r\n{name}\r\n", name.len());
        let mut client = ground.client(LoggedIn).await;
        client.send(octets).await;
        let reply = client.until("a").await.pop().unwrap();
        let refused = ["a BAD ", "a NO [LIMIT] ", "a NO [CANNOT] "];
        assert!(refused.iter().any(|start| reply.starts_with(start)), "{reply}");
        client.close().await;
    }
    ground.end_unharmed().await;
}
