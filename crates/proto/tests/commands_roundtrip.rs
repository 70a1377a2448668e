//! Every command that can be written is read as the same again, and every allowed way of sending
//! literals says the same.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[path = "commands_roundtrip/select.rs"]
mod select_words;

#[path = "commands_roundtrip/fetch.rs"]
mod fetch_words;

use bytes::Bytes;
use bytestring::ByteString;
use fetch_words::fetch_item;
use peregrine_proto::command::append::{AppendMessage, Literal};
use peregrine_proto::command::expunge::ExpungeOnly;
use peregrine_proto::command::fetch::FetchModifiers;
use peregrine_proto::command::list::{ListReturn, ListSelection};
use peregrine_proto::command::replace::Replaced;
use peregrine_proto::command::search::{PartialRange, SearchFlag, SearchKey, SearchReturn};
use peregrine_proto::command::sort::{SortCriterion, SortKey};
use peregrine_proto::command::status::StatusItem;
use peregrine_proto::command::store::StoreAction;
use peregrine_proto::command::thread::ThreadAlgorithm;
use peregrine_proto::command::*;
use peregrine_proto::number::{Bound, Number, NumberSet};
use peregrine_proto::response::list::{SpecialUse, UseAttribute};
use peregrine_proto::{
    Command, CommandWriter, Date, DateTime, Encoding, Flag, FrameEvent, FrameLimits, Framer,
    Keyword, ListPattern, LiteralMode, MailboxName, ModSeq, ObjectId, Secret, SequenceNumber, Tag,
    Uid,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use select_words::select_parameters;
use std::num::NonZeroU32;

fn text(pattern: &'static str) -> impl Strategy<Value = ByteString> {
    pattern.prop_map(ByteString::from)
}

/// Octets that a string may hold: all but NUL.
fn octets() -> impl Strategy<Value = Bytes> {
    prop_oneof![
        "[ -~]{0,12}".prop_map(Bytes::from),
        vec(1..=255u8, 0..12).prop_map(Bytes::from),
        vec(1..=255u8, 1020..1030).prop_map(Bytes::from),
        select(vec!["NIL", "nil", "\"", "\\", "{3}", "{3+}\r\nabc", "]", ""]).prop_map(Bytes::from),
    ]
}

fn mailbox() -> impl Strategy<Value = MailboxName> {
    let name = prop_oneof![
        "[ -~]{1,12}",
        "[a-z&äß台😀/ %*]{1,12}",
        "inbox(/[a-z]{1,3})?",
        select(vec!["NIL", "&", "-", "&-", "{5}", "\\", "\""]).prop_map(String::from),
    ];
    name.prop_map(|name| MailboxName::new(&name).unwrap())
}

fn set<N: Number>() -> impl Strategy<Value = NumberSet<N>> {
    let bound = || {
        option::weighted(0.9, 1..=u32::MAX)
            .prop_map(|number| number.and_then(N::new).map_or(Bound::Largest, Bound::Number))
    };
    vec((bound(), bound()), 1..4).prop_map(|ranges| NumberSet { ranges: ranges.into() })
}

fn messages() -> impl Strategy<Value = Messages> {
    prop_oneof![
        4 => set().prop_map(Messages::Sequence),
        4 => set().prop_map(Messages::Uid),
        1 => any::<bool>().prop_map(|uid| Messages::Saved { uid }),
    ]
}

fn expunge_only() -> impl Strategy<Value = ExpungeOnly> {
    prop_oneof![3 => set().prop_map(ExpungeOnly::Uids), 1 => Just(ExpungeOnly::Saved)]
}

fn keyword() -> impl Strategy<Value = Keyword> {
    "[!#$'+-\\[^-z|}~]{1,12}".prop_map(|word| Keyword::new(&word).unwrap())
}

fn flags() -> impl Strategy<Value = Vec<Flag>> {
    let system =
        select(vec![Flag::Answered, Flag::Flagged, Flag::Deleted, Flag::Seen, Flag::Draft]);
    vec(
        prop_oneof![
            system,
            keyword().prop_map(Flag::Keyword),
            "X[a-z]{1,5}".prop_map(|name| Flag::Extension(Keyword::new(&name).unwrap())),
        ],
        0..5,
    )
}

fn date() -> impl Strategy<Value = Date> {
    (0..=9999u16, 1..=12u8, 1..=31u8)
        .prop_filter_map("no such day", |(year, month, day)| Date::new(year, month, day))
}

fn date_time() -> impl Strategy<Value = DateTime> {
    (-62_000_000_000..253_000_000_000i64, -1439..=1439i16)
        .prop_map(|(unix, offset)| DateTime { unix, offset })
}

fn object_id() -> impl Strategy<Value = ObjectId> {
    "[A-Za-z0-9_-]{1,20}".prop_map(|id| ObjectId::new(id).unwrap())
}

fn search_key() -> impl Strategy<Value = SearchKey> {
    let flag = || {
        select(vec![
            SearchFlag::Answered,
            SearchFlag::Deleted,
            SearchFlag::Draft,
            SearchFlag::Flagged,
            SearchFlag::Recent,
            SearchFlag::Seen,
        ])
    };
    let name = prop_oneof![
        select(vec!["BCC", "CC", "FROM", "SUBJECT", "TO"]).prop_map(ByteString::from),
        text("X[A-Za-z-]{1,9}"),
        text("X[ -~]{0,5}"),
    ];
    let leaf = prop_oneof![
        select(vec![SearchKey::All, SearchKey::New]),
        flag().prop_map(SearchKey::Flag),
        flag().prop_map(SearchKey::NotFlag),
        keyword().prop_map(SearchKey::Keyword),
        keyword().prop_map(SearchKey::Unkeyword),
        (name, octets()).prop_map(|(name, text)| SearchKey::Header(name, text)),
        octets().prop_map(SearchKey::Body),
        octets().prop_map(SearchKey::Text),
        date().prop_map(SearchKey::Before),
        date().prop_map(SearchKey::On),
        date().prop_map(SearchKey::Since),
        date().prop_map(SearchKey::SentBefore),
        date().prop_map(SearchKey::SentOn),
        date().prop_map(SearchKey::SentSince),
        any::<u64>().prop_map(SearchKey::Larger),
        any::<u64>().prop_map(SearchKey::Smaller),
        set().prop_map(SearchKey::Sequence),
        set().prop_map(SearchKey::Uid),
        any::<NonZeroU32>().prop_map(|uid| SearchKey::UidAfter(Uid(uid))),
        any::<NonZeroU32>().prop_map(|uid| SearchKey::UidBefore(Uid(uid))),
        any::<NonZeroU32>().prop_map(SearchKey::Older),
        mod_seq(0).prop_map(SearchKey::ModSeq),
        any::<NonZeroU32>().prop_map(SearchKey::Younger),
        Just(SearchKey::Saved),
        Just(SearchKey::SaveDateSupported),
        date().prop_map(SearchKey::SavedBefore),
        date().prop_map(SearchKey::SavedOn),
        date().prop_map(SearchKey::SavedSince),
        object_id().prop_map(SearchKey::EmailId),
        object_id().prop_map(SearchKey::ThreadId),
    ];
    leaf.prop_recursive(4, 16, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|key| SearchKey::Not(Box::new(key))),
            (inner.clone(), inner.clone())
                .prop_map(|(left, right)| SearchKey::Or(Box::new(left), Box::new(right))),
            vec(inner, 1..4).prop_map(SearchKey::And),
        ]
    })
}

