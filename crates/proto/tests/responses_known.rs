//! Known answers, read and written: each line is read to the value beside it, and the value is
//! written as the line again.

// What a test's own functions are given is known; clippy excepts only the tests themselves.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use bytes::Bytes;
use peregrine_proto::command::search::PartialRange;
use peregrine_proto::command::status::StatusItem;
use peregrine_proto::number::{Bound, Number, NumberSet, UidRanges};
use peregrine_proto::response::list::SpecialUse;
use peregrine_proto::response::{
    Code, ListAttribute, ListData, Namespace, NumberList, Response, ResponseText, SearchData,
    SearchDatum, Status, StatusData, ThreadNode, Vanished,
};
use peregrine_proto::{
    Encoding, Flag, Keyword, MailboxName, ModSeq, ObjectId, SequenceNumber, Tag, Uid, UidValidity,
};
use std::num::NonZeroU32;

#[track_caller]
fn both(line: &str, response: Response) {
    let source = Bytes::from(format!("{line}\r\n"));
    assert_eq!(Response::parse(&source).as_ref(), Ok(&response), "reading {line}");
    let mut out = Vec::new();
    response.write(&mut out);
    assert_eq!(String::from_utf8_lossy(&out), String::from_utf8_lossy(&source), "writing");
}

fn n<N: Number>(value: u32) -> N {
    N::new(value).unwrap()
}

fn condition(status: Status, code: Option<Code>, text: &str) -> Response {
    Response::Condition { status, text: ResponseText { code, text: text.into() } }
}

fn mailbox(name: &str) -> MailboxName {
    MailboxName::new(name).unwrap()
}

/// RFC 3501 §7.1, §7.5, §8.
#[test]
fn conditions() {
    both("* OK IMAP4rev1 Service Ready", condition(Status::Ok, None, "IMAP4rev1 Service Ready"));
    both(
        "* NO Disk is 98% full, please delete unnecessary data",
        condition(Status::No, None, "Disk is 98% full, please delete unnecessary data"),
    );
    both("* BAD Command line too long", condition(Status::Bad, None, "Command line too long"));
    both(
        "* PREAUTH IMAP4rev1 server logged in as Smith",
        Response::PreAuth(ResponseText::new("IMAP4rev1 server logged in as Smith")),
    );
    both(
        "* BYE Autologout; idle for too long",
        Response::Bye(ResponseText::new("Autologout; idle for too long")),
    );
    both(
        "A222 NO COPY failed: disk is full",
        Response::Tagged {
            tag: Tag::new(b"A222").unwrap(),
            status: Status::No,
            text: ResponseText::new("COPY failed: disk is full"),
        },
    );
    both(
        "a002 OK [READ-WRITE] SELECT completed",
        Response::Tagged {
            tag: Tag::new(b"a002").unwrap(),
            status: Status::Ok,
            text: ResponseText::with_code(Code::ReadWrite, "SELECT completed"),
        },
    );
    both("+ Ready for literal data", Response::Continuation("Ready for literal data".into()));
    both("+ ", Response::Continuation(Bytes::new()));
}

