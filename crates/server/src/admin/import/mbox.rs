//! Reading mbox files (RFC 4155 and its relatives), one message at a time.
//!
//! A message begins at a line `From ` that ends with a date. Nothing else is trusted to find
//! the next one: `Content-Length` is often wrong after an edit. A line `>From ` loses one `>`
//! (the mboxrd form, which undoes mboxo's too).

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use peregrine_proto::{DateTime, Flag, Keyword};

use super::from_line;
use super::source::{Item, Kind, Problem, SourceMailbox, SourceMessage};

/// Folders within folders that are followed.
const MAX_DEPTH: usize = 32;

/// Octets read from the disk at a time.
const BUFFER: usize = 256 * 1024;

/// Header fields that the mailbox's own software wrote: state, not part of the message. They
/// change when a message is read, so that they would make one message look like two.
const STATE_FIELDS: &[&str] = &[
    "Status",
    "X-Status",
    "X-Keywords",
    "X-UID",
    "X-IMAP",
    "X-IMAPbase",
    "X-Mozilla-Status",
    "X-Mozilla-Status2",
    "X-Mozilla-Keys",
];

/// Whether the file begins as an mbox does. An empty file is an empty mbox.
pub(super) fn is_mbox(file: &Path) -> bool {
    let mut start = Vec::new();
    let read = File::open(file).and_then(|file| file.take(5).read_to_end(&mut start));
    read.is_ok() && (start == b"From " || start.is_empty())
}

/// Whether an mbox can be read from the file: a line `From ` stands first, but for empty lines. What
/// cannot be opened is told when it is read.
fn begins(file: &Path) -> bool {
    let Ok(file) = File::open(file) else { return true };
    let (mut reader, mut line) = (BufReader::with_capacity(BUFFER, file), Vec::new());
    loop {
        line.clear();
        match read_line(&mut reader, 0, &mut line) {
            Ok(0) | Err(_) => return true,
            Ok(_) if line.iter().all(u8::is_ascii_whitespace) => {}
            Ok(_) => return line.starts_with(b"From "),
        }
    }
}

/// The mailboxes of a file, or of a folder of files as Thunderbird and mutt keep them: `A`,
/// with those below it in `A/` or `A.sbd/`.
pub(super) fn mailboxes(root: &Path, problems: &mut Vec<Problem>) -> Vec<SourceMailbox> {
    let mut found = Vec::new();
    if root.is_dir() {
        below(root, "", 0, &mut found, problems);
    } else if begins(root) {
        found.push(mailbox(name_of(root), root));
    }
    found
}

/// Reads the messages of one mbox in their order. Ends when `sink` is false.
pub(super) fn read(mailbox: &SourceMailbox, most: u64, sink: &mut dyn FnMut(Item) -> bool) {
    let outcome = File::open(&mailbox.path).and_then(|file| {
        let reader = BufReader::with_capacity(BUFFER, file);
        read_from(reader, &mailbox.path.display().to_string(), most, sink)
    });
    if let Err(error) = outcome {
        sink(Item::Problem(Problem::at(&mailbox.path, error)));
    }
}

/// As [`read`], from anything that can be read.
pub(super) fn read_from(
    mut reader: impl BufRead,
    place: &str,
    most: u64,
    sink: &mut dyn FnMut(Item) -> bool,
) -> io::Result<()> {
    let mut line = Vec::new();
    let mut position = 0;
    let mut current: Option<Gathering> = None;
    loop {
        line.clear();
        let read = read_line(&mut reader, most, &mut line)?;
        if read == 0 {
            break;
        }
        let date = from_line::parse(&line);
        // The first line may lack its date: there is nothing before it that it could belong to.
        if date.is_some() || (position == 0 && line.starts_with(b"From ")) {
            if let Some(message) = current.take()
                && !message.finish(place, position, sink)
            {
                return Ok(());
            }
            current = Some(Gathering::new(position, date));
        } else {
            match &mut current {
                Some(message) => message.add(&line, most),
                None if line.iter().all(u8::is_ascii_whitespace) => {}
                None => {
                    sink(Item::Problem(Problem::new(
                        place,
                        "not an mbox: no line `From ` at its start",
                    )));
                    return Ok(());
                }
            }
        }
        position += read;
    }
    if let Some(message) = current {
        message.finish(place, position, sink);
    }
    Ok(())
}

