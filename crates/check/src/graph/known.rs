//! What is known of a command from its words and from what its client was told.

use crate::command::{Command, STAR};
use crate::dialogue::{Dialogue, EntryId, Message, Observation, Told};
use peregrine_proto::response::SearchDatum;

/// More numbers than any pipeline names by a range.
const WIDEST: u32 = 1000;

/// Whether flags of this message are told.
pub(super) fn tells(told: &Observation, entry: EntryId) -> bool {
    matches!(told.kind, Told::Message(Message { entry: other, flags: Some(_), .. }) if other == entry)
}

pub(super) fn tells_flags(command: &Command) -> bool {
    match command {
        Command::Fetch { what, .. } => what.asks_flags() || what.sets_seen(),
        Command::Store { .. } => true,
        _ => false,
    }
}

pub(super) fn only_reads(command: &Command) -> bool {
    match command {
        Command::Fetch { what, .. } => !what.sets_seen(),
        Command::Search { .. } | Command::Status(_) | Command::List(_) | Command::Lsub(_) => true,
        Command::Noop | Command::Check | Command::Idle | Command::Capability => true,
        Command::Oversize(_) | Command::Nonsense | Command::Unselect | Command::Logout => true,
        Command::Enable { .. } => true,
        _ => false,
    }
}

/// The UIDs that a command names, where that is known for sure.
pub(super) fn named(dialogue: &Dialogue, place: usize) -> Option<Vec<u32>> {
    let asked = &dialogue.asked[place];
    let set = asked.command.set()?;
    if set.is_saved() {
        return saved(dialogue, place);
    }
    let star = set.ranges.iter().any(|&(a, b)| a == STAR || b == STAR);
    if set.uid && !star {
        let ranges = set.ranges.iter().map(|&(a, b)| (a.min(b), a.max(b)));
        return Some(ranges.flat_map(|(a, b)| a..=b.min(a.saturating_add(WIDEST))).collect());
    }
    let selection = &dialogue.selections[asked.selection?];
    let end = asked.reply.as_ref().map_or(usize::MAX, |reply| reply.index);
    let [view] = &*selection.views(asked.sent_at, end) else { return None };
    let uids: Option<Vec<u32>> = view.iter().map(|entry| dialogue.entries[*entry].uid).collect();
    let uids = uids?;
    let last = if set.uid { uids.last().copied().unwrap_or(0) } else { uids.len() as u32 };
    let number = |(uid, number): &(u32, u32)| if set.uid { *uid } else { *number };
    let named = uids.into_iter().zip(1..).filter(|one| set.holds(number(one), last));
    Some(named.map(|(uid, _)| uid).collect())
}

/// The UIDs of `$` where the search that saved them told all of them.
fn saved(dialogue: &Dialogue, place: usize) -> Option<Vec<u32>> {
    let asked = dialogue.asked[..place].iter().rev().find(|asked| asked.command.saves())?;
    let same = asked.selection == dialogue.asked[place].selection;
    let told = asked.data.extended.first().filter(|told| same && told.uid)?;
    told.items.iter().find_map(|item| match item {
        SearchDatum::All(uids) => Some(uids.iter().take(WIDEST as usize).collect()),
        _ => None,
    })
}

/// The flags that the client was told at last; `None` where it has changed them since without
/// asking for the result.
pub(super) fn known_flags(
    dialogue: &Dialogue,
    entry: EntryId,
    uids: &[Option<Vec<u32>>],
) -> Option<u16> {
    let told = dialogue.observations.iter().rev().find_map(|told| match told.kind {
        Told::Message(Message { entry: other, flags: Some(flags), .. }) if other == entry => {
            Some((told.index, flags))
        }
        _ => None,
    });
    let (index, flags) = told?;
    let uid = dialogue.entries[entry].uid;
    let hidden = dialogue.asked.iter().zip(uids).any(|(asked, uids)| {
        let silent = matches!(asked.command, Command::Store { silent: true, .. });
        let later = asked.reply.as_ref().is_some_and(|reply| reply.index > index);
        let named = uids.as_ref().zip(uid).is_none_or(|(uids, uid)| uids.contains(&uid));
        silent && later && named
    });
    (!hidden).then_some(flags)
}

/// Whether the last connection, which looks at everything, finds a message no more.
pub(super) fn is_gone_at_last(dialogues: &[Dialogue], connection: usize, entry: EntryId) -> bool {
    let entry = &dialogues[connection].entries[entry];
    let name = &dialogues[connection].selections[entry.selection].name;
    let Some((last, uid)) = dialogues.last().zip(entry.uid) else { return false };
    let looked = last.selections.iter().find(|selection| selection.name == *name);
    looked
        .and_then(|selection| selection.views.first())
        .is_some_and(|(_, view)| !view.iter().any(|entry| last.entries[*entry].uid == Some(uid)))
}
