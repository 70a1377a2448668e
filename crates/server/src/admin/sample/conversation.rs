//! Conversations: a first message and the answers to it, each filed where a person would.

use peregrine_proto::DateTime;

use super::compose::{self, Part};
use super::text::{self, Encoding, Language};
use super::{Mail, Random, attachment};

const DAY: u64 = 86_400;

/// How far back the mail reaches.
const REACH: u64 = 700 * DAY;

/// Younger mail is still in INBOX.
const IN_INBOX: i64 = 240 * DAY as i64;

/// Younger mail may be unread.
const FRESH: i64 = 12 * DAY as i64;

/// Those who write: name, address, minutes east of UTC.
const PEOPLE: &[(&str, &str, i16)] = &[
    ("Ada Thornbury", "ada@example.org", 0),
    ("Jürgen Müller", "juergen@example.net", 60),
    ("Élodie Lefèvre", "elodie@example.com", 120),
    ("佐藤 花子", "hanako@example.jp", 540),
    ("Иван Петров", "ivan@example.ru", 180),
    ("Grażyna Wójcik", "grazyna@example.net", 60),
    ("Oluwaseun Adeyemi", "seun@example.org", 60),
    ("Mary-Jane \"MJ\" O'Neill", "mj@example.com", -300),
    ("Priya Raman", "priya@example.org", 330),
    ("harbour office", "office@harbour.example", 0),
];

/// The mailing list.
const LIST: &str = "Tower watch";

/// One message, before it is written.
struct Letter<'a> {
    author: usize,
    subject: String,
    language: &'static Language,
    unix: i64,
    id: String,
    references: &'a [String],
    to_list: bool,
    text: String,
}

/// Holds one conversation and files its messages. Returns how many they are.
pub(super) fn hold(random: &mut Random, user: &str, now: i64, mail: &mut Mail) -> usize {
    let language = text::pick(random);
    let subject = random.pick(language.subjects);
    let to_list = random.one_in(6);
    let length = 1 + random.below(6) as usize;
    let mut unix = now - random.below(REACH) as i64 - 600;
    let mut references: Vec<String> = Vec::new();
    let mut quoted = String::new();
    let mut written = 0;
    for number in 0..length {
        // Index PEOPLE.len() is the user.
        let author = random.below(PEOPLE.len() as u64 + 2) as usize;
        let author = author.min(PEOPLE.len());
        let prefix = if number == 0 { "" } else { language.reply };
        let letter = Letter {
            author,
            subject: format!("{prefix}{subject}"),
            language,
            unix,
            id: format!("<{:016x}.{number}@sample.example>", random.next()),
            references: &references,
            to_list,
            text: format!("{}{quoted}", language.paragraphs(random)),
        };
        quoted = quote(&letter, user);
        let answered = number + 1 < length;
        file(random, user, now, &letter, answered, mail);
        references.push(letter.id);
        written += 1;
        unix += 600 + random.below(2 * DAY) as i64;
        if unix >= now {
            break;
        }
    }
    written
}

fn name_of(author: usize, user: &str) -> (String, String, i16) {
    match PEOPLE.get(author) {
        Some((name, address, zone)) => ((*name).to_owned(), (*address).to_owned(), *zone),
        None => (user.to_owned(), format!("{user}@example.org"), 60),
    }
}

fn quote(letter: &Letter<'_>, user: &str) -> String {
    let (name, ..) = name_of(letter.author, user);
    let name = if letter.language.charset == "utf-8" || name.is_ascii() { &name } else { "N.N." };
    let lines = letter.text.lines().filter(|line| !line.is_empty()).take(6);
    let lines: String = lines.map(|line| format!("> {line}\n")).collect();
    format!("{}\n{lines}", letter.language.wrote.replace("{}", name))
}

fn file(
    random: &mut Random,
    user: &str,
    now: i64,
    letter: &Letter<'_>,
    answered: bool,
    mail: &mut Mail,
) {
    let (_, _, zone) = name_of(letter.author, user);
    let date = DateTime { unix: letter.unix, offset: zone };
    let own = letter.author >= PEOPLE.len();
    let age = now - letter.unix;
    let mailbox = match (own, letter.to_list, age < IN_INBOX) {
        (true, ..) => "Sent".to_owned(),
        (_, true, _) => format!("Lists/{LIST}"),
        (.., true) => "INBOX".to_owned(),
        (.., false) => format!("Archive/{}", compose::year(letter.unix)),
    };
    let mut flags = Vec::new();
    if own || age > FRESH || random.one_in(2) {
        flags.push("\\Seen");
        if answered && !own && random.one_in(2) {
            flags.push("\\Answered");
        }
        if random.one_in(25) {
            flags.push("$Forwarded");
        }
    }
    if random.one_in(20) {
        flags.push("\\Flagged");
    }
    if random.one_in(15) {
        flags.push(random.pick(&["$Important", "work", "family", "$MDNSent"]));
    }
    let fields = fields(letter, user);
    let part = shape(random, letter);
    mail.add(&mailbox, compose::whole(&fields, part), date, &flags);
}

