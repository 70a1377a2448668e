//! Each oddity of real servers, with the octets as such servers send them: it is named, tolerated,
//! and the rest of the response is read; `pedantic` makes it an error.

use crate::played::{Played, connect, plain};
use crate::wire::{Wire, command};
use peregrine_client::{Oddity, Settings};

use Oddity::{
    BareContinuation, BareDisposition, CodeWithoutStatus, EmptyMultipart, EmptyStatus,
    ExtraParentheses, ExtraSpace, FractionalNumber, MessageAsBasic, MissingBody, MissingDomain,
    MultipartAsBasic, NeedlessContinuation, NegativeNumber, NilAddress, NilEncoding, NilPart,
    NoText, NulPadding, RawOctets, SenselessUids, ShortEnvelope, ShortPart, Skipped, SpacedLiteral,
    SwappedAddress, UnescapedQuote, ZeroCode,
};

const BASIC: &str = "NIL NIL NIL";

/// Oddity, what the server sends, and a part of what is understood.
fn structures() -> Vec<(Oddity, String, &'static str)> {
    let body = |text: &str| format!("* 1 FETCH (UID 5 BODYSTRUCTURE ({text}) FLAGS (\\Seen))");
    vec![
        // Dovecot (MailKit#1393).
        (
            EmptyMultipart,
            body("NIL \"alternative\" (\"boundary\" \"x\") NIL NIL NIL"),
            "alternative",
        ),
        // Gmail, Yandex, QQ (MailKit#205, #777, #1841, #1861, #1076).
        (
            MultipartAsBasic,
            body(&format!(
                "\"multipart\" \"mixed\" (\"boundary\" \"x\") NIL NIL \"7bit\" 12 {BASIC}"
            )),
            "mixed",
        ),
        // Messages in base64 (MailKit#32, #59).
        (
            MessageAsBasic,
            body(&format!("\"message\" \"rfc822\" NIL NIL NIL \"base64\" 99 {BASIC}")),
            "rfc822",
        ),
        // Exchange (MailKit#1415, #1446, #919).
        (NilPart, body("NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL"), "OCTET-STREAM"),
        (
            BareDisposition,
            body("\"image\" \"png\" NIL NIL NIL \"base64\" 9 NIL \"inline\" NIL NIL"),
            "inline",
        ),
        // maddy.
        (NilEncoding, body("\"text\" \"plain\" NIL NIL NIL NIL 9 1 NIL NIL NIL NIL"), "7BIT"),
        // Dovecot.
        (
            NegativeNumber,
            body("\"text\" \"plain\" NIL NIL NIL \"7bit\" -1 -1 NIL NIL NIL NIL"),
            "7bit",
        ),
        // MailKit#485.
        (
            UnescapedQuote,
            body(
                "\"image\" \"png\" (\"name\" \"a\"b\".png\") NIL NIL \"base64\" 9 NIL NIL NIL NIL",
            ),
            ".png",
        ),
        (ShortPart, body("\"text\" \"html\" NIL NIL NIL \"7bit\" 9 NIL NIL NIL NIL"), "html"),
    ]
}

