//! What the session machine is told of our mail: accounts, mailboxes and their versions.

use peregrine_proto::{ModSeq, Uid};
use peregrine_session::Difference;
use peregrine_store::{Account, Mailbox, MailboxView};

/// The mail of the store, as a session sees it.
pub(crate) struct Mail;

impl peregrine_session::Host for Mail {
    type Account = Account;
    type Mailbox = Mailbox;
    type Snapshot = Snapshot;
}

/// A version of a mailbox.
#[derive(Clone, Debug)]
pub(crate) struct Snapshot(pub(crate) MailboxView);

pub(crate) type Context = peregrine_session::Context<Mail>;
pub(crate) type Job = peregrine_session::Job<Mail>;
pub(crate) type Outcome = peregrine_session::Outcome<Mail>;
pub(crate) type Run = peregrine_session::Run<Snapshot>;
pub(crate) type Selected = peregrine_session::Selected<Mail>;
pub(crate) type Session = peregrine_session::Session<Mail>;
pub(crate) type Transition = peregrine_session::Transition<Mail>;
pub(crate) type View = peregrine_session::View<Snapshot>;

impl peregrine_session::Snapshot for Snapshot {
    fn exists(&self) -> u32 {
        self.0.exists()
    }

    fn uid_at(&self, index: u32) -> Option<Uid> {
        self.0.uid_at(index)
    }

    fn index_of(&self, uid: Uid) -> Result<u32, u32> {
        self.0.index_of(uid)
    }

    fn mod_seq(&self) -> ModSeq {
        self.0.mod_seq()
    }

    fn mod_seq_of(&self, uid: Uid) -> Option<ModSeq> {
        let index = self.0.index_of(uid).ok()?;
        self.0.message(index).map(|message| message.mod_seq)
    }

    fn difference(&self, older: &Self) -> Difference {
        let found = self.0.difference(&older.0);
        Difference {
            expunged: found.expunged,
            changed: found.changed,
            arrived: found.arrived,
            keywords: found.keywords,
        }
    }

    fn write_flags(&self, uid: Uid, recent: bool, out: &mut Vec<u8>) {
        let message = self.0.index_of(uid).ok().and_then(|index| self.0.message(index));
        match message {
            Some(message) => self.0.write_flags(message, recent, out),
            None => out.extend_from_slice(b"()"),
        }
    }

    fn write_flag_names(&self, out: &mut Vec<u8>) {
        self.0.write_flag_names(out);
    }
}
