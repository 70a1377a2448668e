//! The selected mailbox of a session: what has been told of it, what is to be told, and when.

use crate::updates::Updates;
use crate::{Host, Selected, Snapshot, View};
use peregrine_proto::number::UidRanges;
use peregrine_proto::{MailboxName, ModSeq, Uid};

/// The selected mailbox.
pub(crate) struct Selection<H: Host> {
    pub mailbox: H::Mailbox,
    pub name: MailboxName,
    pub read_only: bool,
    /// What the client has been told.
    pub view: View<H::Snapshot>,
    /// The newest version, where it is newer than the view's.
    newest: Option<H::Snapshot>,
    /// Messages that became recent in this session since the view was made.
    recent: UidRanges,
    /// The count of the last RECENT.
    recent_told: u32,
    /// Own changes above the view's MODSEQ, and whether the client asked not to hear.
    own: Vec<(ModSeq, Silence)>,
    /// Keywords are announced up to this version.
    announced: ModSeq,
}

/// Whether the client knows the flags after a change of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Silence {
    /// They were told in full.
    Told,
    /// STORE .SILENT: it knows what it changed, not what others did in between.
    Asked,
}

/// What a completing command asks of the updates before its reply.
pub(crate) struct Occasion<'a, S> {
    /// EXPUNGE may be told.
    pub expunge: bool,
    /// FETCH updates name the UID.
    pub uid: bool,
    /// The version that the command's own answers showed: what changed since is told again, for
    /// its answers may have come after newer flags were told.
    pub since: Option<&'a S>,
    /// Own changes of this very command.
    pub own: &'a [ModSeq],
}

impl<H: Host> Selection<H> {
    pub fn new(
        mailbox: H::Mailbox,
        name: MailboxName,
        snapshot: H::Snapshot,
        recent: UidRanges,
        read_only: bool,
    ) -> Self {
        let announced = snapshot.mod_seq();
        let view = View::new(snapshot, recent);
        let recent_told = view.recent_count();
        Self {
            mailbox,
            name,
            read_only,
            view,
            newest: None,
            recent: UidRanges::new(),
            recent_told,
            own: Vec::new(),
            announced,
        }
    }

    /// The mailbox as a job gets it.
    pub fn selected(&self) -> Selected<H> {
        Selected {
            mailbox: self.mailbox.clone(),
            name: self.name.clone(),
            view: self.view.clone(),
            read_only: self.read_only,
        }
    }

    /// Takes a version; older ones than are known are passed over.
    pub fn offer(&mut self, snapshot: H::Snapshot, recent: UidRanges) {
        if !recent.is_empty() {
            self.recent = union(&self.recent, &recent);
        }
        let known = self.newest.as_ref().unwrap_or(self.view.snapshot()).mod_seq();
        if snapshot.mod_seq() > known {
            self.newest = Some(snapshot);
        }
    }

    /// Takes note of the session's own changes.
    pub fn own_changes(&mut self, changes: &[ModSeq], silence: Silence) {
        let told = self.view.snapshot().mod_seq();
        self.own.extend(changes.iter().filter(|change| **change > told).map(|m| (*m, silence)));
    }

    /// Gives `$` another meaning.
    pub fn save(&mut self, found: UidRanges) {
        self.view = self.view.with_saved(found);
    }

    /// Whether anything could be told now.
    pub fn has_news(&self, expunge: bool) -> bool {
        self.newest.is_some() || (expunge && self.view.has_ghosts())
    }

    /// Writes `* FLAGS` where keywords have appeared that were not announced: before any
    /// response that may use them (RFC 3501 §7.2.6).
    pub fn announce(&mut self, out: &mut Vec<u8>) {
        let Some(newest) = &self.newest else { return };
        let version = newest.mod_seq();
        if version <= self.announced {
            return;
        }
        self.announced = version;
        if newest.difference(self.view.snapshot()).keywords {
            write_flag_names(newest, out);
        }
    }

    /// Brings the view up to date as far as the occasion allows, and gives what is to be sent for
    /// it. From then on the view is what the client has been told.
    pub fn update(&mut self, occasion: &Occasion<'_, H::Snapshot>) -> Option<Updates<H::Snapshot>> {
        let old = self.view.snapshot().clone();
        let since = occasion.since.filter(|since| since.mod_seq() < old.mod_seq());
        if !self.has_news(occasion.expunge) && since.is_none() {
            return None;
        }
        let mut changed = Vec::new();
        let mut head = Vec::new();
        let mut arrived = false;
        if let Some(newest) = self.newest.take() {
            let difference = newest.difference(&old);
            if difference.keywords && newest.mod_seq() > self.announced {
                write_flag_names(&newest, &mut head);
            }
            self.announced = self.announced.max(newest.mod_seq());
            arrived = difference.arrived;
            changed = self.not_known(difference.changed, &old);
            let recent = union(self.view.recent_uids(), &std::mem::take(&mut self.recent));
            self.view = self.view.advanced(newest, &difference.expunged, recent);
            let told = self.view.snapshot().mod_seq();
            self.own.retain(|(change, _)| *change > told);
        }
        if let Some(since) = since {
            let again = self.view.snapshot().difference(since).changed;
            let others = again.into_iter().filter(|(_, m)| !occasion.own.contains(m));
            changed.extend(others.map(|(uid, _)| uid));
            changed.sort_unstable();
            changed.dedup();
        }
        let expunged = if occasion.expunge { self.take_ghosts() } else { Vec::new() };
        let exists = arrived.then(|| self.view.exists());
        let count = self.view.recent_count();
        let recent = (count != self.recent_told).then_some(count);
        self.recent_told = count;
        Some(Updates::new(
            head,
            expunged,
            (exists, recent),
            changed,
            self.view.clone(),
            occasion.uid,
        ))
    }

    /// The sequence numbers of all ghosts, last first, so that each is right when it is told.
    fn take_ghosts(&mut self) -> Vec<u32> {
        let numbers = self.view.ghost_numbers();
        if !numbers.is_empty() {
            self.view = self.view.without_ghosts();
        }
        numbers
    }

    /// The changed messages whose flags the client does not know already.
    ///
    /// After a change that was told in full it does. After one that it asked not to hear, it does
    /// only where no other session's change can lie between: MODSEQs without a gap from `old` on.
    fn not_known(&mut self, changed: Vec<(Uid, ModSeq)>, old: &H::Snapshot) -> Vec<Uid> {
        self.own.sort_unstable_by_key(|(change, _)| *change);
        let mut unbroken = old.mod_seq();
        for (change, _) in &self.own {
            if change.0 <= unbroken.0 + 1 {
                unbroken = unbroken.max(*change);
            }
        }
        let is_known = |mod_seq: &ModSeq| {
            self.own
                .binary_search_by_key(mod_seq, |(change, _)| *change)
                .is_ok_and(|place| self.own[place].1 == Silence::Told || *mod_seq <= unbroken)
        };
        let unknown = changed.into_iter().filter(|(_, mod_seq)| !is_known(mod_seq));
        unknown.map(|(uid, _)| uid).collect()
    }
}

fn write_flag_names<S: Snapshot>(snapshot: &S, out: &mut Vec<u8>) {
    out.extend_from_slice(b"* FLAGS ");
    snapshot.write_flag_names(out);
    out.extend_from_slice(b"\r\n");
}

fn union(one: &UidRanges, other: &UidRanges) -> UidRanges {
    if other.is_empty() {
        return one.clone();
    }
    UidRanges::from_unordered(one.ranges().iter().chain(other.ranges()).copied().collect())
}
