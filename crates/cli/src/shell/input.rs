//! What was typed: a command with its tag, and where its literals come from.

use std::path::PathBuf;

/// Commands by name: what makes a first word a command and no tag.
pub const COMMANDS: [&str; 50] = [
    "APPEND",
    "AUTHENTICATE",
    "CAPABILITY",
    "CHECK",
    "CLOSE",
    "COMPRESS",
    "COPY",
    "CREATE",
    "DELETE",
    "DELETEACL",
    "ENABLE",
    "EXAMINE",
    "EXPUNGE",
    "FETCH",
    "GETACL",
    "GETMETADATA",
    "GETQUOTA",
    "GETQUOTAROOT",
    "ID",
    "IDLE",
    "LIST",
    "LISTRIGHTS",
    "LOGIN",
    "LOGOUT",
    "LSUB",
    "MOVE",
    "MYRIGHTS",
    "NAMESPACE",
    "NOOP",
    "NOTIFY",
    "RENAME",
    "REPLACE",
    "SEARCH",
    "SELECT",
    "SETACL",
    "SETMETADATA",
    "SETQUOTA",
    "SORT",
    "STARTTLS",
    "STATUS",
    "STORE",
    "SUBSCRIBE",
    "THREAD",
    "UID",
    "UNAUTHENTICATE",
    "UNSELECT",
    "UNSUBSCRIBE",
    "XLIST",
    "GENURLAUTH",
    "RESETKEY",
];

/// A command that was typed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Typed {
    /// The tag, if one was typed.
    pub tag: Option<String>,
    /// Its name in capitals, without `UID`.
    pub name: String,
    /// Text and literals in turn.
    pub pieces: Vec<Piece>,
}

/// A piece of a command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Piece {
    /// As typed.
    Text(String),
    /// `{<FILE}`: a literal with what a file holds.
    File(PathBuf),
    /// `{}`: a literal that is asked for.
    Ask,
    /// `{123}` at the end: a literal of so many octets, which follow, and then the command's rest.
    Counted(usize),
}

/// Longest literal that is typed, in octets; larger ones come from files.
const LONGEST: usize = 64 << 20;

/// Takes a line apart; `None` where it is empty.
pub fn parse(line: &str) -> Option<Result<Typed, String>> {
    let line = line.trim_end_matches(['\r', '\n']).trim_start();
    if line.trim().is_empty() {
        return None;
    }
    let mut words = line.splitn(3, ' ');
    let (first, second) = (words.next().unwrap_or_default(), words.next());
    let known = |word: &str| COMMANDS.iter().any(|name| name.eq_ignore_ascii_case(word));
    // Where the first word is a command, so is the line, whatever comes after it.
    let tagged = !known(first) && second.is_some_and(known);
    let (tag, rest) = match tagged {
        true => (Some(first.to_owned()), line[first.len()..].trim_start()),
        false => (None, line),
    };
    if tag.as_deref().is_some_and(|tag| !is_tag(tag)) {
        return Some(Err(format!("`{first}` cannot be a tag")));
    }
    Some(pieces(rest).map(|pieces| Typed { tag, name: name(rest), pieces }))
}

/// Whether what was typed holds a secret and must not be kept.
pub fn is_secret(line: &str) -> bool {
    // Also where it could not be understood: a password that was mistyped is one still.
    let words = line.split_whitespace().take(3);
    let mut words = words.map(str::to_ascii_uppercase);
    words.any(|word| {
        ["LOGIN", "AUTHENTICATE", "SETMETADATA"].iter().any(|secret| word.starts_with(secret))
    })
}

/// The text of a literal as it is sent: lines end in CRLF.
pub fn with_crlf(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 16);
    for (index, octet) in text.iter().enumerate() {
        if *octet == b'\n' && (index == 0 || text[index - 1] != b'\r') {
            out.push(b'\r');
        }
        out.push(*octet);
    }
    out
}

