//! Words of a server that may be shown to a person.

use bytestring::ByteString;
use peregrine_proto::response::ResponseText;

/// The text without control characters, so that it cannot steer a terminal (ESC, and the C1
/// controls that some take for it too). Other text comes back as it is.
pub(crate) fn plain(text: &str) -> ByteString {
    if text.chars().any(char::is_control) {
        let shown = |c: char| if c.is_control() { '\u{FFFD}' } else { c };
        return text.chars().map(shown).collect::<String>().into();
    }
    ByteString::from(text)
}

/// The same for code and words.
pub(crate) fn plain_text(text: ResponseText) -> ResponseText {
    ResponseText { text: plain(&text.text), code: text.code }
}
