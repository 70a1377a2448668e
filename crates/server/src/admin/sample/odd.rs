//! Drafts, junk, and the curiosities that a mail server must keep as they are.

use peregrine_proto::DateTime;

use super::compose;
use super::text::{ENGLISH, Encoding};
use super::{Mail, Random};

const HOUR: i64 = 3600;

/// Unfinished messages, some without a recipient.
pub(super) fn drafts(random: &mut Random, user: &str, now: i64, mail: &mut Mail) {
    for number in 0..9 {
        let unix = now - HOUR * (5 + 30 * number);
        let to = if number % 2 == 0 { "" } else { "To: ada@example.org\r\n" };
        let fields = format!(
            "Date: {}\r\nFrom: {user}@example.org\r\n{to}Subject: {}\r\n",
            compose::date(unix, 60),
            random.pick(ENGLISH.subjects),
        );
        let text = ENGLISH.paragraphs(random);
        let part = compose::text("plain", "utf-8", Encoding::EightBit, &format!("{text}…"));
        let date = DateTime { unix, offset: 60 };
        mail.add("Drafts", compose::whole(&fields, part), date, &["\\Seen", "\\Draft"]);
    }
}

/// What nobody asked for, and what was thrown away.
pub(super) fn junk(random: &mut Random, user: &str, now: i64, mail: &mut Mail) {
    for number in 0..40 {
        let unix = now - HOUR * (2 + 17 * number);
        let prize = random.below(900) + 100;
        let fields = format!(
            "Date: {}\r\nFrom: \"Prize Desk\" <win{number}@lottery.example>\r\n\
             To: {user}@example.org\r\nSubject: {}\r\nMessage-ID: <{:x}.j{number}@lottery.example>\r\n",
            compose::date(unix, -480),
            compose::words("utf-8", &format!("You have won {prize} boats ‼")),
            random.next(),
        );
        let page = format!("<html><body><h1>{prize} boats!</h1></body></html>\n");
        let part = compose::text("html", "utf-8", Encoding::EightBit, &page);
        let date = DateTime { unix, offset: -480 };
        let (mailbox, flags) = match number % 4 {
            0 => ("Trash", ["\\Seen", "\\Deleted"].as_slice()),
            _ => ("Junk", ["$Junk"].as_slice()),
        };
        mail.add(mailbox, compose::whole(&fields, part), date, flags);
    }
}

/// Messages that break a rule. Each must come back octet for octet.
pub(super) fn curiosities(user: &str, now: i64, mail: &mut Mail) {
    let long_line = format!("Subject: one long line\r\n\r\n{}\r\n", "word ".repeat(2_000));
    let many_fields: String =
        (0..300).map(|n| format!("X-Field-{n}: value {n}\r\n")).collect::<String>()
            + "\r\nEnd.\r\n";
    let group = format!(
        "From: {user}@example.org\r\nTo: Crew: ada@example.org, mj@example.com;,\r\n \
         undisclosed-recipients:;\r\nSubject: groups of addresses\r\n\r\nSee above.\r\n"
    );
    let deep = (0..20).fold(b"Subject: innermost\r\n\r\nHere.\r\n".to_vec(), |inner, level| {
        let fields = format!("Subject: {} layers\r\n", level + 1);
        compose::whole(&fields, compose::message(&inner))
    });
    let all: [&[u8]; 12] = [
        b"\r\n",
        b"Subject: only a header\r\n",
        b"Subject: header and nothing else\r\n\r\n",
        b"\r\nNo header at all, only this line.\r\n",
        b"Subject: bare line feeds\n\nThis message was written\nby a program without manners.\n",
        b"Subject: gr\xFC\xDFe in raw eight bit\r\n\r\nW\xE4re das nicht sch\xF6n?\r\n",
        b"Content-Type: text/plain; charset=x-unknown\r\nSubject: a charset nobody knows\r\n\r\n\x80\x81\r\n",
        b"Content-Type: multipart/mixed; boundary=never\r\nSubject: the boundary that never comes\r\n\r\nStill waiting.\r\n",
        long_line.as_bytes(),
        many_fields.as_bytes(),
        group.as_bytes(),
        &deep,
    ];
    for (number, body) in (0..).zip(all) {
        let date = DateTime { unix: now - HOUR * (number + 1), offset: 0 };
        mail.add("Curiosities", body.to_vec(), date, &["\\Seen"]);
    }
}
