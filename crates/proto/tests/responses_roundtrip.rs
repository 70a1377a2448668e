//! Every response that can be made is read back as it was written, and responses with octets
//! changed never do harm.

// What a test's own functions are given is known; clippy excepts only the tests themselves.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use bytes::Bytes;
use bytestring::ByteString;
use peregrine_proto::command::search::PartialRange;
use peregrine_proto::command::status::StatusItem;
use peregrine_proto::number::{Bound, Number, NumberSet, UidRanges};
use peregrine_proto::response::fetch::{
    BodyStructure, MultipartExtension, Parameters, PartDetail, SinglePart, SinglePartExtension,
};
use peregrine_proto::response::list::SpecialUse;
use peregrine_proto::response::{
    Address, Code, Envelope, FetchData, ListAttribute, ListData, Namespace, Progress, Response,
    ResponseFramer, ResponseLimits, ResponseText, SearchData, SearchDatum, Status, StatusData,
    ThreadNode, Vanished,
};
use peregrine_proto::{
    DateTime, Encoding, Flag, Keyword, MailboxName, ModSeq, ObjectId, PartPath, Section,
    SectionText, Tag, Uid, UidSet,
};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use std::num::NonZeroU32;

fn atom() -> impl Strategy<Value = ByteString> {
    "[A-Z][A-Za-z0-9=+.-]{0,12}".prop_map(ByteString::from)
}

/// Octets as a string of the grammar holds them: all but NUL.
fn octets() -> impl Strategy<Value = Bytes> {
    prop_oneof!["[ -~]{0,20}".prop_map(Bytes::from), vec(1_u8..=255, 0..20).prop_map(Bytes::from),]
}

fn mod_seq() -> impl Strategy<Value = ModSeq> {
    (1..1_u64 << 63).prop_map(ModSeq)
}

/// What SEARCH and SORT find.
fn found() -> impl Strategy<Value = (Vec<u32>, Option<ModSeq>)> {
    (vec(1_u32.., 0..9), of(mod_seq()))
}

/// A set without `*`.
fn number_set<N: Number>() -> impl Strategy<Value = NumberSet<N>> {
    let range = (number(), number()).prop_map(|(a, b)| (Bound::Number(a), Bound::Number(b)));
    vec(range, 1..5).prop_map(|ranges| NumberSet { ranges: ranges.into() })
}

fn number<N: Number>() -> impl Strategy<Value = N> {
    (1..=u32::MAX).prop_filter_map("never 0", N::new)
}

fn status() -> impl Strategy<Value = Status> {
    prop_oneof![Just(Status::Ok), Just(Status::No), Just(Status::Bad)]
}

fn flag() -> impl Strategy<Value = Flag> {
    prop_oneof![
        Just(Flag::Answered),
        Just(Flag::Flagged),
        Just(Flag::Deleted),
        Just(Flag::Seen),
        Just(Flag::Draft),
        Just(Flag::Recent),
        "[$A-Z][A-Za-z0-9.-]{0,12}"
            .prop_filter_map("an atom", |a| Keyword::new(&a).map(Flag::Keyword)),
        "X[a-z]{1,9}".prop_filter_map("an atom", |a| Keyword::new(&a).map(Flag::Extension)),
    ]
}

fn uid_set() -> impl Strategy<Value = UidSet> {
    let bound = || number::<Uid>().prop_map(Bound::Number);
    vec((bound(), bound()), 1..4).prop_map(|r| NumberSet { ranges: r.into_iter().collect() })
}

fn uid_ranges() -> impl Strategy<Value = UidRanges> {
    vec((number(), number()), 1..4).prop_map(UidRanges::from_unordered)
}