/// RFC 4731 §3.1, RFC 9394 §3.1; the set in the order of a sort (RFC 5267 §3.3).
#[test]
fn extended_search() {
    let esearch = |tag: &str, uid, items| {
        Response::ESearch(SearchData { tag: Tag::new(tag.as_bytes()), uid, items })
    };
    let list = |numbers: &[u32]| numbers.iter().copied().collect::<NumberList>();
    let range = |from_end, first, last| {
        let place = |place| NonZeroU32::new(place).unwrap();
        PartialRange { from_end, first: place(first), last: place(last) }
    };
    both(
        "* ESEARCH (TAG \"A282\") MIN 2 COUNT 3",
        esearch("A282", false, vec![SearchDatum::Min(2), SearchDatum::Count(3)]),
    );
    both(
        "* ESEARCH (TAG \"A285\") UID MIN 7 MAX 3800",
        esearch("A285", true, vec![SearchDatum::Min(7), SearchDatum::Max(3800)]),
    );
    both(
        "* ESEARCH (TAG \"E01\") UID ALL 5:7,4,3,2",
        esearch("E01", true, vec![SearchDatum::All(list(&[5, 6, 7, 4, 3, 2]))]),
    );
    both(
        "* ESEARCH (TAG \"A\") UID PARTIAL (-1:-3 8:10)",
        esearch("A", true, vec![SearchDatum::Partial(range(true, 1, 3), Some(list(&[8, 9, 10])))]),
    );
    both(
        "* ESEARCH (TAG \"A\") PARTIAL (24000:24500 NIL)",
        esearch("A", false, vec![SearchDatum::Partial(range(false, 24000, 24500), None)]),
    );
    both("* ESEARCH", Response::ESearch(SearchData { tag: None, uid: false, items: vec![] }));
    let atom = Response::parse(&"* ESEARCH (TAG a1) ALL 3:1\r\n".into());
    assert_eq!(atom, Ok(esearch("a1", false, vec![SearchDatum::All(list(&[1, 2, 3]))])));
}

/// The examples of RFC 5256 §4.
#[test]
fn sorted_and_threaded() {
    both("* SORT 2 3 6", Response::Sort(vec![2, 3, 6], None));
    both("* SORT 2 3 (MODSEQ 9)", Response::Sort(vec![2, 3], Some(ModSeq(9))));
    both("* SORT", Response::Sort(vec![], None));
    let thread = |nodes: &[(u32, u32)]| {
        let node = |&(depth, number)| ThreadNode { depth, number: (number > 0).then_some(number) };
        Response::Thread(nodes.iter().map(node).collect())
    };
    both("* THREAD", thread(&[]));
    // Dovecot, where nothing was found.
    assert_eq!(Response::parse(&Bytes::from_static(b"* THREAD ")), Ok(thread(&[])));
    both(
        "* THREAD (2)(3 6 (4 23)(44 7 96))",
        thread(&[(0, 2), (0, 3), (1, 6), (2, 4), (3, 23), (2, 44), (3, 7), (4, 96)]),
    );
    both("* THREAD ((3)(5))", thread(&[(0, 0), (1, 3), (1, 5)]));
    both(
        "* THREAD ((1 2)(3))(4 (5)(6 (7)(8)))",
        thread(&[(0, 0), (1, 1), (2, 2), (1, 3), (0, 4), (1, 5), (1, 6), (2, 7), (2, 8)]),
    );
    for wrong in ["(", "()", "(1", "(1))", "1", "(1)(", "(1 )", "(0)", " (1)", "(1) (2)"] {
        let line = format!("* THREAD {wrong}\r\n");
        assert!(Response::parse(&line.clone().into()).is_err(), "{line}");
    }
    // As deep as a mailbox is long, without a stack as deep.
    let deep = (0..300_000).flat_map(|depth| [(2 * depth, 1), (2 * depth + 1, 2)]);
    let nodes = deep.map(|(depth, n)| ThreadNode { depth, number: Some(n) }).collect();
    let mut out = Vec::new();
    Response::Thread(nodes).write(&mut out);
    assert!(Response::parse(&out.into()).is_ok());
    let open = format!("* THREAD {}\r\n", "(1 ".repeat(300_000));
    assert!(Response::parse(&open.into()).is_err());
}

