//! One connection of a script: octets out in the given manner, whole responses in.

use super::{Failure, Mode};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// How long a missing response is waited for before the script fails. Never reached by a
/// script that passes.
const PATIENCE: Duration = Duration::from_secs(20);

/// A connection, with what was read and not yet looked at.
pub struct Connection<S> {
    stream: S,
    unread: Vec<u8>,
    mode: Mode,
    /// The second of the two pieces begins behind so many octets more.
    cut: Option<usize>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    pub fn new(stream: S, mode: Mode, number: usize) -> Self {
        let cut = match mode {
            Mode::Cut(cut) if number == 1 => Some(cut),
            _ => None,
        };
        Self { stream, unread: Vec::new(), mode, cut }
    }

    pub async fn send(&mut self, octets: &[u8]) -> Result<(), Failure> {
        let piece = match (self.mode, self.cut) {
            (Mode::Octets, _) => 1,
            (_, Some(cut)) if (1..octets.len()).contains(&cut) => cut,
            _ => octets.len().max(1),
        };
        self.cut = self.cut.map(|cut| cut.saturating_sub(octets.len()));
        // A cut falls once: what is left goes in one piece.
        let (first, rest) = octets.split_at(piece.min(octets.len()));
        let rest = rest.chunks(if self.mode == Mode::Octets { 1 } else { rest.len().max(1) });
        for piece in std::iter::once(first).chain(rest) {
            let written = self.stream.write_all(piece).await;
            written.map_err(|error| Failure(format!("the server is gone: {error}")))?;
            if piece.len() < octets.len() {
                tokio::task::yield_now().await;
            }
        }
        Ok(())
    }

    /// Says that nothing more will come. The server may have closed the connection already.
    pub async fn hang_up(&mut self) {
        let _ = self.stream.shutdown().await;
    }

    /// The next response without its last CRLF, literals in place; `None` at the end.
    pub async fn response(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        loop {
            if let Some(end) = response_end(&self.unread) {
                let mut response: Vec<u8> = self.unread.drain(..end).collect();
                response.truncate(end - 2);
                return Ok(Some(response));
            }
            let read = tokio::time::timeout(PATIENCE, self.stream.read_buf(&mut self.unread)).await;
            match read {
                Err(_) => return Err(Failure("nothing came".to_owned())),
                Ok(Ok(0) | Err(_)) => return Ok(None),
                Ok(Ok(_)) => {}
            }
        }
    }

    /// Forgets what came and was not asked for.
    pub fn drop_unread(&mut self) {
        self.unread.clear();
    }

    /// Octets that came and were not asked for.
    pub fn unread(&self) -> &[u8] {
        &self.unread
    }
}

/// Behind the CRLF that ends the first response, if all of it is there.
fn response_end(octets: &[u8]) -> Option<usize> {
    let mut from = 0;
    loop {
        let line = octets.get(from..)?.windows(2).position(|pair| pair == b"\r\n")? + from;
        match literal_length(&octets[from..line]) {
            Some(length) => from = line + 2 + length,
            None => return Some(line + 2),
        }
    }
}

fn literal_length(line: &[u8]) -> Option<usize> {
    let body = line.strip_suffix(b"}")?;
    let open = body.iter().rposition(|&octet| octet == b'{')?;
    std::str::from_utf8(&body[open + 1..]).ok()?.parse().ok()
}
