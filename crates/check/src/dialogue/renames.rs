//! What a selected mailbox is called as time goes by: all sessions rename, and the client of one is
//! not told what the others do.

use crate::command::Command;
use crate::history::History;

/// All RENAMEs that were done, or may have been: their connections were closed before a reply.
pub(crate) struct Renames(Vec<Rename>);

struct Rename {
    connection: usize,
    /// Among its connection's commands.
    place: usize,
    span: Span,
    from: String,
    to: String,
}

/// From when a command was sent to when it was answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Span {
    pub begun: u64,
    /// `u64::MAX` where it was not.
    pub at: u64,
}

/// A command, where it stands.
#[derive(Clone, Copy)]
pub(crate) struct Moment {
    pub place: usize,
    pub span: Span,
}

impl Span {
    fn is_before(self, other: Self) -> bool {
        self.at < other.begun
    }
}

impl Renames {
    pub fn new(history: &History) -> Self {
        let mut renames = Vec::new();
        for (connection, record) in history.connections.iter().enumerate() {
            for (place, sent) in record.commands.iter().enumerate() {
                let Command::Rename(from, to) = &sent.command else { continue };
                let head = format!("{} ", sent.tag);
                let is_reply = |octets: &[u8]| octets.starts_with(head.as_bytes());
                let reply = record.received.iter().find(|it| is_reply(&it.octets));
                if reply.is_some_and(|it| !it.octets[head.len()..].starts_with(b"OK")) {
                    continue;
                }
                let span = Span { begun: sent.begun, at: reply.map_or(u64::MAX, |it| it.at) };
                let (from, to) = (from.clone(), to.clone());
                renames.push(Rename { connection, place, span, from, to });
            }
        }
        renames.sort_by_key(|rename| (rename.span.at, rename.connection, rename.place));
        Self(renames)
    }

    /// What the mailbox that was selected by this name can be called while a command of the same
    /// connection is at work; one name, where it is known.
    pub fn names(&self, connection: usize, name: &str, by: Moment, during: Moment) -> Vec<String> {
        let (mut sure, mut all): (Vec<&Rename>, Vec<&Rename>) = (Vec::new(), Vec::new());
        for rename in &self.0 {
            let own = rename.connection == connection;
            let (before, after) = match own {
                true => (rename.place < by.place, rename.place >= during.place),
                false => (rename.span.is_before(by.span), during.span.is_before(rename.span)),
            };
            if before || after {
                continue;
            }
            all.push(rename);
            let between = by.span.is_before(rename.span) && rename.span.is_before(during.span);
            let overlaps = |other: &&Rename| {
                (!own || other.connection != connection) && !other.span.is_before(rename.span)
            };
            if own && !sure.iter().any(overlaps) || between && !sure.iter().any(overlaps) {
                sure.push(rename);
            }
        }
        if sure.len() == all.len() {
            let follow = |name: String, rename: &&Rename| rename.of(&name).unwrap_or(name);
            return vec![sure.iter().fold(name.to_owned(), follow)];
        }
        let mut names = vec![name.to_owned()];
        let mut next = 0;
        while let Some(name) = names.get(next).cloned() {
            for new in all.iter().filter_map(|rename| rename.of(&name)) {
                if !names.contains(&new) && names.len() < MOST_NAMES {
                    names.push(new);
                }
            }
            next += 1;
        }
        names
    }
}

/// Names that are looked at: chains of renamed names below each other could go on for ever.
const MOST_NAMES: usize = 64;

impl Rename {
    /// The new name of this mailbox, where it is among those that are renamed.
    fn of(&self, name: &str) -> Option<String> {
        match name.strip_prefix(&*self.from)? {
            "" => Some(self.to.clone()),
            rest if rest.starts_with('/') => Some(format!("{}{rest}", self.to)),
            _ => None,
        }
    }
}

impl super::Dialogue {
    /// What the mailbox of a selection can be called while a command is at work.
    pub fn names(
        &self,
        connection: usize,
        selection: usize,
        place: usize,
        renames: &Renames,
    ) -> Vec<String> {
        let opened = &self.selections[selection];
        renames.names(connection, &opened.name, self.moment(opened.by), self.moment(place))
    }
}
