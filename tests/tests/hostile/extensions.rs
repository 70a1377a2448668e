//! The extensions: what comes with QRESYNC, threads without an end, many messages at once.

use super::attack::{Attack, run};
use super::client::Client;
use super::ground::{Ground, Stage};
use Stage::{LoggedIn, Selected};
use peregrine_kv::MemoryEngine;
use peregrine_kv::fault::{Call, FaultEngine};
use std::sync::Arc;
use std::time::Duration;

/// RFC 7162 §3.2.5.1: what a client says it knows may be anything.
#[tokio::test(start_paused = true)]
async fn t27_qresync_enabled() {
    let ground = Ground::new().await;
    let huge = format!("(QRESYNC (1 1 {}1))", "1:4294967294,".repeat(4000));
    for (parameters, reply) in [
        ("(QRESYNC (1 1))", "a OK"),
        ("(QRESYNC (4294967295 9223372036854775807))", "a OK"),
        ("(QRESYNC (1 1 1:4294967295))", "a OK"),
        ("(QRESYNC (1 1 1:4294967295 (1:3 1:3)))", "a OK"),
        ("(QRESYNC (1 1 (1:4294967295 1:4294967295)))", "a OK"),
        // Nothing says that the two sets are of one length (§3.2.5.2).
        ("(QRESYNC (1 1 1 (1:2 1)))", "a OK"),
        (&huge, "a OK"),
        ("(QRESYNC)", "a BAD"),
        ("(QRESYNC ())", "a BAD"),
        ("(QRESYNC (1))", "a BAD"),
        ("(QRESYNC (0 1))", "a BAD"),
        ("(QRESYNC (1 9223372036854775808))", "a BAD"),
        ("(QRESYNC (4294967296 1))", "a BAD"),
        ("(QRESYNC (1 1 *))", "a BAD"),
        ("(QRESYNC (1 1 1:*))", "a BAD"),
        ("(QRESYNC (1 1 0))", "a BAD"),
        ("(QRESYNC (1 1 1 (1:*)))", "a BAD"),
        ("(QRESYNC (1 1 1 (1 1) 1))", "a BAD"),
        ("(QRESYNC (1 1) QRESYNC (1 1))", "a BAD"),
        ("(QRESYNC (1 1", "a BAD"),
    ] {
        let octets = format!("e ENABLE QRESYNC\r\na SELECT INBOX {parameters}\r\nb NOOP\r\n");
        let name = format!("T27 {}", &parameters[..parameters.len().min(60)]);
        run(&ground, [Attack::new(&name, LoggedIn, octets, ["e OK", reply, "b OK"])]).await;
    }
    // VANISHED and CHANGEDSINCE belong together, and to UID FETCH.
    for (command, reply) in [
        ("UID FETCH 1:* (FLAGS) (CHANGEDSINCE 1 VANISHED)", "a OK"),
        ("UID FETCH 1:* (FLAGS) (VANISHED)", "a BAD"),
        ("FETCH 1:* (FLAGS) (CHANGEDSINCE 1 VANISHED)", "a BAD"),
        ("UID FETCH 1:* (FLAGS) (CHANGEDSINCE 99999999999999999999)", "a BAD"),
        ("UID STORE 1:* (UNCHANGEDSINCE 99999999999999999999) +FLAGS ()", "a BAD"),
        ("UID FETCH 1:* (FLAGS) (CHANGEDSINCE", "a BAD"),
    ] {
        let octets = format!("e ENABLE QRESYNC\r\na {command}\r\nb NOOP\r\n");
        run(&ground, [Attack::new(command, Selected, octets, ["e OK", reply, "b OK"])]).await;
    }
    ground.end_unharmed().await;
}

