//! Commands made from a grammar, and the same with faults.

use peregrine_testkit::model::Random;

/// Rules by name: one of the texts, in which `<name>` stands for another rule.
const RULES: &[(&str, &[&str])] = &[
    ("line", &["<tag> <command>"]),
    ("tag", &["a", "A1", "a.b", "x-1", "0"]),
    (
        "command",
        &["<any>", "<any>", "<auth>", "<select>", "<select>", "<find>", "<find>", "<extra>"],
    ),
    (
        "any",
        &[
            "CAPABILITY",
            "NOOP",
            "logout",
            "STARTTLS",
            "ID NIL",
            "ID (<field> <nstring>)",
            "ID ()",
            "LOGIN <astring> <astring>",
            "AUTHENTICATE <mechanism>",
            "AUTHENTICATE PLAIN AGEAYg==",
            "AUTHENTICATE PLAIN =",
        ],
    ),
    ("mechanism", &["PLAIN", "LOGIN", "SCRAM-SHA-256", "XOAUTH2", "x"]),
    (
        "auth",
        &[
            "SELECT <mailbox>",
            "EXAMINE <mailbox>",
            "SELECT <mailbox> (CONDSTORE)",
            "SELECT <mailbox> (QRESYNC (<nz> <number>))",
            "SELECT <mailbox> (QRESYNC (<nz> <number> <set> (<set> <set>)))",
            "CREATE <mailbox>",
            "DELETE <mailbox>",
            "RENAME <mailbox> <mailbox>",
            "SUBSCRIBE <mailbox>",
            "UNSUBSCRIBE <mailbox>",
            "LIST <mailbox> <pattern>",
            "LSUB <mailbox> <pattern>",
            "STATUS <mailbox> (<status>)",
            "STATUS <mailbox> (<status> <status>)",
            "ENABLE <capability>",
            "ENABLE CONDSTORE <capability>",
            "NAMESPACE",
            "IDLE",
            "APPEND <mailbox> <literal>",
            "APPEND <mailbox> (<flags>) <literal>",
            "APPEND <mailbox> (<flags>) <datetime> <literal>",
            "APPEND <mailbox> () <literal>",
        ],
    ),
    ("capability", &["CONDSTORE", "QRESYNC", "UTF8=ACCEPT", "IMAP4rev2", "X-FOO", "METADATA"]),
    (
        "status",
        &[
            "MESSAGES",
            "RECENT",
            "UIDNEXT",
            "UIDVALIDITY",
            "UNSEEN",
            "HIGHESTMODSEQ",
            "DELETED",
            "SIZE",
            "APPENDLIMIT",
            "MAILBOXID",
            "DELETED-STORAGE",
        ],
    ),
    (
        "select",
        &[
            "CHECK",
            "CLOSE",
            "UNSELECT",
            "EXPUNGE",
            "UID EXPUNGE <set>",
            "COPY <set> <mailbox>",
            "UID COPY <set> <mailbox>",
            "MOVE <set> <mailbox>",
            "UID MOVE <set> <mailbox>",
            "FETCH <set> <fetch>",
            "UID FETCH <set> <fetch>",
            "FETCH <set> (<fetchatt>) (CHANGEDSINCE <nz>)",
            "UID FETCH <set> (<fetchatt>) (CHANGEDSINCE <nz> VANISHED)",
            "STORE <set> <store>",
            "UID STORE <set> <store>",
            "STORE <set> (UNCHANGEDSINCE <number>) <store>",
        ],
    ),
    (
        "store",
        &[
            "FLAGS (<flags>)",
            "+FLAGS (<flags>)",
            "-FLAGS <flags>",
            "FLAGS.SILENT ()",
            "+FLAGS.SILENT <flag>",
            "-FLAGS.SILENT (<flags>)",
        ],
    ),
    ("flags", &["<flag>", "<flag> <flag>", "<flag> <flags>"]),
    (
        "flag",
        &[
            "\\Seen",
            "\\Answered",
            "\\Flagged",
            "\\Deleted",
            "\\Draft",
            "\\Recent",
            "$Forwarded",
            "key",
            "\\Foo",
            "\\seen",
        ],
    ),
    (
        "fetch",
        &[
            "ALL",
            "FAST",
            "FULL",
            "<fetchatt>",
            "(<fetchatt>)",
            "(<fetchatt> <fetchatt>)",
            "(UID <fetchatt> <fetchatt>)",
        ],
    ),
    (
        "fetchatt",
        &[
            "UID",
            "FLAGS",
            "ENVELOPE",
            "INTERNALDATE",
            "BODY",
            "BODYSTRUCTURE",
            "RFC822",
            "RFC822.SIZE",
            "RFC822.HEADER",
            "RFC822.TEXT",
            "MODSEQ",
            "BODY[<section>]",
            "BODY.PEEK[<section>]",
            "BODY[<section>]<partial>",
            "BODY.PEEK[<section>]<partial>",
            "BINARY[<part>]",
            "BINARY.PEEK[<part>]",
            "BINARY.SIZE[<part>]",
            "BINARY[]",
            "EMAILID",
            "THREADID",
            "SAVEDATE",
            "PREVIEW",
            "PREVIEW (LAZY)",
        ],
    ),
    ("partial", &["{lt}0.1{gt}", "{lt}0.<nz>{gt}", "{lt}<number>.<nz>{gt}", "{lt}1.0{gt}"]),
    ("part", &["1", "1.2", "3.1.4"]),
    (
        "section",
        &[
            "",
            "HEADER",
            "TEXT",
            "HEADER.FIELDS (<field>)",
            "HEADER.FIELDS (<field> <field>)",
            "HEADER.FIELDS.NOT (<field>)",
            "<part>",
            "<part>.MIME",
            "<part>.HEADER",
            "<part>.TEXT",
            "MIME",
        ],
    ),
    ("field", &["Subject", "\"X-Y\"", "from", "\"a b\"", "<literal>"]),
    (
        "find",
        &[
            "SEARCH <keys>",
            "UID SEARCH <keys>",
            "SEARCH CHARSET UTF-8 <keys>",
            "SEARCH CHARSET \"us-ascii\" <keys>",
            "SEARCH RETURN (<return>) <keys>",
            "SORT (<sort>) UTF-8 <keys>",
            "UID SORT (<sort> <sort>) us-ascii <keys>",
            "THREAD REFERENCES UTF-8 <keys>",
            "UID THREAD ORDEREDSUBJECT US-ASCII <keys>",
        ],
    ),
    ("return", &["", "MIN", "MAX COUNT", "ALL", "SAVE", "PARTIAL 1:10"]),
    (
        "sort",
        &[
            "ARRIVAL",
            "CC",
            "DATE",
            "FROM",
            "SIZE",
            "SUBJECT",
            "TO",
            "REVERSE DATE",
            "DISPLAYFROM",
            "DISPLAYTO",
        ],
    ),
    ("keys", &["<key>", "<key> <key>", "<key> <keys>"]),
    (
        "key",
        &[
            "ALL",
            "ANSWERED",
            "DELETED",
            "DRAFT",
            "FLAGGED",
            "NEW",
            "OLD",
            "RECENT",
            "SEEN",
            "UNANSWERED",
            "UNDELETED",
            "UNDRAFT",
            "UNFLAGGED",
            "UNSEEN",
            "KEYWORD <atom>",
            "UNKEYWORD <atom>",
            "BCC <astring>",
            "BODY <astring>",
            "CC <astring>",
            "FROM <astring>",
            "SUBJECT <astring>",
            "TEXT <astring>",
            "TO <astring>",
            "BEFORE <date>",
            "ON <date>",
            "SINCE <date>",
            "SENTBEFORE <date>",
            "SENTON <date>",
            "SENTSINCE <date>",
            "HEADER <field> <astring>",
            "LARGER <number>",
            "SMALLER <number>",
            "UID <set>",
            "<set>",
            "NOT <key>",
            "OR <key> <key>",
            "(<keys>)",
            "MODSEQ <number>",
            "MODSEQ \"/flags/\\\\draft\" all 620162338",
            "OLDER <nz>",
            "YOUNGER <nz>",
            "SAVEDBEFORE <date>",
            "SAVEDATESUPPORTED",
            "EMAILID <atom>",
            "$",
        ],
    ),
    (
        "extra",
        &[
            "REPLACE <nz> <mailbox> <literal>",
            "UID REPLACE <nz> <mailbox> (<flags>) <literal>",
            "COMPRESS DEFLATE",
            "UNAUTHENTICATE",
            "GETQUOTA \"\"",
            "GETQUOTAROOT <mailbox>",
            "SETQUOTA \"\" (STORAGE 512)",
            "SETQUOTA \"\" ()",
            "CREATE <mailbox> (USE (\\Drafts))",
            "LIST (SUBSCRIBED) \"\" <pattern>",
            "LIST \"\" (<pattern> <pattern>)",
            "LIST \"\" <pattern> RETURN (CHILDREN)",
            "LIST \"\" <pattern> RETURN (STATUS (MESSAGES))",
            "APPEND <mailbox> <literal> <literal>",
            "APPEND <mailbox> (<flags>) <literal> <datetime> <literal>",
            "GETMETADATA <mailbox> /private/comment",
            "XFOO",
            "UID XFOO",
        ],
    ),
    ("set", &["1", "*", "1:2", "2:1", "1:*", "*:4", "1,3", "1:3,5,7:*", "4294967295", "$"]),
    (
        "number",
        &[
            "0",
            "1",
            "7",
            "1000",
            "4294967295",
            "4294967296",
            "9223372036854775807",
            "9223372036854775808",
        ],
    ),
    ("nz", &["1", "7", "1000", "4294967295"]),
    (
        "mailbox",
        &[
            "INBOX",
            "inbox",
            "work",
            "\"a b\"",
            "\"\"",
            "{5}\r\ninbox",
            "{3+}\r\na/b",
            "&AOk-",
            "&",
            "a&b",
            "\"&AGE-\"",
            "%",
            "\"*\"",
            "a]b",
        ],
    ),
    ("pattern", &["*", "%", "\"\"", "INBOX", "\"a%\"", "a*b", "{1}\r\n*", "%/%"]),
    (
        "astring",
        &[
            "atom",
            "\"quoted\"",
            "\"\"",
            "\"a\\\"b\"",
            "\"a\\\\\"",
            "{3}\r\na\"b",
            "{0}\r\n",
            "{2+}\r\n\r\n",
            "a]b",
            "a+b",
            "NIL",
        ],
    ),
    ("nstring", &["NIL", "nil", "\"x\"", "{1}\r\nx"]),
    ("atom", &["key", "$x", "a-b", "a.b", "a+b"]),
    (
        "literal",
        &[
            "{1}\r\nx",
            "{0}\r\n",
            "{3+}\r\nabc",
            "{2}\r\n\r\n",
            "{1}\r\n\u{1}",
            "~{1}\r\nx",
            "~{2}\r\nx\u{0}",
        ],
    ),
    (
        "date",
        &[
            "1-Feb-1994",
            "\"1-Feb-1994\"",
            "01-feb-1994",
            "31-Dec-2026",
            "29-Feb-2023",
            "0-Jan-2000",
            "30-Feb-2024",
        ],
    ),
    (
        "datetime",
        &[
            "\" 1-Feb-1994 21:52:25 -0800\"",
            "\"01-Feb-1994 21:52:25 +0000\"",
            "\"17-Jul-1996 02:44:25 -0700\"",
            "\"31-Dec-2026 23:59:60 +1400\"",
            "\"30-Feb-2024 00:00:00 +0000\"",
            "\"1-Feb-1994 21:52:25 -0800\"",
            "\" 1-Feb-1994 24:00:00 +0000\"",
            "\" 1-Feb-1994 01:00:00 +9960\"",
        ],
    ),
];

