//! One connection of a script: octets out in the given manner, whole responses in.

use super::Failure;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// How long a missing response is waited for before the script fails. Never reached by a
/// script that passes.
const PATIENCE: Duration = Duration::from_secs(20);

/// A connection, with what was read and not yet looked at.
pub struct Connection<S> {
    stream: S,
    unread: Vec<u8>,
    bytewise: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    pub fn new(stream: S, bytewise: bool) -> Self {
        Self { stream, unread: Vec::new(), bytewise }
    }

    pub async fn send(&mut self, octets: &[u8]) -> Result<(), Failure> {
        let pieces = octets.chunks(if self.bytewise { 1 } else { octets.len().max(1) });
        for piece in pieces {
            let written = self.stream.write_all(piece).await;
            written.map_err(|error| Failure(format!("the server is gone: {error}")))?;
            if self.bytewise {
                tokio::task::yield_now().await;
            }
        }
        Ok(())
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
