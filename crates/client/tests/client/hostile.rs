//! What hostile servers try, by row: C01 to C21.

use crate::played::{Played, connect, plain, starttls};
use crate::wire::{Wire, command};
use peregrine_client::proto::response::{FetchData, ResponseLimits};
use peregrine_client::proto::{Code, Response};
use peregrine_client::{Oddity, Settings, Update};
use std::time::Duration;

/// What a connection with STARTTLS says to a server that behaves so, and whether anything more
/// was sent to it.
async fn start_tls(first: &str, capabilities: &str, answer: &str) -> (String, String) {
    let (ours, mut server) = Played::new();
    let (first, capabilities, answer) =
        (first.to_owned(), capabilities.to_owned(), answer.to_owned());
    let played = tokio::spawn(async move {
        server.says(first).await;
        let mut said = String::new();
        loop {
            let line = server.line().await;
            let Some((tag, rest)) = line.split_once(' ') else { return said };
            said += &format!("{rest};");
            match rest {
                "CAPABILITY" => {
                    server.says(format!("* CAPABILITY {capabilities}\r\n{tag} OK so\r\n")).await;
                }
                "STARTTLS" => server.says(answer.replace("TAG", tag)).await,
                _ => {}
            }
        }
    });
    let error = connect(&starttls(), ours).await.unwrap_err().to_string();
    (error, played.await.unwrap())
}

#[tokio::test(start_paused = true)]
async fn c01_preauth_in_clear_is_refused() {
    let (error, said) = start_tls("* PREAUTH hello\r\n", "IMAP4rev1 STARTTLS", "").await;
    assert!(error.contains("PREAUTH before TLS"), "{error}");
    assert_eq!(said, "");
}

#[tokio::test(start_paused = true)]
async fn c02_without_tls_there_is_no_connection() {
    for (capabilities, answer, reason) in [
        ("IMAP4rev1", "", "not among its capabilities"),
        ("IMAP4rev1 STARTTLS", "TAG NO sorry\r\n", "NO sorry"),
        ("IMAP4rev1 STARTTLS", "TAG BAD what\r\n", "BAD what"),
        ("IMAP4rev1 STARTTLS", "+ go on\r\n", "`+` in place of"),
        ("IMAP4rev1 STARTTLS", "* BYE gone\r\n", "gone"),
        ("IMAP4rev1 STARTTLS", "", "took longer than 30 s"),
        ("IMAP4rev1 STARTTLS", "* PREAUTH you are in\r\n", "PREAUTH"),
    ] {
        let (error, said) = start_tls("* OK hello\r\n", capabilities, answer).await;
        assert!(error.contains(reason), "{answer:?}: {error}");
        let expected = if answer.is_empty() && !capabilities.contains("STARTTLS") { 1 } else { 2 };
        assert_eq!(said.matches(';').count(), expected, "{said}");
    }
}

#[tokio::test(start_paused = true)]
async fn c03_octets_behind_starttls_are_refused() {
    for injected in ["* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n", "x", "TAG OK again\r\n"] {
        let answer = format!("TAG OK begin\r\n{injected}");
        let (error, _) = start_tls("* OK hello\r\n", "IMAP4rev1 STARTTLS", &answer).await;
        let broken = error.contains("before TLS began") || error.contains("broke the protocol");
        assert!(broken, "{error}");
    }
}

#[test]
fn c04_an_answer_before_its_command_is_refused() {
    let mut wire = Wire::greeted(Settings::default());
    wire.says("t0 OK you are in\r\n");
    assert!(wire.lost().unwrap().contains("a reply to a command that was not sent"));

    let mut wire = Wire::selected(Settings::default());
    wire.says("* CAPABILITY IMAP4rev1\r\n");
    let id = wire.sends(command("APPEND x {4}\r\nmail"));
    assert!(wire.sent().ends_with("{4}\r\n"));
    wire.says(format!("t{} OK done\r\n", id.0));
    assert!(wire.lost().unwrap().contains("not sent as a whole"));

    // NO is right here: the server does not want the literal, and it is not sent.
    let mut wire = Wire::selected(Settings::default());
    wire.says("* CAPABILITY IMAP4rev1\r\n");
    let id = wire.sends(command("APPEND x {4}\r\nmail"));
    let noop = wire.sends(command("NOOP"));
    wire.says(format!("t{} NO [TRYCREATE] no\r\n", id.0));
    assert_eq!((wire.sent(), wire.lost()), (format!("t{} NOOP\r\n", noop.0), None));
    wire.says(format!("t{} OK done\r\n", noop.0));
    wire.ok(noop);
}

