//! The real binary, serving a fresh store on free ports of loopback.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The user of the store.
pub const USER: &str = "alice";
/// The user's password.
pub const PASSWORD: &str = "wonderland";

/// A server of the real binary on free ports of loopback, ended when dropped.
pub struct Served {
    process: Child,
    folder: tempfile::TempDir,
    /// The port for plain connections.
    pub imap: u16,
    /// The port for TLS.
    pub imaps: u16,
}

impl Served {
    /// Makes a store and serves it.
    pub fn start() -> Self {
        let binary = env!("CARGO_BIN_EXE_peregrine");
        Self::start_as(&mut Command::new(binary))
    }

    /// Serves a fresh store with a command of one's own that runs the binary, such as a tracer.
    pub fn start_as(command: &mut Command) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let home = folder.path().join("mail");
        let mut init = Command::new(env!("CARGO_BIN_EXE_peregrine"))
            .arg("init")
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

        let mut process = command
            .arg("serve")
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

    /// The certificate that `init` made, for clients to trust.
    pub fn certificate(&self) -> PathBuf {
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

fn walk(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    paths.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}
