//! One connection of the null peer.

mod answer;

use std::io;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::broadcast;

use self::answer::Folder;
use super::Shared;

const GREETING: &[u8] =
    b"* OK [CAPABILITY IMAP4rev1 LITERAL+ IDLE UIDPLUS ESEARCH NAMESPACE] null\r\n";

/// Octets that are read at once.
const READ: usize = 64 << 10;

struct Talk {
    shared: Arc<Shared>,
    news: broadcast::Receiver<Arc<[u8]>>,
    /// What has come and was not answered yet.
    input: Vec<u8>,
    /// Octets of a literal that are still to come.
    literal: usize,
    /// A command whose literal follows.
    begun: Option<String>,
    selected: Folder,
    idle: Option<String>,
    /// FETCHes of all bodies, by their tags: answered behind all else that has come, so that what
    /// overtakes them is measured, too.
    later: Vec<(String, bool)>,
    over: bool,
    out: Vec<u8>,
}

/// Serves it until the client leaves.
pub async fn serve(mut stream: TcpStream, shared: Arc<Shared>) -> io::Result<()> {
    let news = shared.news.subscribe();
    let (input, out) = (Vec::new(), GREETING.to_vec());
    let (literal, begun, idle) = (0, None, None);
    let selected = Folder::Other;
    let over = false;
    let later = Vec::new();
    let mut talk = Talk { shared, news, input, literal, begun, selected, idle, later, over, out };
    let mut buffer = vec![0; READ];
    loop {
        stream.write_all(&talk.out).await?;
        talk.out.clear();
        if talk.over {
            return Ok(());
        }
        tokio::select! {
            read = stream.read(&mut buffer) => match read? {
                0 => return Ok(()),
                octets => talk.take(&buffer[..octets], &mut stream).await?,
            },
            news = talk.news.recv() => {
                if let (Ok(news), true) = (news, talk.idle.is_some()) {
                    talk.out.extend_from_slice(&news);
                }
            }
        }
    }
}

impl Talk {
    async fn take(&mut self, octets: &[u8], stream: &mut TcpStream) -> io::Result<()> {
        self.input.extend_from_slice(octets);
        let mut done = 0;
        loop {
            let skipped = self.literal.min(self.input.len() - done);
            (self.literal, done) = (self.literal - skipped, done + skipped);
            let rest = &self.input[done..];
            let Some(end) = rest.iter().position(|octet| *octet == b'\n') else { break };
            let line = String::from_utf8_lossy(&rest[..end]).trim_end().to_owned();
            done += end + 1;
            self.line(line);
        }
        self.input.drain(..done);
        for (tag, large) in std::mem::take(&mut self.later) {
            self.bodies(large, stream).await?;
            self.out.extend_from_slice(format!("{tag} OK done\r\n").as_bytes());
        }
        Ok(())
    }

    async fn bodies(&mut self, large: bool, stream: &mut TcpStream) -> io::Result<()> {
        // What overtakes them goes out alone.
        stream.write_all(&self.out).await?;
        self.out.clear();
        let mut next = Some(0);
        while let Some(from) = next {
            next = self.shared.canned.bodies(large, from, &mut self.out);
            stream.write_all(&self.out).await?;
            self.out.clear();
        }
        Ok(())
    }

    fn line(&mut self, line: String) {
        // Behind a literal comes the command's end.
        if let Some(begun) = self.begun.take() {
            return self.command(&begun);
        }
        let announced = line.strip_suffix("+}").and_then(|line| line.rsplit_once('{'));
        match announced {
            Some((_, digits)) => {
                self.literal = digits.parse().unwrap_or(0);
                self.begun = Some(line);
            }
            None => self.command(&line),
        }
    }

    fn command(&mut self, line: &str) {
        let mut words = line.splitn(3, ' ');
        let tag = words.next().unwrap_or_default();
        let mut word = words.next().unwrap_or_default();
        let mut rest = words.next().unwrap_or_default();
        if word == "UID" {
            (word, rest) = rest.split_once(' ').unwrap_or((rest, ""));
        }
        let mut code = String::new();
        match word {
            "FETCH" if rest.contains("BODY.PEEK[]") => {
                return self.later.push((tag.to_owned(), self.selected == Folder::Large));
            }
            "FETCH" => self.fetch(rest),
            "IDLE" => {
                self.idle = Some(tag.to_owned());
                return self.out.extend_from_slice(b"+ idling\r\n");
            }
            _ => code = self.other(tag, word, rest),
        }
        let idle = self.idle.take_if(|_| tag == "DONE");
        let tag = idle.as_deref().unwrap_or(tag);
        self.out.extend_from_slice(format!("{tag} OK {code}done\r\n").as_bytes());
    }
}