#[test]
fn codes_that_are_words() {
    let words = [
        ("ALERT", Code::Alert),
        ("NOTSAVED", Code::NotSaved),
        ("PARSE", Code::Parse),
        ("READ-ONLY", Code::ReadOnly),
        ("READ-WRITE", Code::ReadWrite),
        ("TRYCREATE", Code::TryCreate),
        ("UIDNOTSTICKY", Code::UidNotSticky),
        ("CLOSED", Code::Closed),
        ("NOMODSEQ", Code::NoModSeq),
        ("UNAVAILABLE", Code::Unavailable),
        ("AUTHENTICATIONFAILED", Code::AuthenticationFailed),
        ("AUTHORIZATIONFAILED", Code::AuthorizationFailed),
        ("EXPIRED", Code::Expired),
        ("PRIVACYREQUIRED", Code::PrivacyRequired),
        ("CONTACTADMIN", Code::ContactAdmin),
        ("NOPERM", Code::NoPerm),
        ("INUSE", Code::InUse),
        ("EXPUNGEISSUED", Code::ExpungeIssued),
        ("CORRUPTION", Code::Corruption),
        ("SERVERBUG", Code::ServerBug),
        ("CLIENTBUG", Code::ClientBug),
        ("CANNOT", Code::Cannot),
        ("LIMIT", Code::Limit),
        ("OVERQUOTA", Code::OverQuota),
        ("ALREADYEXISTS", Code::AlreadyExists),
        ("NONEXISTENT", Code::NonExistent),
        ("HASCHILDREN", Code::HasChildren),
        ("UNKNOWN-CTE", Code::UnknownCte),
        ("TOOBIG", Code::TooBig),
        ("USEATTR", Code::UseAttr),
        ("BADCHARSET", Code::BadCharset(vec![])),
        ("X-STRANGE", Code::Other("X-STRANGE".into(), None)),
    ];
    for (word, code) in words {
        both(&format!("* NO [{word}] words"), condition(Status::No, Some(code), "words"));
    }
}

#[test]
fn codes_with_arguments() {
    let range = |start, end| (Bound::Number(n(start)), Bound::Number(n(end)));
    let uids = |start, end| UidRanges::from_unordered(vec![(n(start), n(end))]);
    let codes = [
        ("BADCHARSET (US-ASCII UTF-8)", Code::BadCharset(vec!["US-ASCII".into(), "UTF-8".into()])),
        (
            "CAPABILITY IMAP4rev1 AUTH=PLAIN LITERAL+",
            Code::Capability(vec!["IMAP4rev1".into(), "AUTH=PLAIN".into(), "LITERAL+".into()]),
        ),
        (
            "PERMANENTFLAGS (\\Deleted \\Seen \\*)",
            Code::PermanentFlags { flags: vec![Flag::Deleted, Flag::Seen], new_keywords: true },
        ),
        ("PERMANENTFLAGS ()", Code::PermanentFlags { flags: vec![], new_keywords: false }),
        ("UIDNEXT 4392", Code::UidNext(n(4392))),
        ("UIDVALIDITY 3857529045", Code::UidValidity(n(3857529045))),
        ("UNSEEN 12", Code::Unseen(n(12))),
        ("HIGHESTMODSEQ 715194045007", Code::HighestModSeq(ModSeq(715194045007))),
        (
            "APPENDUID 38505 3955",
            Code::AppendUid { uid_validity: n(38505), uids: uids(3955, 3955) },
        ),
        ("APPENDUID 38505 7:9", Code::AppendUid { uid_validity: n(38505), uids: uids(7, 9) }),
        (
            "COPYUID 38505 304,319:320 3956:3958",
            Code::CopyUid {
                uid_validity: n(38505),
                source: NumberSet {
                    ranges: [range(304, 304), range(319, 320)].into_iter().collect(),
                },
                target: NumberSet { ranges: [range(3956, 3958)].into_iter().collect() },
            },
        ),
        ("REFERRAL imap://a/b", Code::Other("REFERRAL".into(), Some("imap://a/b".into()))),
    ];
    for (argument, code) in codes {
        both(&format!("* OK [{argument}] words"), condition(Status::Ok, Some(code), "words"));
    }
}

