//! FETCH (RFC 3501).

use super::Messages;
use crate::{Partial, Section};
use smallvec::SmallVec;

/// The FETCH command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fetch {
    /// Which messages.
    pub messages: Messages,
    /// What to tell, macros (ALL, FAST, FULL) expanded; at least one.
    pub items: SmallVec<[FetchItem; 4]>,
}

/// `fetch-att`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum FetchItem {
    /// `ENVELOPE`
    Envelope,
    /// `FLAGS`
    Flags,
    /// `INTERNALDATE`
    InternalDate,
    /// `RFC822`: as `BODY[]`, under its own name.
    Rfc822,
    /// `RFC822.HEADER`: as `BODY.PEEK[HEADER]`.
    Rfc822Header,
    /// `RFC822.SIZE`
    Rfc822Size,
    /// `RFC822.TEXT`: as `BODY[TEXT]`.
    Rfc822Text,
    /// `BODY`: the structure without extension data.
    Body,
    /// `BODYSTRUCTURE`
    BodyStructure,
    /// `UID`
    Uid,
    /// `BODY[section]<partial>` or `BODY.PEEK[…]`.
    BodySection {
        /// Don't set \Seen.
        peek: bool,
        /// Which part and text.
        section: Section,
        /// Which octets of it.
        partial: Option<Partial>,
    },
}
