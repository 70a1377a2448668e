//! The base subject: what SORT and THREAD compare of a Subject field (RFC 5256 §2.1).

/// The base subject of a decoded subject, and whether it was that of a reply or a forward
/// (RFC 5256 §3, REFERENCES). Takes time linear in its length.
pub(super) fn base(subject: &str) -> (String, bool) {
    // (1)
    let subject = single_spaces(subject);
    let mut rest = &subject[..];
    let mut reply = false;
    loop {
        rest = without_trailers(rest, &mut reply);
        rest = without_leaders(rest, &mut reply);
        // (6)
        let inner = strip_prefix(rest, "[fwd:").and_then(|rest| rest.strip_suffix(']'));
        match inner {
            Some(inner) => {
                reply = true;
                rest = inner;
            }
            None => return (rest.to_owned(), reply),
        }
    }
}

/// Tabs and line ends to spaces, several spaces to one.
fn single_spaces(subject: &str) -> String {
    let mut out = String::with_capacity(subject.len());
    for character in subject.chars() {
        let character = if matches!(character, '\t' | '\r' | '\n') { ' ' } else { character };
        if character != ' ' || !out.ends_with(' ') {
            out.push(character);
        }
    }
    out
}

/// Step (2): `subj-trailer = "(fwd)" / WSP`, as often as it is there.
fn without_trailers<'a>(subject: &'a str, reply: &mut bool) -> &'a str {
    let mut rest = subject.trim_end_matches(' ');
    while let Some(before) = strip_suffix(rest, "(fwd)") {
        *reply = true;
        rest = before.trim_end_matches(' ');
    }
    rest
}

/// Steps (3) to (5): leaders, and blobs that leave something behind them.
fn without_leaders<'a>(subject: &'a str, reply: &mut bool) -> &'a str {
    let mut rest = subject;
    loop {
        // subj-leader = (*subj-blob subj-refwd) / WSP
        rest = rest.trim_start_matches(' ');
        let (behind, last_blob) = skip_blobs(rest);
        if let Some(after) = strip_refwd(behind) {
            *reply = true;
            rest = after;
        } else if behind.is_empty() {
            // The last blob is the base, since it would otherwise be empty.
            return last_blob.unwrap_or(rest);
        } else if last_blob.is_some() {
            // No leader begins with any of these blobs, so step (4) takes them one by one.
            rest = behind;
        } else {
            return rest;
        }
    }
}

/// What stands behind `*subj-blob`, and the text from the last blob on.
///
/// subj-blob = "[" *BLOBCHAR "]" *WSP ; BLOBCHAR: any but "[" and "]"
fn skip_blobs(subject: &str) -> (&str, Option<&str>) {
    let (mut rest, mut last) = (subject, None);
    while let Some(after) = strip_blob(rest) {
        last = Some(rest);
        rest = after;
    }
    (rest, last)
}

fn strip_blob(subject: &str) -> Option<&str> {
    let inner = subject.strip_prefix('[')?;
    let end = inner.find(['[', ']']).filter(|end| inner[*end..].starts_with(']'))?;
    Some(inner[end + 1..].trim_start_matches(' '))
}

/// subj-refwd = ("re" / ("fw" ["d"])) *WSP [subj-blob] ":"
fn strip_refwd(subject: &str) -> Option<&str> {
    ["re", "fwd", "fw"].into_iter().find_map(|word| {
        let rest = strip_prefix(subject, word)?.trim_start_matches(' ');
        strip_blob(rest).unwrap_or(rest).strip_prefix(':')
    })
}

fn strip_prefix<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let head = text.get(..prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then(|| &text[prefix.len()..])
}

fn strip_suffix<'a>(text: &'a str, suffix: &str) -> Option<&'a str> {
    let at = text.len().checked_sub(suffix.len())?;
    text.get(at..)?.eq_ignore_ascii_case(suffix).then(|| &text[..at])
}

#[cfg(test)]
mod tests {
    use super::base;

    #[test]
    fn artifacts_are_taken_off() {
        for (subject, expected, reply) in [
            ("", "", false),
            ("hello", "hello", false),
            ("Re: hello", "hello", true),
            ("re [2]: Hello", "Hello", true),
            ("FW :hello", "hello", true),
            ("fwd: RE:  fw[x]:hello", "hello", true),
            ("hello (fwd) ( FWD)", "hello (fwd) ( FWD)", false),
            ("hello (fwd) (Fwd) ", "hello", true),
            ("[list] hello", "hello", false),
            ("[list] Re: [list] hello", "hello", true),
            ("[list]", "[list]", false),
            ("[a] [b] ", "[b]", false),
            ("Re: [b]", "[b]", true),
            ("[a[b]] x", "[a[b]] x", false),
            ("[fwd: hello]", "hello", true),
            ("[Fwd: Re: [list] hello (fwd)]", "hello", true),
            ("[fwd: [fwd: x]]", "x", true),
            ("[fwd: x] y", "y", false),
            ("a\tb\r\n  c", "a b c", false),
            ("Re:", "", true),
            ("Reply: x", "Reply: x", false),
            ("re x: y", "re x: y", false),
            ("\u{e9}(fwd)", "\u{e9}", true),
        ] {
            assert_eq!(base(subject), (expected.to_owned(), reply), "{subject:?}");
        }
    }

    /// A subject of nothing but artifacts costs no more than its length.
    #[test]
    fn long_subjects_end() {
        for part in ["[a]", "re:", "(fwd)", "[fwd:", "[", "re[a]:", " "] {
            base(&part.repeat(200_000));
            base(&format!("{}x", part.repeat(200_000)));
        }
        base(&format!("{}x{}", "[fwd:".repeat(100_000), "]".repeat(100_000)));
    }
}
