//! Other people's clients against the real binary: the scripts of `tests/peers/`.
//!
//! A client that is not installed is skipped with a message, but with
//! `PEREGRINE_PEERS=required` (as in CI) that is a failure.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

const USER: &str = "alice";
const PASSWORD: &str = "wonderland";

#[test]
fn imaplib() {
    peer("python3", "imaplib_all.py");
}

#[test]
fn cpython_mail() {
    peer("python3", "cpython_mail.py");
}

#[test]
fn curl() {
    peer("curl", "curl.sh");
}

#[test]
fn mbsync() {
    peer("mbsync", "mbsync.sh");
}

#[test]
fn neomutt() {
    peer("neomutt", "neomutt.sh");
}

/// Runs a script against a fresh server if the program it is about is installed.
fn peer(program: &str, script: &str) {
    if !installed(program) {
        assert!(
            std::env::var("PEREGRINE_PEERS").as_deref() != Ok("required"),
            "{program} is not installed, and PEREGRINE_PEERS=required"
        );
        eprintln!("skipped: {program} is not installed");
        return;
    }
    let served = Served::start();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/peers").join(script);
    let output = Command::new(&script)
        .env("PEREGRINE_HOST", "127.0.0.1")
        .env("PEREGRINE_IMAP", served.imap.to_string())
        .env("PEREGRINE_IMAPS", served.imaps.to_string())
        .env("PEREGRINE_USER", USER)
        .env("PEREGRINE_PASSWORD", PASSWORD)
        .env("PEREGRINE_CERTIFICATE", served.certificate())
        .stdin(Stdio::null())
        .output()
        .expect("the script starts");
    assert!(
        output.status.success(),
        "{}\n{}{}",
        script.display(),
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    print!("{}", String::from_utf8_lossy(&output.stdout));
}

fn installed(program: &str) -> bool {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&paths).any(|folder| folder.join(program).is_file())
}

/// A server of the real binary on free ports of loopback, ended when dropped.
struct Served {
    process: Child,
    folder: tempfile::TempDir,
    imap: u16,
    imaps: u16,
}

impl Served {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let home = folder.path().join("mail");
        let mut init = peregrine(&["init"])
            .arg(&home)
            .args(["--user", USER])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("peregrine starts");
        let mut input = init.stdin.take().expect("piped");
        writeln!(input, "{PASSWORD}").expect("it reads the password");
        drop(input);
        assert!(init.wait().expect("it ends").success(), "init failed");

        let mut process = peregrine(&["serve"])
            .arg(&home)
            .args(["--imap", "127.0.0.1:0", "--imaps", "127.0.0.1:0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("peregrine starts");
        let output = BufReader::new(process.stdout.take().expect("piped"));
        let ready = output.lines().map_while(Result::ok).find(|line| line.starts_with("ready"));
        let ready = ready.expect("a line that says it is ready");
        let port = |kind: &str| {
            let at = ready.split(kind).nth(1).unwrap_or_else(|| panic!("no {kind}in {ready}"));
            let digits = at.trim_start().strip_prefix("127.0.0.1:").expect("loopback");
            let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
            digits[..end].parse().expect("a port")
        };
        Self { imap: port("imap "), imaps: port("imaps "), process, folder }
    }

    fn certificate(&self) -> PathBuf {
        let home = self.folder.path().join("mail");
        let entries = walk(&home);
        let found = entries.into_iter().find(|path| {
            let text = std::fs::read_to_string(path).unwrap_or_default();
            text.contains("BEGIN CERTIFICATE")
        });
        found.expect("init made a certificate")
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn peregrine(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_peregrine"));
    command.args(arguments);
    command
}

fn walk(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    paths.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}
