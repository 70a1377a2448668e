//! The system calls of the child, as changes of a disk.

use super::script::{FOLDER, MODE, Mode};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A run of the child.
pub struct Recorded {
    /// The folder as it was before, which is all on the disk.
    pub before: Vec<(PathBuf, Option<Vec<u8>>)>,
    /// What was done to it since.
    pub events: Vec<Event>,
}

/// Something that was done. Paths are relative to the folder.
#[derive(Clone, Debug)]
pub enum Event {
    Make {
        path: PathBuf,
        folder: bool,
    },
    Write {
        path: PathBuf,
        offset: u64,
        octets: Vec<u8>,
    },
    SetLength {
        path: PathBuf,
        length: u64,
    },
    Rename {
        from: PathBuf,
        to: PathBuf,
    },
    Unlink(PathBuf),
    /// A sync of a file or folder has been asked for; it covers what was done before.
    SyncBegins {
        thread: u32,
        path: PathBuf,
    },
    SyncEnds {
        thread: u32,
    },
    /// A change was acknowledged; what the store held then.
    Acknowledged {
        contents: u64,
    },
}

impl Recorded {
    /// The events without those that are missing, and the ends of such syncs.
    pub fn without(&self, is_missing: impl Fn(&Event) -> bool) -> Vec<Event> {
        let mut left_out = Vec::new();
        let stays = |event: &&Event| match event {
            Event::SyncBegins { thread, .. } if is_missing(event) => {
                left_out.push(*thread);
                false
            }
            Event::SyncEnds { thread } => {
                let at = left_out.iter().position(|other| other == thread);
                at.map(|at| left_out.swap_remove(at)).is_none()
            }
            _ => true,
        };
        self.events.iter().filter(stays).cloned().collect()
    }

    /// The same run with other events.
    pub fn with(&self, events: Vec<Event>) -> Self {
        Self { before: self.before.clone(), events }
    }
}

/// Records a run of the child; `None` (told on standard error) where that is not possible.
pub fn record(mode: Mode) -> Option<Recorded> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (store, trace) = (folder.path().join("store"), folder.path().join("trace"));
    let child = |mut command: Command, mode: Mode| {
        command.args(["--exact", "child", "--nocapture"]);
        command.env(FOLDER, &store).env(MODE, format!("{mode:?}")).output()
    };
    let this = std::env::current_exe().expect("this program");
    let made = child(Command::new(&this), Mode::Make).expect("it starts");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let before = read(&store, &store);
    let mut tracer = Command::new("strace");
    let calls = "trace=openat,creat,close,write,writev,pwrite64,pwritev,pwritev2,ftruncate,\
                 truncate,fallocate,copy_file_range,sendfile,fsync,fdatasync,sync_file_range,\
                 rename,renameat,renameat2,link,linkat,unlink,unlinkat,mkdir,mkdirat,rmdir";
    tracer.args([
        "-f",
        "-y",
        "-xx",
        "-qq",
        "-s",
        "100000000",
        "-e",
        calls,
        "-e",
        "signal=none",
        "-o",
    ]);
    tracer.arg(&trace).arg(this);
    if !Command::new("strace")
        .args(["-qq", "-o", "/dev/null", "true"])
        .status()
        .is_ok_and(|s| s.success())
    {
        let required = std::env::var("PEREGRINE_PEERS").as_deref() == Ok("required");
        assert!(!required, "strace is needed, and PEREGRINE_PEERS=required");
        eprintln!("skipped: strace is not installed or not allowed here");
        return None;
    }
    let output = child(tracer, mode).expect("it starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut reader = Reader { folder: store, ..Reader::default() };
    let text = std::fs::read_to_string(&trace).expect("a trace");
    text.lines().for_each(|line| reader.line(line));
    Some(Recorded { before, events: reader.events })
}

fn read(root: &Path, folder: &Path) -> Vec<(PathBuf, Option<Vec<u8>>)> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.strip_prefix(root).expect("below").to_owned();
        if path.is_dir() {
            all.push((name, None));
            all.extend(read(root, &path));
        } else {
            all.push((name, Some(std::fs::read(&path).expect("a file"))));
        }
    }
    all
}

#[derive(Default)]
struct Reader {
    folder: PathBuf,
    events: Vec<Event>,
    /// Calls that another thread's line has cut in two.
    cut: HashMap<u32, String>,
    /// Where the next plain write to a descriptor goes.
    positions: HashMap<String, u64>,
}

impl Reader {
    fn line(&mut self, line: &str) {
        let (thread, call) = line.split_once(' ').expect("a thread");
        let (thread, call) = (thread.parse().expect("a number"), call.trim_start());
        if let Some(begun) = call.strip_suffix(" <unfinished ...>") {
            if is_sync(begun) {
                self.sync_begins(thread, begun);
            }
            self.cut.insert(thread, begun.to_owned());
        } else if let Some(rest) = call.strip_prefix("<... ") {
            let begun = self.cut.remove(&thread).expect("its begin");
            let (_, rest) = rest.split_once("resumed>").expect("its end");
            if !is_sync(&begun) {
                self.call(&format!("{begun}{rest}"));
            } else if result(rest) == Some(0) {
                self.events.push(Event::SyncEnds { thread });
            }
        } else if is_sync(call) {
            if result(call) == Some(0) {
                self.sync_begins(thread, call);
                self.events.push(Event::SyncEnds { thread });
            }
        } else {
            self.call(call);
        }
    }

