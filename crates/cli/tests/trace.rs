//! `trace`, `sessions` and `kick` as a user runs them: beside a server that is another process.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

fn peregrine() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_peregrine"));
    command.env("NO_COLOR", "1").env("COLUMNS", "80").env_remove("NOTIFY_SOCKET");
    command
}

fn run(arguments: &[&str]) -> Output {
    peregrine().args(arguments).stdin(Stdio::null()).output().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args(["-s", name, &child.id().to_string()]).status();
    assert!(sent.unwrap().success());
}

/// A served folder with the user alice, password "topsecret"; the server ends with it.
struct Served {
    folder: tempfile::TempDir,
    child: Child,
    imap: String,
}

impl Served {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("mail");
        let mut init = peregrine()
            .args(["init", dir.to_str().unwrap(), "--user", "alice"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        init.stdin.take().unwrap().write_all(b"topsecret\n").unwrap();
        assert!(init.wait().unwrap().success());
        let mut child = peregrine()
            .args(["serve", dir.to_str().unwrap()])
            .args(["--imap", "127.0.0.1:0", "--imaps", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let rest = line.strip_prefix("ready: imap ").unwrap_or_else(|| panic!("{line}"));
        let imap = rest.split(", ").next().unwrap().to_owned();
        Self { folder, child, imap }
    }

    fn dir(&self) -> String {
        self.file("mail").to_str().unwrap().to_owned()
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A connection that has said this and has been answered by this tag.
    fn say(&self, lines: &str, tag: &str) -> BufReader<TcpStream> {
        let mut stream = TcpStream::connect(&self.imap).unwrap();
        stream.write_all(lines.as_bytes()).unwrap();
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        while !line.starts_with(tag) {
            line.clear();
            assert!(reader.read_line(&mut line).unwrap() > 0, "{tag}");
        }
        reader
    }

    /// Starts `trace` and waits until it watches.
    fn trace(&self, arguments: &[&str]) -> (Child, BufReader<std::process::ChildStdout>) {
        let mut child = peregrine()
            .args(["trace", &self.dir()])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut reader = BufReader::new(child.stdout.take().unwrap());
        reader.read_line(&mut String::new()).unwrap();
        (child, reader)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const PIPELINE: &str = "a1 LOGIN alice topsecret\r\na2 SELECT INBOX\r\n\
    a3 UID SEARCH ALL\r\na4 STATUS Sent (MESSAGES)\r\na5 LOGOUT\r\n";

/// Watches, draws, records; what was recorded is drawn the same later.
#[test]
fn a_live_trace_is_drawn_and_recorded() {
    let served = Served::start();
    let files = ["t.trace", "t.svg", "t.html"].map(|name| served.file(name));
    let [record, svg, html] = files.each_ref().map(|path| path.to_str().unwrap());
    let arguments = ["--user", "alice", "--record", record, "--svg", svg, "--html", html];
    let (mut child, mut reader) = served.trace(&arguments);
    served.say(PIPELINE, "a5");
    // The picture comes by itself, when the session is over.
    let mut drawn = String::new();
    while !drawn.contains("a5 LOGOUT") {
        assert!(reader.read_line(&mut drawn).unwrap() > 0, "{drawn}");
    }
    signal(&child, "INT");
    reader.read_to_string(&mut drawn).unwrap();
    assert!(child.wait().unwrap().success());
    for wanted in ["alice from 127.0.0.1:", "5 commands in", "a1 LOGIN …", "waited for a2: which"]
    {
        assert!(drawn.contains(wanted), "{wanted}: {drawn}");
    }
    assert!(drawn.lines().all(|line| line.chars().count() <= 80), "{drawn}");
    let later = run(&["trace", "--from", record]);
    assert!(later.status.success(), "{}", err(&later));
    assert_eq!(
        out(&later).lines().skip(2).collect::<Vec<_>>(),
        drawn.lines().skip(1).collect::<Vec<_>>()
    );
    for path in &files {
        let text = fs::read_to_string(path).unwrap();
        assert!(text.contains("UID SEARCH ALL") && !text.contains("topsecret"), "{text}");
        assert_eq!(fs::metadata(path).unwrap().mode() & 0o777, 0o600);
    }
}

/// JSON for scripts, line by line as it happens.
#[test]
fn a_trace_as_json() {
    let served = Served::start();
    let (mut child, mut reader) = served.trace(&["--user", "alice", "--json"]);
    served.say(PIPELINE, "a5");
    let mut lines = String::new();
    while !lines.contains("\"event\":\"closed\"") {
        assert!(reader.read_line(&mut lines).unwrap() > 0, "{lines}");
    }
    signal(&child, "TERM");
    assert!(child.wait().unwrap().success());
    assert!(lines.contains("\"event\":\"arrived\",\"tag\":\"a3\""), "{lines}");
    assert!(!lines.contains("topsecret"));
}

/// It ends by itself when its time is over, and when the server ends.
#[test]
fn a_trace_ends_by_itself() {
    let mut served = Served::start();
    let (mut timed, _out) = served.trace(&["--user", "alice", "--for", "1"]);
    assert!(timed.wait().unwrap().success());
    let (mut child, _out) = served.trace(&["--user", "alice"]);
    signal(&served.child, "TERM");
    assert!(served.child.wait().unwrap().success());
    assert!(child.wait().unwrap().success());
    assert!(!Path::new(&served.dir()).join("run/admin.socket").exists());
}

#[test]
fn sessions_are_listed_and_ended() {
    let served = Served::start();
    let mut client = served.say("a LOGIN alice topsecret\r\n", "a ");
    let listed = run(&["sessions", &served.dir(), "--json"]);
    let line = out(&listed);
    assert!(line.contains("\"user\":\"alice\"") && line.lines().count() == 1, "{line}");
    let id = line.split("\"session\":\"").nth(1).unwrap().split('"').next().unwrap();
    assert!(out(&run(&["sessions", &served.dir()])).contains(id));

    let (mut child, mut reader) = served.trace(&["--session", id, "--json"]);
    assert!(run(&["kick", &served.dir(), id]).status.success());
    let mut told = String::new();
    client.read_to_string(&mut told).unwrap();
    assert!(told.starts_with("* BYE "), "{told}");
    // A trace of one session is over when that is.
    let mut lines = String::new();
    reader.read_to_string(&mut lines).unwrap();
    assert!(child.wait().unwrap().success());
    assert!(lines.contains("\"closed\""), "{lines}");
    let again = run(&["kick", &served.dir(), id]);
    assert_eq!(again.status.code(), Some(1));
    assert!(err(&again).contains("no such session"), "{}", err(&again));
}

#[test]
fn what_cannot_be_traced_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().to_str().unwrap();
    for (arguments, code, wanted) in [
        (&["trace", dir, "--user", "a"][..], 1, "no server runs on"),
        (&["sessions", dir], 1, "no server runs on"),
        (&["kick", dir, "1"], 1, "no server runs on"),
        (&["trace", dir], 2, "--user"),
        (&["trace", "--user", "a"], 2, "<DIR>"),
        (&["trace", dir, "--user", "a", "--session", "b"], 2, "cannot be used with"),
        (&["trace", "--from", "/nowhere/x"], 1, "cannot use /nowhere/x: No such file"),
        (&["trace", "--from", file!()], 1, "this is no trace"),
    ] {
        let output =
            peregrine().args(arguments).current_dir(root()).stdin(Stdio::null()).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", err(&output));
        assert!(err(&output).contains(wanted), "{arguments:?}: {}", err(&output));
    }
}

/// The workspace's root, which `file!()` counts from.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap()
}
