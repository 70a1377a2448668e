//! A connection over TLS that knows just enough of IMAP.

use super::super::served::{PASSWORD, USER};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;

/// The connection is gone: what was sent last may have been done or not.
#[derive(Debug)]
pub struct Lost;

/// A connection.
pub struct Wire {
    stream: BufReader<StreamOwned<ClientConnection, TcpStream>>,
}

/// What was answered to a command.
#[derive(Debug)]
pub struct Reply {
    /// OK, and not NO or BAD.
    pub ok: bool,
    /// The tagged line without its tag.
    pub text: String,
    /// Untagged responses, each with its literals.
    pub data: Vec<Vec<u8>>,
}

/// Trusts a certificate, and no other.
pub fn trust(certificate: &Path) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    let certificate = CertificateDer::from_pem_file(certificate).expect("a certificate");
    roots.add(certificate).expect("it can be trusted");
    Arc::new(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth())
}

impl Wire {
    /// Connects and logs in.
    pub fn log_in(port: u16, tls: &Arc<ClientConfig>) -> Result<Self, Lost> {
        let stream = TcpStream::connect(("127.0.0.1", port)).map_err(|_| Lost)?;
        stream.set_nodelay(true).map_err(|_| Lost)?;
        let name = ServerName::try_from("localhost").expect("a name");
        let session = ClientConnection::new(Arc::clone(tls), name).expect("a session");
        let mut wire = Self { stream: BufReader::new(StreamOwned::new(session, stream)) };
        wire.response()?;
        let reply = wire.command(&format!("LOGIN {USER} {PASSWORD}"))?;
        assert!(reply.ok, "{}", reply.text);
        Ok(wire)
    }

    /// Sends a command and reads until its answer.
    pub fn command(&mut self, command: &str) -> Result<Reply, Lost> {
        self.send(format!("t {command}\r\n").as_bytes())?;
        self.reply()
    }

    /// Sends a command with literals, each behind some words.
    pub fn command_with(
        &mut self,
        command: &str,
        literals: &[(String, Vec<u8>)],
    ) -> Result<Reply, Lost> {
        self.send(format!("t {command}").as_bytes())?;
        for (words, literal) in literals {
            self.send(format!(" {words} {{{}}}\r\n", literal.len()).as_bytes())?;
            loop {
                let response = self.response()?;
                if response.starts_with(b"+ ") {
                    break;
                }
                if response.starts_with(b"t ") {
                    return Ok(Reply::new(&response, Vec::new()));
                }
            }
            self.send(literal)?;
        }
        self.send(b"\r\n")?;
        self.reply()
    }

    fn send(&mut self, octets: &[u8]) -> Result<(), Lost> {
        let stream = self.stream.get_mut();
        stream.write_all(octets).and_then(|()| stream.flush()).map_err(|_| Lost)
    }

    fn reply(&mut self) -> Result<Reply, Lost> {
        let mut data = Vec::new();
        loop {
            let response = self.response()?;
            if response.starts_with(b"t ") {
                return Ok(Reply::new(&response, data));
            }
            data.push(response);
        }
    }

    /// One response, with its literals.
    fn response(&mut self) -> Result<Vec<u8>, Lost> {
        let mut response = Vec::new();
        loop {
            self.stream.read_until(b'\n', &mut response).map_err(|_| Lost)?;
            if !response.ends_with(b"\r\n") {
                return Err(Lost);
            }
            let Some(literal) = literal(&response) else { return Ok(response) };
            let start = response.len();
            response.resize(start + literal, 0);
            self.stream.read_exact(&mut response[start..]).map_err(|_| Lost)?;
        }
    }
}

impl Reply {
    fn new(tagged: &[u8], data: Vec<Vec<u8>>) -> Self {
        let text = String::from_utf8_lossy(&tagged[2..]).trim_end().to_owned();
        Self { ok: text.starts_with("OK"), text, data }
    }

    /// The words of a response code in an untagged OK, without its name.
    pub fn data_code(&self, name: &str) -> Option<Vec<String>> {
        let words = |line: &Vec<u8>| {
            let text = String::from_utf8_lossy(line).into_owned();
            let told = Self { ok: true, text, data: Vec::new() };
            Some(told.code(name)?.into_iter().map(str::to_owned).collect())
        };
        self.data.iter().find_map(words)
    }

    /// The words of a response code, without its name.
    pub fn code(&self, name: &str) -> Option<Vec<&str>> {
        let (_, rest) = self.text.split_once(&format!("[{name} "))?;
        Some(rest.split_once(']')?.0.split(' ').collect())
    }
}

/// The size of the literal that a line ends with.
fn literal(line: &[u8]) -> Option<usize> {
    let line = line.strip_suffix(b"}\r\n")?;
    let start = line.iter().rposition(|byte| *byte == b'{')?;
    std::str::from_utf8(&line[start + 1..]).ok()?.parse().ok()
}

/// The numbers of a UID set.
pub fn numbers(set: &str) -> Vec<u32> {
    let number = |text: &str| text.parse::<u32>().expect("a number");
    set.split(',')
        .flat_map(|range| match range.split_once(':') {
            Some((first, last)) => number(first)..=number(last),
            None => number(range)..=number(range),
        })
        .collect()
}