fn keys() -> impl Strategy<Value = Vec<SearchKey>> {
    vec(search_key(), 1..4)
}

fn charset() -> impl Strategy<Value = Option<ByteString>> {
    option::of(text("[A-Z0-9-]{1,9}"))
}

fn partial_range() -> impl Strategy<Value = PartialRange> {
    (any::<bool>(), any::<NonZeroU32>(), any::<NonZeroU32>())
        .prop_map(|(from_end, first, last)| PartialRange { from_end, first, last })
}

/// At least one option: none is read as ALL.
fn returns() -> impl Strategy<Value = SearchReturn> {
    (any::<[bool; 5]>(), option::of(partial_range())).prop_map(|(words, partial)| {
        let [min, max, all, count, save] = words;
        let all = partial.is_none() && (all || !(min || max || count || save));
        SearchReturn { min, max, all, count, save, partial }
    })
}

fn criteria() -> impl Strategy<Value = Vec<SortCriterion>> {
    let key = select(SortKey::ALL.to_vec());
    vec((any::<bool>(), key).prop_map(|(reverse, key)| SortCriterion { reverse, key }), 1..5)
}

fn algorithm() -> impl Strategy<Value = ThreadAlgorithm> {
    select(vec![ThreadAlgorithm::OrderedSubject, ThreadAlgorithm::References])
}

