//! One connection of the load: a line at a time, without waiting in a thread of its own.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::sync::watch;

/// Longer than any answer may take; who waits longer counts as starved.
const PATIENCE: Duration = Duration::from_secs(60);

/// Octets of a connection's buffer: there are ten thousand.
const BUFFER: usize = 1024;

pub struct Wire {
    stream: BufReader<TcpStream>,
    line: Vec<u8>,
}

impl Wire {
    /// Connects and logs in as the user of this number.
    pub async fn login(address: SocketAddr, user: usize) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let mut wire = Self { stream: BufReader::with_capacity(BUFFER, stream), line: Vec::new() };
        wire.read_line().await?;
        wire.command(&format!("LOGIN user{user} benchbench")).await?;
        Ok(wire)
    }

    /// Sends a command and waits for its OK.
    pub async fn command(&mut self, command: &str) -> io::Result<()> {
        self.stream.write_all(format!("t {command}\r\n").as_bytes()).await?;
        self.until_tagged().await
    }

    /// Appends a message of some 2 KiB.
    pub async fn append(&mut self, mailbox: &str, number: usize) -> io::Result<()> {
        let message = peregrine_benches::mail::message(number, 2000);
        let line = format!("t APPEND {mailbox} {{{}+}}\r\n", message.len());
        self.stream.write_all(line.as_bytes()).await?;
        self.stream.write_all(&message).await?;
        self.stream.write_all(b"\r\n").await?;
        self.until_tagged().await
    }

    /// Sends IDLE and waits for `+`.
    pub async fn begin_idle(&mut self) -> io::Result<()> {
        self.stream.write_all(b"t IDLE\r\n").await?;
        loop {
            self.read_line().await?;
            if self.line.starts_with(b"+") {
                return Ok(());
            }
        }
    }

    /// Counts what is told until the end is asked for; then DONE must be answered.
    pub async fn idle(
        mut self,
        mut stopped: watch::Receiver<bool>,
        notices: Arc<AtomicU64>,
    ) -> io::Result<()> {
        loop {
            self.line.clear();
            tokio::select! {
                _ = stopped.changed() => break,
                read = self.stream.read_until(b'\n', &mut self.line) => {
                    if read? == 0 {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                    notices.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
        self.stream.write_all(b"DONE\r\n").await?;
        self.until_tagged().await
    }

    async fn until_tagged(&mut self) -> io::Result<()> {
        loop {
            self.read_line().await?;
            if let Some(status) = self.line.strip_prefix(b"t ") {
                return match status.starts_with(b"OK") {
                    true => Ok(()),
                    false => Err(self.complaint()),
                };
            }
            if self.line.starts_with(b"* BYE") {
                return Err(self.complaint());
            }
            // A literal is not to be taken for lines.
            let literal = self.line.strip_suffix(b"}\r\n").and_then(|line| {
                let open = line.iter().rposition(|octet| *octet == b'{')?;
                std::str::from_utf8(&line[open + 1..]).ok()?.parse::<u64>().ok()
            });
            if let Some(octets) = literal {
                let mut body = (&mut self.stream).take(octets);
                tokio::io::copy_buf(&mut body, &mut tokio::io::sink()).await?;
            }
        }
    }

    async fn read_line(&mut self) -> io::Result<()> {
        self.line.clear();
        let read = tokio::time::timeout(PATIENCE, self.stream.read_until(b'\n', &mut self.line));
        let starved = |_| io::Error::new(io::ErrorKind::TimedOut, "starved: no answer in 60 s");
        match read.await.map_err(starved)?? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }

    fn complaint(&self) -> io::Error {
        io::Error::other(String::from_utf8_lossy(&self.line).into_owned())
    }
}
