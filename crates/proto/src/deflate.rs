//! Compression of a connection (RFC 4978) by DEFLATE (RFC 1951), without I/O; the same for both
//! sides. What is special is its end: behind UNAUTHENTICATE and its OK each side goes on in clear
//! (RFC 8437 §4.1), so that an inflater must stop at the very octet.

use bytes::{Buf, Bytes};
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

/// Room that the deflater is given at a time, in octets.
const ROOM: usize = 16 * 1024;

/// What ends a flush: an empty stored block, on an octet's boundary (RFC 1951 §3.2.4).
const MARKER: [u8; 4] = [0, 0, 0xff, 0xff];

/// Octets that are no DEFLATE.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("what came is no DEFLATE")]
pub struct Damaged;

/// Compresses what goes out.
#[derive(Debug)]
pub struct Deflater(Compress);

impl Deflater {
    /// With a level from 1, the fastest, to 9. Takes some hundred KiB. It may take over from another that has
    /// been flushed: the other side does not notice.
    pub fn new(level: u32) -> Self {
        Self(Compress::new(Compression::new(level), false))
    }

    /// Appends to `out` what can be said already of these octets.
    pub fn deflate(&mut self, octets: &[u8], out: &mut Vec<u8>) {
        self.run(octets, out, FlushCompress::None);
    }

    /// Appends to `out` all that is missing for the other side to read what was deflated so far.
    pub fn flush(&mut self, out: &mut Vec<u8>) {
        self.run(&[], out, FlushCompress::Sync);
    }

    fn run(&mut self, mut octets: &[u8], out: &mut Vec<u8>, flush: FlushCompress) {
        loop {
            out.reserve(ROOM);
            let before = self.0.total_in();
            let ended = self.0.compress_vec(octets, out, flush);
            debug_assert!(ended.is_ok(), "deflating cannot fail");
            octets = &octets[octets_between(before, self.0.total_in())..];
            // Room that is left says that nothing more is to come.
            if octets.is_empty() && out.len() < out.capacity() {
                return;
            }
        }
    }
}

/// Decompresses what comes in. Takes a window of 32 KiB and some KiB more.
#[derive(Debug)]
pub struct Inflater {
    inflater: Decompress,
    /// Not inflated yet.
    input: Bytes,
    /// The last piece filled its room: there may be more without any input.
    more: bool,
    /// Octets of [`MARKER`] that came last.
    matched: usize,
    /// The other side's last flush is complete, so that a plain octet can follow.
    flushed: bool,
    /// The other side has ended the stream.
    finished: bool,
    /// It ends with the flush that is under way.
    ending: bool,
}

impl Inflater {
    /// Begins with what was read already.
    pub fn new(input: Bytes) -> Self {
        Self {
            inflater: Decompress::new(false),
            input,
            more: false,
            matched: 0,
            flushed: true,
            finished: false,
            ending: false,
        }
    }

    /// Takes what was read; only where [`Inflater::inflate`] has told that it needs it.
    pub fn take(&mut self, input: Bytes) {
        debug_assert!(self.input.is_empty());
        self.input = input;
    }

    /// The other side has said its last compressed line: what comes behind its flush is plain.
    pub fn end(&mut self) {
        self.ending = true;
    }

    /// What is left of the input, as it is, once [`Inflater::end`] was called and the flush has
    /// come.
    pub fn ended(&mut self) -> Option<Bytes> {
        self.is_over().then(|| std::mem::take(&mut self.input))
    }

    /// Inflates into `room`, as far as the next end of a flush; `None` where more input is needed,
    /// and at the end. What stands behind the flush of a last line is not touched before the caller
    /// has had a chance to see that line.
    ///
    /// # Errors
    /// [`Damaged`]; there is no going on after it.
    pub fn inflate(&mut self, room: &mut [u8]) -> Result<Option<usize>, Damaged> {
        while (self.more || !self.input.is_empty()) && !self.is_over() {
            if self.finished {
                return Err(Damaged);
            }
            let piece = &self.input[..self.next_flush()];
            let (read, wrote) = (self.inflater.total_in(), self.inflater.total_out());
            let status = self.inflater.decompress(piece, room, FlushDecompress::None);
            let status = status.map_err(|_| Damaged)?;
            let read = octets_between(read, self.inflater.total_in());
            let wrote = octets_between(wrote, self.inflater.total_out());
            let stuck = read == 0 && wrote == 0 && !piece.is_empty();
            self.note(read);
            self.finished = status == Status::StreamEnd;
            self.more = wrote == room.len() && !self.finished;
            if wrote > 0 {
                return Ok(Some(wrote));
            }
            if stuck && !self.finished {
                return Err(Damaged);
            }
        }
        Ok(None)
    }

