//! Which commands of one connection must be done in the order in which they were sent: a statement
//! of RFC 3501 §5.5 of its own. The server's table is not used, so that it can be wrong.
//!
//! A pair stands here only where another order could give other results. What adds to one thing
//! (two APPENDs to a mailbox, `+FLAGS` twice) may be done in either order: only UIDs differ.

use crate::command::{Command, How, Key, What};
use crate::flags;

/// A command where it stands.
pub(crate) struct Placed<'a> {
    pub command: &'a Command,
    /// The mailbox that is selected.
    pub selected: Option<&'a str>,
    /// It deletes that mailbox.
    pub removes: bool,
    /// It was opened with EXAMINE.
    pub read_only: bool,
    /// The UIDs that it names; `None` where that is not known for sure.
    pub uids: Option<Vec<u32>>,
}

/// Why `later` must be done behind `earlier`; `None` where either order will do.
pub(crate) fn must_precede(earlier: &Placed<'_>, later: &Placed<'_>) -> Option<&'static str> {
    if let Some(why) = selection(earlier, later) {
        return Some(why);
    }
    let rules = [barrier, names, subscriptions];
    if let Some(why) = rules.iter().find_map(|rule| rule(earlier.command, later.command)) {
        return Some(why);
    }
    let both: [(&Placed<'_>, &Placed<'_>); 2] = [(earlier, later), (later, earlier)];
    both.into_iter()
        .find_map(|(a, b)| removal(a, b).or_else(|| flag(a, b)).or_else(|| mail(a, b)))
        .or_else(|| saved(earlier.command, later.command))
}

/// The reason for which a search that saves comes behind a command that uses `$`. What `$` means is
/// settled when that command begins; so the search may even be answered first.
pub(crate) const SETTLED: &str = "it saves what it finds, and the other uses `$` as it was before";

fn barrier(a: &Command, b: &Command) -> Option<&'static str> {
    let stops = |command: &Command| matches!(command, Command::Idle | Command::Logout);
    (stops(a) || stops(b)).then_some("nothing else may be in progress beside IDLE or LOGOUT")
}

fn selection(a: &Placed<'_>, b: &Placed<'_>) -> Option<&'static str> {
    let selects = |placed: &Placed<'_>| placed.removes || placed.command.selects();
    let meets =
        |a: &Placed<'_>, b: &Placed<'_>| selects(a) && (b.command.in_selected() || selects(b));
    (meets(a, b) || meets(b, a)).then_some("which mailbox is selected changes")
}

/// The mailboxes that a command uses by name.
fn used(command: &Command) -> Option<&str> {
    match command {
        Command::Append { mailbox: name, .. } | Command::Status(name) => Some(name),
        Command::Copy { to: name, .. } | Command::Move { to: name, .. } => Some(name),
        Command::Replace { mailbox: name, .. } => Some(name),
        Command::Select { name, .. } | Command::Subscribe(name) => Some(name),
        _ => None,
    }
}

/// The names that a command makes or removes.
fn changed_names(command: &Command) -> Vec<&str> {
    match command {
        Command::Create(name) | Command::Delete(name) => vec![name],
        Command::Rename(from, to) => vec![from, to],
        _ => Vec::new(),
    }
}

/// Whether the one lies below the other.
fn is_below(name: &str, above: &str) -> bool {
    name.strip_prefix(above).is_some_and(|rest| rest.starts_with('/'))
}

/// Whether it matters to who uses a name. What is above a new name is made with it, and what is
/// below a name is renamed with it.
fn concerns(change: &Command, name: &str) -> bool {
    match change {
        Command::Create(made) => made == name || is_below(made, name),
        Command::Delete(gone) => gone == name,
        Command::Rename(from, to) => {
            [from, to].iter().any(|it| *it == name || is_below(name, it)) || is_below(to, name)
        }
        _ => false,
    }
}

fn names(a: &Command, b: &Command) -> Option<&'static str> {
    let related = |a: &&str| {
        let meets = |b: &&str| a == b || is_below(a, b) || is_below(b, a);
        changed_names(b).iter().any(meets)
    };
    let uses = |a: &Command, b: &Command| match b {
        Command::List(pattern) if pattern.ends_with('*') => {
            changed_names(a).iter().any(|name| fits(pattern, name))
        }
        Command::List(name) => concerns(a, name),
        _ => used(b).is_some_and(|name| concerns(a, name)),
    };
    (changed_names(a).iter().any(related) || uses(a, b) || uses(b, a))
        .then_some("a mailbox's name is made or removed, and the other uses that name")
}

fn subscriptions(a: &Command, b: &Command) -> Option<&'static str> {
    let changes = |command: &Command| match command {
        Command::Subscribe(name) | Command::Unsubscribe(name) => Some(name.clone()),
        _ => None,
    };
    let meets = match (changes(a), changes(b)) {
        (Some(one), Some(other)) => one == other && a != b,
        (Some(name), None) => matches!(b, Command::Lsub(pattern) if fits(pattern, &name)),
        (None, Some(name)) => matches!(a, Command::Lsub(pattern) if fits(pattern, &name)),
        (None, None) => false,
    };
    meets.then_some("one changes a subscription that the other uses")
}

/// RFC 5182 §2.1.
fn saved(earlier: &Command, later: &Command) -> Option<&'static str> {
    if earlier.saves() && (later.saves() || later.uses_saved()) {
        return Some("that saves what it finds, and this uses or replaces `$`");
    }
    (earlier.uses_saved() && later.saves()).then_some(SETTLED)
}