fn code() -> BoxedStrategy<Code> {
    prop_oneof![
        Just(Code::Alert),
        Just(Code::TryCreate),
        Just(Code::ExpungeIssued),
        vec(atom(), 0..3).prop_map(Code::BadCharset),
        vec(atom(), 0..5).prop_map(Code::Capability),
        (vec(flag(), 0..4), any::<bool>())
            .prop_map(|(flags, new_keywords)| Code::PermanentFlags { flags, new_keywords }),
        object_id().prop_map(Code::MailboxId),
        number().prop_map(Code::UidNext),
        of(progress()).prop_map(Code::InProgress),
        (any::<std::num::NonZeroU32>(), of(number()))
            .prop_map(|(limit, lowest)| Code::MessageLimit { limit, lowest }),
        number_set().prop_map(Code::Modified),
        number().prop_map(Code::UidValidity),
        number().prop_map(Code::Unseen),
        (1..1_u64 << 63).prop_map(|value| Code::HighestModSeq(ModSeq(value))),
        (number(), uid_ranges())
            .prop_map(|(uid_validity, uids)| Code::AppendUid { uid_validity, uids }),
        (number(), uid_set()).prop_map(|(uid_validity, set)| Code::CopyUid {
            uid_validity,
            source: set.clone(),
            target: set,
        }),
        ("X[A-Z]{1,9}", of("[ -\\\\^-~]{1,20}"))
            .prop_map(|(name, rest)| Code::Other(name.into(), rest.map(Into::into))),
    ]
    .boxed()
}

fn response_text() -> impl Strategy<Value = ResponseText> {
    (of(code()), "[ -Z^-~][ -~]{0,30}")
        .prop_map(|(code, text)| ResponseText { code, text: text.into() })
}

fn mailbox() -> impl Strategy<Value = MailboxName> {
    prop_oneof!["[ -~]{1,20}", "\\PC{1,10}", "[Ii][Nn][Bb][Oo][Xx](/[a-z]{1,3})?"]
        .prop_filter_map("a mailbox name", |name| MailboxName::new(&name).ok())
}

fn separator() -> impl Strategy<Value = Option<char>> {
    of(prop::char::range(' ', '~'))
}

fn list_data() -> impl Strategy<Value = ListData> {
    let attribute = prop_oneof![
        Just(ListAttribute::NoSelect),
        Just(ListAttribute::HasChildren),
        Just(ListAttribute::Use(SpecialUse::Sent)),
        "X[a-z]{1,9}".prop_map(|name| ListAttribute::Other(name.into())),
    ];
    let info = vec("[A-Z]{1,9}".prop_map(ByteString::from), 0..3);
    (vec(attribute, 0..4), separator(), mailbox(), info, of(mailbox())).prop_map(
        |(attributes, separator, mailbox, info, old_name)| ListData {
            attributes: attributes.into_iter().collect(),
            separator,
            mailbox,
            child_info: info.into(),
            old_name,
        },
    )
}

fn status_data() -> impl Strategy<Value = StatusData> {
    let item = prop_oneof![
        Just(StatusItem::Messages),
        Just(StatusItem::Recent),
        Just(StatusItem::UidNext),
        Just(StatusItem::UidValidity),
        Just(StatusItem::Unseen),
    ];
    (mailbox(), vec((item, any::<u64>()), 0..6), of(object_id())).prop_map(
        |(mailbox, items, mailbox_id)| {
            let items = items.into_iter().collect();
            StatusData { mailbox, items, mailbox_id }
        },
    )
}

fn address() -> BoxedStrategy<Address> {
    (of(octets()), of(octets()), of(octets()), of(octets()))
        .prop_map(|(name, route, mailbox, host)| Address { name, route, mailbox, host })
        .boxed()
}

// Boxed here and below: the trees from which proptest makes its cases are large for a stack.
fn envelope() -> BoxedStrategy<Envelope> {
    let some = || vec(address(), 1..3);
    let any = || vec(address(), 0..3);
    let texts = (of(octets()), of(octets()), of(octets()), of(octets()));
    (texts, (some(), some(), some()), (any(), any(), any()))
        .prop_map(|(texts, origin, target)| Envelope {
            date: texts.0,
            subject: texts.1,
            from: origin.0,
            sender: origin.1,
            reply_to: origin.2,
            to: target.0,
            cc: target.1,
            bcc: target.2,
            in_reply_to: texts.2,
            message_id: texts.3,
        })
        .boxed()
}

fn parameters() -> impl Strategy<Value = Parameters> {
    vec((octets(), octets()), 0..3)
}

type Extension = (Option<(Bytes, Parameters)>, Vec<Bytes>, Option<Bytes>);

fn extension() -> impl Strategy<Value = Extension> {
    (of((octets(), parameters())), vec(octets(), 0..3), of(octets()))
}

