//! Character sets to UTF-8: those of the WHATWG Encoding Standard, more of their names, UTF-7, and
//! code page 850.

use encoding_rs::{Encoding, WINDOWS_1252};

/// Decodes text of a named character set; `None` when the character set is not known. Malformed
/// input gives replacement characters, not an error: the caller searches it.
///
/// ```
/// use peregrine_mime::charset_to_utf8;
/// assert_eq!(charset_to_utf8(b"ISO-8859-1", b"caf\xe9").as_deref(), Some("café"));
/// assert_eq!(charset_to_utf8(b"no-such-charset", b"x"), None);
/// ```
pub fn charset_to_utf8(charset: &[u8], bytes: &[u8]) -> Option<String> {
    if UTF_7.iter().any(|name| charset.eq_ignore_ascii_case(name)) {
        return Some(utf_7(bytes));
    }
    if CP_850.iter().any(|name| charset.eq_ignore_ascii_case(name)) {
        return Some(cp_850(bytes));
    }
    Some(encoding(charset)?.decode(bytes).0.into_owned())
}

/// Decodes text whose character set may be missing, unknown or wrong. In US-ASCII, and where
/// nothing is known, text is UTF-8 if it can be, and else Windows-1252, the superset of Latin-1.
pub(crate) fn decode_leniently(charset: Option<&[u8]>, bytes: &[u8]) -> String {
    // A language may follow the name (RFC 2231 §5); blanks and quotes come from broken writers.
    let charset = charset.unwrap_or_default().split(|&b| b == b'*').next().unwrap_or_default();
    let charset = charset.trim_ascii();
    let ascii = [&b"us-ascii"[..], b"ascii", b"ansi_x3.4-1968"];
    if !ascii.iter().any(|name| charset.eq_ignore_ascii_case(name))
        && let Some(text) = charset_to_utf8(charset, bytes)
    {
        return text;
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned(),
    }
}

const UTF_7: [&[u8]; 3] = [b"utf-7", b"unicode-1-1-utf-7", b"csunicode11utf7"];

/// Names that occur in mail and that the Encoding Standard lacks.
const OTHER_NAMES: [(&str, &str); 14] = [
    ("646", "us-ascii"),
    ("cp932", "shift_jis"),
    ("cp936", "gbk"),
    ("ms936", "gbk"),
    ("windows-936", "gbk"),
    ("cp949", "euc-kr"),
    ("ms949", "euc-kr"),
    ("cp950", "big5"),
    ("utf-8-mac", "utf-8"),
    ("iso-2022-jp-1", "iso-2022-jp"),
    ("iso-2022-jp-2", "iso-2022-jp"),
    ("iso-2022-jp-3", "iso-2022-jp"),
    ("iso-2022-jp-ms", "iso-2022-jp"),
    ("cp874", "windows-874"),
];

const CP_850: [&[u8]; 4] = [b"cp850", b"ibm850", b"850", b"cspc850multilingual"];

/// What the octets from 0x80 on mean in code page 850, which DOS wrote in Western Europe.
const CP_850_UPPER: &str = "\
     ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒ\
     áíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐\
     └┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀\
     ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u{ad}±‗¾¶§÷¸°¨·¹³²■\u{a0}\
     ";

fn cp_850(bytes: &[u8]) -> String {
    let upper: Vec<char> = CP_850_UPPER.chars().collect();
    let character = |octet: &u8| match octet.checked_sub(0x80) {
        Some(place) => upper.get(usize::from(place)).copied().unwrap_or_default(),
        None => char::from(*octet),
    };
    bytes.iter().map(character).collect()
}

fn encoding(charset: &[u8]) -> Option<&'static Encoding> {
    Encoding::for_label_no_replacement(charset).or_else(|| {
        let mut names = OTHER_NAMES.iter();
        let (_, name) = names.find(|(name, _)| charset.eq_ignore_ascii_case(name.as_bytes()))?;
        Encoding::for_label_no_replacement(name.as_bytes())
    })
}

/// Decodes UTF-7 (RFC 2152): `+` begins a run of base64 in UTF-16, which `-` or any octet outside
/// the alphabet ends; `+-` is a plus.
fn utf_7(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(plus) = memchr::memchr(b'+', rest) {
        out.push_str(&String::from_utf8_lossy(&rest[..plus]));
        rest = &rest[plus + 1..];
        let inside = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/');
        let len = rest.iter().position(|b| !inside(b)).unwrap_or(rest.len());
        if len == 0 {
            out.push('+');
        }
        let octets = crate::transfer::base64(&rest[..len]);
        let units = octets.chunks_exact(2).map(|unit| u16::from_be_bytes([unit[0], unit[1]]));
        out.extend(char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)));
        rest = &rest[len..];
        rest = rest.strip_prefix(b"-").unwrap_or(rest);
    }
    out.push_str(&String::from_utf8_lossy(rest));
    out
}