    fn is_over(&self) -> bool {
        self.ending && !self.more && (self.flushed || self.finished)
    }

    /// How much of the input there is up to the end of a flush.
    fn next_flush(&self) -> usize {
        let mut matched = self.matched;
        let ends = |octet: &u8| {
            matched = step(matched, *octet);
            matched == MARKER.len()
        };
        self.input.iter().position(ends).map_or(self.input.len(), |at| at + 1)
    }

    fn note(&mut self, read: usize) {
        for octet in &self.input[..read] {
            self.matched = step(self.matched, *octet);
            self.flushed = self.matched == MARKER.len();
        }
        self.input.advance(read);
    }
}

/// How many octets of [`MARKER`] have come, one octet later.
fn step(matched: usize, octet: u8) -> usize {
    let matched = matched % MARKER.len();
    match octet {
        octet if octet == MARKER[matched] => matched + 1,
        // Zeros before the two that count.
        0 if matched == 2 => 2,
        0 => 1,
        _ => 0,
    }
}

fn octets_between(before: u64, after: u64) -> usize {
    usize::try_from(after - before).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inflated(inflater: &mut Inflater, room: usize) -> Result<Vec<u8>, Damaged> {
        let mut out = Vec::new();
        let mut room = vec![0; room];
        while let Some(octets) = inflater.inflate(&mut room)? {
            out.extend_from_slice(&room[..octets]);
        }
        Ok(out)
    }

    /// However it is cut and whatever room there is; another deflater may take over.
    #[test]
    fn there_and_back() {
        let text = "a UID FETCH 1:* (FLAGS)\r\n".repeat(3000);
        let mut packed = Vec::new();
        for level in [1, 6] {
            let mut deflater = Deflater::new(level);
            deflater.deflate(text.as_bytes(), &mut packed);
            deflater.flush(&mut packed);
            assert!(packed.ends_with(&MARKER));
        }
        for (cut, room) in [(1, 1), (1, 4096), (7, 100), (packed.len(), 1), (packed.len(), 65536)] {
            let mut inflater = Inflater::new(Bytes::new());
            let mut out = Vec::new();
            for piece in packed.chunks(cut) {
                inflater.take(Bytes::copy_from_slice(piece));
                out.extend(inflated(&mut inflater, room).unwrap());
            }
            assert!(out == text.repeat(2).as_bytes(), "cut {cut} room {room}");
        }
    }

    /// RFC 8437 §4.1: plain octets behind the last flush, in the same packet or not, are handed out
    /// as they are.
    #[test]
    fn the_end_is_found_to_the_octet() {
        let mut packed = Vec::new();
        let mut deflater = Deflater::new(6);
        deflater.deflate(b"a NOOP\r\n", &mut packed);
        deflater.flush(&mut packed);
        deflater.deflate(b"b UNAUTHENTICATE\r\n", &mut packed);
        deflater.flush(&mut packed);
        let whole = [&packed[..], b"c LOGIN x y\r\n"].concat();
        for cut in 1..=whole.len() {
            let mut inflater = Inflater::new(Bytes::new());
            let (mut out, mut plain, mut room) = (Vec::new(), Vec::new(), [0; 64]);
            let mut over = false;
            for piece in whole.chunks(cut) {
                if over {
                    plain.extend_from_slice(piece);
                    continue;
                }
                inflater.take(Bytes::copy_from_slice(piece));
                while let Some(octets) = inflater.inflate(&mut room).unwrap() {
                    out.extend_from_slice(&room[..octets]);
                    if out.ends_with(b"b UNAUTHENTICATE\r\n") {
                        inflater.end();
                    }
                }
                if let Some(rest) = inflater.ended() {
                    plain.extend_from_slice(&rest);
                    over = true;
                }
            }
            assert_eq!(out, b"a NOOP\r\nb UNAUTHENTICATE\r\n", "cut {cut}");
            assert_eq!(plain, b"c LOGIN x y\r\n", "cut {cut}");
        }
    }

    #[test]
    fn what_is_no_deflate_is_an_error() {
        for octets in [&b"a NOOP\r\n"[..], b"\xff\xff", b"\x07"] {
            let mut inflater = Inflater::new(Bytes::copy_from_slice(octets));
            assert_eq!(inflated(&mut inflater, 100), Err(Damaged), "{octets:?}");
        }
    }
}