fn part(detail: impl Strategy<Value = PartDetail> + 'static) -> BoxedStrategy<BodyStructure> {
    let fields = (parameters(), of(octets()), of(octets()), "[A-Z0-9-]{1,9}", any::<u64>());
    let extension = of((of(octets()), extension()));
    (detail, "X[A-Z]{0,5}", fields, extension)
        .prop_map(|(detail, name, fields, extension)| {
            let (media_type, subtype) = match detail {
                PartDetail::Basic => (name.clone(), name),
                PartDetail::Text { .. } => ("text".into(), name),
                PartDetail::Message { .. } => ("Message".into(), "Rfc822".into()),
            };
            BodyStructure::Single(Box::new(SinglePart {
                media_type: media_type.into(),
                subtype: subtype.into(),
                parameters: fields.0,
                id: fields.1,
                description: fields.2,
                encoding: fields.3.into(),
                octets: fields.4,
                detail,
                extension: extension.map(|(md5, (disposition, languages, location))| {
                    SinglePartExtension { md5, disposition, languages, location }
                }),
            }))
        })
        .boxed()
}

fn body() -> BoxedStrategy<BodyStructure> {
    let leaf = part(prop_oneof![
        Just(PartDetail::Basic),
        any::<u64>().prop_map(|lines| PartDetail::Text { lines }),
    ]);
    leaf.prop_recursive(4, 12, 3, |inner| {
        let extended = of((parameters(), extension()));
        let message =
            (envelope(), inner.clone(), any::<u64>()).prop_map(|(envelope, body, lines)| {
                PartDetail::Message { envelope: Box::new(envelope), body: Box::new(body), lines }
            });
        prop_oneof![
            part(message),
            (vec(inner, 1..4), octets(), extended).prop_map(|(parts, subtype, extended)| {
                let extension = extended.map(|(parameters, (disposition, languages, location))| {
                    MultipartExtension { parameters, disposition, languages, location }
                });
                BodyStructure::Multipart { parts, subtype, extension }
            }),
        ]
    })
    .boxed()
}

/// What BODY tells of a structure.
fn without_extension(mut body: BodyStructure) -> BodyStructure {
    match &mut body {
        BodyStructure::Multipart { parts, extension, .. } => {
            *extension = None;
            *parts = parts.drain(..).map(without_extension).collect();
        }
        BodyStructure::Single(part) => {
            part.extension = None;
            if let PartDetail::Message { body, .. } = &mut part.detail {
                **body = without_extension((**body).clone());
            }
        }
    }
    body
}

fn section() -> BoxedStrategy<Section> {
    let names = || vec(atom(), 1..4);
    let text = prop_oneof![
        Just(SectionText::Whole),
        Just(SectionText::Header),
        Just(SectionText::Text),
        names().prop_map(SectionText::HeaderFields),
        names().prop_map(SectionText::HeaderFieldsNot),
    ];
    prop_oneof![
        (vec(1_u32.., 0..4), text)
            .prop_map(|(path, text)| Section { path: path.into_iter().collect(), text }),
        vec(1_u32.., 1..4)
            .prop_map(|path| Section { path: path.into_iter().collect(), text: SectionText::Mime }),
    ]
    .boxed()
}

fn progress() -> impl Strategy<Value = Progress> {
    let numbers = of((1..=u32::MAX, any::<bool>()));
    (of("[ -~]{0,9}"), numbers, any::<prop::sample::Index>()).prop_map(|(tag, numbers, below)| {
        let goal = numbers.and_then(|(goal, known)| known.then_some(goal));
        let done = numbers.map(|(goal, _)| below.index(goal as usize) as u32);
        Progress { tag: tag.map(Into::into), done, goal: goal.and_then(std::num::NonZeroU32::new) }
    })
}

fn part_path() -> impl Strategy<Value = PartPath> {
    vec(1_u32.., 0..4).prop_map(|path| PartPath(path.into()))
}

fn object_id() -> impl Strategy<Value = ObjectId> {
    "[A-Za-z0-9_-]{1,20}".prop_map(|id| ObjectId::new(id).unwrap())
}

