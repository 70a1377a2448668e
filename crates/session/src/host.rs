//! What the machine must know of the mail behind it: names for an account and a mailbox, and an
//! immutable version of a mailbox.

use peregrine_proto::{ModSeq, Uid};

/// The kinds of value that the caller hands in and gets back; the machine never looks into
/// an account or a mailbox.
pub trait Host: 'static {
    /// Who is logged in. Cloning is cheap.
    type Account: Clone;
    /// An open mailbox. Cloning is cheap.
    type Mailbox: Clone;
    /// A version of a mailbox.
    type Snapshot: Snapshot;
}

/// An immutable version of a mailbox. Cloning is cheap (an `Arc`).
pub trait Snapshot: Clone + 'static {
    /// How many messages there are.
    fn exists(&self) -> u32;
    /// The UID at a 0-based index; UIDs ascend.
    fn uid_at(&self, index: u32) -> Option<Uid>;
    /// The 0-based index of a UID, or where it would stand, as `binary_search` tells it.
    fn index_of(&self, uid: Uid) -> Result<u32, u32>;
    /// HIGHESTMODSEQ: equal means identical, greater means newer.
    fn mod_seq(&self) -> ModSeq;
    /// When the message changed last; `None` where there is none with this UID.
    fn mod_seq_of(&self, uid: Uid) -> Option<ModSeq>;
    /// What changed since `older`, a version of the same mailbox.
    fn difference(&self, older: &Self) -> Difference;
    /// Writes a message's `flag-list` as it stands on the wire, with its parentheses;
    /// `recent` adds `\Recent`.
    fn write_flags(&self, uid: Uid, recent: bool, out: &mut Vec<u8>);
    /// Writes the `flag-list` of all flags that occur in the mailbox, with its parentheses.
    fn write_flag_names(&self, out: &mut Vec<u8>);
}

/// What changed between two versions of a mailbox.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Messages of the older version that are gone, ascending.
    pub expunged: Vec<Uid>,
    /// Messages of both whose flags changed, ascending by UID, with their present MODSEQ.
    pub changed: Vec<(Uid, ModSeq)>,
    /// Messages came.
    pub arrived: bool,
    /// Keywords appeared that the older version did not have.
    pub keywords: bool,
}