/// RFC 3501 §7.2, RFC 5161, RFC 2971.
#[test]
fn server_and_mailbox_data() {
    both(
        "* CAPABILITY IMAP4rev1 STARTTLS AUTH=GSSAPI XPIG-LATIN",
        Response::Capability(
            ["IMAP4rev1", "STARTTLS", "AUTH=GSSAPI", "XPIG-LATIN"].map(Into::into).to_vec(),
        ),
    );
    both("* ENABLED CONDSTORE", Response::Enabled(vec!["CONDSTORE".into()]));
    both("* ENABLED", Response::Enabled(vec![]));
    both(
        "* STATUS blurdybloop (MESSAGES 231 UIDNEXT 44292)",
        Response::Status(StatusData {
            mailbox: mailbox("blurdybloop"),
            items: [(StatusItem::Messages, 231), (StatusItem::UidNext, 44292)]
                .into_iter()
                .collect(),
            mailbox_id: None,
        }),
    );
    both("* SEARCH 2 3 6", Response::Search(vec![2, 3, 6], None));
    both("* SEARCH 2 (MODSEQ 917162500)", Response::Search(vec![2], Some(ModSeq(917_162_500))));
    let ranges = vec![(n(41), n(41)), (n(43), n(116))];
    let uids = NumberSet::from(&UidRanges::from_unordered(ranges));
    let vanished = |earlier| Response::Vanished(Vanished { earlier, uids: uids.clone() });
    both("* VANISHED (EARLIER) 41,43:116", vanished(true));
    both("* VANISHED 41,43:116", vanished(false));
    both("* SEARCH", Response::Search(vec![], None));
    both(
        "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $Forwarded)",
        Response::Flags(vec![
            Flag::Answered,
            Flag::Flagged,
            Flag::Deleted,
            Flag::Seen,
            Flag::Draft,
            Flag::Keyword(Keyword::new("$Forwarded").unwrap()),
        ]),
    );
    both("* FLAGS ()", Response::Flags(vec![]));
    both("* 23 EXISTS", Response::Exists(23));
    both("* 0 EXISTS", Response::Exists(0));
    both("* 5 RECENT", Response::Recent(5));
    both("* 44 EXPUNGE", Response::Expunge(n(44)));
    both("* ID NIL", Response::Id(None));
    both(
        "* ID (\"name\" \"Cyrus\" \"os\" NIL)",
        Response::Id(Some(vec![("name".into(), Some("Cyrus".into())), ("os".into(), None)])),
    );
}

/// RFC 5258 §3.5: what is not known is passed over.
#[test]
fn extended_lists() {
    let info = ListData {
        attributes: Default::default(),
        separator: Some('/'),
        mailbox: mailbox("Foo"),
        child_info: ["SUBSCRIBED".into()].into(),
        old_name: None,
    };
    both("* LIST () \"/\" Foo (\"CHILDINFO\" (\"SUBSCRIBED\"))", Response::List(info.clone()));
    for line in [
        "* LIST () \"/\" Foo (X (a \"b\" (1:2 ())) CHILDINFO (SUBSCRIBED) \"Y\" {1}\r\nz)",
        "* LIST () \"/\" Foo (childinfo (SUBSCRIBED) TABLECLOTH ((\"edge\" \"lacy\") (\"color\" red)))",
    ] {
        let source = Bytes::from(format!("{line}\r\n"));
        assert_eq!(Response::parse(&source), Ok(Response::List(info.clone())), "{line}");
    }
    // RFC 9051 §6.3.9.7
    let old = ListData { child_info: Default::default(), old_name: Some(mailbox("B&R")), ..info };
    both("* LIST () \"/\" Foo (\"OLDNAME\" (B&-R))", Response::List(old.clone()));
    let both_items = ListData { child_info: ["SUBSCRIBED".into()].into(), ..old };
    both(
        "* LIST () \"/\" Foo (\"CHILDINFO\" (\"SUBSCRIBED\") \"OLDNAME\" (B&-R))",
        Response::List(both_items),
    );
    for wrong in [" (CHILDINFO)", " (CHILDINFO ())", " (X (a)", " (X a) (Y b)", " (X (a)) x", " ("]
    {
        let line = format!("* LIST () \"/\" Foo{wrong}\r\n");
        assert!(Response::parse(&line.clone().into()).is_err(), "{line}");
    }
}