/// Whether a pattern without wildcards but for a `*` at its end matches.
pub(crate) fn fits(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => pattern == name,
    }
}

fn meet(a: &Placed<'_>, b: &Placed<'_>) -> bool {
    match (&a.uids, &b.uids) {
        (Some(one), Some(other)) => one.iter().any(|uid| other.contains(uid)),
        _ => false,
    }
}

/// Messages go away that others find again elsewhere, or others in their place.
fn moves(command: &Command) -> bool {
    matches!(command, Command::Move { .. } | Command::Replace { .. })
}

/// Messages vanish by `a`.
fn removal(a: &Placed<'_>, b: &Placed<'_>) -> Option<&'static str> {
    if a.read_only {
        return None;
    }
    let some = match a.command {
        Command::Expunge => false,
        Command::UidExpunge(_) | Command::Move { .. } | Command::Replace { .. } => true,
        _ => return None,
    };
    if b.command.by_number() {
        return Some("messages vanish, and the other goes by message sequence numbers");
    }
    let uses = match b.command {
        Command::Fetch { .. } | Command::Store { .. } | Command::Copy { .. } => true,
        Command::Move { .. } | Command::Replace { .. } => true,
        Command::UidExpunge(_) => moves(a.command),
        Command::Search { .. } => return Some("messages vanish, and the other looks for some"),
        Command::Expunge => {
            return moves(a.command).then_some("messages are moved, and the other expunges");
        }
        _ => false,
    };
    let named = b.uids.as_ref().is_some_and(|uids| !uids.is_empty());
    (uses && if some { meet(a, b) } else { named })
        .then_some("messages vanish, and the other names some of them")
}

/// Flags that a command changes: which, and of the messages that it names.
fn changed(placed: &Placed<'_>) -> Option<(How, u16)> {
    if placed.read_only {
        return None;
    }
    match placed.command {
        Command::Store { how: How::Replace, .. } => Some((How::Replace, flags::ALL)),
        Command::Store { how, flags, .. } => Some((*how, *flags)),
        Command::Fetch { what, .. } if what.sets_seen() => Some((How::Add, flags::SEEN)),
        _ => None,
    }
}

/// RFC 7162 §3.1.3, §3.1.4.1.
fn depends_on_mod_seq(command: &Command) -> bool {
    match command {
        Command::Store { unchanged, .. } => unchanged.is_some(),
        Command::Fetch { since, .. } => since.is_some(),
        _ => false,
    }
}

/// Flags change by `a`.
fn flag(a: &Placed<'_>, b: &Placed<'_>) -> Option<&'static str> {
    let (how, bits) = changed(a)?;
    if let Some((other, others)) = changed(b)
        && bits & others != 0
        && (how != other || (how == How::Replace && a.command != b.command))
        && meet(a, b)
    {
        return Some("both change the same flags of the same messages");
    }
    if depends_on_mod_seq(b.command) && meet(a, b) {
        return Some("one changes messages, and the other asks whether they were changed");
    }
    let reads = match b.command {
        Command::Fetch { what: What::Flags | What::BodyAndFlags, .. } => meet(a, b),
        Command::Copy { .. } | Command::Move { .. } => meet(a, b),
        Command::Search { key: Key::ModSeq(_), .. } => {
            a.uids.as_ref().is_some_and(|uids| !uids.is_empty())
        }
        Command::Search { key: Key::Flag(bit, _), .. } => {
            bits & bit != 0 && a.uids.as_ref().is_some_and(|uids| !uids.is_empty())
        }
        Command::Expunge => {
            bits & flags::DELETED != 0 && a.uids.as_ref().is_some_and(|uids| !uids.is_empty())
        }
        Command::UidExpunge(_) => bits & flags::DELETED != 0 && meet(a, b),
        Command::Status(name) => {
            bits & flags::SEEN != 0
                && a.selected == Some(name)
                && a.uids.as_ref().is_some_and(|uids| !uids.is_empty())
        }
        _ => false,
    };
    reads.then_some("one changes flags that the other uses")
}

/// Messages come into a mailbox by `a`, or leave it.
fn mail(a: &Placed<'_>, b: &Placed<'_>) -> Option<&'static str> {
    let (added, deleted) = match a.command {
        Command::Append { mailbox, .. } | Command::Replace { mailbox, .. } => {
            let deleted = |(_, flags): &(&str, u16)| flags & flags::DELETED != 0;
            (Some(&**mailbox), a.command.messages().iter().any(deleted))
        }
        Command::Copy { to, .. } | Command::Move { to, .. } => (Some(&**to), false),
        _ => (None, false),
    };
    let removes = matches!(
        a.command,
        Command::Expunge
            | Command::UidExpunge(_)
            | Command::Move { .. }
            | Command::Replace { .. }
            | Command::Close
    );
    let removed = a.selected.filter(|_| removes && !a.read_only);
    match b.command {
        Command::Status(name) if [added, removed].contains(&Some(name)) => {
            Some("messages come into the mailbox or leave it, and STATUS counts them")
        }
        Command::Select { name, .. } if added == Some(name) => {
            Some("messages come into the mailbox that is selected")
        }
        Command::Expunge | Command::Close if deleted && added == b.selected && !b.read_only => {
            Some("a message with \\Deleted comes into the mailbox that is expunged")
        }
        _ => None,
    }
}
