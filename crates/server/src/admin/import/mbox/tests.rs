//! mbox files as they are found, and what becomes of them.

use super::*;

const FROM: &str = "From a@example.org Tue Nov 14 22:13:20 2023\n";

/// Bodies of an mbox, or the problems in it, as text.
fn read(mbox: &str) -> Vec<String> {
    let mut found = Vec::new();
    read_from(mbox.as_bytes(), "mbox", 1000, &mut |item| {
        found.push(match item {
            Item::Message(message) => String::from_utf8(message.body).unwrap(),
            Item::Problem(problem) => format!("problem: {}", problem.reason),
        });
        true
    })
    .unwrap();
    found
}

fn messages(mbox: &str) -> Vec<SourceMessage> {
    let mut found = Vec::new();
    read_from(mbox.as_bytes(), "mbox", 1000, &mut |item| {
        if let Item::Message(message) = item {
            found.push(message);
        }
        true
    })
    .unwrap();
    found
}

#[test]
fn messages_end_where_the_next_begins() {
    let from = FROM;
    let cases: Vec<(String, Vec<&str>)> = vec![
        (String::new(), vec![]),
        ("\n\n".into(), vec![]),
        (format!("{from}A: 1\n\nx\n\n{from}B: 2\n\ny\n\n"), vec!["A: 1\n\nx\n", "B: 2\n\ny\n"]),
        // No empty line between them, and none at the end.
        (format!("{from}A: 1\n\nx\n{from}B: 2\n\ny\n"), vec!["A: 1\n\nx\n", "B: 2\n\ny\n"]),
        // The last line has no end.
        (format!("{from}A: 1\n\nx"), vec!["A: 1\n\nx"]),
        // `From ` in the text, without a date, is text; after an empty line too.
        (
            format!("{from}A: 1\n\nFrom here on\n\nFrom me\n"),
            vec!["A: 1\n\nFrom here on\n\nFrom me\n"],
        ),
        // mboxrd's quotes, undone by one.
        (
            format!("{from}A: 1\n\n>From x\n>>From y\n> From z\n>Fromage\n"),
            vec!["A: 1\n\nFrom x\n>From y\n> From z\n>Fromage\n"],
        ),
        // A Content-Length that lies, either way.
        (
            format!("{from}Content-Length: 99999\n\nx\n\n{from}Content-Length: 0\n\ny\n"),
            vec!["Content-Length: 99999\n\nx\n", "Content-Length: 0\n\ny\n"],
        ),
        // CRLF.
        (
            format!("{from}A: 1\n\nx\n\n{from}B: 2\n\ny\n\n").replace('\n', "\r\n"),
            vec!["A: 1\r\n\r\nx\r\n", "B: 2\r\n\r\ny\r\n"],
        ),
        // Empty messages, and a first line without a date.
        (format!("From \nA: 1\n\n\n{from}\n{from}\n"), vec!["A: 1\n\n", "\n", "\n"]),
        (
            "Subject: no mbox\n\nx\n".into(),
            vec!["problem: not an mbox: no line `From ` at its start"],
        ),
    ];
    for (mbox, wanted) in cases {
        assert_eq!(read(&mbox), wanted, "{mbox:?}");
    }
}

#[test]
fn state_becomes_flags_and_leaves_the_header() {
    let mbox = format!(
        "{FROM}Subject: s\nStatus: RO\nX-Status: AF\nX-Keywords: $Forwarded\n work\nX-UID: 7\n\
         To: a\n\nStatus: in the text stays\n\n{FROM}X-Mozilla-Status: 1005\nX-Mozilla-Keys: $label1\n\nx\n"
    );
    let found = messages(&mbox);
    let bodies: Vec<&str> = found.iter().map(|m| std::str::from_utf8(&m.body).unwrap()).collect();
    assert_eq!(bodies, ["Subject: s\nTo: a\n\nStatus: in the text stays\n", "\nx\n"]);
    let keyword = |name| Flag::Keyword(Keyword::new(name).unwrap());
    assert_eq!(
        found[0].flags,
        [Flag::Seen, Flag::Answered, Flag::Flagged, keyword("$Forwarded"), keyword("work")]
    );
    assert_eq!(
        found[1].flags,
        [Flag::Seen, Flag::Flagged, keyword("$Forwarded"), keyword("$label1")]
    );
    assert_eq!(found[0].date.unix, 1_700_000_000);
}

/// The counters of the c-client library are no message.
#[test]
fn internal_data_is_left_out() {
    let mbox = format!(
        "{FROM}Subject: DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA\nX-IMAP: 1 2\n\nx\n\n{FROM}A: 1\n\n"
    );
    assert_eq!(read(&mbox), ["A: 1\n"]);
}

#[test]
fn a_message_that_is_too_large_is_told_and_the_next_is_read() {
    for body in ["x".repeat(5000), "line\n".repeat(1000)] {
        let mbox = format!("{FROM}A: 1\n\n{body}\n\n{FROM}B: 2\n\ny\n");
        assert_eq!(read(&mbox), ["problem: larger than the limit `message_size`", "B: 2\n\ny\n"]);
    }
}

#[test]
fn without_a_date_of_arrival_the_messages_own_counts() {
    let found = messages("From nobody\nDate: Tue, 14 Nov 2023 22:13:20 +0000\n\nx\n");
    assert_eq!(found[0].date.unix, 1_700_000_000);
}
