//! Many commands in one write, and when each of them is answered.

use crate::client::Client;
use memchr::memmem;
use std::io::{self, Read, Write};
use std::time::{Duration, Instant};

/// Tags begin with it: no message of ours has a line that does.
const MARK: &[u8] = b"\r\nzq";

/// Octets from one read to the next in which a reply may stand that both have a part of.
const OVERLAP: usize = 64;

/// Octets of the largest read of a client that reads as fast as it can.
const READ: usize = 1 << 20;

/// How a client reads.
#[derive(Clone, Copy, Debug)]
pub enum Reading {
    /// As fast as it can.
    Full,
    /// So many octets at a time, and so many a second.
    Slow {
        /// Octets of one read.
        piece: usize,
        /// Octets a second.
        rate: f64,
    },
}

/// Commands that are sent together.
#[derive(Default)]
pub struct Pipeline {
    text: String,
    count: usize,
    literal: Option<Vec<u8>>,
    /// Where in `text` the second write begins, and after how many octets of answers it is sent.
    later: Option<(usize, usize)>,
}

impl Pipeline {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// One more command, without its tag.
    #[must_use]
    pub fn with(mut self, command: &str) -> Self {
        assert!(self.count < 10, "one digit tells them apart");
        self.text.push_str(&format!("zq{} {command}\r\n", self.count));
        self.count += 1;
        self
    }

    /// What follows is sent only when so many octets of answers have come; its replies are timed
    /// from then on.
    #[must_use]
    pub fn after(mut self, octets: usize) -> Self {
        self.later = Some((self.text.len(), octets));
        self
    }

    /// Ends with an APPEND whose literal is sent when the server asks for it.
    #[must_use]
    pub fn with_append(self, mailbox: &str, message: Vec<u8>) -> Self {
        let mut appends = self.with(&format!("APPEND {mailbox} {{{}}}", message.len()));
        appends.literal = Some(message);
        appends
    }

    /// Sends all at once and reads until each is answered with OK; gives the milliseconds from the
    /// write to each reply.
    ///
    /// # Errors
    /// As the socket says, or when one is answered with NO or BAD.
    pub fn run(&self, client: &Client, reading: Reading) -> io::Result<Vec<f64>> {
        self.run_until(client, reading, self.count)
    }

    /// As [`run`](Self::run), but ends when all but the first are answered.
    ///
    /// # Errors
    /// As for [`run`](Self::run).
    pub fn run_without_first(&self, client: &Client, reading: Reading) -> io::Result<Vec<f64>> {
        self.run_until(client, reading, self.count - 1)
    }

    fn run_until(&self, client: &Client, reading: Reading, wanted: usize) -> io::Result<Vec<f64>> {
        let mut stream = client.stream();
        let mut times = vec![f64::NAN; self.count];
        let mut buffer = vec![0; OVERLAP + READ];
        let (mut held, mut answered, mut total) = (2, 0, 0usize);
        buffer[..2].copy_from_slice(b"\r\n");
        let mut literal = self.literal.as_deref();
        let (begun, mut start) = (Instant::now(), Instant::now());
        let mut later = self.later;
        let first = later.map_or(self.text.len(), |(at, _)| at);
        stream.write_all(&self.text.as_bytes()[..first])?;
        while answered < wanted {
            let piece = match reading {
                Reading::Full => READ,
                Reading::Slow { piece, rate } => {
                    pause(begun, total as f64 / rate);
                    piece.min(READ)
                }
            };
            let read = stream.read(&mut buffer[held..held + piece])?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            total += read;
            if let Some((at, _)) = later.take_if(|(_, octets)| total >= *octets) {
                start = Instant::now();
                stream.write_all(&self.text.as_bytes()[at..])?;
            }
            let now = start.elapsed().as_secs_f64() * 1e3;
            let octets = &buffer[..held + read];
            answered += note(octets, &mut times, now)?;
            if let Some(message) = literal
                && memmem::find(octets, b"\r\n+ ").is_some()
            {
                stream.write_all(&[message, b"\r\n"].concat())?;
                literal = None;
            }
            let kept = octets.len().min(OVERLAP);
            let from = octets.len() - kept;
            buffer.copy_within(from..from + kept, 0);
            held = kept;
        }
        Ok(times)
    }
}

/// Notes the replies that stand in what was read; how many were new.
fn note(octets: &[u8], times: &mut [f64], now: f64) -> io::Result<usize> {
    let mut new = 0;
    for at in memmem::find_iter(octets, MARK) {
        let [tag, b' ', status, ..] = octets[at + MARK.len()..] else { continue };
        if status != b'O' {
            let text = String::from_utf8_lossy(&octets[at..octets.len().min(at + 200)]);
            return Err(io::Error::other(text.into_owned()));
        }
        let Some(time) = times.get_mut(usize::from(tag.wrapping_sub(b'0'))) else { continue };
        if time.is_nan() {
            *time = now;
            new += 1;
        }
    }
    Ok(new)
}

/// Waits until so many seconds after the begin.
fn pause(begun: Instant, seconds: f64) {
    let at = Duration::from_secs_f64(seconds);
    std::thread::sleep(at.saturating_sub(begun.elapsed()));
}