fn envelopes() -> Vec<(Oddity, String, &'static str)> {
    let envelope = |text: &str| format!("* 1 FETCH (UID 5 ENVELOPE ({text}) FLAGS (\\Seen))");
    let ann = "((\"Ann\" NIL \"ann\" \"example.org\"))";
    vec![
        // Domino (MailKit#943).
        (
            ExtraParentheses,
            envelope(&format!("NIL \"x\" ({ann}) {ann} {ann} NIL NIL NIL NIL NIL")),
            "ann",
        ),
        // SmarterMail (MailKit#991).
        (
            NilAddress,
            envelope(&format!("NIL \"x\" {ann} {ann} {ann} (NIL) NIL NIL NIL NIL")),
            "ann",
        ),
        (ShortEnvelope, envelope(&format!("NIL \"x\" {ann} {ann} {ann} NIL NIL NIL")), "ann"),
        // Dovecot.
        (
            MissingDomain,
            envelope(
                "NIL \"x\" ((\"Ann\" NIL \"ann\" \"MISSING_DOMAIN\")) NIL NIL NIL NIL NIL NIL NIL",
            ),
            "MISSING_DOMAIN",
        ),
        // Gmail (MailKit#494).
        (
            SwappedAddress,
            envelope(
                "NIL \"x\" ((\"ann@example.org\" NIL \"Ann\" \".MISSING-HOST-NAME.\")) NIL NIL NIL NIL NIL NIL NIL",
            ),
            "name: Some(b\"Ann\")",
        ),
        // Exchange (MailKit#945).
        (
            RawOctets,
            envelope(&format!("NIL caf\u{e9} {ann} {ann} {ann} NIL NIL NIL NIL NIL")),
            "ann",
        ),
        // mail.ru; Zoho's modification sequences.
        (
            FractionalNumber,
            "* 1 FETCH (UID 5 RFC822.SIZE 12.5 FLAGS (\\Seen))".into(),
            "Rfc822Size(12)",
        ),
        (Skipped, "* 1 FETCH (UID 5 MODSEQ (-1) FLAGS (\\Seen))".into(), "Seen"),
        (MissingBody, "* 1 FETCH (UID 5 BODY[] NIL FLAGS (\\Seen))".into(), "Seen"),
    ]
}

#[test]
fn in_fetch_responses() {
    for (oddity, line, understood) in structures().into_iter().chain(envelopes()) {
        let mut wire = Wire::selected(Settings::default());
        let body = "UID FETCH 5 (FLAGS ENVELOPE BODYSTRUCTURE RFC822.SIZE BODY.PEEK[])";
        let id = wire.sends(command(body));
        wire.says(format!("{line}\r\nt{} OK done\r\n", id.0));
        wire.ok(id);
        assert_eq!(wire.lost(), None, "{oddity:?}");
        assert!(wire.oddities().contains(&oddity), "{oddity:?}: {:?}", wire.oddities());
        let data = format!("{:?}", wire.data(id));
        assert!(data.contains(understood) && data.contains("Seen"), "{oddity:?}: {data}");

        let mut wire = Wire::selected(Settings { pedantic: true, ..Settings::default() });
        wire.sends(command(body));
        wire.says(format!("{line}\r\n"));
        assert!(wire.lost().is_some_and(|cause| cause.contains(oddity.clause())), "{oddity:?}");
    }
}

/// Oddity, what is sent, what the server answers before the tagged OK, and what is understood.
const OTHERS: &[(Oddity, &str, &str, &str)] = &[
    // home.pl, Office 365 (MailKit#115, ruby/net-imap#250).
    (CodeWithoutStatus, "UID MOVE 5 x", "* [COPYUID 7 5 9]", "CopyUid"),
    (ZeroCode, "NOOP", "* OK [UIDNEXT 0] so", ""),
    (ZeroCode, "NOOP", "* OK [UNSEEN 0] so", ""),
    (SenselessUids, "UID COPY 5 x", "* OK [COPYUID 7 5:6 9] so", ""),
    (SpacedLiteral, "CAPABILITY", "* CAPABILITY IMAP4rev1 LITERAL + IDLE", "IDLE"),
    (ExtraSpace, "CAPABILITY", "* CAPABILITY IMAP4rev1 IDLE ", "IDLE"),
    (ExtraSpace, "SEARCH ALL", "* SEARCH 3 5 ", "[3, 5]"),
    (ExtraSpace, "SEARCH ALL", "* SEARCH  3  5", "[3, 5]"),
    (ExtraSpace, "ID NIL", "* ID (\"name\" \"x\") ", "name"),
    (ExtraSpace, "STATUS x (MESSAGES)", "* STATUS x (MESSAGES 3) ", "3"),
    (NulPadding, "SEARCH ALL", "\0\0* SEARCH 3\0", "[3]"),
    (RawOctets, "LIST \"\" *", "* LIST () \"/\" Entw\u{fc}rfe", "Entw\u{fc}rfe"),
    (RawOctets, "LIST \"\" *", "* LIST (\\Odd{}) \"/\" \"x\"", "x"),
    (RawOctets, "CAPABILITY", "* CAPABILITY IMAP4rev1 X-(ODD IDLE", "IMAP4rev1"),
    // modern-email/defects#28, #7, #15.
    (NoText, "NOOP", "* OK [HIGHESTMODSEQ 3]", ""),
    (EmptyStatus, "STATUS x (MESSAGES)", "* STATUS x ()", "items: []"),
    (NeedlessContinuation, "NOOP", "+ go on", ""),
    (BareContinuation, "NOOP", "+", ""),
    (NegativeNumber, "STATUS x (MESSAGES)", "* STATUS x (MESSAGES -1)", "0"),
    (Skipped, "STATUS x (MESSAGES)", "* STATUS x (MESSAGES 3 X-ODD 5)", "3"),
    (Skipped, "NOOP", "* X-ODD what is this", ""),
];

