//! The selected mailbox of a session: what has been told of it, what is to be told, and when.

use crate::own::{OwnChanges, Silence, Untold};
use crate::updates::{Form, Gone, Updates};
use crate::{Enabled, Host, OwnChange, Selected, Snapshot, View};
use peregrine_proto::command::Messages;
use peregrine_proto::effects::{Known, Situation};
use peregrine_proto::number::{Number, UidRanges};
use peregrine_proto::{MailboxName, ModSeq, Uid};
use std::sync::Arc;

/// The selected mailbox.
pub(crate) struct Selection<H: Host> {
    pub mailbox: H::Mailbox,
    pub name: MailboxName,
    pub read_only: bool,
    /// What the client has been told.
    pub view: View<H::Snapshot>,
    /// What jobs were given of it, as long as the view stays.
    given: Option<Arc<Selected<H>>>,
    /// The newest version, where it is newer than the view's.
    newest: Option<H::Snapshot>,
    /// Messages that became recent in this session since the view was made.
    recent: UidRanges,
    /// The count of the last RECENT.
    recent_told: u32,
    /// Own changes of flags that matter for what is still to be told.
    own: OwnChanges,
    /// Messages whose flags have changed up to the view's version, of which the client has not been
    /// told: it is not yet known whether it was a command of its own.
    untold: Untold,
    /// Keywords are announced up to this version.
    announced: ModSeq,
    /// Replies that went out while an EXPUNGE could not be told.
    withheld: u32,
}

