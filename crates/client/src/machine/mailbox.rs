//! The selected mailbox, as the server told it.

use super::Machine;
use super::claim::View;
use crate::error::Lost;
use crate::update::Update;
use bytes::Bytes;
use peregrine_proto::command::State;
use peregrine_proto::number::UidRanges;
use peregrine_proto::{CommandBody, MailboxName, SequenceNumber, Uid, UidSet};

/// Which stretch of having a mailbox selected: it changes with every SELECT, EXAMINE and CLOSE, so
/// that numbers of one mailbox are never used in another.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Epoch(pub u64);

/// UIDs are remembered for messages up to this number, so that an EXPUNGE can name its UID and a
/// server that gives one message two UIDs is found out. A MiB.
const REMEMBERED: usize = 256 << 10;

#[derive(Debug, Default)]
pub(super) struct Selected {
    pub(super) epoch: Epoch,
    /// Also while it is being selected.
    pub(super) name: Option<MailboxName>,
    pub(super) exists: u32,
    /// SELECT or EXAMINE is in progress: what comes is about the new mailbox.
    pub(super) opening: bool,
    /// The highest UID that was told.
    highest: u32,
    /// By sequence number from 1; 0 where it is not known.
    uids: Vec<u32>,
}

impl Selected {
    pub(super) fn view(&self) -> View {
        View { exists: self.exists, highest: self.highest }
    }

    pub(super) fn uid(&self, number: SequenceNumber) -> Option<Uid> {
        let uid = self.uids.get(number.0.get() as usize - 1)?;
        std::num::NonZeroU32::new(*uid).map(Uid)
    }

    /// Notes a message's UID. False where it had another.
    fn learn(&mut self, number: SequenceNumber, uid: Uid) -> bool {
        self.highest = self.highest.max(uid.0.get());
        let index = number.0.get() as usize - 1;
        if index >= REMEMBERED {
            return true;
        }
        if index >= self.uids.len() {
            self.uids.resize(index + 1, 0);
        }
        let before = std::mem::replace(&mut self.uids[index], uid.0.get());
        before == 0 || before == uid.0.get()
    }

    /// Whose numbers were not known keeps those behind it from being told.
    fn forget_all(&mut self, gone: &UidRanges) {
        let unknown = self.uids.iter().position(|uid| *uid == 0).unwrap_or(self.uids.len());
        self.uids.truncate(unknown);
        let known = |uid: &u32| std::num::NonZeroU32::new(*uid).map(Uid);
        self.uids.retain(|uid| known(uid).is_none_or(|uid| !gone.contains(uid)));
    }

    fn forget(&mut self, number: SequenceNumber) -> Option<Uid> {
        let uid = self.uid(number);
        let index = number.0.get() as usize - 1;
        if index < self.uids.len() {
            self.uids.remove(index);
        }
        uid
    }
}

impl Machine {
    /// SELECT or EXAMINE goes out: whatever was selected is no more (RFC 3501 §6.3.1).
    pub(super) fn opening(&mut self, body: &CommandBody) {
        let name = match body {
            CommandBody::Select(select) => &select.mailbox,
            CommandBody::Examine(examine) => &examine.mailbox,
            _ => return,
        };
        let epoch = Epoch(self.selected.epoch.0 + 1);
        self.state = State::Authenticated;
        self.selected =
            Selected { epoch, name: Some(name.clone()), opening: true, ..Selected::default() };
    }

    pub(super) fn open(&mut self) {
        self.state = State::Selected;
        self.selected.opening = false;
        if let Some(name) = self.selected.name.clone() {
            self.update(Update::Selected(name));
            self.update(Update::Exists(self.selected.exists));
        }
    }

    pub(super) fn leave(&mut self) {
        let epoch = Epoch(self.selected.epoch.0 + 1);
        self.selected = Selected { epoch, ..Selected::default() };
        self.state = State::Authenticated;
        self.update(Update::Deselected);
    }

    /// Whether data about the selected mailbox makes sense.
    pub(super) fn has_mailbox(&self) -> bool {
        self.state == State::Selected || self.selected.opening
    }

    pub(super) fn exists_now(&mut self, count: u32, frame: &Bytes) {
        if count < self.selected.exists && !self.selected.opening {
            return self.broken("EXISTS shrinks without EXPUNGE", frame);
        }
        self.selected.exists = count;
        if !self.selected.opening {
            self.update(Update::Exists(count));
        }
    }

    pub(super) fn expunged(&mut self, number: SequenceNumber, frame: &Bytes) {
        if number.0.get() > self.selected.exists {
            return self.broken("EXPUNGE of a message that is not there", frame);
        }
        let numbers = |one: &super::InFlight| match &one.body {
            CommandBody::Fetch(fetch) => !fetch.messages.is_uid(),
            CommandBody::Store(store) => !store.messages.is_uid(),
            CommandBody::Search(search) => !search.uid,
            _ => false,
        };
        if self.flying.iter().any(numbers) {
            self.odd(crate::Oddity::UntimelyExpunge, frame.clone());
        }
        self.selected.exists -= 1;
        let uid = self.selected.forget(number);
        self.update(Update::Expunged { number, uid });
    }

    /// After ENABLE QRESYNC, this comes in place of EXPUNGE.
    pub(super) fn vanished(&mut self, uids: &UidSet, frame: &Bytes) {
        let gone = uids.resolve(None);
        let left = u64::from(self.selected.exists).checked_sub(gone.count());
        let Some(left) = left.and_then(|left| u32::try_from(left).ok()) else {
            return self.broken("more messages vanish than there are", frame);
        };
        self.selected.exists = left;
        self.selected.forget_all(&gone);
        self.update(Update::Vanished(gone));
    }

    /// Notes the UID; false where the connection had to be given up.
    pub(super) fn told_uid(&mut self, number: SequenceNumber, uid: Uid, frame: &Bytes) -> bool {
        if number.0.get() > self.selected.exists && !self.selected.opening {
            self.broken("data of a message that is not there", frame);
            return false;
        }
        if !self.selected.learn(number, uid) {
            self.broken("a message has another UID than before", frame);
            return false;
        }
        true
    }

    /// What the server says contradicts what it said before: nothing can be relied on.
    pub(super) fn broken(&mut self, message: &'static str, frame: &Bytes) {
        let octets = super::receive::excerpt(frame);
        self.fail(Lost::Protocol { message, octets, position: self.position });
    }
}
