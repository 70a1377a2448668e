//! MESSAGELIMIT and SAVELIMIT (RFC 9738): how many messages one command may work on.
//!
//! Of more than that, the ones with the highest UIDs are worked on, and the client is told where to
//! go on. COPY and APPEND are all or nothing: there the answer is NO.

use super::{Deed, Failure};
use crate::host::{Outcome, Run};
use peregrine_proto::number::{Number, UidRanges};
use peregrine_proto::response::ResponseText;
use peregrine_proto::{Code, Response, SequenceNumber, Status, Uid};
use peregrine_store::MailboxView;
use std::num::NonZeroU32;

/// A command was cut: it worked on so many messages.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cut {
    limit: NonZeroU32,
    /// The lowest UID that it worked on.
    pub(super) lowest: Uid,
}

impl Deed {
    /// For FETCH, SEARCH, STORE, MOVE and UID EXPUNGE.
    pub(super) fn message_limit(&self) -> Option<NonZeroU32> {
        self.link.shared.options.limits.command_messages
    }

    /// For COPY and APPEND.
    pub(super) fn save_limit(&self) -> Option<NonZeroU32> {
        let limits = &self.link.shared.options.limits;
        match (limits.command_messages, limits.save_messages) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        }
    }
}

impl Cut {
    pub(super) fn code(self) -> Code {
        Code::MessageLimit { limit: self.limit, lowest: Some(self.lowest) }
    }

    /// Tells the client: in the tagged reply or, where another code stands there, in an untagged NO
    /// (RFC 9738 §3.1).
    pub(super) fn tell(self, outcome: &mut Outcome) {
        const TEXT: &str = "More messages than one command may work on; the highest UIDs are done";
        if outcome.text.code.is_none() && outcome.status == Status::Ok {
            outcome.text = ResponseText { code: Some(self.code()), text: TEXT.into() };
            return;
        }
        let text = ResponseText { code: Some(self.code()), text: TEXT.into() };
        let mut data = outcome.data.to_vec();
        Response::Condition { status: Status::No, text }.write(&mut data);
        outcome.data = data.into();
    }
}

/// Nothing is done: the messages are too many for a command that does all or nothing.
pub(super) fn refused(limit: NonZeroU32, lowest: Option<Uid>) -> Failure {
    Failure::Refused(
        Code::MessageLimit { limit, lowest },
        "More messages than one command may work on; nothing was done",
    )
}

/// The cut, if these UIDs name more messages of the view than the limit.
pub(super) fn cut(view: &MailboxView, uids: &UidRanges, limit: Option<NonZeroU32>) -> Option<Cut> {
    let limit = limit?;
    let mut left = limit.get();
    let mut lowest = None;
    let place = |uid| view.index_of(uid).unwrap_or_else(|place| place);
    for &(first, last) in uids.ranges().iter().rev() {
        let start = place(first);
        let end = view.index_of(last).map_or_else(|place| place, |place| place + 1);
        if end.saturating_sub(start) > left {
            let lowest = if left > 0 { view.uid_at(end - left) } else { lowest };
            return lowest.map(|lowest| Cut { limit, lowest });
        }
        if start < end {
            lowest = view.uid_at(start);
            left -= end - start;
        }
    }
    None
}

/// These UIDs from `lowest` on.
pub(super) fn from(uids: &UidRanges, lowest: Uid) -> UidRanges {
    uids.intersection(&between(Some(lowest.get()), Some(u32::MAX)))
}

/// All UIDs between these two, none where one is missing or they are the wrong way round.
pub(super) fn between(first: Option<u32>, last: Option<u32>) -> UidRanges {
    let uid = |number: Option<u32>| number.and_then(Uid::new);
    let range = uid(first).zip(uid(last)).filter(|(first, last)| first <= last);
    UidRanges::from_unordered(range.into_iter().collect())
}

/// The last messages of these runs, and the cut if there are more.
pub(super) fn last_of(mut runs: Vec<Run>, limit: Option<NonZeroU32>) -> (Vec<Run>, Option<Cut>) {
    let Some(limit) = limit else { return (runs, None) };
    let mut left = limit.get();
    let mut kept = Vec::new();
    while let Some(mut run) = runs.pop() {
        let length = run.indexes.end - run.indexes.start;
        if length <= left {
            left -= length;
            kept.push(run);
            continue;
        }
        let skip = length - left;
        run.indexes.start += skip;
        if let Some(first) = SequenceNumber::new(run.first.get() + skip).filter(|_| left > 0) {
            run.first = first;
            kept.push(run);
        }
        let first = kept.last().and_then(|run| run.snapshot.0.uid_at(run.indexes.start));
        kept.reverse();
        return (kept, first.map(|lowest| Cut { limit, lowest }));
    }
    kept.reverse();
    (kept, None)
}
