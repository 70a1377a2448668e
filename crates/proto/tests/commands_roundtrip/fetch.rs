//! Items of FETCH.

use super::text;
use peregrine_proto::command::fetch::FetchItem;
use peregrine_proto::{PartPath, Partial, Section, SectionText};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

fn section() -> impl Strategy<Value = Section> {
    let names = || vec(prop_oneof![text("[A-Za-z-]{1,9}"), text("[ -~é]{0,5}")], 1..4);
    (vec(1..=u32::MAX, 0..4), 0..6, names()).prop_map(|(path, kind, names)| Section {
        text: match kind {
            0 => SectionText::Header,
            1 => SectionText::HeaderFields(names),
            2 => SectionText::HeaderFieldsNot(names),
            3 => SectionText::Text,
            4 if !path.is_empty() => SectionText::Mime,
            _ => SectionText::Whole,
        },
        path: path.into(),
    })
}

pub fn fetch_item() -> impl Strategy<Value = FetchItem> {
    let partial = || {
        option::of((0..1u64 << 63, 1..1u64 << 63))
            .prop_map(|partial| partial.map(|(start, count)| Partial { start, count }))
    };
    let part = || vec(1..=u32::MAX, 0..4).prop_map(|path| Box::new(PartPath(path.into())));
    prop_oneof![
        select(vec![
            FetchItem::Envelope,
            FetchItem::Flags,
            FetchItem::InternalDate,
            FetchItem::Rfc822,
            FetchItem::Rfc822Header,
            FetchItem::Rfc822Size,
            FetchItem::Rfc822Text,
            FetchItem::Body,
            FetchItem::BodyStructure,
            FetchItem::Uid,
            FetchItem::EmailId,
            FetchItem::ThreadId,
            FetchItem::SaveDate,
            FetchItem::Preview { lazy: false },
            FetchItem::Preview { lazy: true },
            FetchItem::ModSeq,
        ]),
        (any::<bool>(), section(), partial()).prop_map(|(peek, section, partial)| {
            FetchItem::BodySection { peek, section: Box::new(section), partial }
        }),
        (any::<bool>(), part(), partial()).prop_map(|(peek, part, partial)| FetchItem::Binary {
            peek,
            part,
            partial
        }),
        part().prop_map(FetchItem::BinarySize),
    ]
}