fn fetch_data() -> BoxedStrategy<FetchData> {
    let date = (-60_000_000_000_i64..250_000_000_000, -1439_i16..1440)
        .prop_map(|(unix, offset)| DateTime { unix, offset });
    let save_date = (0_i64..4_000_000_000).prop_map(|unix| DateTime { unix, offset: 0 });
    prop_oneof![
        vec(flag(), 0..4).prop_map(FetchData::Flags),
        number().prop_map(FetchData::Uid),
        mod_seq().prop_map(FetchData::ModSeq),
        date.prop_map(FetchData::InternalDate),
        any::<u64>().prop_map(FetchData::Rfc822Size),
        (0..=i64::MAX as u64).prop_map(|value| FetchData::ModSeq(ModSeq(value))),
        envelope().prop_map(|envelope| FetchData::Envelope(Box::new(envelope))),
        body().prop_map(|body| FetchData::BodyStructure(Box::new(body))),
        body().prop_map(|body| FetchData::Body(Box::new(without_extension(body)))),
        (section(), of(0..1u64 << 63), of(octets()))
            .prop_map(|(section, origin, data)| FetchData::Section { section, origin, data }),
        (part_path(), of(0..1u64 << 63), of(vec(any::<u8>(), 0..20))).prop_map(
            |(part, origin, data)| {
                FetchData::Binary { part, origin, data: data.map(Bytes::from) }
            }
        ),
        (part_path(), any::<u64>()).prop_map(|(part, octets)| FetchData::BinarySize(part, octets)),
        object_id().prop_map(FetchData::EmailId),
        of(object_id()).prop_map(FetchData::ThreadId),
        of(save_date).prop_map(FetchData::SaveDate),
        of(octets()).prop_map(FetchData::Preview),
        of(octets()).prop_map(FetchData::Rfc822),
        of(octets()).prop_map(FetchData::Rfc822Header),
        of(octets()).prop_map(FetchData::Rfc822Text),
    ]
    .boxed()
}

fn search_data() -> impl Strategy<Value = SearchData> {
    let numbers = || vec(1_u32..50, 1..12).prop_map(|numbers| numbers.into_iter().collect());
    let range = (any::<bool>(), any::<NonZeroU32>(), any::<NonZeroU32>())
        .prop_map(|(from_end, first, last)| PartialRange { from_end, first, last });
    let item = prop_oneof![
        (1_u32..).prop_map(SearchDatum::Min),
        (1_u32..).prop_map(SearchDatum::Max),
        any::<u32>().prop_map(SearchDatum::Count),
        mod_seq().prop_map(SearchDatum::ModSeq),
        numbers().prop_map(SearchDatum::All),
        (range, of(numbers())).prop_map(|(range, all)| SearchDatum::Partial(range, all)),
    ];
    let tag = "[A-Za-z0-9.]{1,12}".prop_filter_map("a tag", |tag| Tag::new(tag.as_bytes()));
    (of(tag), any::<bool>(), vec(item, 0..4)).prop_map(|(tag, uid, items)| SearchData {
        tag,
        uid,
        items,
    })
}

/// A forest, built as it is written: each number goes below any of those that are open.
fn threads() -> impl Strategy<Value = Vec<ThreadNode>> {
    vec((1_u32.., any::<prop::sample::Index>(), any::<bool>()), 0..12).prop_map(|numbers| {
        let mut nodes: Vec<ThreadNode> = Vec::new();
        for (number, place, missing) in numbers {
            let open = nodes.last().map_or(1, |last| last.depth as usize + 2);
            let depth = place.index(open) as u32;
            nodes.push(ThreadNode { depth, number: Some(number) });
            if missing && depth == 0 {
                // What is missing has at least two below it.
                nodes.pop();
                nodes.push(ThreadNode { depth, number: None });
                nodes.extend([number, 7].map(|n| ThreadNode { depth: 1, number: Some(n) }));
            }
        }
        nodes
    })
}