#[test]
fn c05_data_out_of_its_state_is_ignored() {
    let all = "* LIST () \"/\" evil\r\n* STATUS x (MESSAGES 1)\r\n* SEARCH 1\r\n* FLAGS (x)\r\n\
               * 3 EXISTS\r\n* 1 EXPUNGE\r\n* 1 FETCH (FLAGS (x))\r\n";
    let mut wire = Wire::greeted(Settings::default());
    wire.says(all);
    assert_eq!(wire.oddities(), [Oddity::OutOfState; 7]);
    let mut wire = Wire::authenticated(Settings::default());
    wire.says(all);
    assert_eq!(wire.oddities(), [Oddity::OutOfState; 5]);
    assert_eq!(wire.machine.exists(), None);
}

#[test]
fn c06_nobody_is_shown_what_anybody_may_have_written() {
    let alert = "* OK [ALERT] \x1b[2Jsend money\x07\r\n* NO \u{9b}31mred\r\n";
    let mut wire = Wire::silent(Settings::default(), false);
    wire.says("* OK hello\r\n");
    wire.says(alert);
    assert!(!wire.updates().any(|update| matches!(update, Update::Alert(_))));
    let mut wire = Wire::greeted(Settings::default());
    wire.says(alert);
    let shown: Vec<_> = wire
        .updates()
        .filter_map(|update| match update {
            Update::Alert(text) => Some(text.to_string()),
            Update::Notice { text, .. } => Some(text.text.to_string()),
            _ => None,
        })
        .collect();
    assert_eq!(shown, ["\u{fffd}[2Jsend money\u{fffd}", "\u{fffd}31mred"]);
    let id = wire.sends(command("CAPABILITY"));
    wire.says(format!("t{} NO [REFERRAL imap://evil/] \x1b]0;x\x07\r\n", id.0));
    let error = wire.result(id).unwrap().as_ref().unwrap_err().to_string();
    assert!(!error.contains(char::is_control), "{error:?}");
}

#[test]
fn c07_lengths_are_bounded() {
    for (line, reason) in [
        ("* 1 FETCH (BODY[] {4294967295}\r\n", "literal longer than"),
        ("* 1 FETCH (BODY[] {99999999999999999999}\r\n", "literal longer than"),
    ] {
        let mut wire = Wire::selected(Settings::default());
        wire.says(line);
        assert!(wire.lost().unwrap().contains(reason), "{:?}", wire.lost());
    }
    let response = ResponseLimits { line: 100, ..ResponseLimits::default() };
    let mut wire = Wire::selected(Settings { response, ..Settings::default() });
    wire.says(format!("* OK {}", "x".repeat(96)));
    assert!(wire.lost().unwrap().contains("line longer than 100"));
}

#[test]
fn c08_ranges_are_never_expanded() {
    let mut wire = Wire::selected(Settings::default());
    let id = wire.sends(command("UID COPY 1:* x"));
    let code = "[COPYUID 1 1:4294967295 1:4294967295]";
    wire.says(format!("t{} OK {code} done\r\n", id.0));
    let completion = wire.result(id).unwrap().as_ref().unwrap();
    assert!(
        matches!(&completion.text.code, Some(Code::CopyUid { source, .. }) if source.ranges.len() == 1)
    );
    wire.says("* 4294967295 EXISTS\r\n* 4294967295 FETCH (UID 4294967295)\r\n");
    assert_eq!((wire.lost(), wire.machine.exists()), (None, Some(u32::MAX)));
}