/// A message while its lines come in.
struct Gathering {
    start: u64,
    date: Option<DateTime>,
    body: Vec<u8>,
    too_large: bool,
}

impl Gathering {
    fn new(start: u64, date: Option<DateTime>) -> Self {
        Self { start, date, body: Vec::new(), too_large: false }
    }

    fn add(&mut self, line: &[u8], most: u64) {
        let quoted = line.iter().position(|byte| *byte != b'>').filter(|quotes| *quotes > 0);
        let line = match quoted {
            Some(quotes) if line[quotes..].starts_with(b"From ") => &line[1..],
            _ => line,
        };
        // State fields and the empty line at the end do not count, hence some room.
        if (self.body.len() + line.len()) as u64 > most.saturating_add(1024) {
            self.too_large = true;
            self.body = Vec::new();
        }
        if !self.too_large {
            self.body.extend_from_slice(line);
        }
    }

    fn finish(mut self, place: &str, end: u64, sink: &mut dyn FnMut(Item) -> bool) -> bool {
        let place = format!("{place}, octet {}", self.start);
        if self.too_large {
            let reason = "larger than the limit `message_size`";
            return sink(Item::Problem(Problem::new(place, reason)));
        }
        // The empty line before the next `From ` belongs to the mbox.
        for ending in [b"\r\n\r\n".as_slice(), b"\n\n"] {
            if self.body.ends_with(ending) {
                self.body.truncate(self.body.len() - ending.len() / 2);
                break;
            }
        }
        let state = State::take(&mut self.body);
        if state.internal {
            return true;
        }
        // Without a date of arrival the message's own is the nearest.
        let sent = || peregrine_mime::sent_date(&self.body).map_or(0, |sent| sent.unix_seconds);
        sink(Item::Message(SourceMessage {
            date: self.date.unwrap_or_else(|| DateTime { unix: sent(), offset: 0 }),
            flags: state.flags,
            body: self.body,
            place,
            octets: end - self.start,
        }))
    }
}

/// What the state fields of a header say.
#[derive(Default)]
struct State {
    flags: Vec<Flag>,
    /// Not a message at all: the first one in files of the c-client library holds its counters.
    internal: bool,
}

impl State {
    /// Reads the state fields and takes them out of the header.
    fn take(body: &mut Vec<u8>) -> Self {
        let mut state = Self::default();
        let mut kept = Vec::new();
        let mut at = 0;
        let mut removing = false;
        let mut internal = (false, false);
        let mut name = String::new();
        while at < body.len() {
            let end = memchr::memchr(b'\n', &body[at..]).map_or(body.len(), |n| at + n + 1);
            let line = &body[at..end];
            if line == b"\n" || line == b"\r\n" {
                break;
            }
            // A folded line goes with the one above it (RFC 5322 §2.2.3).
            if matches!(line.first(), Some(b' ' | b'\t')) {
                state.read_field(&name, &String::from_utf8_lossy(line));
            } else {
                let value;
                (name, value) = field(line);
                removing = STATE_FIELDS.iter().any(|known| known.eq_ignore_ascii_case(&name));
                state.read_field(&name, &value);
                internal.0 |= name.eq_ignore_ascii_case("X-IMAP");
                internal.1 |= value.contains("FOLDER INTERNAL DATA");
            }
            if !removing {
                kept.extend_from_slice(line);
            }
            at = end;
        }
        state.internal = internal == (true, true);
        if kept.len() < at {
            kept.extend_from_slice(&body[at..]);
            *body = kept;
        }
        state
    }

