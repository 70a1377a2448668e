//! One Maildir that is written to: files made in `tmp`, synced, and moved to `cur`.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use peregrine_proto::Flag;

use super::super::maildir::{FOLDER_MARK, KEYWORDS_FILE, KeywordLetters, letters_for};

/// Mail is for its owner's eyes only.
const PRIVATE_FILE: u32 = 0o600;

/// Threads that sync files.
const SYNCS_AT_ONCE: usize = 16;

/// A Maildir with what it holds.
pub(super) struct Folder {
    path: PathBuf,
    keywords: KeywordLetters,
    /// `dovecot-keywords` as it stands on the disk.
    keywords_written: String,
    /// Files by base name: the folder `cur` or `new`, and the whole name.
    files: HashMap<String, (&'static str, String)>,
}

/// How a message is to be named.
pub(super) struct Wanted {
    /// The name without size and flags.
    pub base: String,
    /// The file's time: INTERNALDATE, in seconds since 1970.
    pub unix: i64,
    /// The flags' letters.
    pub letters: String,
}

/// A file in `tmp` that is not yet synced.
struct Written {
    file: File,
    /// What it will be called in `cur`.
    name: String,
}

impl Folder {
    /// Opens or makes the Maildir at `path`. `mark` for a subfolder.
    pub fn open(path: &Path, mark: bool) -> io::Result<Self> {
        for part in ["cur", "new", "tmp"] {
            fs::create_dir_all(path.join(part))?;
        }
        if mark {
            OpenOptions::new().create(true).append(true).open(path.join(FOLDER_MARK))?;
        }
        let keywords_written = match fs::read_to_string(path.join(KEYWORDS_FILE)) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error),
        };
        let mut files = HashMap::new();
        for part in ["cur", "new"] {
            for file in fs::read_dir(path.join(part))? {
                let name = file?.file_name().to_string_lossy().into_owned();
                files.insert(base_of(&name).to_owned(), (part, name));
            }
        }
        let keywords = KeywordLetters::parse(&keywords_written);
        Ok(Self { path: path.to_owned(), keywords, keywords_written, files })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The letters for flags; keywords without a letter are added to `lost`.
    pub fn letters(&mut self, flags: &[Flag], lost: &mut usize) -> String {
        let (letters, more) = letters_for(flags, &mut self.keywords);
        *lost += more;
        letters
    }

    /// Whether a message is here already.
    pub fn has(&self, base: &str) -> bool {
        self.files.contains_key(base)
    }

    /// How many messages have a base name that ends so.
    pub fn count(&self, suffix: &str) -> u64 {
        self.files.keys().filter(|base| base.ends_with(suffix)).count() as u64
    }

    /// Gives a message that is here the flags that it has now.
    pub fn rename(&mut self, wanted: &Wanted) -> io::Result<()> {
        let Some((part, name)) = self.files.get(&wanted.base).cloned() else { return Ok(()) };
        let stem = name.split_once(":2,").map_or(name.as_str(), |(stem, _)| stem);
        let renamed = format!("{stem}:2,{}", wanted.letters);
        if renamed != name {
            self.write_keywords()?;
            fs::rename(self.path.join(part).join(&name), self.path.join("cur").join(&renamed))?;
            self.files.insert(wanted.base.clone(), ("cur", renamed));
        }
        Ok(())
    }

    /// Writes messages, and returns when they are on the disk.
    pub fn write(&mut self, messages: &[(Wanted, Bytes)]) -> io::Result<()> {
        // First, so that no letter is ever without its keyword.
        self.write_keywords()?;
        let mut written = Vec::with_capacity(messages.len());
        for (wanted, body) in messages {
            written.push(self.write_temporary(wanted, body)?);
        }
        sync_all(&written)?;
        for ((wanted, _), file) in messages.iter().zip(written) {
            let temporary = self.path.join("tmp").join(&wanted.base);
            fs::rename(&temporary, self.path.join("cur").join(&file.name))?;
            self.files.insert(wanted.base.clone(), ("cur", file.name));
        }
        File::open(self.path.join("cur"))?.sync_all()?;
        File::open(&self.path)?.sync_all()
    }

