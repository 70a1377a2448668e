//! EXPUNGE (RFC 3501).

use crate::UidSet;

/// The EXPUNGE command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Expunge {
    /// `UID EXPUNGE` (RFC 4315 §2.1): only these; `None` for all.
    pub uids: Option<UidSet>,
}
