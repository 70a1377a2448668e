//! Patterns of expected responses, and octets written as text.

use std::collections::HashMap;

/// Values captured so far.
pub type Variables = HashMap<String, String>;

/// The octets that a script's text stands for: `%{0D}` is one octet, all else is itself.
pub fn octets(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("%{") {
        out.extend(&rest.as_bytes()[..at]);
        let hex = rest.get(at + 2..at + 4).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match (hex, rest.as_bytes().get(at + 4)) {
            (Some(octet), Some(b'}')) => {
                out.push(octet);
                rest = &rest[at + 5..];
            }
            _ => {
                out.extend(b"%{");
                rest = &rest[at + 2..];
            }
        }
    }
    out.extend(rest.as_bytes());
    out
}

/// The text of octets, the other way round.
pub fn show(octets: &[u8]) -> String {
    let mut out = String::with_capacity(octets.len());
    for &octet in octets {
        match octet {
            b' '..=b'~' => out.push(char::from(octet)),
            _ => out.push_str(&format!("%{{{octet:02X}}}")),
        }
    }
    out
}

/// Fills `$name` with its value; an unknown name stays.
pub fn fill(octets: &[u8], variables: &Variables) -> Vec<u8> {
    let mut out = Vec::with_capacity(octets.len());
    let mut rest = octets;
    while let Some(at) = rest.iter().position(|&octet| octet == b'$') {
        out.extend(&rest[..at]);
        let name = variable_name(&rest[at + 1..]);
        match variables.get(name) {
            Some(value) if !name.is_empty() => {
                out.extend(value.as_bytes());
                rest = &rest[at + 1 + name.len()..];
            }
            _ => {
                out.push(b'$');
                rest = &rest[at + 1..];
            }
        }
    }
    out.extend(rest);
    out
}

/// Whether the response (as [`show`] gives it) is what the pattern says; captures on success.
pub fn matches(pattern: &str, response: &str, variables: &mut Variables) -> bool {
    let mut captured = variables.clone();
    let matched = matches_from(pattern.as_bytes(), response.as_bytes(), &mut captured);
    if matched {
        *variables = captured;
    }
    matched
}

fn matches_from(pattern: &[u8], response: &[u8], variables: &mut Variables) -> bool {
    if let Some(rest) = pattern.strip_prefix(b"...") {
        return (0..=response.len()).any(|skip| {
            let mut attempt = variables.clone();
            let matched = matches_from(rest, &response[skip..], &mut attempt);
            if matched {
                *variables = attempt;
            }
            matched
        });
    }
    let Some((&first, rest)) = pattern.split_first() else { return response.is_empty() };
    let name = if first == b'$' { variable_name(rest) } else { "" };
    // Lower-case names are variables; `$Forwarded` is a keyword.
    if !name.is_empty() {
        let rest = &rest[name.len()..];
        let end = response.iter().position(|octet| b" ])(".contains(octet));
        let value =
            String::from_utf8_lossy(&response[..end.unwrap_or(response.len())]).into_owned();
        let known = variables.entry(name.to_owned()).or_insert_with(|| value.clone());
        return !value.is_empty()
            && *known == value
            && matches_from(rest, &response[value.len()..], variables);
    }
    match response.split_first() {
        Some((&octet, response)) if octet == first => matches_from(rest, response, variables),
        _ => false,
    }
}

/// The lower-case name at the beginning; empty when there is none.
fn variable_name(text: &[u8]) -> &str {
    let end = text.iter().position(|b| !b.is_ascii_lowercase() && !b.is_ascii_digit());
    let name = &text[..end.unwrap_or(text.len())];
    std::str::from_utf8(name).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_skip_capture_and_compare() {
        let mut variables = Variables::new();
        assert!(matches(
            "a1 OK [APPENDUID $v $u] ...",
            "a1 OK [APPENDUID 7 12] Done",
            &mut variables
        ));
        assert_eq!(variables["u"], "12");
        assert!(matches("* $u EXISTS", "* 12 EXISTS", &mut variables));
        assert!(!matches("* $u EXISTS", "* 13 EXISTS", &mut variables));
        assert!(matches("* FLAGS ($Forwarded ...)", "* FLAGS ($Forwarded x)", &mut variables));
        assert_eq!(fill(b"a UID FETCH $u $X", &variables), b"a UID FETCH 12 $X");
        assert_eq!(octets("a%{0D}%{0A}b"), b"a\r\nb");
        assert_eq!(show(b"a\r\n"), "a%{0D}%{0A}");
    }
}