    fn read_field(&mut self, name: &str, value: &str) {
        if name.eq_ignore_ascii_case("Status") || name.eq_ignore_ascii_case("X-Status") {
            for letter in value.bytes() {
                match letter {
                    b'R' => self.add(Flag::Seen),
                    b'A' => self.add(Flag::Answered),
                    b'F' => self.add(Flag::Flagged),
                    b'D' => self.add(Flag::Deleted),
                    b'T' => self.add(Flag::Draft),
                    _ => {}
                }
            }
        } else if name.eq_ignore_ascii_case("X-Keywords")
            || name.eq_ignore_ascii_case("X-Mozilla-Keys")
        {
            for keyword in value.split_ascii_whitespace().filter_map(Keyword::new) {
                self.add(Flag::Keyword(keyword));
            }
        } else if name.eq_ignore_ascii_case("X-Mozilla-Status") {
            let bits = u32::from_str_radix(value.trim(), 16).unwrap_or_default();
            let known = [
                (0x0001, Some(Flag::Seen)),
                (0x0002, Some(Flag::Answered)),
                (0x0004, Some(Flag::Flagged)),
                (0x0008, Some(Flag::Deleted)),
                (0x1000, Keyword::new("$Forwarded").map(Flag::Keyword)),
            ];
            known.into_iter().filter(|(bit, _)| bits & bit != 0).for_each(|(_, flag)| {
                if let Some(flag) = flag {
                    self.add(flag);
                }
            });
        }
    }

    fn add(&mut self, flag: Flag) {
        if !self.flags.contains(&flag) {
            self.flags.push(flag);
        }
    }
}

/// A header line's name and value; both empty where it is none.
fn field(line: &[u8]) -> (String, String) {
    let Some(colon) = memchr::memchr(b':', line) else { return Default::default() };
    let text = |octets: &[u8]| String::from_utf8_lossy(octets).trim().to_owned();
    (text(&line[..colon]), text(&line[colon + 1..]))
}

/// A line with its end. Of a longer one than `most`, that much is kept and the rest passed over,
/// so that memory stays bounded; the message is then refused as too large.
fn read_line(reader: &mut impl BufRead, most: u64, line: &mut Vec<u8>) -> io::Result<u64> {
    let limit = most.saturating_add(2048);
    let mut read = reader.by_ref().take(limit).read_until(b'\n', line)? as u64;
    while read >= limit && line.last() != Some(&b'\n') {
        let buffer = reader.fill_buf()?;
        if buffer.is_empty() {
            break;
        }
        let end = memchr::memchr(b'\n', buffer).map(|at| at + 1);
        let used = end.unwrap_or(buffer.len());
        reader.consume(used);
        read += used as u64;
        if end.is_some() {
            break;
        }
    }
    Ok(read)
}

fn mailbox(name: String, path: &Path) -> SourceMailbox {
    let octets = fs::metadata(path).map_or(0, |metadata| metadata.len());
    SourceMailbox { name, path: path.to_owned(), kind: Kind::Mbox, octets }
}

/// `Sent` for `Sent.mbox`; the names that stand for the inbox become INBOX.
fn name_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let name = name.strip_suffix(".mbox").or(name.strip_suffix(".mbx")).unwrap_or(&name);
    match name.to_ascii_lowercase().as_str() {
        "inbox" | "mbox" | "" => "INBOX".into(),
        _ => name.to_owned(),
    }
}

fn below(
    folder: &Path,
    prefix: &str,
    depth: usize,
    found: &mut Vec<SourceMailbox>,
    problems: &mut Vec<Problem>,
) {
    let entries = match fs::read_dir(folder) {
        Ok(entries) if depth < MAX_DEPTH => entries,
        Ok(_) => return problems.push(Problem::at(folder, "folders are nested too deeply")),
        Err(error) => return problems.push(Problem::at(folder, error)),
    };
    let mut paths: Vec<_> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        let kind = fs::symlink_metadata(&path).map(|metadata| metadata.file_type());
        if kind.as_ref().is_ok_and(fs::FileType::is_dir) {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let level = name.strip_suffix(".sbd").unwrap_or(&name);
            below(&path, &format!("{prefix}{level}/"), depth + 1, found, problems);
        } else if kind.is_ok_and(|kind| kind.is_file()) && is_mbox(&path) {
            found.push(mailbox(format!("{prefix}{}", name_of(&path)), &path));
        }
    }
}

#[cfg(test)]
mod tests;