#[test]
fn in_other_responses() {
    for (oddity, sent, line, understood) in OTHERS {
        let mut wire = Wire::selected(Settings::default());
        let id = wire.sends(command(sent));
        wire.says(format!("{line}\r\nt{} OK done\r\n", id.0));
        assert_eq!(wire.lost(), None, "{line}");
        wire.ok(id);
        assert!(wire.oddities().contains(oddity), "{line}: {:?}", wire.oddities());
        let data = format!("{:?}", wire.data(id));
        assert!(data.contains(understood), "{line}: {data}");

        let mut wire = Wire::selected(Settings { pedantic: true, ..Settings::default() });
        wire.sends(command(sent));
        wire.says(format!("{line}\r\n"));
        assert!(wire.lost().is_some(), "{line}");
    }
}

/// A login does not fail for one odd capability (rustmailer/bichon#197), nor for a space too many.
#[test]
fn capabilities_are_understood_all_the_same() {
    for line in ["IMAP4rev1 LITERAL + IDLE ", "IMAP4rev1  LITERAL+ IDLE", "IMAP4rev1 LITERAL+ IDLE"]
    {
        let mut wire = Wire::silent(Settings::default(), true);
        wire.says(format!("* OK [CAPABILITY {line}] hello\r\n"));
        assert!(wire.machine.capabilities().has("LITERAL+"), "{line}");
        assert!(wire.machine.capabilities().has("IDLE"), "{line}");
    }
}

/// strato.de (MailKit#1957), ProtonMail (MailKit#674), and servers that know no CHARSET: asked
/// again in the older way.
#[tokio::test]
async fn what_a_server_does_not_know_is_asked_in_another_way() {
    use peregrine_client::{Error, Query, Update};
    let (ours, mut server) = Played::new();
    tokio::spawn(async move {
        let extended = "LIST \"\" * RETURN (SPECIAL-USE)";
        let capabilities = "IMAP4rev1 SPECIAL-USE LIST-EXTENDED";
        let name = "Microsoft Exchange Server 2003";
        server.says(format!("* PREAUTH [CAPABILITY {capabilities}] {name}\r\n")).await;
        server.answers(extended, "").await;
        server.answers("LIST \"\" *", "* LIST () \"/\" INBOX\r\n").await;
        let tag = server.expects(extended).await;
        server.says(format!("{tag} BAD what\r\n")).await;
        server.answers("LIST \"\" *", "* LIST () \"/\" INBOX\r\n").await;
        server.answers("SELECT INBOX", "* 1 EXISTS\r\n").await;
        let tag = server.expects("UID SEARCH CHARSET UTF-8 SUBJECT {2}").await;
        server.says(format!("{tag} BAD what is CHARSET\r\n")).await;
        let tag = server.expects("UID SEARCH SUBJECT {2}").await;
        server.says("+ go on\r\n").await;
        assert_eq!(server.line().await, "\u{e9}");
        server.says(format!("* SEARCH 5\r\n{tag} OK so\r\n")).await;
        server.line().await;
    });
    let client = connect(&plain(), ours).await.unwrap();
    let mut updates = client.updates();
    assert_eq!(client.list("*").await.unwrap().len(), 1);
    assert_eq!(client.list("*").await.unwrap().len(), 1);
    let inbox = client.select("INBOX").await.unwrap();
    assert_eq!(
        inbox.search(Query::all().subject("\u{e9}")).await.unwrap(),
        [crate::own_server::uid(5)]
    );
    // NAMESPACE ends its connections (MailKit#1512): not sent.
    let error = client.namespace().await.unwrap_err();
    assert!(matches!(error, Error::Unsupported(_)), "{error}");
    let mut odd = Vec::new();
    while odd.len() < 4 {
        if let Some(Update::Oddity(tolerated)) = updates.next().await {
            odd.push(tolerated.oddity);
        }
    }
    use Oddity::{CharsetRefused, ListOptionsIgnored, ListOptionsRefused, NamespaceAvoided};
    assert_eq!(odd, [ListOptionsIgnored, ListOptionsRefused, CharsetRefused, NamespaceAvoided]);
}