fn plain() -> impl Strategy<Value = CommandBody> {
    select(vec![
        CommandBody::Capability(Capability),
        CommandBody::Noop(Noop),
        CommandBody::Logout(Logout),
        CommandBody::StartTls(StartTls),
        CommandBody::Compress(Compress),
        CommandBody::Unauthenticate(Unauthenticate),
        CommandBody::Check(Check),
        CommandBody::Close(Close),
        CommandBody::Unselect(Unselect),
        CommandBody::Idle(Idle),
        CommandBody::Namespace(Namespace),
    ])
}

fn on_connection() -> impl Strategy<Value = CommandBody> {
    let pairs = vec(("[ -~]{0,30}", option::of("[ -~é]{0,30}")), 0..4).prop_map(|pairs| {
        let pairs = pairs.into_iter();
        pairs.map(|(field, value)| (field.into(), value.map(ByteString::from))).collect()
    });
    prop_oneof![
        (octets(), octets()).prop_map(|(user, password)| {
            CommandBody::Login(Login { user, password: Secret::new(password) })
        }),
        (text("[A-Z0-9-]{1,12}"), option::of(vec(any::<u8>(), 0..40))).prop_map(
            |(mechanism, response)| CommandBody::Authenticate(Authenticate {
                mechanism,
                initial_response: response.map(|response| Secret::new(response.into())),
            })
        ),
        option::of(pairs).prop_map(|parameters| CommandBody::Id(Id { parameters })),
        vec(text("[A-Z0-9=]{1,9}"), 1..4)
            .prop_map(|names| { CommandBody::Enable(Enable { capabilities: names.into() }) }),
    ]
}

fn use_attribute() -> impl Strategy<Value = UseAttribute> {
    prop_oneof![
        select(vec![SpecialUse::Sent, SpecialUse::All]).prop_map(UseAttribute::Use),
        text("X[a-z]{1,5}").prop_map(UseAttribute::Other),
    ]
}

fn selection() -> impl Strategy<Value = ListSelection> {
    any::<[bool; 4]>().prop_map(|[subscribed, remote, recursive, special_use]| {
        let recursive_match = recursive && subscribed;
        ListSelection { subscribed, remote, recursive_match, special_use }
    })
}

fn list_returns() -> impl Strategy<Value = ListReturn> {
    let items = vec(select(StatusItem::ALL.to_vec()), 0..3);
    (any::<[bool; 3]>(), items).prop_map(|([subscribed, children, special_use], items)| {
        ListReturn { subscribed, children, special_use, status: items.into() }
    })
}