/// Messages that refer to themselves, to one another, to very many, and very deeply: threads come
/// to an end and have every message once (RFC 5256 §3).
#[tokio::test(start_paused = true)]
async fn t38_threads_of_any_references() {
    let ground = Ground::new().await;
    let mut client = ground.client(LoggedIn).await;
    client.ok("a CREATE Threads").await;
    let mut messages: Vec<String> = Vec::new();
    let message = |id: &str, references: &str| {
        format!("Message-ID: <{id}>\r\nSubject: s\r\nReferences: {references}\r\n\r\n")
    };
    messages.push(message("self@x", "<self@x>"));
    messages.push(message("self@x", "<self@x> <self@x>"));
    messages.push(message("a@x", "<b@x>"));
    messages.push(message("b@x", "<a@x>"));
    messages.push(message("c@x", "<a@x> <b@x> <a@x> <b@x>"));
    let many: String = (0..100_000).map(|n| format!(" <{n}@y>\r\n")).collect();
    messages.push(message("many@x", many.trim_start()));
    messages.push(message("many2@x", many.trim_start()));
    // A thread as deep as it is long, which branches at each step.
    for n in 0..1500 {
        messages.push(message(&format!("d{n}@x"), &format!("<d{}@x>", n - 1)));
        messages.push(message(&format!("e{n}@x"), &format!("<d{}@x>", n - 1)));
    }
    let count = messages.len();
    for message in &messages {
        client.send(format!("b APPEND Threads {{{}}}\r\n{message}\r\n", message.len())).await;
    }
    for _ in 0..count {
        client.until("b").await;
    }
    client.ok("c SELECT Threads").await;
    for algorithm in ["REFERENCES", "ORDEREDSUBJECT"] {
        let told = client.ok(&format!("d THREAD {algorithm} UTF-8 ALL")).await;
        let numbers = told[0].split(|c: char| !c.is_ascii_digit()).filter(|word| !word.is_empty());
        let mut numbers: Vec<usize> = numbers.map(|number| number.parse().unwrap()).collect();
        numbers.sort_unstable();
        assert!(numbers.into_iter().eq(1..=count), "{algorithm}");
    }
    client.close().await;
    ground.end().await;
}

/// All of a MULTIAPPEND or nothing: a wrong word behind many messages, or no end at all, leaves
/// neither messages nor files (RFC 3502 §6.3.11).
#[tokio::test(start_paused = true)]
async fn t63_multiappend_that_goes_wrong() {
    let spool = tempfile::tempdir().unwrap();
    let folder = spool.path().to_owned();
    let ground = Ground::with(|options| options.spool_folder = Some(folder)).await;
    let messages = |count: usize, body: &str| -> String {
        let one = format!(" {{{}+}}\r\n{body}", body.len());
        format!("a APPEND Canary{}", one.repeat(count))
    };
    for count in [2, 100] {
        for last in [" {1x}", " (\\Recent) {1+}\r\nx", " x", " {", " ("] {
            let octets = format!("{}{last}\r\nb NOOP\r\n", messages(count, "x"));
            let name = format!("T63 {count} and {last:?}");
            run(&ground, [Attack::new(&name, LoggedIn, octets, ["a BAD", "b OK"])]).await;
        }
    }
    let mut client = ground.client(LoggedIn).await;
    client.send(format!("{} (\\Recent) {{1+}}\r\nx\r\nb NOOP\r\n", messages(5000, "x"))).await;
    let told = client.until("b").await;
    let replies: Vec<&String> = told.iter().filter(|line| line.starts_with("a ")).collect();
    assert!(replies.len() == 1 && !replies[0].starts_with("a OK"), "{replies:?}");
    let large = "x".repeat(4000);
    for count in [5, 1000] {
        let whole = messages(count, &large);
        let mut client = ground.client(LoggedIn).await;
        client.send(&whole[..whole.len() / 100 * 99]).await;
        drop(client);
        tokio::time::sleep(Duration::from_secs(10)).await;
        assert_eq!(std::fs::read_dir(spool.path()).unwrap().count(), 0);
    }
    healthy(client).await;
    ground.end_unharmed().await;
}

async fn healthy(mut client: Client) {
    client.ok("n NOOP").await;
    client.close().await;
}