/// RFC 9051 §5.1, RFC 6855 §3: `&` means itself, and what is beyond ASCII stands in quotes.
#[test]
fn names_in_utf8() {
    let list = Response::List(ListData {
        attributes: Default::default(),
        separator: Some('/'),
        mailbox: mailbox("B&R/Grüße"),
        child_info: Default::default(),
        old_name: Some(mailbox("&AOQ-")),
    });
    let line = "* LIST () \"/\" \"B&R/Grüße\" (\"OLDNAME\" (&AOQ-))\r\n";
    let mut out = Vec::new();
    list.write_in(&mut out, Encoding::Utf8);
    assert_eq!(String::from_utf8(out).unwrap(), line);
    assert_eq!(Response::parse_in(&line.into(), Encoding::Utf8), Ok(list));
}

/// RFC 8474 §4.3, RFC 7889 §3.1.
#[test]
fn status_of_other_kinds() {
    let data = |items: &[(StatusItem, u64)], id: Option<&str>| {
        Response::Status(StatusData {
            mailbox: mailbox("foo"),
            items: items.iter().copied().collect(),
            mailbox_id: id.and_then(|id| ObjectId::new(id.to_owned())),
        })
    };
    let limit = [(StatusItem::AppendLimit, 257890)];
    both("* STATUS foo (APPENDLIMIT 257890 MAILBOXID (F22-a_1))", data(&limit, Some("F22-a_1")));
    let none = Response::parse(&"* STATUS foo (APPENDLIMIT NIL)\r\n".into());
    assert_eq!(none, Ok(data(&[], None)));
    for wrong in ["MAILBOXID 5", "MAILBOXID ()", "MAILBOXID (a.b)", "MAILBOXID (a) MAILBOXID (b)"] {
        let line = format!("* STATUS foo ({wrong})\r\n");
        assert!(Response::parse(&line.into()).is_err(), "{wrong}");
    }
}

/// RFC 3501 §7.2.2, RFC 3348, RFC 6154 §2.
#[test]
fn lists() {
    use ListAttribute::*;
    let list = |attributes: &[ListAttribute], separator, name: &str| ListData {
        attributes: attributes.iter().cloned().collect(),
        separator,
        mailbox: mailbox(name),
        child_info: Default::default(),
        old_name: None,
    };
    both("* LIST () \"/\" blurdybloop", Response::List(list(&[], Some('/'), "blurdybloop")));
    both(
        "* LIST (\\Noselect) \"/\" ~/Mail/foo",
        Response::List(list(&[NoSelect], Some('/'), "~/Mail/foo")),
    );
    both(
        "* LSUB () \".\" #news.comp.mail",
        Response::Lsub(list(&[], Some('.'), "#news.comp.mail")),
    );
    both("* LIST (\\Noselect) \"/\" \"\"", Response::List(list(&[NoSelect], Some('/'), "")));
    both("* LIST () NIL INBOX", Response::List(list(&[], None, "INBOX")));
    both("* LIST () \"\\\\\" a", Response::List(list(&[], Some('\\'), "a")));
    both(
        "* LIST (\\Noinferiors \\NonExistent \\HasChildren \\HasNoChildren \\Marked \\Unmarked \
         \\Subscribed \\All \\Archive \\Drafts \\Flagged \\Junk \\Sent \\Trash \\Odd) \"/\" a",
        Response::List(list(
            &[
                NoInferiors,
                NonExistent,
                HasChildren,
                HasNoChildren,
                Marked,
                Unmarked,
                Subscribed,
                Use(SpecialUse::All),
                Use(SpecialUse::Archive),
                Use(SpecialUse::Drafts),
                Use(SpecialUse::Flagged),
                Use(SpecialUse::Junk),
                Use(SpecialUse::Sent),
                Use(SpecialUse::Trash),
                Other("Odd".into()),
            ],
            Some('/'),
            "a",
        )),
    );
    both("* LIST () \"/\" Entw&APw-rfe", Response::List(list(&[], Some('/'), "Entwürfe")));
}