/// What a completing command asks of the updates before its reply.
pub(crate) struct Occasion<'a, S> {
    /// EXPUNGE may be told.
    pub expunge: bool,
    /// FETCH updates name the UID.
    pub uid: bool,
    /// What the client understands.
    pub enabled: Enabled,
    /// The flags that the command's own answers showed: of which messages, as they were then. What
    /// changed since is told again, for its answers may have come after newer flags were told.
    pub shown: Option<(&'a View<S>, &'a Messages)>,
    /// Own changes of this very command.
    pub own: &'a [OwnChange],
    /// Messages whose flags commands of this session are changing; asked for only where it matters.
    pub changing: &'a dyn Fn() -> UidRanges,
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
            given: None,
            newest: None,
            recent: UidRanges::new(),
            recent_told,
            own: OwnChanges::default(),
            untold: Untold::default(),
            announced,
            withheld: 0,
        }
    }

    /// The mailbox as a job gets it.
    pub fn selected(&mut self) -> Arc<Selected<H>> {
        let known = self.known();
        if let Some(given) = self.given.as_ref().filter(|given| given.known == known) {
            return Arc::clone(given);
        }
        let given = Arc::new(Selected {
            mailbox: self.mailbox.clone(),
            name: self.name.clone(),
            view: self.view.clone(),
            known,
            read_only: self.read_only,
        });
        Arc::clone(self.given.insert(given))
    }

    /// What is selected stays so under its new name.
    pub fn rename(&mut self, name: MailboxName) {
        self.name = name;
        self.given = None;
    }

    /// What the judgement of two commands needs to know of it.
    pub fn situation(&self) -> Situation<'_> {
        let largest = self.view.largest_uid().map_or(0, Number::get);
        let known = Known { exists: self.view.exists(), largest };
        Situation { selected: Some(&self.name), known: Some(known), started: false }
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

    /// Takes note of changes that a command of this session has made.
    pub fn own_changes(&mut self, changes: &[OwnChange], silence: Silence) {
        let known = self.known();
        self.own.add(changes.iter().filter(|change| change.mod_seq > known), silence);
    }

    /// Gives `$` another meaning.
    pub fn save(&mut self, found: UidRanges) {
        self.given = None;
        self.view = self.view.with_saved(found);
    }

    /// The version up to which the client knows the flags of every message.
    fn known(&self) -> ModSeq {
        self.untold.known().unwrap_or(self.view.snapshot().mod_seq())
    }

    /// The client has been told of all changes up to this one: what it may take as HIGHESTMODSEQ
    /// (RFC 7162 §3.2).
    pub fn told(&self) -> ModSeq {
        self.known().min(self.view.told())
    }

    /// Whether an EXPUNGE waits to be told.
    pub fn withholds(&self) -> bool {
        self.view.has_ghosts()
    }

    /// Replies that went out while an EXPUNGE could not be told.
    pub fn withheld(&self) -> u32 {
        self.withheld
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

    /// Whether the client is to be told of anything, or soon: only then has [`Self::update`] to be
    /// asked.
    pub fn has_news(&self) -> bool {
        self.newest.is_some() || self.view.has_ghosts() || !self.untold.is_empty()
    }

    /// Brings the view up to date as far as the occasion allows, and gives what is to be sent for
    /// it. From then on the view is what the client has been told.
    pub fn update(&mut self, occasion: &Occasion<'_, H::Snapshot>) -> Option<Updates<H::Snapshot>> {
        if !occasion.expunge && self.view.has_ghosts() {
            self.withheld = self.withheld.saturating_add(1);
        }
        let old = self.view.snapshot().clone();
        let shown = occasion.shown.filter(|(view, _)| view.snapshot().mod_seq() < old.mod_seq());
        let expunges = occasion.expunge && self.view.has_ghosts();
        if self.newest.is_none() && !expunges && shown.is_none() && self.untold.is_empty() {
            return None;
        }
        let mut head = Vec::new();
        let mut arrived = false;
        if let Some(newest) = self.newest.take() {
            let difference = newest.difference(&old);
            if difference.keywords && newest.mod_seq() > self.announced {
                write_flag_names(&newest, &mut head);
            }
            self.announced = self.announced.max(newest.mod_seq());
            arrived = difference.arrived;
            self.untold.add(&difference, old.mod_seq());
            let recent = union(self.view.recent_uids(), &std::mem::take(&mut self.recent));
            self.given = None;
            self.view = self.view.advanced(newest, &difference.expunged, recent);
        }
        let mut changed = self.untold.take(&self.own, occasion.changing);
        if let Some((view, messages)) = shown {
            self.tell_again(view, messages, occasion.own, &mut changed);
        }
        self.own.forget(self.known());
        let gone = self.take_ghosts(occasion);
        let exists = arrived.then(|| self.view.exists());
        let count = self.view.recent_count();
        // RFC 9051 has no RECENT.
        let tells = !occasion.enabled.rev2 && count != self.recent_told;
        let recent = tells.then_some(count);
        self.recent_told = count;
        let (view, form) = (self.view.clone(), Form::new(occasion.uid, occasion.enabled));
        Some(Updates { head, gone, exists, recent, changed: changed.into_iter(), view, form })
    }

    /// All ghosts, where they may be told: their UIDs, or their sequence numbers, last first, so
    /// that each is right when it is told.
    fn take_ghosts(&mut self, occasion: &Occasion<'_, H::Snapshot>) -> Gone {
        if !occasion.expunge {
            return Gone::Numbers(Vec::new().into_iter());
        }
        self.withheld = 0;
        let by_uid = occasion.enabled.qresync || occasion.enabled.uid_only;
        let gone = match by_uid {
            true => Gone::uids(self.view.ghost_uids()),
            false => Gone::Numbers(self.view.ghost_numbers().into_iter()),
        };
        if self.view.has_ghosts() {
            self.given = None;
            self.view = self.view.without_ghosts();
        }
        gone
    }

    /// Adds the messages of a command's answers whose flags are no longer those that it showed,
    /// unless it was this command that changed them.
    fn tell_again(
        &mut self,
        view: &View<H::Snapshot>,
        messages: &Messages,
        own: &[OwnChange],
        changed: &mut Vec<Uid>,
    ) {
        let shown = view.uids(messages);
        let since = self.view.snapshot().difference(view.snapshot()).changed;
        let again = since.into_iter().filter(|(uid, mod_seq)| {
            shown.contains(*uid) && own.iter().all(|change| change.mod_seq != *mod_seq)
        });
        changed.extend(again.map(|(uid, _)| uid));
        changed.sort_unstable();
        changed.dedup();
        self.untold.told(changed);
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
