//! What untagged data belongs to a command.

use crate::message::same_section;
use peregrine_proto::command::fetch::{Fetch, FetchItem};
use peregrine_proto::command::{Messages, search};
use peregrine_proto::number::{Bound, Number, NumberSet};
use peregrine_proto::response::FetchData;
use peregrine_proto::{Code, CommandBody, Response, SequenceNumber, Tag, Uid};

/// How a response belongs to commands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Claim {
    /// Not to this one.
    No,
    /// To this one, and perhaps to others too: it says itself what it is about.
    Shared,
    /// To the oldest one that claims it: nothing in it says whose it is.
    Oldest,
}

/// What is known of the selected mailbox.
#[derive(Clone, Copy, Debug)]
pub(super) struct View {
    /// How many messages there are.
    pub(super) exists: u32,
    /// The highest UID that was told; 0 before any was.
    pub(super) highest: u32,
}

/// Whether the response is for the command. `uid` is the UID of the message that it is about,
/// where one is known.
pub(super) fn claim(
    body: &CommandBody,
    tag: &Tag,
    response: &Response,
    uid: Option<Uid>,
    view: View,
) -> Claim {
    if let Some(named) = progress_of(response) {
        return shared(named == tag.as_str());
    }
    by_kind(body, tag, response, uid, view)
}

fn by_kind(
    body: &CommandBody,
    tag: &Tag,
    response: &Response,
    uid: Option<Uid>,
    view: View,
) -> Claim {
    match (body, response) {
        (CommandBody::Search(_) | CommandBody::Sort(_), Response::ESearch(data)) => {
            match &data.tag {
                Some(named) => shared(named == tag),
                None => Claim::Oldest,
            }
        }
        (CommandBody::Sort(_), Response::Sort(..))
        | (CommandBody::Thread(_), Response::Thread(_)) => Claim::Oldest,
        (CommandBody::Fetch(fetch), Response::Fetch { number, data }) => {
            shared(answers(fetch, data, uid) && names(&fetch.messages, *number, uid, view))
        }
        (CommandBody::Store(store), Response::Fetch { number, data }) => {
            let flags = data.iter().any(|item| matches!(item, FetchData::Flags(_)));
            let told = uid.is_some() || !store.messages.is_uid();
            shared(flags && told && names(&store.messages, *number, uid, view))
        }
        // OLDNAME: LIST does not tell it, RENAME and others do (RFC 9051 §6.3.9.7).
        (CommandBody::List(_), Response::List(data)) if data.old_name.is_some() => Claim::No,
        (CommandBody::Rename(rename), Response::List(data)) => {
            shared(data.old_name.as_ref() == Some(&rename.from))
        }
        (CommandBody::List(_), Response::List(_))
        | (CommandBody::Lsub(_), Response::Lsub(_))
        | (CommandBody::Search(search::Search { .. }), Response::Search(..))
        | (CommandBody::Namespace(_), Response::Namespace(_))
        | (CommandBody::Id(_), Response::Id(_))
        | (CommandBody::Enable(_), Response::Enabled(_)) => Claim::Oldest,
        (CommandBody::Fetch(fetch), Response::Vanished(gone)) => {
            let asked = fetch.modifiers.vanished;
            if asked && gone.earlier { Claim::Oldest } else { Claim::No }
        }
        (CommandBody::Capability(_), Response::Capability(_)) => Claim::Shared,
        (CommandBody::Status(status), Response::Status(data)) => {
            match data.mailbox == status.mailbox {
                true => Claim::Oldest,
                false => Claim::No,
            }
        }
        (CommandBody::Select(_) | CommandBody::Examine(_), response) => shared(matches!(
            response,
            Response::Flags(_)
                | Response::Exists(_)
                | Response::Recent(_)
                // RFC 9051 §6.3.2
                | Response::List(_)
                | Response::Condition { .. }
        )),
        (body, Response::Condition { text, .. }) => code(body, text.code.as_ref()),
        (CommandBody::Expunge(_), Response::Expunge(_)) => Claim::Oldest,
        _ => Claim::No,
    }
}

/// The tag of the command whose progress it tells (RFC 9585): whoever waits learns that it goes on.
fn progress_of(response: &Response) -> Option<&str> {
    match response {
        Response::Condition { text, .. } => match &text.code {
            Some(Code::InProgress(Some(progress))) => progress.tag.as_deref(),
            _ => None,
        },
        _ => None,
    }
}

/// Whether the data is what the command asked for, if the message is.
fn answers(fetch: &Fetch, data: &[FetchData], uid: Option<Uid>) -> bool {
    // A UID comes with everything: alone it answers who asked for nothing else.
    let is_uid = |item: &FetchData| matches!(item, FetchData::Uid(_));
    let only_uids =
        fetch.items.iter().all(|item| *item == FetchItem::Uid) || data.iter().all(is_uid);
    let asked = data.iter().any(|item| if is_uid(item) { only_uids } else { asks(fetch, item) });
    // Only of flags, servers tell by themselves; then they need not tell the UID.
    let by_itself =
        data.iter().all(|item| matches!(item, FetchData::Flags(_) | FetchData::ModSeq(_)));
    asked && (uid.is_some() || !by_itself || !fetch.messages.is_uid())
}

