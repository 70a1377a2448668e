//! Counts open parentheses outside of quoted strings, so that nesting is bounded before anything
//! is built from it.

/// How deep the present place of a command lies.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Brackets {
    open: u32,
    /// Octets of the present line that have been counted.
    counted: usize,
    quoted: bool,
    escaped: bool,
}

impl Brackets {
    /// Whether so many octets more cannot reach the limit, whatever they are.
    pub(super) fn cannot_exceed(&self, line: &[u8], limit: u32) -> bool {
        let left = limit.saturating_sub(self.open) as usize;
        let new = line.get(self.counted..).unwrap_or_default();
        new.len() <= left || memchr::memchr_iter(b'(', new).take(left + 1).count() <= left
    }

    /// Counts what of the line has not been counted; true when the limit is passed.
    pub(super) fn exceed(&mut self, line: &[u8], limit: u32) -> bool {
        let new = line.get(self.counted..).unwrap_or_default();
        self.counted = self.counted.max(line.len());
        for byte in new {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' if self.quoted => self.escaped = true,
                b'"' => self.quoted = !self.quoted,
                b'(' if !self.quoted => {
                    self.open += 1;
                    if self.open > limit {
                        return true;
                    }
                }
                b')' if !self.quoted => self.open = self.open.saturating_sub(1),
                _ => {}
            }
        }
        false
    }

    /// A literal follows the line: the next one begins behind it, outside of quotes.
    pub(super) fn end_line(&mut self) {
        *self = Self { open: self.open, ..Self::default() };
    }
}