    fn sync_begins(&mut self, thread: u32, call: &str) {
        if let Some(path) = self.descriptor(arguments(call)[0]) {
            self.events.push(Event::SyncBegins { thread, path });
        }
    }

    /// A call that succeeded, in whole.
    fn call(&mut self, call: &str) {
        let Some(result) = result(call).filter(|result| *result >= 0) else { return };
        let name = call.split('(').next().unwrap_or_default();
        let arguments = arguments(call);
        let number = |at: usize| arguments[at].trim().parse::<u64>().expect("a number");
        match name {
            "openat" | "creat" => self.opened(call, &arguments),
            "write" => self.write(&arguments),
            "pwrite64" => {
                if let Some(path) = self.descriptor(arguments[0]) {
                    let octets = unquoted(arguments[1]);
                    assert_eq!(octets.len() as i64, result, "{name}: a short write");
                    self.events.push(Event::Write { path, offset: number(3), octets });
                }
            }
            "ftruncate" => {
                if let Some(path) = self.descriptor(arguments[0]) {
                    self.events.push(Event::SetLength { path, length: number(1) });
                }
            }
            "mkdir" | "mkdirat" => {
                if let Some(path) = self.named(&arguments) {
                    self.events.push(Event::Make { path, folder: true });
                }
            }
            "unlink" | "unlinkat" | "rmdir" => {
                self.events.extend(self.named(&arguments).map(Event::Unlink));
            }
            "rename" | "renameat" | "renameat2" => {
                let mut names = arguments.iter().filter_map(|word| self.path(word));
                if let (Some(from), Some(to)) = (names.next(), names.next()) {
                    self.events.push(Event::Rename { from, to });
                }
            }
            "close" => {}
            // None of these is used; if one comes, the images would be wrong.
            _ => assert!(!call.contains(&hex(&self.folder)), "{name} is not known"),
        }
    }

    fn opened(&mut self, call: &str, arguments: &[&str]) {
        let descriptor = call.rsplit("= ").next().unwrap_or_default();
        let descriptor = descriptor.split('<').next().unwrap_or_default();
        self.positions.insert(descriptor.to_owned(), 0);
        let Some(path) = self.named(arguments) else { return };
        assert!(!call.contains("O_TMPFILE") && !call.contains("O_APPEND"), "{call}");
        if call.contains("O_CREAT") {
            self.events.push(Event::Make { path: path.clone(), folder: false });
        }
        if call.contains("O_TRUNC") {
            self.events.push(Event::SetLength { path, length: 0 });
        }
    }

    fn write(&mut self, arguments: &[&str]) {
        let octets = unquoted(arguments[1]);
        if arguments[0].starts_with("2<") {
            let text = String::from_utf8_lossy(&octets).into_owned();
            let words: Vec<&str> = text.split_whitespace().collect();
            if let ["ack", _, contents] = words[..] {
                let contents = u64::from_str_radix(contents, 16).expect("a digest");
                self.events.push(Event::Acknowledged { contents });
            }
        } else if let Some(path) = self.descriptor(arguments[0]) {
            let descriptor = arguments[0].split('<').next().unwrap_or_default().to_owned();
            let position = self.positions.entry(descriptor).or_default();
            let offset = *position;
            *position += octets.len() as u64;
            self.events.push(Event::Write { path, offset, octets });
        }
    }

    /// The path of a descriptor, such as `12</store/rows>`, if it is of ours.
    fn descriptor(&self, word: &str) -> Option<PathBuf> {
        let (_, path) = word.split_once('<')?;
        let path = PathBuf::from(String::from_utf8(unescaped(path.strip_suffix('>')?)).ok()?);
        path.strip_prefix(&self.folder).ok().map(Path::to_owned)
    }

    /// The first argument that is a path, if it is of ours.
    fn named(&self, arguments: &[&str]) -> Option<PathBuf> {
        arguments.iter().find_map(|word| self.path(word))
    }

    fn path(&self, word: &str) -> Option<PathBuf> {
        if !word.trim().starts_with('"') {
            return None;
        }
        let path = PathBuf::from(String::from_utf8(unquoted(word)).ok()?);
        path.strip_prefix(&self.folder).ok().map(Path::to_owned)
    }
}

fn is_sync(call: &str) -> bool {
    call.starts_with("fsync(") || call.starts_with("fdatasync(")
}

/// What a call gave back.
fn result(call: &str) -> Option<i64> {
    let (_, result) = call.rsplit_once("= ")?;
    result.split(['<', ' ']).next()?.parse().ok()
}

/// The words between the brackets. Strings are in hexadecimal, so no comma is in them.
fn arguments(call: &str) -> Vec<&str> {
    let inside = call.split_once('(').map_or("", |(_, rest)| rest);
    let inside = inside.rsplit_once(')').map_or(inside, |(inside, _)| inside);
    inside.split(", ").collect()
}

fn unquoted(word: &str) -> Vec<u8> {
    unescaped(word.trim().trim_start_matches('"').trim_end_matches('"'))
}

fn unescaped(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let (mut at, mut out) = (0, Vec::with_capacity(bytes.len() / 4));
    while at < bytes.len() {
        if bytes[at..].starts_with(b"\\x") {
            let digit = |byte: u8| (byte as char).to_digit(16).expect("a digit") as u8;
            out.push(digit(bytes[at + 2]) * 16 + digit(bytes[at + 3]));
            at += 4;
        } else {
            out.push(bytes[at]);
            at += 1;
        }
    }
    out
}

fn hex(path: &Path) -> String {
    path.to_string_lossy().bytes().map(|byte| format!("\\x{byte:02x}")).collect()
}