/// Codes in untagged OKs.
fn code(body: &CommandBody, code: Option<&Code>) -> Claim {
    let belongs = match (body, code) {
        // RFC 6851 §4.3: COPYUID comes before the EXPUNGEs, in an untagged OK.
        (CommandBody::Move(_) | CommandBody::Copy(_), Some(Code::CopyUid { .. })) => true,
        (CommandBody::Append(_) | CommandBody::Replace(_), Some(Code::AppendUid { .. })) => true,
        _ => false,
    };
    if belongs { Claim::Oldest } else { Claim::No }
}

/// Whether a response of this beginning that could not be read may have been for the command.
pub(super) fn may_claim(body: &CommandBody, frame: &[u8]) -> bool {
    let mut words = frame.split(|octet| *octet == b' ').skip(1);
    let first = words.next().unwrap_or_default();
    let word = match first.first() {
        Some(b'0'..=b'9') => words.next().unwrap_or_default(),
        _ => first,
    };
    let is = |name: &str| word.eq_ignore_ascii_case(name.as_bytes());
    match body {
        CommandBody::Fetch(fetch) => is("FETCH") && may_be_of(&fetch.messages, first),
        CommandBody::List(_) => is("LIST"),
        CommandBody::Lsub(_) => is("LSUB"),
        CommandBody::Search(_) => is("SEARCH") || is("ESEARCH"),
        CommandBody::Sort(_) => is("SORT") || is("ESEARCH"),
        CommandBody::Thread(_) => is("THREAD"),
        CommandBody::Status(_) => is("STATUS"),
        CommandBody::Namespace(_) => is("NAMESPACE"),
        CommandBody::Select(_) | CommandBody::Examine(_) => is("EXISTS"),
        _ => false,
    }
}

fn shared(belongs: bool) -> Claim {
    if belongs { Claim::Shared } else { Claim::No }
}

/// Of a sequence number it can be told whose message it was; of a UID it cannot.
fn may_be_of(messages: &Messages, number: &[u8]) -> bool {
    let number = std::str::from_utf8(number).ok().and_then(|text| text.parse().ok());
    match (messages, number.and_then(SequenceNumber::new)) {
        (Messages::Sequence(set), Some(number)) => holds(set, number, Some(u32::MAX), 0),
        _ => true,
    }
}

fn names(messages: &Messages, number: SequenceNumber, uid: Option<Uid>, view: View) -> bool {
    match messages {
        Messages::Sequence(set) => holds(set, number, Some(view.exists), 0),
        // RFC 3501 §6.4.8: the UID is always told; where it is not, it may be any of them.
        Messages::Uid(set) => uid.is_none_or(|uid| holds(set, uid, None, view.highest)),
        // Which these are, only the server knows.
        Messages::Saved { .. } => true,
    }
}

/// Whether the set holds the number. Where it is not known what `*` stands for, it may be any
/// number from `highest` on.
fn holds<N: Number>(set: &NumberSet<N>, number: N, largest: Option<u32>, highest: u32) -> bool {
    let value = |bound: Bound<N>| match bound {
        Bound::Number(number) => number.get(),
        Bound::Largest => largest.unwrap_or(u32::MAX),
    };
    set.ranges.iter().any(|(start, end)| {
        let (start, end) = (value(*start), value(*end));
        (start.min(end)..=start.max(end)).contains(&number.get())
    }) || (largest.is_none() && set.names_largest() && number.get() >= highest)
}

/// Whether the command asked for the item.
fn asks(fetch: &Fetch, data: &FetchData) -> bool {
    let has = |item: &FetchItem| fetch.items.contains(item);
    match data {
        FetchData::Flags(_) => has(&FetchItem::Flags),
        FetchData::Uid(_) => has(&FetchItem::Uid),
        FetchData::ModSeq(_) => fetch.asks_mod_seq(),
        FetchData::InternalDate(_) => has(&FetchItem::InternalDate),
        FetchData::Rfc822Size(_) => has(&FetchItem::Rfc822Size),
        FetchData::Envelope(_) => has(&FetchItem::Envelope),
        FetchData::Body(_) | FetchData::BodyStructure(_) => {
            has(&FetchItem::Body) || has(&FetchItem::BodyStructure)
        }
        FetchData::Section { section, origin, .. } => fetch.items.iter().any(|item| match item {
            FetchItem::BodySection { section: asked, partial, .. } => {
                same_section(asked, section)
                    && partial.is_none_or(|partial| origin.is_none_or(|at| at == partial.start))
            }
            _ => false,
        }),
        FetchData::Binary { part, origin, .. } => fetch.items.iter().any(|item| match item {
            FetchItem::Binary { part: asked, partial, .. } => {
                **asked == *part
                    && partial.is_none_or(|partial| origin.is_none_or(|at| at == partial.start))
            }
            _ => false,
        }),
        FetchData::BinarySize(part, _) => fetch
            .items
            .iter()
            .any(|item| matches!(item, FetchItem::BinarySize(it) if **it == *part)),
        FetchData::EmailId(_) => has(&FetchItem::EmailId),
        FetchData::ThreadId(_) => has(&FetchItem::ThreadId),
        FetchData::SaveDate(_) => has(&FetchItem::SaveDate),
        FetchData::Preview(_) => {
            has(&FetchItem::Preview { lazy: false }) || has(&FetchItem::Preview { lazy: true })
        }
        FetchData::Rfc822(_) => has(&FetchItem::Rfc822),
        FetchData::Rfc822Header(_) => has(&FetchItem::Rfc822Header),
        FetchData::Rfc822Text(_) => has(&FetchItem::Rfc822Text),
    }
}