#[test]
fn c09_many_literals_cost_linear_time() {
    /// Small enough for a debug build; quadratic work would be 4 x 10^10 steps.
    const LITERALS: usize = 200_000;
    let mut wire = Wire::selected(Settings::default());
    let id = wire.sends(command("UID FETCH 5 (BODY.PEEK[])"));
    let literals = "BODY[] {1}\r\nx ".repeat(LITERALS);
    wire.sent();
    let response = format!("* 1 FETCH ({literals}UID 5)\r\nt{} OK done\r\n", id.0);
    for piece in response.as_bytes().chunks(4096) {
        wire.machine.receive(wire.now, piece);
    }
    wire.settle();
    assert!(
        matches!(&wire.data(id)[0], Response::Fetch { data, .. } if data.len() == LITERALS + 1)
    );
}

#[test]
fn c10_depth_is_bounded() {
    for depth in [200, 100_000] {
        let mut wire = Wire::selected(Settings::default());
        let id = wire.sends(command("UID FETCH 5 (BODYSTRUCTURE)"));
        let line = format!("* 1 FETCH (UID 5 BODYSTRUCTURE {}", "(".repeat(depth));
        wire.says(format!("{line}\r\nt{} OK done\r\n", id.0));
        let error = wire.result(id).unwrap().as_ref().unwrap_err().to_string();
        assert!(error.contains("128 levels"), "{error}");
        assert_eq!(wire.lost(), None);
    }
}

// C11 is in `sasl/scram.rs`, and below: OK without the server's proof.
#[tokio::test]
async fn c11_ok_without_proof_is_no_login() {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use peregrine_client::{Credentials, Mechanism};
    for stage in 0..2 {
        let (ours, mut server) = Played::new();
        tokio::spawn(async move {
            server.says("* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=SCRAM-SHA-256] hello\r\n").await;
            let line = server.line().await;
            let words: Vec<_> = line.split(' ').collect();
            let first = String::from_utf8(STANDARD.decode(words[3]).unwrap()).unwrap();
            let nonce = first.rsplit_once("r=").unwrap().1;
            if stage > 0 {
                let challenge = format!("r={nonce}more,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096");
                server.says(format!("+ {}\r\n", STANDARD.encode(challenge))).await;
                server.line().await;
            }
            server.says(format!("{} OK in\r\n", words[0])).await;
            server.line().await;
        });
        let client = connect(&plain(), ours).await.unwrap();
        let credentials = Credentials::password_of("ann", "secret");
        let call = client.authenticate_by(Mechanism::ScramSha256, &credentials);
        let error = call.await.unwrap_err().to_string();
        assert!(error.contains("has not proved"), "{stage}: {error}");
    }
}

#[test]
fn c12_names_are_data() {
    let mut wire = Wire::selected(Settings::default());
    let id = wire.sends(command("LIST \"\" *"));
    wire.says("* LIST () \"/\" \"../../.ssh/x\"\r\n");
    wire.says("* LIST () \"\\\\\" \"a\x1b[2Jb\"\r\n* LIST () \"/\" {3}\r\na\0b\r\n");
    wire.says(format!("t{} OK done\r\n", id.0));
    // What a terminal could take for an order is no name; the call tells so.
    let error = wire.result(id).unwrap().as_ref().unwrap_err().to_string();
    assert!(error.contains("control characters") && !error.contains('\x1b'), "{error}");
    assert_eq!(wire.data(id).len(), 1);
}