/// A search that takes longer than its time is told so, nobody waits for it meanwhile, and it is
/// given up where its client has gone.
#[tokio::test(start_paused = true)]
async fn t61_a_search_that_takes_too_long() {
    let (engine, faults) = FaultEngine::new(Arc::new(MemoryEngine::new()));
    let ground = Ground::on(Arc::new(engine), |_| {}).await;
    let mut canary = ground.client(Selected).await;
    for command in ["SEARCH BODY y", "UID SEARCH RETURN (COUNT) TEXT y", "SORT (SIZE) UTF-8 BODY y"]
    {
        let mut client = ground.client(Selected).await;
        let gate = faults.hold(Call::Read, 1);
        client.send(format!("a {command}\r\n")).await;
        gate.reached().await;
        canary.ok("n NOOP").await;
        let reply = client.until("a").await.pop().unwrap();
        assert!(reply.starts_with("a NO [LIMIT] "), "{command}: {reply}");
        drop(gate);
        client.ok(&format!("b {command}")).await;
        let gate = faults.hold(Call::Read, 1);
        client.send(format!("c {command}\r\n")).await;
        gate.reached().await;
        drop(client);
        drop(gate);
    }
    canary.ok("n NOOP").await;
    canary.close().await;
    ground.end_unharmed().await;
}

/// Encodings that are broken or not known: what can be decoded is, what cannot is refused, and all
/// can still be read as it came (RFC 3516 §4.3).
#[tokio::test(start_paused = true)]
async fn t40_broken_encodings() {
    let ground = Ground::new().await;
    let mut client = ground.client(LoggedIn).await;
    client.ok("a CREATE Encoded").await;
    let bodies = [
        ("base64", "SGVs", "OK"),
        ("base64", "SGVsbG8", "OK"),
        ("base64", "S===G=V", "OK"),
        ("base64", "!!!!\r\n\u{1}\u{7f}", "OK"),
        ("base64", "=", "OK"),
        ("quoted-printable", "=ZZ=4=\r\n=", "OK"),
        ("quoted-printable", "a=", "OK"),
        ("base65", "SGVs", "NO [UNKNOWN-CTE]"),
        ("x-uuencode", "begin 644 x", "NO [UNKNOWN-CTE]"),
    ];
    for (encoding, body, _) in bodies {
        let message = format!("Content-Transfer-Encoding: {encoding}\r\n\r\n{body}");
        client.send(format!("b APPEND Encoded {{{}+}}\r\n{message}\r\n", message.len())).await;
        assert!(client.until("b").await.pop().unwrap().starts_with("b OK"));
    }
    client.ok("c SELECT Encoded").await;
    for (number, (encoding, body, reply)) in (1..).zip(bodies) {
        for item in ["BINARY.PEEK[1]", "BINARY.SIZE[1]", "BINARY.PEEK[1]<1.4294967295>"] {
            let told = client.reply(&format!("d FETCH {number} {item}")).await;
            assert!(told.starts_with(&format!("d {reply}")), "{encoding} {body}: {item}: {told}");
        }
        let told = client.ok(&format!("e FETCH {number} BODY.PEEK[TEXT]")).await;
        assert!(told[0].contains(body), "{encoding}: {told:?}");
    }
    client.close().await;
    let deep = format!("a FETCH 1 BINARY.PEEK[{}1]\r\nb NOOP\r\n", "1.".repeat(10_000));
    run(
        &ground,
        [
            Attack::new("T40 deep", Selected, deep, ["a BAD", "b OK"]),
            Attack::new(
                "T40",
                Selected,
                "a FETCH 1 BINARY[HEADER]\r\nb NOOP\r\n",
                ["a BAD", "b OK"],
            ),
            Attack::new("T40", Selected, "a FETCH 1 BINARY[1\r\nb NOOP\r\n", ["a BAD", "b OK"]),
            Attack::new(
                "T40 size",
                Selected,
                "a FETCH 1 BINARY.SIZE[1]<0.1>\r\nb NOOP\r\n",
                ["a BAD", "b OK"],
            ),
            Attack::new(
                "T40 literal8",
                LoggedIn,
                "a STATUS ~{5+}\r\nINBOX (MESSAGES)\r\nb NOOP\r\n",
                ["a BAD", "b OK"],
            ),
        ],
    )
    .await;
    ground.end().await;
}
