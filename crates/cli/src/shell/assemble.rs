//! From what was typed to what is sent: literals read from files or asked for.

use super::input::{Piece, pieces, with_crlf};
use super::talk::Part;

/// Where further lines come from.
pub trait Lines {
    /// The next line without its end; `None` at the end.
    fn line(&mut self, prompt: &str) -> Option<String>;
    /// Exactly so many octets; `None` where there are fewer.
    fn octets(&mut self, count: usize) -> Option<Vec<u8>>;
}

/// Most literals of one command: nobody types more.
const MOST: usize = 64;

/// Gets every literal of a command.
pub fn assemble(typed: Vec<Piece>, lines: &mut dyn Lines) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    let mut waiting: std::collections::VecDeque<Piece> = typed.into();
    while let Some(piece) = waiting.pop_front() {
        if parts.len() > MOST {
            return Err("too many literals".to_owned());
        }
        parts.push(match piece {
            Piece::Text(text) => Part::Text(text),
            Piece::File(path) => {
                let octets = std::fs::read(&path)
                    .map_err(|error| format!("cannot use {}: {error}", path.display()))?;
                Part::Literal(with_crlf(&octets))
            }
            Piece::Ask => Part::Literal(asked(lines)?),
            Piece::Counted(count) => {
                let octets = lines.octets(count).ok_or("the literal ends early")?;
                // The command goes on behind it, and may have further literals.
                let rest = lines.line("").ok_or("the command ends within a literal")?;
                waiting = pieces(&rest)?.into();
                Part::Literal(octets)
            }
        });
    }
    Ok(parts)
}

/// Lines up to one that is a dot; a dot at a line's beginning is doubled, as in mail transfer.
fn asked(lines: &mut dyn Lines) -> Result<Vec<u8>, String> {
    let mut octets = Vec::new();
    loop {
        let line = lines.line("literal, ended by a line with a dot> ");
        let line = line.ok_or("the literal was not ended; nothing was sent")?;
        if line == "." {
            return Ok(octets);
        }
        octets.extend_from_slice(line.strip_prefix('.').unwrap_or(&line).as_bytes());
        octets.extend_from_slice(b"\r\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed(&'static [u8]);

    impl Lines for Fixed {
        fn line(&mut self, _prompt: &str) -> Option<String> {
            let end = self.0.iter().position(|octet| *octet == b'\n')?;
            let line = String::from_utf8(self.0[..end].to_vec()).unwrap();
            self.0 = &self.0[end + 1..];
            Some(line)
        }

        fn octets(&mut self, count: usize) -> Option<Vec<u8>> {
            let (octets, rest) = self.0.split_at_checked(count)?;
            self.0 = rest;
            Some(octets.to_vec())
        }
    }

    fn assembled(typed: &str, input: &'static [u8]) -> Result<Vec<Part>, String> {
        assemble(pieces(typed).unwrap(), &mut Fixed(input))
    }

    #[test]
    fn literals_are_gathered() {
        let text = |text: &str| Part::Text(text.to_owned());
        let literal = |octets: &[u8]| Part::Literal(octets.to_vec());
        assert_eq!(
            assembled("append x {}", b"a\n..b\n.\n").unwrap(),
            [text("append x "), literal(b"a\r\n.b\r\n"), text("")]
        );
        assert_eq!(
            assembled("login {3}", b"a\nb {1}\nc d\n").unwrap(),
            [text("login "), literal(b"a\nb"), text(" "), literal(b"c"), text(" d")]
        );
        for (typed, input) in [("x {}", &b"a\n"[..]), ("x {5}", b"abc"), ("x {<absent}", b"")] {
            assert!(assembled(typed, input).is_err(), "{typed}");
        }
    }
}