#[tokio::test]
async fn c13_no_argument_can_end_a_line() {
    use peregrine_client::proto::Keyword;
    use peregrine_client::{Query, all};
    let (ours, mut server) = Played::new();
    let played = tokio::spawn(async move {
        server.says("* PREAUTH [CAPABILITY IMAP4rev1] hello\r\n").await;
        server.answers("SELECT INBOX", "* 1 EXISTS\r\n").await;
        let tag = server.expects("UID SEARCH SUBJECT {17}").await;
        server.says("+ go on\r\n").await;
        assert_eq!(server.line().await, "a");
        assert_eq!(server.line().await, "x DELETE INBOX");
        server.says(format!("* SEARCH\r\n{tag} OK done\r\n")).await;
        server.line().await
    });
    let client = connect(&plain(), ours).await.unwrap();
    let evil = "a\r\nx DELETE INBOX";
    for error in [
        client.create(evil).await.unwrap_err(),
        client.select(evil).await.unwrap_err(),
        client.rename("a", evil).await.unwrap_err(),
        client.list(evil).await.unwrap_err(),
        client.enable(&[evil]).await.unwrap_err(),
        client.append(evil, "x").await.unwrap_err(),
    ] {
        assert!(!error.to_string().is_empty());
    }
    assert!(Keyword::new(evil).is_none());
    let inbox = client.select("INBOX").await.unwrap();
    assert!(inbox.copy(all(), evil).await.is_err());
    assert_eq!(inbox.search(Query::all().subject(evil)).await.unwrap(), []);
    assert!(inbox.search(Query::all().subject("a\0")).await.is_err());
    drop((client, inbox));
    assert!(played.await.unwrap().ends_with(" LOGOUT"));
}

#[test]
fn c14_uids_of_unequal_length_are_not_used() {
    let mut wire = Wire::selected(Settings::default());
    let id = wire.sends(command("UID COPY 1:3 x"));
    wire.says(format!("t{} OK [COPYUID 7 1:3 9] done\r\n", id.0));
    let code = &wire.result(id).unwrap().as_ref().unwrap().text.code;
    assert!(matches!(code, Some(Code::Other(name, _)) if &**name == "COPYUID"), "{code:?}");
    assert_eq!(wire.oddities(), [Oddity::SenselessUids]);
}

#[test]
fn c15_missing_and_short_bodies() {
    let mut wire = Wire::selected(Settings::default());
    let id = wire.sends(command("UID FETCH 5 (BODY.PEEK[HEADER] BODY.PEEK[]<0.100>)"));
    wire.says("* 1 FETCH (UID 5 BODY[HEADER] NIL BODY[]<0> \"\")\r\n* 1 FETCH (UID 5)\r\n");
    wire.says(format!("t{} OK done\r\n", id.0));
    wire.ok(id);
    assert!(matches!(&wire.data(id)[0], Response::Fetch { data, .. }
        if matches!(&data[1], FetchData::Section { data: None, .. })));
    assert_eq!(wire.oddities(), [Oddity::MissingBody]);
}

#[test]
fn c16_changed_identities() {
    let mut wire = Wire::selected(Settings::default());
    wire.says("* 1 FETCH (UID 5)\r\n* 1 FETCH (UID 6)\r\n");
    assert!(wire.lost().unwrap().contains("another UID than before"));
    let mut wire = Wire::authenticated(Settings::default());
    let id = wire.sends(command("SELECT x"));
    wire.says(format!("* 1 EXISTS\r\n* OK [UIDVALIDITY 0] so\r\nt{} OK in\r\n", id.0));
    assert_eq!(wire.oddities(), [Oddity::ZeroCode]);
}

#[test]
fn c17_what_comes_first_must_be_a_greeting() {
    for first in ["hello\r\n", "* 3 EXISTS\r\n", "+ go on\r\n", "a OK x\r\n", "* NO no\r\n", "\r\n"]
    {
        let mut wire = Wire::silent(Settings::default(), true);
        wire.says(format!("{first}* OK hello\r\n"));
        assert!(wire.lost().is_some(), "{first}");
    }
}

/// No text after a code, `+` alone, STATUS of nothing. The octets of each are in `oddities.rs` too.
#[test]
fn c18_common_quirks_are_tolerated() {
    let mut wire = Wire::selected(Settings::default());
    let status = wire.sends(command("STATUS x (MESSAGES)"));
    let text = "* OK [HIGHESTMODSEQ 3]\r\n+\r\n* STATUS x ()\r\n";
    wire.says(format!("{text}t{} OK done\r\n", status.0));
    wire.ok(status);
    assert_eq!(wire.lost(), None);
    let found = wire.oddities();
    for oddity in [Oddity::NoText, Oddity::BareContinuation, Oddity::EmptyStatus] {
        assert!(found.contains(&oddity), "{oddity:?}: {found:?}");
    }
}

