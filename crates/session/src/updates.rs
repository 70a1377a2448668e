//! Updates of the mailbox on their way to the client: written piece by piece, since a hundred
//! thousand changed messages are megabytes.

use crate::{Enabled, Snapshot, View};
use peregrine_proto::Uid;
use peregrine_proto::number::UidRanges;
use peregrine_proto::write::number;

/// Ranges in one VANISHED response: it is a line, and lines should not grow without end.
const VANISHED_RANGES: usize = 512;

/// What remains to be told: EXPUNGE or VANISHED, EXISTS, RECENT, FETCH.
pub(crate) struct Updates<S> {
    /// `* FLAGS`, before anything that may use a new keyword.
    pub head: Vec<u8>,
    pub gone: Gone,
    pub exists: Option<u32>,
    pub recent: Option<u32>,
    pub changed: std::vec::IntoIter<Uid>,
    /// The view as it is once all this has been told.
    pub view: View<S>,
    pub form: Form,
}

/// Messages that are gone.
pub(crate) enum Gone {
    /// Descending sequence numbers, for EXPUNGE.
    Numbers(std::vec::IntoIter<u32>),
    /// For VANISHED.
    Uids(std::vec::IntoIter<(Uid, Uid)>),
}

/// What FETCH updates tell beside the flags.
#[derive(Clone, Copy)]
pub(crate) struct Form {
    pub uid: bool,
    pub mod_seq: bool,
    /// \Recent is told.
    pub recent: bool,
    /// The UID stands in the sequence number's place (RFC 9586 §3.3).
    pub uid_only: bool,
}

impl Form {
    /// RFC 7162 §3.2.4: who understands MODSEQ is told the UID too; so is everybody by RFC 9051
    /// §7.5.2.
    pub fn new(uid: bool, enabled: Enabled) -> Self {
        let Enabled { condstore, rev2, uid_only, .. } = enabled;
        let uid = !uid_only && (uid || condstore || rev2);
        Self { uid, mod_seq: condstore, recent: !rev2, uid_only }
    }
}

impl Gone {
    pub fn uids(uids: impl Iterator<Item = Uid>) -> Self {
        Self::Uids(uids.collect::<UidRanges>().ranges().to_vec().into_iter())
    }

    fn is_empty(&self) -> bool {
        match self {
            Self::Numbers(numbers) => numbers.len() == 0,
            Self::Uids(ranges) => ranges.len() == 0,
        }
    }

    /// Writes the next response; `false` where there is none.
    fn write(&mut self, out: &mut Vec<u8>) -> bool {
        if self.is_empty() {
            return false;
        }
        match self {
            Self::Numbers(numbers) => {
                if let Some(sequence) = numbers.next() {
                    write_number(out, sequence, b" EXPUNGE\r\n");
                }
            }
            Self::Uids(ranges) => {
                let some = ranges.by_ref().take(VANISHED_RANGES).collect();
                out.extend_from_slice(b"* VANISHED ");
                UidRanges::from_unordered(some).write(out);
                out.extend_from_slice(b"\r\n");
            }
        }
        true
    }
}

impl<S: Snapshot> Updates<S> {
    /// The announcement of new keywords, to be sent before the command's own data.
    pub fn take_head(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.head)
    }

    /// Writes whole responses until `out` holds at least `enough` octets; `true` when nothing is
    /// left.
    pub fn write(&mut self, out: &mut Vec<u8>, enough: usize) -> bool {
        out.append(&mut self.head);
        while out.len() < enough {
            if self.gone.write(out) {
                continue;
            }
            if let Some(exists) = self.exists.take() {
                write_number(out, exists, b" EXISTS\r\n");
            } else if let Some(recent) = self.recent.take() {
                write_number(out, recent, b" RECENT\r\n");
            } else if let Some(uid) = self.changed.next() {
                self.write_flags(uid, out);
            } else {
                return true;
            }
        }
        self.gone.is_empty()
            && self.changed.len() == 0
            && self.exists.is_none()
            && self.recent.is_none()
    }

    fn write_flags(&self, uid: Uid, out: &mut Vec<u8>) {
        // A message that changed and has since been expunged is told by its EXPUNGE.
        let Some(sequence) = self.view.sequence(uid) else { return };
        let snapshot = self.view.snapshot();
        match self.form.uid_only {
            true => write_number(out, uid.0.get(), b" UIDFETCH ("),
            false => write_number(out, sequence.0.get(), b" FETCH ("),
        }
        if self.form.uid {
            out.extend_from_slice(b"UID ");
            number(out, u64::from(uid.0.get()));
            out.push(b' ');
        }
        if self.form.mod_seq
            && let Some(mod_seq) = snapshot.mod_seq_of(uid)
        {
            out.extend_from_slice(b"MODSEQ (");
            number(out, mod_seq.0);
            out.extend_from_slice(b") ");
        }
        out.extend_from_slice(b"FLAGS ");
        let recent = self.form.recent && self.view.recent(uid);
        snapshot.write_flags(uid, recent, out);
        out.extend_from_slice(b")\r\n");
    }
}

fn write_number(out: &mut Vec<u8>, value: u32, rest: &[u8]) {
    out.extend_from_slice(b"* ");
    number(out, u64::from(value));
    out.extend_from_slice(rest);
}