fn on_mailboxes() -> impl Strategy<Value = CommandBody> {
    let pattern = || "[a-z&äß台%*/ ]{0,9}".prop_map(|text| ListPattern::new(&text).unwrap());
    let reference = || prop_oneof![text("[a-z&ä/ ]{0,6}"), text("[ -~]{0,6}")];
    let items = vec(select(StatusItem::ALL.to_vec()), 1..7);
    prop_oneof![
        (mailbox(), select_parameters())
            .prop_map(|(mailbox, parameters)| CommandBody::Select(Select { mailbox, parameters })),
        (mailbox(), select_parameters()).prop_map(|(mailbox, parameters)| CommandBody::Examine(
            Examine { mailbox, parameters }
        )),
        mailbox().prop_filter("dropped", |name| !name.as_str().ends_with('/')).prop_flat_map(
            |mailbox| vec(use_attribute(), 0..3).prop_map(move |uses| {
                CommandBody::Create(Create { mailbox: mailbox.clone(), uses: uses.into() })
            })
        ),
        mailbox().prop_map(|mailbox| CommandBody::Delete(Delete { mailbox })),
        mailbox().prop_map(|mailbox| CommandBody::Subscribe(Subscribe { mailbox })),
        mailbox().prop_map(|mailbox| CommandBody::Unsubscribe(Unsubscribe { mailbox })),
        (mailbox(), mailbox()).prop_map(|(from, to)| CommandBody::Rename(Rename { from, to })),
        (mailbox(), items).prop_map(|(mailbox, items)| {
            CommandBody::Status(Status { mailbox, items: items.into() })
        }),
        (reference(), pattern())
            .prop_map(|(reference, pattern)| CommandBody::Lsub(Lsub { reference, pattern })),
        (option::of(selection()), reference(), vec(pattern(), 1..3), option::of(list_returns()))
            .prop_map(|(selection, reference, patterns, returns)| {
                // Two patterns make it an extended LIST.
                let plain = patterns.len() > 1 && selection.is_none() && returns.is_none();
                let returns = if plain { Some(ListReturn::default()) } else { returns };
                CommandBody::List(List {
                    selection,
                    reference,
                    patterns: patterns.into_iter().collect(),
                    returns,
                })
            }),
    ]
    .boxed()
}

pub fn mod_seq(from: u64) -> impl Strategy<Value = ModSeq> {
    prop_oneof![from..99, from..1 << 63].prop_map(ModSeq)
}

fn modifiers() -> impl Strategy<Value = FetchModifiers> {
    (option::of(mod_seq(0)), any::<bool>(), option::of(partial_range()))
        .prop_map(|(changed_since, vanished, partial)| FetchModifiers {
            changed_since,
            vanished,
            partial,
        })
        .boxed()
}

fn on_messages() -> impl Strategy<Value = CommandBody> {
    let action = select(vec![StoreAction::Replace, StoreAction::Add, StoreAction::Remove]);
    let message = vec(any::<u8>(), 0..60).prop_map(|octets| Literal::Inline(octets.into()));
    prop_oneof![
        option::of(expunge_only()).prop_map(|only| CommandBody::Expunge(Expunge { only })),
        (messages(), mailbox())
            .prop_map(|(messages, mailbox)| CommandBody::Copy(Copy { messages, mailbox })),
        (messages(), mailbox())
            .prop_map(|(messages, mailbox)| CommandBody::Move(Move { messages, mailbox })),
        (messages(), option::of(mod_seq(0)), action, any::<bool>(), flags()).prop_map(
            |(messages, unchanged_since, action, silent, flags)| CommandBody::Store(Store {
                messages,
                unchanged_since,
                action,
                silent,
                flags: flags.into(),
            })
        ),
        (mailbox(), flags(), option::of(date_time()), message).prop_map(
            |(mailbox, flags, date, message)| {
                let flags: smallvec::SmallVec<[Flag; 2]> = flags.into();
                let same = AppendMessage {
                    flags: flags.clone(),
                    date,
                    message: message.clone(),
                    binary: date.is_some(),
                };
                let (binary, more) = (flags.is_empty(), vec![same; flags.len() % 3]);
                CommandBody::Append(Append { mailbox, flags, date, message, binary, more })
            }
        ),
        (messages(), vec(fetch_item(), 1..6), modifiers()).prop_map(
            |(messages, items, mut modifiers)| {
                modifiers.partial = modifiers.partial.filter(|_| messages.is_uid());
                modifiers.vanished &= messages.is_uid() && modifiers.changed_since.is_some();
                CommandBody::Fetch(Fetch { messages, items: items.into(), modifiers })
            }
        ),
        finding(),
        replace(),
    ]
    .boxed()
}

fn replace() -> BoxedStrategy<CommandBody> {
    let message = vec(any::<u8>(), 0..60).prop_map(|octets| Literal::Inline(octets.into()));
    (any::<bool>(), option::of(any::<NonZeroU32>()), mailbox(), flags(), message)
        .prop_map(|(uid, number, mailbox, flags, message)| {
            let old = match (uid, number) {
                (true, Some(number)) => Replaced::Uid(Bound::Number(Uid(number))),
                (true, None) => Replaced::Uid(Bound::Largest),
                (false, Some(number)) => Replaced::Sequence(Bound::Number(SequenceNumber(number))),
                (false, None) => Replaced::Sequence(Bound::Largest),
            };
            let binary = flags.is_empty();
            let new = AppendMessage { flags: flags.into(), date: None, message, binary };
            CommandBody::Replace(Replace { old, mailbox, new })
        })
        .boxed()
}