    fn write_temporary(&self, wanted: &Wanted, body: &[u8]) -> io::Result<Written> {
        let octets = unix_lines(body);
        let octets = octets.as_deref().unwrap_or(body);
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(PRIVATE_FILE)
            .open(self.path.join("tmp").join(&wanted.base))?;
        file.write_all(octets)?;
        file.set_modified(time(wanted.unix))?;
        let (size, wire) = (octets.len(), body.len());
        let name = format!("{},S={size},W={wire}:2,{}", wanted.base, wanted.letters);
        Ok(Written { file, name })
    }

    fn write_keywords(&mut self) -> io::Result<()> {
        let text = self.keywords.write();
        if text != self.keywords_written {
            replace(&self.path.join(KEYWORDS_FILE), &text)?;
            self.keywords_written = text;
        }
        Ok(())
    }
}

/// Syncs files, several at a time: most file systems then write for all at once.
fn sync_all(files: &[Written]) -> io::Result<()> {
    let share = files.len().div_ceil(SYNCS_AT_ONCE).max(1);
    std::thread::scope(|scope| {
        let sync = |files: &[Written]| files.iter().try_for_each(|it| it.file.sync_all());
        let threads: Vec<_> =
            files.chunks(share).map(|share| scope.spawn(move || sync(share))).collect();
        let panicked = || io::Error::other("a sync ended badly");
        threads.into_iter().try_for_each(|thread| thread.join().map_err(|_| panicked())?)
    })
}

/// Replaces a file whole: whoever reads it sees the old or the new text.
pub(super) fn replace(path: &Path, text: &str) -> io::Result<()> {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".new");
    let mut file = File::create(&temporary)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&temporary, path)
}

/// A name without its size and flags.
fn base_of(name: &str) -> &str {
    name.split([',', ':']).next().unwrap_or(name)
}

fn time(unix: i64) -> std::time::SystemTime {
    let distance = Duration::from_secs(unix.unsigned_abs());
    let time =
        if unix < 0 { UNIX_EPOCH.checked_sub(distance) } else { UNIX_EPOCH.checked_add(distance) };
    time.unwrap_or(UNIX_EPOCH)
}

/// The body with lines that end in LF, as files in a Maildir do, if they can be told back from
/// that: every line ends in CRLF now, and no CR stands before one. Any other body is kept as it is.
fn unix_lines(body: &[u8]) -> Option<Vec<u8>> {
    let mut lines = Vec::with_capacity(body.len());
    let mut start = 0;
    for end in memchr::memchr_iter(b'\n', body) {
        let line = body[start..end].strip_suffix(b"\r")?;
        if line.ends_with(b"\r") {
            return None;
        }
        lines.extend_from_slice(line);
        lines.push(b'\n');
        start = end + 1;
    }
    lines.extend_from_slice(&body[start..]);
    Some(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_shortened_only_if_that_can_be_undone() {
        let cases: &[(&[u8], Option<&[u8]>)] = &[
            (b"", Some(b"")),
            (b"a\r\nb\r\n", Some(b"a\nb\n")),
            (b"a\r\nb", Some(b"a\nb")),
            (b"a\nb\r\n", None),
            (b"a\r\r\nb", None),
            (b"a\rb\r\n", Some(b"a\rb\n")),
        ];
        for (body, wanted) in cases {
            assert_eq!(unix_lines(body).as_deref(), *wanted);
        }
    }

    #[test]
    fn times_before_1970_and_beyond_everything_are_times() {
        for unix in [0, -1, 1_700_000_000, i64::MIN, i64::MAX] {
            let _ = time(unix);
        }
        assert_eq!(time(-5).duration_since(UNIX_EPOCH).unwrap_err().duration().as_secs(), 5);
    }
}