fn fields(letter: &Letter<'_>, user: &str) -> String {
    let (name, address, zone) = name_of(letter.author, user);
    let other = name_of((letter.author + 3) % PEOPLE.len(), user);
    let own = letter.author >= PEOPLE.len();
    let to = if letter.to_list {
        "Tower watch <tower-watch@lists.example>".to_owned()
    } else if own {
        mailbox(&other.0, &other.1)
    } else {
        mailbox(user, &format!("{user}@example.org"))
    };
    let mut fields = format!(
        "Date: {}\r\nFrom: {}\r\nTo: {to}\r\nSubject: {}\r\nMessage-ID: {}\r\n",
        compose::date(letter.unix, zone),
        mailbox(&name, &address),
        compose::words(letter.language.charset, &letter.subject),
        letter.id,
    );
    if !own && letter.unix % 3 == 0 {
        fields.push_str(&format!("Cc: {}\r\n", mailbox(&other.0, &other.1)));
    }
    if let Some(last) = letter.references.last() {
        let all = letter.references.join("\r\n ");
        fields.push_str(&format!("In-Reply-To: {last}\r\nReferences: {all}\r\n"));
    }
    if letter.to_list {
        fields.push_str("List-Id: Tower watch <tower-watch.lists.example>\r\n");
    }
    fields
}

/// `"Name" <address>`: quoted, or in encoded words.
fn mailbox(name: &str, address: &str) -> String {
    if name.is_ascii() {
        format!("\"{}\" <{address}>", name.replace('"', "\\\""))
    } else {
        format!("{} <{address}>", compose::words("utf-8", name))
    }
}

/// The body: mostly plain, sometimes with all that MIME can nest.
fn shape(random: &mut Random, letter: &Letter<'_>) -> Part {
    let seed = random.next();
    let language = letter.language;
    let plain = compose::text("plain", language.charset, language.encoding, &letter.text);
    let html = |random: &mut Random| {
        let mut text = letter.text.replace('>', "&gt;").replace("\n\n", "</p>\n<p>");
        if random.one_in(2) {
            text.push_str("<img src=\"cid:picture@sample.example\">");
        }
        let page = format!("<html><body><p>{text}</p></body></html>\n");
        compose::text("html", language.charset, Encoding::QuotedPrintable, &page)
    };
    match random.below(20) {
        0..=2 => {
            let html = html(random);
            compose::multipart("alternative", seed, vec![plain, html])
        }
        3 | 4 => {
            let picture = attachment::png(random);
            let picture = compose::file("image/png", "attachment", "tower.png", &picture);
            compose::multipart("mixed", seed, vec![plain, picture])
        }
        5 => {
            let html = html(random);
            let mut picture =
                compose::file("image/png", "inline", "falcon.png", &attachment::png(random));
            picture.header.push_str("Content-ID: <picture@sample.example>\r\n");
            let related = compose::multipart("related", seed ^ 1, vec![html, picture]);
            let alternative = compose::multipart("alternative", seed ^ 2, vec![plain, related]);
            let document = attachment::pdf(&letter.subject);
            let document =
                compose::file("application/pdf", "attachment", "Übersicht.pdf", &document);
            compose::multipart("mixed", seed, vec![alternative, document])
        }
        6 => compose::multipart("mixed", seed, vec![plain, forwarded(random, seed)]),
        7 if letter.to_list => {
            let messages = (0..3).map(|n| forwarded(random, seed ^ n)).collect();
            compose::multipart("digest", seed, messages)
        }
        _ => plain,
    }
}

/// Somebody else's message, with an attachment of its own.
fn forwarded(random: &mut Random, seed: u64) -> Part {
    let language = text::pick(random);
    let text = language.paragraphs(random);
    let plain = compose::text("plain", language.charset, language.encoding, &text);
    let note =
        compose::file("text/csv", "attachment", "counts.csv", b"day,birds\r\n1,4\r\n2,7\r\n");
    let (name, address, _) = PEOPLE[random.below(PEOPLE.len() as u64) as usize];
    let fields = format!(
        "Date: {}\r\nFrom: {}\r\nSubject: {}\r\nMessage-ID: <{seed:016x}.f@sample.example>\r\n",
        compose::date(1_700_000_000 + (seed % 10_000_000) as i64, 0),
        mailbox(name, address),
        compose::words(language.charset, random.pick(language.subjects)),
    );
    let part = compose::multipart("mixed", seed ^ 0xF, vec![plain, note]);
    compose::message(&compose::whole(&fields, part))
}
