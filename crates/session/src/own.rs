//! The session's own changes of flags, and whether the client knows what came of them.
//!
//! A client is not told again what it did itself: STORE has answered with the flags, or was asked
//! not to (RFC 3501 §6.4.6). After a change that it asked not to hear of, it knows the flags only
//! if it knew them before; so each own change says which messages somebody had changed already,
//! and the chain is followed back to what the client was told.

use crate::{Difference, OwnChange};
use peregrine_proto::number::UidRanges;
use peregrine_proto::{ModSeq, Uid};

/// Whether the client knows the flags after a change of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Silence {
    /// They were told in full.
    Told,
    /// STORE .SILENT: it knows what it changed, not what others did before.
    Asked,
}

/// Own changes, ascending.
#[derive(Default)]
pub(crate) struct OwnChanges(Vec<(OwnChange, Silence)>);

impl OwnChanges {
    pub fn add<'a>(&mut self, changes: impl Iterator<Item = &'a OwnChange>, silence: Silence) {
        self.0.extend(changes.map(|change| (change.clone(), silence)));
        self.0.sort_by_key(|(change, _)| change.mod_seq);
    }

    /// Drops those that lie behind the version up to which the client knows everything.
    pub fn forget(&mut self, known: ModSeq) {
        self.0.retain(|(change, _)| change.mod_seq > known);
    }

    /// Whether a client that knew the flags of a message at `known` knows them at `mod_seq`, where
    /// they changed last. Linear in its own changes of this message.
    fn lead_to(&self, uid: Uid, mod_seq: ModSeq, known: ModSeq) -> bool {
        let mut at = mod_seq;
        while at > known {
            let Ok(place) = self.0.binary_search_by_key(&at, |(change, _)| change.mod_seq) else {
                return false;
            };
            let (change, silence) = &self.0[place];
            let before = match silence {
                Silence::Told => return true,
                Silence::Asked => change.replaced_of(uid),
            };
            match before {
                None => return true,
                Some(before) if before < at => at = before,
                Some(_) => return false,
            }
        }
        true
    }
}

/// Messages whose flags have changed without the client knowing it yet, ascending by UID.
#[derive(Default)]
pub(crate) struct Untold(Vec<Change>);

#[derive(Clone, Copy)]
struct Change {
    uid: Uid,
    /// The version at which the client knew the flags.
    known: ModSeq,
    /// When they changed last.
    mod_seq: ModSeq,
}

impl Untold {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The oldest version at which the client knew the flags of one of them.
    pub fn known(&self) -> Option<ModSeq> {
        self.0.iter().map(|change| change.known).min()
    }

    /// Adds what changed since a version, and drops what has gone.
    pub fn add(&mut self, difference: &Difference, known: ModSeq) {
        if !difference.expunged.is_empty() {
            self.0.retain(|change| difference.expunged.binary_search(&change.uid).is_err());
        }
        let new = difference.changed.iter().map(|&(uid, mod_seq)| Change { uid, known, mod_seq });
        self.0.extend(new);
        // Stable: of two for one message the older one comes first.
        self.0.sort_by_key(|change| change.uid);
        self.0.dedup_by(|newer, older| {
            let same = newer.uid == older.uid;
            if same {
                older.mod_seq = newer.mod_seq;
            }
            same
        });
    }

    /// Takes what is to be told now: not what the client knows by its own changes, and not what a
    /// command in progress may be changing, for that one will say whose change it was.
    pub fn take(&mut self, own: &OwnChanges, changing: &dyn Fn() -> UidRanges) -> Vec<Uid> {
        let mut told = Vec::new();
        let mut in_progress = None;
        self.0.retain(|change| {
            if own.lead_to(change.uid, change.mod_seq, change.known) {
                return false;
            }
            let kept = in_progress.get_or_insert_with(changing).contains(change.uid);
            if !kept {
                told.push(change.uid);
            }
            kept
        });
        told
    }

    /// Drops what has been told; `uids` ascend.
    pub fn told(&mut self, uids: &[Uid]) {
        self.0.retain(|change| uids.binary_search(&change.uid).is_err());
    }
}
