//! Updates of the mailbox on their way to the client: written piece by piece, since a hundred
//! thousand changed messages are megabytes.

use crate::{Snapshot, View};
use peregrine_proto::Uid;
use peregrine_proto::write::number;

/// What remains to be told: EXPUNGE, EXISTS, RECENT, FETCH.
pub(crate) struct Updates<S> {
    /// `* FLAGS`, before anything that may use a new keyword.
    head: Vec<u8>,
    /// Descending sequence numbers.
    expunged: std::vec::IntoIter<u32>,
    exists: Option<u32>,
    recent: Option<u32>,
    changed: std::vec::IntoIter<Uid>,
    /// The view as it is once all this has been told.
    view: View<S>,
    uid: bool,
}

impl<S: Snapshot> Updates<S> {
    pub fn new(
        head: Vec<u8>,
        expunged: Vec<u32>,
        (exists, recent): (Option<u32>, Option<u32>),
        changed: Vec<Uid>,
        view: View<S>,
        uid: bool,
    ) -> Self {
        let (expunged, changed) = (expunged.into_iter(), changed.into_iter());
        Self { head, expunged, exists, recent, changed, view, uid }
    }

    /// The announcement of new keywords, to be sent before the command's own data.
    pub fn take_head(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.head)
    }

    /// Writes whole responses until `out` holds at least `enough` octets; `true` when nothing is
    /// left.
    pub fn write(&mut self, out: &mut Vec<u8>, enough: usize) -> bool {
        out.append(&mut self.head);
        while out.len() < enough {
            if let Some(sequence) = self.expunged.next() {
                write_number(out, sequence, b" EXPUNGE\r\n");
            } else if let Some(exists) = self.exists.take() {
                write_number(out, exists, b" EXISTS\r\n");
            } else if let Some(recent) = self.recent.take() {
                write_number(out, recent, b" RECENT\r\n");
            } else if let Some(uid) = self.changed.next() {
                self.write_flags(uid, out);
            } else {
                return true;
            }
        }
        self.expunged.len() == 0
            && self.changed.len() == 0
            && self.exists.is_none()
            && self.recent.is_none()
    }

    fn write_flags(&self, uid: Uid, out: &mut Vec<u8>) {
        // A message that changed and has since been expunged is told by its EXPUNGE.
        let Some(sequence) = self.view.sequence(uid) else { return };
        write_number(out, sequence.0.get(), b" FETCH (");
        if self.uid {
            out.extend_from_slice(b"UID ");
            number(out, u64::from(uid.0.get()));
            out.push(b' ');
        }
        out.extend_from_slice(b"FLAGS ");
        self.view.snapshot().write_flags(uid, self.view.recent(uid), out);
        out.extend_from_slice(b")\r\n");
    }
}

fn write_number(out: &mut Vec<u8>, value: u32, rest: &[u8]) {
    out.extend_from_slice(b"* ");
    number(out, u64::from(value));
    out.extend_from_slice(rest);
}
