//! STORE (RFC 3501).

use super::Messages;
use crate::Flag;
use smallvec::SmallVec;

/// The STORE command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Store {
    /// Which messages.
    pub messages: Messages,
    /// Add, remove or replace.
    pub action: StoreAction,
    /// `.SILENT`: don't answer with the new flags.
    pub silent: bool,
    /// The flags; may be empty.
    pub flags: SmallVec<[Flag; 4]>,
}

/// What STORE does with its flags.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum StoreAction {
    /// `FLAGS`
    Replace,
    /// `+FLAGS`
    Add,
    /// `-FLAGS`
    Remove,
}