/// Boxed, since all commands in one type need more stack than a test has.
fn finding() -> BoxedStrategy<CommandBody> {
    prop_oneof![
        (any::<bool>(), option::of(returns()), criteria(), text("[A-Z0-9-]{1,9}"), keys())
            .prop_map(|(uid, returns, criteria, charset, keys)| {
                let criteria = criteria.into();
                CommandBody::Sort(Sort { uid, returns, criteria, charset, keys })
            }),
        (any::<bool>(), algorithm(), text("[A-Z0-9-]{1,9}"), keys()).prop_map(
            |(uid, algorithm, charset, keys)| CommandBody::Thread(Thread {
                uid,
                algorithm,
                charset,
                keys
            })
        ),
        (any::<bool>(), option::of(returns()), charset(), keys()).prop_map(
            |(uid, returns, charset, keys)| CommandBody::Search(Search {
                uid,
                returns,
                charset,
                keys
            })
        ),
    ]
    .boxed()
}

fn command() -> impl Strategy<Value = Command> {
    let body = prop_oneof![
        1 => plain(),
        2 => on_connection(),
        4 => on_mailboxes(),
        6 => on_messages(),
    ];
    ("[a-zA-Z0-9.\\]!#]{1,30}", body)
        .prop_map(|(tag, body)| Command { tag: Tag::new(tag.as_bytes()).unwrap(), body })
}

/// Sends what was written as a client does, waiting for `+` where it must.
fn sent(out: &CommandWriter, encoding: Encoding) -> Vec<Command> {
    let mut framer = Framer::new(FrameLimits { non_sync: u32::MAX, ..FrameLimits::AFTER_LOGIN });
    let mut commands = Vec::new();
    let mut start = 0;
    for end in out.waits.iter().copied().chain([out.octets.len()]) {
        framer.push(Bytes::copy_from_slice(&out.octets[start..end]));
        start = end;
        let mut waits = 0;
        while let Some(event) = framer.next() {
            match event {
                FrameEvent::Frame(frame) => {
                    commands.push(Command::parse_in(&frame, encoding).unwrap());
                }
                FrameEvent::Continue => waits += 1,
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(waits, usize::from(end < out.octets.len()), "`+` comes exactly where it must");
    }
    commands
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn what_is_written_is_read_as_the_same(command in command()) {
        let mut forms = Vec::new();
        use {Encoding::*, LiteralMode::*};
        for (mode, encoding) in [(Wait, SevenBit), (Minus, Utf8), (Plus, SevenBit), (Plus, Utf8)] {
            let mut out = CommandWriter::new(mode).encoded(encoding);
            command.write(&mut out);
            prop_assert!(mode != LiteralMode::Plus || out.waits.is_empty());
            let read = sent(&out, encoding);
            prop_assert_eq!(read.len(), 1);
            prop_assert_eq!(&read[0].tag, &command.tag);
            prop_assert_eq!(read[0].body.name(), command.body.name());
            prop_assert_eq!(format!("{:?}", read[0].body), format!("{:?}", command.body));
            // Secrets print as nothing: what they are shows when they are written again.
            let mut again = CommandWriter::new(mode).encoded(encoding);
            read[0].write(&mut again);
            prop_assert_eq!(&again.octets, &out.octets);
            forms.push(out);
        }
        let _ = (command.body.effects(), command.body.effects_in_rev2());
    }

    /// A prefix of a command never is another command with a surprise behind it: cutting a line
    /// short gives BAD or a command, never a panic.
    #[test]
    fn a_line_cut_short_is_judged(command in command(), cut in any::<prop::sample::Index>()) {
        let mut out = CommandWriter::new(LiteralMode::Plus);
        command.write(&mut out);
        let text = &out.octets[..cut.index(out.octets.len())];
        let _ = Command::parse(&peregrine_proto::Frame::new(Bytes::copy_from_slice(text)));
    }
}