/// Some servers refuse sets that do not ascend (modern-email/defects#40): never sent.
#[tokio::test]
async fn c18_sets_ascend() {
    let (ours, mut server) = Played::new();
    tokio::spawn(async move {
        server.says("* PREAUTH [CAPABILITY IMAP4rev1] in\r\n").await;
        server.answers("SELECT INBOX", "* 9 EXISTS\r\n").await;
        server.answers("UID FETCH 1:3,9 UID", "").await;
        server.line().await;
    });
    let client = connect(&plain(), ours).await.unwrap();
    let inbox = client.select("INBOX").await.unwrap();
    let set = peregrine_client::uids([9, 1, 3, 2].map(crate::own_server::uid));
    inbox.fetch(set, peregrine_client::Items::new()).await.unwrap();
}

/// C20: a link that takes what is sent and gives nothing back is found out all the same.
#[tokio::test(start_paused = true)]
async fn c20_commands_do_not_hide_silence() {
    let (ours, mut server) = Played::new();
    tokio::spawn(async move {
        server.says("* PREAUTH [CAPABILITY IMAP4rev1] in\r\n").await;
        while !server.line().await.is_empty() {}
    });
    let client = connect(&plain(), ours).await.unwrap();
    let begin = tokio::time::Instant::now();
    let mut calls = Vec::new();
    while client.lost().is_none() {
        calls.push(client.noop());
        tokio::time::sleep(Duration::from_secs(10)).await;
    }
    assert!(begin.elapsed() <= Duration::from_secs(130), "{:?}", begin.elapsed());
    for call in calls {
        assert!(call.await.unwrap_err().is_lost());
    }
}

// C18 is in `oddities.rs`, and in `numbers.rs`: ascending sets.

#[test]
fn c19_numbers_that_cannot_be() {
    for (line, reason) in [
        ("* 10 EXPUNGE\r\n", "EXPUNGE of a message that is not there"),
        ("* 5 EXISTS\r\n", "EXISTS shrinks"),
        ("* 10 FETCH (UID 5)\r\n", "message that is not there"),
    ] {
        let mut wire = Wire::selected(Settings::default());
        wire.says(line);
        assert!(wire.lost().unwrap().contains(reason), "{line}");
    }
    let mut wire = Wire::selected(Settings::default());
    wire.says("* 0 EXPUNGE\r\n");
    assert_eq!((wire.oddities(), wire.machine.exists()), (vec![Oddity::Skipped], Some(9)));
}

#[test]
fn c20_silence_and_endless_data() {
    let mut wire = Wire::selected(Settings::default());
    let id = wire.sends(command("NOOP"));
    wire.sent();
    let silence = Settings::default().silence;
    assert_eq!(wire.machine.deadline(), Some(wire.now + silence));
    wire.now += silence;
    wire.machine.handle_timeout(wire.now);
    wire.settle();
    assert_eq!(wire.lost().unwrap(), "the server has been silent for 120 s");
    assert!(wire.result(id).unwrap().is_err());

    // Data that is for nobody is no sign of life for ever.
    let mut wire = Wire::selected(Settings::default());
    wire.sends(command("NOOP"));
    let patience = Settings::default().patience;
    let end = wire.now + patience;
    while wire.now < end {
        wire.now += Duration::from_secs(30);
        wire.says("* OK still busy\r\n");
        wire.machine.handle_timeout(wire.now);
    }
    assert_eq!(wire.lost().unwrap(), "NOOP has not been answered for 600 s");

    let mut wire = Wire::selected(Settings { unsolicited: 10_000, ..Settings::default() });
    wire.sends(command("NOOP"));
    wire.says("* 1 FETCH (FLAGS (\\Seen))\r\n".repeat(500));
    assert!(wire.lost().unwrap().contains("nobody asked for"));

    let mut wire = Wire::selected(Settings::default());
    let id = wire.sends(command("NOOP"));
    wire.machine.closed();
    wire.settle();
    let error = wire.result(id).unwrap().as_ref().unwrap_err().to_string();
    assert_eq!(error, "NOOP: the server closed the connection; whether it was done is not known");
}
