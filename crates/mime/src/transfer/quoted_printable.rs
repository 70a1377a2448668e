//! Quoted-printable (RFC 2045 §6.7), decoded from pieces cut anywhere.

use super::hex;
use memchr::memchr2;

/// Blanks that a soft line break may have before its line end: a line has at most 76 characters
/// (RFC 2045 §6.7 rule 5), a longer run is text. The bound keeps `= = = ...` linear.
const SOFT_BLANKS: usize = 78;

/// Blanks at a line's end that are taken for what transport added (rule 3); a longer run than a
/// line may be (RFC 5322 §2.1.1) is text. The bound is also what a decoder may have to hold back.
const LINE_BLANKS: usize = 998;

/// A decoder. What is no proper escape stays as it is.
#[derive(Clone, Debug, Default)]
pub(super) struct QuotedPrintable {
    /// The end of the last piece, of which the next one decides what it means.
    held: Vec<u8>,
    /// The last octet was a blank of a run too long to be the end of a line.
    in_long_run: bool,
}

impl QuotedPrintable {
    /// Appends what the next octets decode to.
    pub(super) fn feed(&mut self, octets: &[u8], out: &mut Vec<u8>) {
        if self.held.is_empty() {
            return self.decode(octets, out, false);
        }
        let mut all = std::mem::take(&mut self.held);
        all.extend_from_slice(octets);
        self.decode(&all, out, false);
    }

    /// Appends what was held back.
    pub(super) fn finish(mut self, out: &mut Vec<u8>) {
        let held = std::mem::take(&mut self.held);
        self.decode(&held, out, true);
    }

    fn decode(&mut self, octets: &[u8], out: &mut Vec<u8>, last: bool) {
        let mut rest = octets;
        if self.in_long_run {
            let run = blanks_at_start(rest);
            out.extend_from_slice(&rest[..run]);
            rest = &rest[run..];
            self.in_long_run = rest.is_empty();
        }
        while let Some(at) = memchr2(b'=', b'\n', rest) {
            if rest[at] == b'\n' {
                end_line(&rest[..at], out);
                rest = &rest[at + 1..];
                continue;
            }
            let behind = &rest[at + 1..];
            match Escape::read(behind, last) {
                Escape::Undecided => {
                    out.extend_from_slice(&rest[..at]);
                    self.held = rest[at..].to_vec();
                    return;
                }
                Escape::Octet(octet) => {
                    out.extend_from_slice(&rest[..at]);
                    out.push(octet);
                    rest = &behind[2..];
                }
                Escape::SoftBreak(length) => {
                    out.extend_from_slice(&rest[..at]);
                    rest = &behind[length..];
                }
                Escape::None => {
                    out.extend_from_slice(&rest[..=at]);
                    rest = behind;
                }
            }
        }
        self.end_piece(rest, out, last);
    }

    /// The end of a piece, without `=` and line ends.
    fn end_piece(&mut self, rest: &[u8], out: &mut Vec<u8>, last: bool) {
        let text = rest.strip_suffix(b"\r").unwrap_or(rest);
        let blanks = blanks_at_end(text);
        if last {
            // RFC 2045 §6.7 rule 3: also at the end of the last line.
            let kept = if blanks > LINE_BLANKS || text.len() < rest.len() { 0 } else { blanks };
            return out.extend_from_slice(&rest[..rest.len() - kept]);
        }
        if blanks > LINE_BLANKS {
            out.extend_from_slice(text);
            self.in_long_run = text.len() == rest.len();
            self.held = rest[text.len()..].to_vec();
            return;
        }
        out.extend_from_slice(&text[..text.len() - blanks]);
        self.held = rest[text.len() - blanks..].to_vec();
    }
}

/// A line without its LF: blanks at its end are not the writer's.
fn end_line(line: &[u8], out: &mut Vec<u8>) {
    let text = line.strip_suffix(b"\r").unwrap_or(line);
    let blanks = blanks_at_end(text);
    let dropped = if blanks > LINE_BLANKS { 0 } else { blanks };
    out.extend_from_slice(&text[..text.len() - dropped]);
    out.extend_from_slice(&line[text.len()..]);
    out.push(b'\n');
}

/// What stands behind `=`.
enum Escape {
    Octet(u8),
    /// So many octets up to the next line.
    SoftBreak(usize),
    None,
    /// More octets must be known.
    Undecided,
}

impl Escape {
    fn read(behind: &[u8], last: bool) -> Self {
        if let Some(octet) = hex(behind) {
            return Self::Octet(octet);
        }
        let window = &behind[..behind.len().min(SOFT_BLANKS + 2)];
        let blanks = blanks_at_start(window);
        if blanks > SOFT_BLANKS {
            return Self::None;
        }
        match &window[blanks..] {
            [b'\r', b'\n', ..] => Self::SoftBreak(blanks + 2),
            [b'\n', ..] => Self::SoftBreak(blanks + 1),
            [] if last => Self::SoftBreak(blanks),
            [] => Self::Undecided,
            [b'\r'] if !last => Self::Undecided,
            // The second digit may follow.
            [_] if blanks == 0 && !last => Self::Undecided,
            _ => Self::None,
        }
    }
}

fn blanks_at_start(octets: &[u8]) -> usize {
    octets.iter().take_while(|octet| matches!(octet, b' ' | b'\t')).count()
}

fn blanks_at_end(octets: &[u8]) -> usize {
    octets.iter().rev().take_while(|octet| matches!(octet, b' ' | b'\t')).count()
}