/// RFC 2342 §5, examples 5.2, 5.4 and 5.6 (with its extension, which is passed over).
#[test]
fn namespaces() {
    let namespace = |prefix: &str, separator| Namespace { prefix: prefix.into(), separator };
    both(
        "* NAMESPACE ((\"\" \"/\")) NIL NIL",
        Response::Namespace([Some(vec![namespace("", Some('/'))]), None, None]),
    );
    both(
        "* NAMESPACE ((\"\" \"/\")) ((\"~\" \"/\")) ((\"#shared/\" \"/\")(\"#public/\" NIL))",
        Response::Namespace([
            Some(vec![namespace("", Some('/'))]),
            Some(vec![namespace("~", Some('/'))]),
            Some(vec![namespace("#shared/", Some('/')), namespace("#public/", None)]),
        ]),
    );
    let source = "* NAMESPACE ((\"\" \"/\" \"X-PARAM\" (\"FLAG1\" \"FLAG2\"))) NIL NIL";
    assert_eq!(
        Response::parse(&Bytes::from(source)),
        Ok(Response::Namespace([Some(vec![namespace("", Some('/'))]), None, None])),
    );
}

/// Words of the protocol have no case (RFC 3501 §9, note 1).
#[test]
fn case_does_not_matter() {
    let cases = [
        ("* ok [uidnext 5] x", condition(Status::Ok, Some(Code::UidNext(n::<Uid>(5))), "x")),
        ("* 3 exists", Response::Exists(3)),
        ("* 3 Expunge", Response::Expunge(n::<SequenceNumber>(3))),
        ("* list () nil inbox", {
            let mailbox = mailbox("INBOX");
            Response::List(ListData {
                attributes: Default::default(),
                separator: None,
                mailbox,
                child_info: Default::default(),
                old_name: None,
            })
        }),
        (
            "* NO [uidvalidity 1] x",
            condition(Status::No, Some(Code::UidValidity(n::<UidValidity>(1))), "x"),
        ),
    ];
    for (line, response) in cases {
        assert_eq!(Response::parse(&Bytes::from(line)), Ok(response), "{line}");
    }
}

/// What strict reading refuses, and where it says that the fault is.
#[test]
fn faults_are_named_with_their_place() {
    let cases = [
        ("", 0),
        ("*", 1),
        ("* ", 2),
        ("* WHATEVER", 2),
        ("* 0 EXPUNGE", 2),
        ("* 0 FETCH (UID 1)", 2),
        ("* 1 FETCH ()", 11),
        ("* 4294967296 EXISTS", 2),
        ("* 1 EXISTS x", 10),
        ("* SEARCH 1 0", 11),
        ("* SEARCH 1 ", 11),
        ("* OK", 4),
        ("* OK [ALERT]", 12),
        ("a1", 2),
        ("a1 PREAUTH x", 3),
        ("+x", 1),
        ("* LIST (Noselect) NIL a", 8),
        ("* LIST () \"//\" a", 10),
        ("* LIST () NIL", 13),
        ("* STATUS a (SHOE 1)", 12),
        ("* FLAGS (\\Seen", 14),
        ("* 1 FETCH (UID 0)", 15),
        ("* 1 FETCH (SHOE 1)", 11),
        ("* 1 FETCH (BODY[] {5}\r\nabc", 18),
        ("* OK a\rb", 6),
    ];
    for (line, offset) in cases {
        let error = Response::parse(&Bytes::from(line)).expect_err(line);
        assert_eq!(error.offset, offset, "{line:?}: {error}");
        assert!(error.message.contains("column"), "{line:?}: {error}");
    }
}
