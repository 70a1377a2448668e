//! How a job ended: its tagged reply, what goes before it, and what it changes in the connection.

use crate::Host;
use bytes::Bytes;
use bytestring::ByteString;
use peregrine_proto::number::UidRanges;
use peregrine_proto::response::ResponseText;
use peregrine_proto::{Code, MailboxName, ModSeq, Status, Uid};

/// The end of a job. It is answered once the job's own blocks have been sent, in the order
/// `before`, mailbox updates, `data`, tagged reply; new keywords are announced before all of it.
pub struct Outcome<H: Host> {
    /// The result.
    pub status: Status,
    /// Code and words of the tagged reply.
    pub text: ResponseText,
    /// Whole responses that must be sent before the mailbox updates: MOVE's
    /// `* OK [COPYUID …]` comes before its EXPUNGEs (RFC 6851 §4.3).
    pub before: Bytes,
    /// Whole untagged responses, sent in one piece directly before the tagged reply. Data that
    /// does not name its command (`Effects::answers`) belongs here. That of FETCH and STORE is
    /// numbered by the job's view, so the machine sends it before the updates, like `before`.
    pub data: Bytes,
    /// What changes in the connection. Beside `None`, the mailbox updates are left out.
    pub transition: Option<Box<Transition<H>>>,
    /// What `$` means from now on (RFC 5182), after a SEARCH that saves its result; without it, such
    /// a SEARCH that is answered NO leaves `$` empty.
    pub saved: Option<UidRanges>,
    /// This command's own changes of flags that `data` or a block tells in full, or that the
    /// client asked not to hear (STORE .SILENT): they are not told again as updates.
    pub told: Vec<OwnChange>,
}

/// A change of flags that a command of this session has made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OwnChange {
    /// Its MODSEQ.
    pub mod_seq: ModSeq,
    /// Those of its messages whose flags had been changed already after
    /// [`Selected::known`](crate::Selected::known), with the MODSEQ of that earlier change;
    /// ascending by UID. Needed only where the client asked not to hear of the change.
    pub replaced: Vec<(Uid, ModSeq)>,
}

impl OwnChange {
    /// When the message had been changed before, where that is listed.
    pub(crate) fn replaced_of(&self, uid: Uid) -> Option<ModSeq> {
        let place = self.replaced.binary_search_by_key(&uid, |(uid, _)| *uid).ok()?;
        Some(self.replaced[place].1)
    }
}

/// A change of the connection's state.
pub enum Transition<H: Host> {
    /// Logged in (LOGIN, AUTHENTICATE).
    Authenticated(H::Account),
    /// A mailbox was selected (SELECT, EXAMINE). `data` has told its EXISTS, RECENT and FLAGS.
    Selected {
        /// The mailbox.
        mailbox: H::Mailbox,
        /// Its name.
        name: MailboxName,
        /// The version that `data` told of.
        snapshot: H::Snapshot,
        /// Messages of it that are recent in this session.
        recent: UidRanges,
        /// EXAMINE.
        read_only: bool,
    },
    /// No mailbox is selected any longer: CLOSE, UNSELECT, and a SELECT that failed
    /// (RFC 3501 §6.3.1).
    Unselected,
    /// DELETE of the mailbox that was selected when the command started: none is selected then.
    Deleted,
    /// LOGOUT: the machine writes the `* BYE` itself.
    LogOut,
    /// COMPRESS: behind its OK both directions are compressed.
    Compressed,
    /// UNAUTHENTICATE: everything but TLS is as it was when the connection was made.
    Unauthenticated,
    /// STARTTLS: after its OK the connection goes on under TLS, in a new session.
    StartTls,
}

/// How the octets behind a tagged OK are to be read and written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Layer {
    /// By DEFLATE (RFC 4978), in both directions. These octets were read behind COMPRESS already.
    Deflate(Bytes),
    /// As they are (RFC 8437 §4.1).
    Plain,
}

impl<H: Host> Outcome<H> {
    /// An outcome of nothing but a tagged reply.
    pub fn new(status: Status, code: Option<Code>, text: impl Into<ByteString>) -> Self {
        Self {
            status,
            text: ResponseText { code, text: text.into() },
            before: Bytes::new(),
            data: Bytes::new(),
            transition: None,
            saved: None,
            told: Vec::new(),
        }
    }

    /// `OK text`
    pub fn ok(text: impl Into<ByteString>) -> Self {
        Self::new(Status::Ok, None, text)
    }

    /// `NO text`
    pub fn no(code: Option<Code>, text: impl Into<ByteString>) -> Self {
        Self::new(Status::No, code, text)
    }

    /// `BAD text`
    pub fn bad(text: impl Into<ByteString>) -> Self {
        Self::new(Status::Bad, None, text)
    }

    /// With data directly before the tagged reply.
    #[must_use]
    pub fn with_data(mut self, data: impl Into<Bytes>) -> Self {
        self.data = data.into();
        self
    }

    /// With a change of state.
    #[must_use]
    pub fn with_transition(mut self, transition: Transition<H>) -> Self {
        self.transition = Some(Box::new(transition));
        self
    }

    /// With a saved result.
    #[must_use]
    pub fn with_saved(mut self, saved: UidRanges) -> Self {
        self.saved = Some(saved);
        self
    }

    /// With own changes that are not told again.
    #[must_use]
    pub fn with_told(mut self, told: Vec<OwnChange>) -> Self {
        self.told = told;
        self
    }
}
