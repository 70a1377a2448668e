//! A real conversation: several tagged commands in one write, the replies as they come.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// What is sent, all at once, after the login. The search reads every body of the mailbox; the
/// small ones behind it need not wait for it.
const COMMANDS: &[&str] = &[
    "a2 SELECT INBOX",
    "a3 SEARCH BODY peregrine",
    "a4 FETCH 1:3 (FLAGS INTERNALDATE RFC822.SIZE)",
    "a5 STATUS Sent (MESSAGES UNSEEN)",
    "a6 LIST \"\" %",
    "a7 NOOP",
    "a8 LOGOUT",
];

/// Longest line of a reply that is read, in octets.
const LONGEST: u64 = 1 << 20;

/// One thing that was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A line that we sent.
    Sent(String),
    /// A line of the server, how long after our write, with its literals in place.
    Received(Duration, String),
}

/// Logs in and sends the commands in one write. Tells each line as it goes and comes.
///
/// # Errors
/// Those of the connection; [`io::ErrorKind::InvalidData`] for a reply that is none.
pub(super) async fn converse(
    server: SocketAddr,
    user: &str,
    password: &str,
    tell: &mut dyn FnMut(Heard),
) -> io::Result<()> {
    let stream = TcpStream::connect(server).await?;
    stream.set_nodelay(true)?;
    let (reader, mut writer) = stream.into_split();
    let mut reader = BufReader::new(reader);
    let connected = Instant::now();
    if let Some(greeting) = read_response(&mut reader).await? {
        tell(Heard::Received(connected.elapsed(), greeting));
    }
    let login = format!("a1 LOGIN {user} {password}");
    exchange(&mut reader, &mut writer, &[&login], "a1 ", tell).await?;
    exchange(&mut reader, &mut writer, COMMANDS, "a8 ", tell).await
}

/// Sends lines in one write and reads until the reply that begins with `last`, or the end.
async fn exchange(
    reader: &mut (impl AsyncBufReadExt + Unpin),
    writer: &mut (impl AsyncWriteExt + Unpin),
    lines: &[&str],
    last: &str,
    tell: &mut dyn FnMut(Heard),
) -> io::Result<()> {
    let text: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
    lines.iter().for_each(|line| tell(Heard::Sent((*line).to_owned())));
    let start = Instant::now();
    writer.write_all(text.as_bytes()).await?;
    while let Some(response) = read_response(reader).await? {
        let end = response.starts_with(last);
        tell(Heard::Received(start.elapsed(), response));
        if end {
            break;
        }
    }
    Ok(())
}

/// One response: a line, with its literals and what follows them.
async fn read_response(reader: &mut (impl AsyncBufReadExt + Unpin)) -> io::Result<Option<String>> {
    let mut response = Vec::new();
    loop {
        let mut line = Vec::new();
        if (&mut *reader).take(LONGEST).read_until(b'\n', &mut line).await? == 0 {
            return Ok(None);
        }
        response.extend_from_slice(&line);
        match literal(&line) {
            Some(length) if length <= LONGEST => {
                let mut octets = vec![0; usize::try_from(length).unwrap_or_default()];
                reader.read_exact(&mut octets).await?;
                response.extend_from_slice(&octets);
            }
            Some(_) => return Err(io::ErrorKind::InvalidData.into()),
            None => break,
        }
    }
    Ok(Some(String::from_utf8_lossy(&response).trim_end().to_owned()))
}

/// The length of the literal that a line announces at its end: `{n}` (RFC 3501 §4.3).
fn literal(line: &[u8]) -> Option<u64> {
    let line = line.strip_suffix(b"}\r\n")?;
    let start = memchr::memrchr(b'{', line)?;
    std::str::from_utf8(&line[start + 1..]).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_response_has_its_literals_in_place() {
        let wire = b"* 1 FETCH (BODY[] {5}\r\na\r\nb\n FLAGS ())\r\na1 OK done {no}\r\n";
        let mut reader = BufReader::new(&wire[..]);
        let first = read_response(&mut reader).await.unwrap().unwrap();
        assert_eq!(first, "* 1 FETCH (BODY[] {5}\r\na\r\nb\n FLAGS ())");
        assert_eq!(read_response(&mut reader).await.unwrap().unwrap(), "a1 OK done {no}");
        assert_eq!(read_response(&mut reader).await.unwrap(), None);
    }
}