/// Splits what stands behind the tag.
pub fn pieces(text: &str) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut quoted = false;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let end = rest.find('}').filter(|_| c == '{' && !quoted);
        let literal = end.and_then(|end| Some((literal(&rest[1..end], &rest[end + 1..])?, end)));
        if let Some((piece, end)) = literal {
            pieces.push(Piece::Text(std::mem::take(&mut plain)));
            pieces.push(piece?);
            rest = &rest[end + 1..];
            continue;
        }
        if quoted && c == '\\' {
            plain.push(c);
            rest = &rest[1..];
            let Some(escaped) = rest.chars().next() else { break };
            plain.push(escaped);
            rest = &rest[escaped.len_utf8()..];
            continue;
        }
        quoted ^= c == '"';
        plain.push(c);
        rest = &rest[c.len_utf8()..];
    }
    pieces.push(Piece::Text(plain));
    Ok(pieces)
}

/// What stands in braces; `None` where it is no literal.
fn literal(inside: &str, after: &str) -> Option<Result<Piece, String>> {
    if inside.is_empty() {
        return Some(Ok(Piece::Ask));
    }
    if let Some(path) = inside.strip_prefix('<') {
        return Some(match path.trim() {
            "" => Err("name a file: {<letter.eml}".to_owned()),
            path => Ok(Piece::File(PathBuf::from(path))),
        });
    }
    let digits = inside.strip_suffix('+').unwrap_or(inside);
    if !after.is_empty() || !digits.bytes().all(|octet| octet.is_ascii_digit()) {
        return None;
    }
    let count = digits.parse().ok().filter(|count| *count <= LONGEST);
    Some(count.map(Piece::Counted).ok_or_else(|| "the literal is too long to type".to_owned()))
}

fn name(rest: &str) -> String {
    let mut words = rest.split_whitespace().map(str::to_ascii_uppercase);
    match words.next() {
        Some(first) if first == "UID" => words.next().unwrap_or(first),
        first => first.unwrap_or_default(),
    }
}

/// RFC 3501 §9: any ASTRING-CHAR but `+`.
fn is_tag(tag: &str) -> bool {
    let right = |c: char| c.is_ascii_graphic() && !"(){%*\"\\+".contains(c);
    !tag.is_empty() && tag.len() <= 64 && tag.chars().all(right)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Typed {
        parse(line).unwrap().unwrap()
    }

    fn text(text: &str) -> Piece {
        Piece::Text(text.to_owned())
    }

    #[test]
    fn tags_are_told_from_commands() {
        for (line, tag, name) in [
            ("noop", None, "NOOP"),
            ("a7 noop", Some("a7"), "NOOP"),
            ("uid fetch 1 flags", None, "FETCH"),
            ("x UID fetch 1 flags", Some("x"), "FETCH"),
            ("select list", None, "SELECT"),
            ("xyz 1", None, "XYZ"),
            ("  noop \r\n", None, "NOOP"),
        ] {
            let typed = parsed(line);
            assert_eq!((typed.tag.as_deref(), typed.name.as_str()), (tag, name), "{line}");
        }
        assert!(parse(" \n").is_none());
        assert!(parse("+ noop").unwrap().is_err());
    }

    #[test]
    fn literals_are_found_where_they_can_stand() {
        assert_eq!(
            parsed("append x {<a b.eml}").pieces,
            [text("append x "), Piece::File("a b.eml".into()), text("")]
        );
        assert_eq!(
            parsed("append {} ({}").pieces,
            [text("append "), Piece::Ask, text(" ("), Piece::Ask, text("")]
        );
        assert_eq!(parsed("login {3+}").pieces, [text("login "), Piece::Counted(3), text("")]);
        for plain in ["select \"{}\"", "select {x}", "select \"a\\\"{}\"", "select {3} x"] {
            assert_eq!(parsed(plain).pieces, [text(plain)], "{plain}");
        }
        assert!(parse("append x {99999999999}").unwrap().is_err());
    }

    /// What is kept in a file must not hold passwords, not even of lines that make no sense.
    #[test]
    fn secrets_are_known() {
        for secret in ["login a b", "x LOGIN a b", "a authenticate PLAIN x", "xx y login a"] {
            assert!(is_secret(secret), "{secret}");
        }
        assert!(!is_secret("select INBOX") && !is_secret("fetch 1:5 flags login"));
    }
}