/// iCloud enables and does not say so (MailKit#1871).
#[test]
fn enable_without_enabled() {
    let mut wire = Wire::authenticated(Settings::default());
    let id = wire.sends(command("ENABLE CONDSTORE"));
    wire.says(format!("t{} OK done\r\n", id.0));
    assert!(wire.oddities().contains(&Oddity::NoEnabled));
    assert!(wire.machine.capabilities().is_enabled("CONDSTORE"));
}

/// Yandex says BYE without end.
#[test]
fn bye_without_end() {
    let mut wire = Wire::selected(Settings::default());
    let id = wire.sends(command("LOGOUT"));
    wire.says("* BYE so\r\n* BYE so\r\n* BYE so\r\n");
    assert!(wire.oddities().contains(&Oddity::RepeatedBye));
    assert!(wire.lost().is_some() && wire.result(id).is_some());
}

/// Exchange and Gmail say how long to wait, or that one should.
#[test]
fn who_is_throttled_learns_how_long_to_wait() {
    use std::time::Duration;
    for (text, wait) in [
        ("NO Request is throttled. Suggested Backoff Time: 92415 milliseconds", Some(92_415)),
        ("BAD Request is throttled. Suggested Backoff Time: soon", Some(5000)),
        ("NO Suggested Backoff Time: 3600001 milliseconds", Some(3_600_000)),
        ("NO Suggested Backoff Time: 18446744073709551615 milliseconds", Some(3_600_000)),
        ("NO [THROTTLED] Account exceeded command or bandwidth limits", Some(5000)),
        ("NO [UNAVAILABLE] later", Some(5000)),
        ("NO there is none", None),
    ] {
        let mut wire = Wire::selected(Settings::default());
        let id = wire.sends(command("UID FETCH 5 (FLAGS)"));
        wire.says(format!("t{} {text}\r\n", id.0));
        let error = wire.result(id).unwrap().as_ref().unwrap_err();
        assert_eq!(error.retry_after(), wait.map(Duration::from_millis), "{text}");
        assert_eq!(wire.lost(), None);
    }
}

/// What an answer lacks is told by the call that asked, with the octets and where they are wrong.
#[test]
fn what_is_beyond_repair_fails_the_one_call() {
    let mut wire = Wire::selected(Settings::default());
    let fetch = wire.sends(command("UID FETCH 5 (ENVELOPE)"));
    let noop = wire.sends(command("STATUS x (MESSAGES)"));
    wire.says(format!("* 1 FETCH (UID 5 ENVELOPE what)\r\nt{} OK done\r\n", fetch.0));
    wire.says(format!("* STATUS x (MESSAGES 1)\r\nt{} OK done\r\n", noop.0));
    let error = wire.result(fetch).unwrap().as_ref().unwrap_err().to_string();
    assert!(error.starts_with("UID FETCH: expected `(` at column 27"), "{error}");
    assert!(error.contains("* 1 FETCH (UID 5 ENVELOPE what)"), "{error}");
    wire.ok(noop);
}