fn response() -> impl Strategy<Value = Response> {
    let tag = "[A-Za-z0-9.]{1,12}".prop_filter_map("a tag", |tag| Tag::new(tag.as_bytes()));
    let namespace = || {
        ("[ -~é]{0,12}", separator())
            .prop_map(|(prefix, separator)| Namespace { prefix: prefix.into(), separator })
    };
    let namespaces = || of(vec(namespace(), 1..3));
    let text = || "[ -~é\r\n]{0,12}".prop_map(ByteString::from);
    prop_oneof![
        1 => (tag, status(), response_text()).prop_map(|(tag, status, text)| Response::Tagged {
            tag,
            status,
            text
        }),
        1 => "[ -~]{0,30}".prop_map(|text| Response::Continuation(text.into())),
        1 => (status(), response_text()).prop_map(|(status, text)| Response::Condition { status, text }),
        1 => response_text().prop_map(Response::PreAuth),
        1 => response_text().prop_map(Response::Bye),
        1 => vec(atom(), 0..5).prop_map(Response::Capability),
        1 => vec(atom(), 0..5).prop_map(Response::Enabled),
        1 => list_data().prop_map(Response::List),
        1 => list_data().prop_map(Response::Lsub),
        1 => status_data().prop_map(Response::Status),
        1 => found().prop_map(|(found, mod_seq)| Response::Search(found, mod_seq)),
        1 => found().prop_map(|(found, mod_seq)| Response::Sort(found, mod_seq)),
        2 => threads().prop_map(Response::Thread),
        2 => search_data().prop_map(Response::ESearch),
        1 => vec(flag(), 0..6).prop_map(Response::Flags),
        1 => any::<u32>().prop_map(Response::Exists),
        1 => any::<u32>().prop_map(Response::Recent),
        1 => number().prop_map(Response::Expunge),
        1 => (any::<bool>(), number_set())
            .prop_map(|(earlier, uids)| Response::Vanished(Vanished { earlier, uids })),
        8 => (number(), vec(fetch_data(), 1..5))
            .prop_map(|(number, data)| Response::Fetch { number, data }),
        2 => (number(), vec(fetch_data(), 1..4))
            .prop_map(|(uid, data)| Response::UidFetch { uid, data }),
        1 => (namespaces(), namespaces(), namespaces())
            .prop_map(|(personal, others, shared)| Response::Namespace([personal, others, shared])),
        1 => of(vec((text(), of(text())), 0..4)).prop_map(Response::Id),
    ]
}

/// The only response in these octets, as a client gets it.
fn read(wire: &[u8]) -> Response {
    read_in(wire, Encoding::SevenBit)
}

fn read_in(wire: &[u8], encoding: Encoding) -> Response {
    let mut framer = ResponseFramer::new(ResponseLimits::default());
    framer.push(wire);
    let line = framer.next_response().unwrap().expect("a whole response");
    assert_eq!(framer.buffered(), 0, "more than one in {}", wire.escape_ascii());
    Response::parse_in(&line, encoding)
        .unwrap_or_else(|error| panic!("{error}: {}", wire.escape_ascii()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn written_and_read(response in response()) {
        let mut wire = Vec::new();
        response.write(&mut wire);
        prop_assert_eq!(&read(&wire), &response);
        wire.clear();
        response.write_in(&mut wire, Encoding::Utf8);
        prop_assert_eq!(read_in(&wire, Encoding::Utf8), response);
    }

    /// As above, with many more structures than one among all responses gets.
    #[test]
    fn structures_written_and_read(body in body()) {
        let data = vec![FetchData::BodyStructure(Box::new(body))];
        let response = Response::Fetch { number: Number::new(1).unwrap(), data };
        let mut wire = Vec::new();
        response.write(&mut wire);
        prop_assert_eq!(read(&wire), response);
    }

    /// Values are slices of what was read: nothing is copied that has no escapes.
    #[test]
    fn bodies_are_not_copied(data in vec(1_u8..=255, 1..50)) {
        let mut wire = Vec::new();
        let number = Number::new(1).unwrap();
        let data = vec![FetchData::Rfc822(Some(data.into()))];
        Response::Fetch { number, data }.write(&mut wire);
        let wire = Bytes::from(wire);
        let Ok(Response::Fetch { data, .. }) = Response::parse(&wire) else { panic!("not read") };
        let [FetchData::Rfc822(Some(body))] = &data[..] else { panic!("no body") };
        prop_assert!(wire.as_ptr_range().contains(&body.as_ptr()));
    }

    /// Whatever is changed on the way, the reader ends with a response or an error, and what it
    /// takes for a response can be written and read again.
    #[test]
    fn changed_octets(
        response in response(),
        changes in vec((any::<prop::sample::Index>(), any::<u8>(), 0_u8..3), 1..4),
    ) {
        let mut wire = Vec::new();
        response.write(&mut wire);
        for (place, octet, kind) in changes {
            let place = place.index(wire.len());
            match kind {
                0 => wire[place] = octet,
                1 => wire.insert(place, octet),
                _ => drop(wire.remove(place)),
            }
            if wire.is_empty() {
                break;
            }
        }
        if let Ok(response) = Response::parse(&Bytes::from(wire)) {
            let mut again = Vec::new();
            response.write(&mut again);
            prop_assert!(Response::parse(&Bytes::from(again)).is_ok());
        }
    }
}