/// Words that mutations put in.
const WORDS: [&str; 22] = [
    " ",
    "  ",
    "(",
    ")",
    "\"",
    "\\",
    "{",
    "}",
    "{1}",
    "{1+}\r\n",
    "[",
    "]",
    "*",
    "%",
    "\r",
    "\n",
    "\u{e9}",
    "\u{7f}",
    "NIL",
    "0",
    "99999999999999999999",
    "\u{1}",
];

/// A command without its line end.
pub fn command(random: &mut Random) -> Vec<u8> {
    let mut out = String::new();
    expand("line", random, 0, &mut out);
    out.replace("{lt}", "<").replace("{gt}", ">").into_bytes()
}

/// The same with one octet or word changed, put in or left out.
pub fn mutated(command: &[u8], random: &mut Random) -> Vec<u8> {
    let mut changed = command.to_vec();
    let at = random.below(changed.len());
    match random.below(5) {
        0 => {
            changed.remove(at);
        }
        1 => changed[at] = random.below(256) as u8,
        2 => {
            let octet = changed[at];
            changed.insert(at, octet);
        }
        3 => changed.truncate(at),
        _ => {
            let word = random.pick(&WORDS).bytes();
            changed.splice(at..at, word);
        }
    }
    changed
}

fn expand(rule: &str, random: &mut Random, depth: u32, out: &mut String) {
    let (_, texts) = RULES.iter().find(|(name, _)| *name == rule).unwrap();
    // Deep down the first text, which is the simplest.
    let mut rest: &str = if depth > 8 { texts[0] } else { random.pick::<&str>(texts) };
    while let Some(start) = rest.find('<') {
        let end = start + rest[start..].find('>').unwrap();
        out.push_str(&rest[..start]);
        expand(&rest[start + 1..end], random, depth + 1, out);
        rest = &rest[end + 1..];
    }
    out.push_str(rest);
}
