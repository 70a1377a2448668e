//! Modified UTF-7 (RFC 3501 §5.1.3): strict, so that no mailbox has two spellings in it.

/// Decodes. `None` where the text needs no decoding: printable ASCII without `&`.
///
/// Octets above 0x7F are taken as UTF-8: many clients send names so, although RFC 3501 asks for
/// modified UTF-7, and such a name can mean nothing else.
///
/// # Errors
/// A clause that says what is wrong.
pub fn decode(text: &[u8]) -> Result<Option<String>, &'static str> {
    if text.iter().all(|byte| matches!(byte, b' '..=b'~') && *byte != b'&') {
        return Ok(None);
    }
    let text = std::str::from_utf8(text).map_err(|_| "the name is not UTF-8")?;
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    let mut after_shift = false;
    while let Some(shift) = rest.find('&') {
        decoded.push_str(&rest[..shift]);
        let (base64, after) = rest[shift + 1..]
            .split_once('-')
            .ok_or("`&` begins modified UTF-7, which must end with `-`; `&-` stands for `&`")?;
        if base64.is_empty() {
            decoded.push('&');
        } else if after_shift && shift == 0 {
            return Err("modified UTF-7 must not end and begin again without a character between");
        } else {
            decode_shifted(base64.as_bytes(), &mut decoded)?;
        }
        after_shift = !base64.is_empty();
        rest = after;
    }
    decoded.push_str(rest);
    Ok(Some(decoded))
}

/// Decodes what stands between `&` and `-`: base64 of UTF-16, padded with zero bits.
fn decode_shifted(base64: &[u8], decoded: &mut String) -> Result<(), &'static str> {
    let mut units = Vec::with_capacity(base64.len() * 6 / 16);
    let (mut bits, mut count) = (0u32, 0u32);
    for byte in base64 {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b',' => 63,
            _ => return Err("modified UTF-7 holds a character that is not base64"),
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 16 {
            count -= 16;
            units.push((bits >> count) as u16);
            bits &= (1 << count) - 1;
        }
    }
    if units.is_empty() || count >= 6 || bits != 0 {
        return Err("modified UTF-7 does not end at a whole character");
    }
    for unit in char::decode_utf16(units) {
        match unit {
            Ok(' '..='~') => return Err("modified UTF-7 must not encode printable ASCII"),
            Ok(character) => decoded.push(character),
            Err(_) => return Err("modified UTF-7 holds half of a surrogate pair"),
        }
    }
    Ok(())
}

/// Encodes. `None` where the text needs no encoding: printable ASCII without `&`.
pub fn encode(text: &str) -> Option<String> {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'&') {
        return None;
    }
    let mut encoded = String::with_capacity(text.len() + 8);
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let plain = matches!(first, ' '..='~');
        let end = rest.find(|c: char| matches!(c, ' '..='~') != plain).unwrap_or(rest.len());
        let (run, after) = rest.split_at(end);
        if plain {
            encoded.push_str(&run.replace('&', "&-"));
        } else {
            encode_shifted(run, &mut encoded);
        }
        rest = after;
    }
    Some(encoded)
}

/// Writes `&`, base64 of UTF-16 padded with zero bits, `-`.
fn encode_shifted(run: &str, encoded: &mut String) {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";
    let letter = |value: u32| char::from(ALPHABET[(value & 63) as usize]);
    let (mut bits, mut count) = (0u32, 0u32);
    encoded.push('&');
    for unit in run.encode_utf16() {
        bits = bits << 16 | u32::from(unit);
        count += 16;
        while count >= 6 {
            count -= 6;
            encoded.push(letter(bits >> count));
        }
        bits &= (1 << count) - 1;
    }
    if count > 0 {
        encoded.push(letter(bits << (6 - count)));
    }
    encoded.push('-');
}

#[cfg(test)]
mod tests {
    use super::{decode, encode};

    #[test]
    fn known_names_both_ways() {
        // The first is RFC 3501's own example (§5.1.3).
        for (wire, name) in [
            ("~peter/mail/&U,BTFw-/&ZeVnLIqe-", "~peter/mail/台北/日本語"),
            ("Entw&APw-rfe", "Entwürfe"),
            ("a&-b", "a&b"),
            ("&-&AOQ-&-", "&ä&"),
            ("&2D3eAA-", "😀"),
        ] {
            assert_eq!(decode(wire.as_bytes()).unwrap().as_deref(), Some(name));
            assert_eq!(encode(name).as_deref(), Some(wire));
        }
        assert_eq!((decode(b"plain name"), encode("plain name")), (Ok(None), None));
        assert_eq!(decode("schön".as_bytes()).unwrap().as_deref(), Some("schön"));
    }

    #[test]
    fn t19_a_second_spelling_is_refused() {
        for wrong in [
            "&",
            "a&",
            "&AOQ",
            "&AGE-",
            "&AOQ-&APY-",
            "&2D0-",
            "&3gA-",
            "&A-",
            "&AO-",
            "&AOR-",
            "&AOQA-",
            "&AOQ=-",
            "&AO/-",
            "& -",
        ] {
            assert!(decode(wrong.as_bytes()).is_err(), "{wrong}");
        }
        assert!(decode(b"\xff").is_err());
    }
}
