//! Reading Maildir, Maildir++ with its subfolders `.A.B`, and folders within folders.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use peregrine_proto::DateTime;

use super::super::maildir::{
    FOLDER_MARK, KEYWORDS_FILE, KeywordLetters, SUBSCRIPTIONS_FILE, date_in_name, flags_in_name,
    mailbox_of_folder, mailbox_of_level,
};
use super::source::{Item, Kind, Problem, SourceMailbox, SourceMessage};

/// Folders within folders that are followed; deeper ones are accidents or loops.
const MAX_DEPTH: usize = 32;

/// Octets of `dovecot-keywords` and `subscriptions` that are read.
const MAX_LIST: u64 = 4 << 20;

/// Whether `folder` is a Maildir.
pub(super) fn is_maildir(folder: &Path) -> bool {
    folder.join("cur").is_dir() || folder.join("new").is_dir()
}

/// The mailboxes of a Maildir, itself first, those below it by name.
pub(super) fn mailboxes(root: &Path, problems: &mut Vec<Problem>) -> Vec<SourceMailbox> {
    let mut found = Vec::new();
    if is_maildir(root) {
        found.push(mailbox("INBOX".into(), root));
    }
    below(root, "", 0, &mut found, problems);
    found
}

/// The mailboxes that the Maildir's user has subscribed to; none where it keeps no such list.
pub(super) fn subscriptions(root: &Path) -> Vec<String> {
    let Ok(text) = read_list(&root.join(SUBSCRIPTIONS_FILE)) else { return Vec::new() };
    // Dovecot's newer form begins with a line `V` and parts levels by tabs.
    let (separator, text) = match text.strip_prefix("V\t2\n") {
        Some(rest) => ('\t', rest),
        None => ('.', text.as_str()),
    };
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.map(|line| mailbox_of_folder(&line.replace(separator, "."))).collect()
}

/// Reads the messages of one Maildir in the order of their dates. Ends when `sink` is false.
pub(super) fn read(mailbox: &SourceMailbox, most: u64, sink: &mut dyn FnMut(Item) -> bool) {
    let keywords = read_list(&mailbox.path.join(KEYWORDS_FILE)).unwrap_or_default();
    let keywords = KeywordLetters::parse(&keywords);
    let mut problems = Vec::new();
    let mut entries = list(&mailbox.path, &mut problems);
    for problem in problems {
        if !sink(Item::Problem(problem)) {
            return;
        }
    }
    entries.sort_unstable_by(|a, b| (a.unix, &a.name).cmp(&(b.unix, &b.name)));
    for entry in entries {
        let folder = if entry.new { "new" } else { "cur" };
        let path = mailbox.path.join(folder).join(&entry.name);
        let name = entry.name.to_string_lossy();
        let item = match read_message(&path, entry.octets, most) {
            Ok(body) => Item::Message(SourceMessage {
                body,
                flags: flags_in_name(&name, &keywords),
                date: DateTime { unix: entry.unix, offset: 0 },
                place: path.display().to_string(),
                octets: entry.octets,
            }),
            Err(reason) => Item::Problem(Problem::at(&path, reason)),
        };
        if !sink(item) {
            return;
        }
    }
}

struct Entry {
    name: std::ffi::OsString,
    new: bool,
    unix: i64,
    octets: u64,
}

fn mailbox(name: String, path: &Path) -> SourceMailbox {
    let octets = list(path, &mut Vec::new()).iter().map(|entry| entry.octets).sum();
    SourceMailbox { name, path: path.to_owned(), kind: Kind::Maildir, octets }
}

/// Maildir++ subfolders (`.A.B`) and, for other layouts, plain folders that hold Maildirs.
fn below(
    folder: &Path,
    prefix: &str,
    depth: usize,
    found: &mut Vec<SourceMailbox>,
    problems: &mut Vec<Problem>,
) {
    if depth >= MAX_DEPTH {
        problems.push(Problem::at(folder, "folders are nested too deeply; not looked into"));
        return;
    }
    for (name, path) in subfolders(folder, problems) {
        let Some(name) = name.to_str() else {
            problems.push(Problem::at(&path, "the folder's name is not UTF-8; skipped"));
            continue;
        };
        if let Some(dotted) = name.strip_prefix('.') {
            if is_maildir(&path) && !dotted.is_empty() {
                found.push(mailbox(format!("{prefix}{}", mailbox_of_folder(dotted)), &path));
            }
        } else if !matches!(name, "cur" | "new" | "tmp") {
            let mailbox_name = format!("{prefix}{}", mailbox_of_level(name));
            if is_maildir(&path) {
                found.push(mailbox(mailbox_name.clone(), &path));
            }
            below(&path, &format!("{mailbox_name}/"), depth + 1, found, problems);
        }
    }
}

/// Real folders in `folder`, by name. Links are not followed: they could lead in circles.
fn subfolders(folder: &Path, problems: &mut Vec<Problem>) -> Vec<(std::ffi::OsString, PathBuf)> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            problems.push(Problem::at(folder, error));
            return Vec::new();
        }
    };
    let mut folders: Vec<_> = entries
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| (entry.file_name(), entry.path()))
        .collect();
    folders.sort();
    folders
}

/// The message files of `cur` and `new`.
fn list(folder: &Path, problems: &mut Vec<Problem>) -> Vec<Entry> {
    let mut entries = Vec::new();
    for (part, new) in [("cur", false), ("new", true)] {
        let path = folder.join(part);
        let files = match fs::read_dir(&path) {
            Ok(files) => files,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => {
                problems.push(Problem::at(&path, error));
                continue;
            }
        };
        for file in files {
            match file.and_then(|file| entry(&file, new)) {
                Ok(Some(entry)) => entries.push(entry),
                Ok(None) => {}
                Err(error) => problems.push(Problem::at(&path, error)),
            }
        }
    }
    entries
}

fn entry(file: &fs::DirEntry, new: bool) -> io::Result<Option<Entry>> {
    let name = file.file_name();
    let text = name.to_string_lossy();
    // Names that begin with a dot are not messages (Maildir's own rule).
    if text.starts_with('.') || text == FOLDER_MARK {
        return Ok(None);
    }
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        return Ok(None);
    }
    let changed = match metadata.modified()?.duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_secs()).unwrap_or(i64::MAX),
        Err(before) => -i64::try_from(before.duration().as_secs()).unwrap_or(i64::MAX),
    };
    // The file's time is the message's, unless the files were copied without it: then the name,
    // made when the message was put there, knows an earlier one.
    let unix = date_in_name(&text).map_or(changed, |named| named.min(changed));
    Ok(Some(Entry { name, new, unix, octets: metadata.len() }))
}

fn read_message(path: &Path, octets: u64, most: u64) -> Result<Vec<u8>, String> {
    let metadata = fs::symlink_metadata(path).map_err(|e| e.to_string())?;
    if !metadata.is_file() {
        return Err("not a file (links are not followed)".into());
    }
    let mut file = File::open(path).map_err(|e| e.to_string())?;
    let mut body = Vec::with_capacity(usize::try_from(octets.min(most)).unwrap_or_default() + 1);
    let limited = file.by_ref().take(most.saturating_add(1));
    { limited }.read_to_end(&mut body).map_err(|e| e.to_string())?;
    if body.len() as u64 > most {
        return Err(format!("larger than the limit `message_size` of {most} octets"));
    }
    Ok(body)
}

fn read_list(path: &Path) -> io::Result<String> {
    let mut octets = Vec::new();
    File::open(path)?.take(MAX_LIST).read_to_end(&mut octets)?;
    Ok(String::from_utf8_lossy(&octets).into_owned())
}
