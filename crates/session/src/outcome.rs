//! How a job ended: its tagged reply, what goes before it, and what it changes in the connection.

use crate::Host;
use bytes::Bytes;
use bytestring::ByteString;
use peregrine_proto::number::UidRanges;
use peregrine_proto::response::ResponseText;
use peregrine_proto::{Code, MailboxName, ModSeq, Status};

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
    pub transition: Option<Transition<H>>,
    /// What `$` means from now on (RFC 5182), after a SEARCH that saves its result; without it, such
    /// a SEARCH that is answered NO leaves `$` empty.
    pub saved: Option<UidRanges>,
    /// MODSEQs of this command's own changes whose flags `data` or a block tells, or that the
    /// client asked not to hear (STORE .SILENT): they are not told again as updates.
    pub told: Vec<ModSeq>,
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
    /// LOGOUT: the machine writes the `* BYE` itself.
    LogOut,
    /// STARTTLS: after its OK the connection goes on under TLS, in a new session.
    StartTls,
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
        self.transition = Some(transition);
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
    pub fn with_told(mut self, told: Vec<ModSeq>) -> Self {
        self.told = told;
        self
    }
}
