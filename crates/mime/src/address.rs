//! Address lists (RFC 5322 §3.4), read leniently.

use std::borrow::Cow;

/// One member of an ENVELOPE address list (RFC 3501 §7.4.2). The bytes may be anything.
///
/// The start of a group has no host, and the group's name as mailbox; its end has neither.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Address<'a> {
    /// The display name; RFC 2047 words are left as they stand.
    pub name: Option<Cow<'a, [u8]>>,
    /// The source route ("at-domain-list") of obsolete syntax.
    pub route: Option<Cow<'a, [u8]>>,
    /// The local part, or the group's name.
    pub mailbox: Option<Cow<'a, [u8]>>,
    /// The domain. An address that lacks one has an empty host: `None` would start a group.
    pub host: Option<Cow<'a, [u8]>>,
}
