//! A plain blocking client: writes octets, counts what comes back, waits for a tag.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};

/// A connection's buffer grows between these with what comes, in octets, so that thousands of
/// idle clients cost little and one busy client reads much at once.
const SMALLEST: usize = 4 << 10;
const LARGEST: usize = 1 << 20;

/// One connection.
pub struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Client {
    /// Connects and reads the greeting.
    ///
    /// # Errors
    /// As the socket says.
    pub fn connect(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        let mut client = Self { stream, buffer: vec![0; SMALLEST] };
        client.until(b"\r\n")?;
        Ok(client)
    }

    /// Connects and logs in as the bench's user.
    ///
    /// # Errors
    /// As the socket says.
    pub fn login(address: SocketAddr) -> io::Result<Self> {
        Self::login_as(address, "bench")
    }

    /// Connects and logs in as one of the bench's users.
    ///
    /// # Errors
    /// As the socket says.
    pub fn login_as(address: SocketAddr, user: &str) -> io::Result<Self> {
        let mut client = Self::connect(address)?;
        client.command(&format!("LOGIN {user} benchbench"))?;
        Ok(client)
    }

    /// Sends one command and waits for its OK; gives the octets that came.
    ///
    /// # Errors
    /// As the socket says, or when the answer is not OK.
    pub fn command(&mut self, command: &str) -> io::Result<usize> {
        self.send(format!("t {command}\r\n").as_bytes())?;
        self.until(b"\r\nt OK")
    }

    /// As [`Client::command`]; gives what came.
    ///
    /// # Errors
    /// As there.
    pub fn answer(&mut self, command: &str) -> io::Result<String> {
        self.send(format!("t {command}\r\n").as_bytes())?;
        let mut all = String::new();
        while !all.contains("\r\nt ") || !all.ends_with("\r\n") {
            let read = self.stream.read(&mut self.buffer)?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            all.push_str(&String::from_utf8_lossy(&self.buffer[..read]));
        }
        Ok(all)
    }

    /// Writes octets as they are.
    ///
    /// # Errors
    /// As the socket says.
    pub fn send(&mut self, octets: &[u8]) -> io::Result<()> {
        self.stream.write_all(octets)
    }

    /// Reads until the mark and the end of its line; gives how many octets came. The mark's
    /// leading CRLF is taken as there at the very beginning.
    ///
    /// # Errors
    /// As the socket says, or when a tagged NO or BAD comes.
    pub fn until(&mut self, mark: &[u8]) -> io::Result<usize> {
        let mut tail: Vec<u8> = b"\r\n".to_vec();
        let mut total = 0;
        loop {
            let read = self.stream.read(&mut self.buffer)?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            total += read;
            // Only the end can hold the mark: nothing follows a tagged reply that is waited for.
            let from = read.saturating_sub(512);
            tail.extend_from_slice(&self.buffer[from..read]);
            let cut = tail.len().saturating_sub(600);
            tail.drain(..cut);
            if read == self.buffer.len() && read < LARGEST {
                self.buffer.resize(read * 2, 0);
            }
            if tail.ends_with(b"\r\n") {
                if contains(&tail, mark) {
                    return Ok(total);
                }
                if contains(&tail, b"\r\nt NO") || contains(&tail, b"\r\nt BAD") {
                    let text = String::from_utf8_lossy(&tail).into_owned();
                    return Err(io::Error::other(text));
                }
            }
        }
    }

    /// The socket, for those who do more.
    #[must_use]
    pub fn stream(&self) -> &TcpStream {
        &self.stream
    }
}

fn contains(octets: &[u8], mark: &[u8]) -> bool {
    octets.windows(mark.len()).any(|window| window == mark)
}
