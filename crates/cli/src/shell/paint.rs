//! Responses for a screen or a script.

use peregrine_client::proto::{Response, Status};

use crate::output;

/// How to show.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Style {
    /// With colours.
    pub colours: bool,
    /// Lines of one response that are shown.
    pub lines: usize,
    /// Octets as they are: nothing of them can drive a terminal.
    pub verbatim: bool,
}

/// Colours of tags, in turn: ANSI codes.
const COLOURS: [u8; 6] = [36, 35, 34, 33, 32, 96];

/// A response with its line's end.
pub fn response(octets: &[u8], parsed: Option<&Response>, style: Style) -> String {
    let text = String::from_utf8_lossy(octets).replace("\r\n", "\n");
    if style.verbatim {
        return text + "\n";
    }
    let text = output::printable_text(&text);
    let mut lines: Vec<&str> = text.split('\n').collect();
    let hidden = lines.len().saturating_sub(style.lines);
    if hidden > 1 {
        lines.truncate(style.lines);
    }
    let mut shown = lines.join("\n");
    if style.colours {
        shown = painted(&shown, parsed);
    }
    match hidden {
        0 | 1 => {}
        hidden => shown.push_str(&format!("\n  … {hidden} more lines (--full shows all)")),
    }
    shown.push('\n');
    shown
}

/// The tag in its colour, the result in that of its kind, `*` and `+` dimly.
fn painted(text: &str, parsed: Option<&Response>) -> String {
    let (first, rest) = text.split_once(' ').unwrap_or((text, ""));
    let status = match parsed {
        Some(Response::Tagged { status, .. } | Response::Condition { status, .. }) => Some(*status),
        _ => None,
    };
    let first = match first {
        "*" | "+" => format!("\x1b[2m{first}\x1b[0m"),
        tag => coloured(tag),
    };
    let rest = match (status, rest.split_once(' ')) {
        (Some(status), Some((word, rest))) => {
            let colour = match status {
                Status::Ok => 32,
                Status::No => 33,
                Status::Bad => 31,
            };
            format!("\x1b[{colour}m{word}\x1b[0m {rest}")
        }
        _ => rest.to_owned(),
    };
    format!("{first} {rest}")
}

/// A tag always has the same colour; neighbours have different ones.
pub fn coloured(tag: &str) -> String {
    let digits: String = tag.chars().filter(char::is_ascii_digit).collect();
    let number = digits.parse().unwrap_or_else(|_| tag.bytes().map(usize::from).sum::<usize>());
    format!("\x1b[1;{}m{tag}\x1b[0m", COLOURS[number % COLOURS.len()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_responses_are_cut_and_nothing_drives_the_terminal() {
        let style = Style { colours: false, lines: 2, verbatim: false };
        assert_eq!(response(b"* OK a\x1b[2J", None, style), "* OK a\\u{1b}[2J\n");
        let long = response(b"* 1 FETCH {9}\r\n1\r\n2\r\n3\r\n4)", None, style);
        assert_eq!(long, "* 1 FETCH {9}\n1\n  … 3 more lines (--full shows all)\n");
        let verbatim = Style { verbatim: true, ..style };
        assert_eq!(response(b"* x\r\ny\r\nz\x1b", None, verbatim), "* x\ny\nz\x1b\n");
    }
}
