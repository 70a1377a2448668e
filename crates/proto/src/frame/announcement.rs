//! `{n}` and `{n+}` at a line's end (RFC 3501 §4.3, RFC 7888 §3).

/// A literal that is about to come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Announcement {
    /// Octets; a number that does not fit is the largest.
    pub(super) size: u64,
    /// The client does not wait for `+`.
    pub(super) non_sync: bool,
}

impl Announcement {
    /// Looks at the end of a line, which is given without its CR and LF.
    pub(super) fn at_end(line: &[u8]) -> Option<Self> {
        let rest = line.strip_suffix(b"}")?;
        let (rest, non_sync) = match rest.strip_suffix(b"+") {
            Some(rest) => (rest, true),
            None => (rest, false),
        };
        let digits = rest.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
        let (before, digits) = rest.split_at(rest.len() - digits);
        if digits.is_empty() || before.last() != Some(&b'{') {
            return None;
        }
        let size = digits.iter().fold(0, |size, digit| append_digit(size, *digit));
        Some(Self { size, non_sync })
    }
}

fn append_digit(size: u64, digit: u8) -> u64 {
    size.saturating_mul(10).saturating_add(u64::from(digit - b'0'))
}

/// Looks for an announcement in a line that is passed over octet by octet, so that no cut of the
/// input hides it. It finds what [`Announcement::at_end`] finds.
#[derive(Clone, Copy, Default, Debug)]
pub(super) enum Watch {
    /// No announcement has begun.
    #[default]
    None,
    /// Behind `{`, and these digits.
    Size { size: u64, digits: bool },
    /// Behind `+`.
    Plus(u64),
    /// Behind `}`.
    Closed(Announcement),
    /// Behind `}` and CR.
    Ended(Announcement),
}

impl Watch {
    /// Goes on with the next octets of the line.
    pub(super) fn feed(&mut self, octets: &[u8]) {
        for byte in octets {
            *self = match (*self, byte) {
                (_, b'{') => Self::Size { size: 0, digits: false },
                (Self::Size { size, .. }, b'0'..=b'9') => {
                    Self::Size { size: append_digit(size, *byte), digits: true }
                }
                (Self::Size { size, digits: true }, b'+') => Self::Plus(size),
                (Self::Size { size, digits: true }, b'}') => {
                    Self::Closed(Announcement { size, non_sync: false })
                }
                (Self::Plus(size), b'}') => Self::Closed(Announcement { size, non_sync: true }),
                (Self::Closed(announcement), b'\r') => Self::Ended(announcement),
                _ => Self::None,
            };
        }
    }

    /// The line ends here.
    pub(super) fn end(self) -> Option<Announcement> {
        match self {
            Self::Closed(announcement) | Self::Ended(announcement) => Some(announcement),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Announcement, Watch};

    #[test]
    fn t08_only_a_number_announces_a_literal() {
        let found = |size, non_sync| Some(Announcement { size, non_sync });
        for (line, expected) in [
            ("a LOGIN {5}", found(5, false)),
            ("a LOGIN {5+}", found(5, true)),
            ("{0}", found(0, false)),
            ("{007}", found(7, false)),
            ("{{5}", found(5, false)),
            ("{4294967296}", found(1 << 32, false)),
            ("{18446744073709551616+}", found(u64::MAX, true)),
            ("{}", None),
            ("{+}", None),
            ("{-1}", None),
            ("{5 }", None),
            ("{0x5}", None),
            ("{5+", None),
            ("{5++}", None),
            ("{5}}", None),
            ("5}", None),
            ("{5} ", None),
            ("", None),
        ] {
            assert_eq!(Announcement::at_end(line.as_bytes()), expected, "{line}");
            for end in ["", "\r"] {
                let mut watch = Watch::default();
                watch.feed(line.as_bytes());
                watch.feed(end.as_bytes());
                assert_eq!(watch.end(), expected, "{line}");
            }
        }
    }
}
