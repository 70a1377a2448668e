//! A server of the release binary in a process of its own.

use std::io::{self, BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The process and where it listens; ended when dropped.
pub struct Served {
    process: Child,
    /// Its plain listener.
    pub imap: SocketAddr,
    /// Its TLS listener.
    pub imaps: SocketAddr,
}

/// `PEREGRINE_BIN`, or the release build of this workspace.
#[must_use]
pub fn binary() -> PathBuf {
    std::env::var_os("PEREGRINE_BIN").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/release/peregrine"),
        PathBuf::from,
    )
}

/// Makes a store with the user `bench`, password `benchbench`.
///
/// # Errors
/// When the binary is missing or fails.
pub fn init(home: &Path) -> io::Result<()> {
    let mut init = Command::new(binary())
        .arg("init")
        .arg(home)
        .args(["--user", "bench"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()?;
    if let Some(mut input) = init.stdin.take() {
        writeln!(input, "benchbench")?;
    }
    succeeded(init.wait()?)
}

/// Adds a user with the same password.
///
/// # Errors
/// When the binary is missing or fails.
pub fn add_user(home: &Path, name: &str) -> io::Result<()> {
    let mut add = Command::new(binary());
    add.args(["user", "add"]).arg(home).arg(name).stdin(Stdio::piped()).stdout(Stdio::null());
    let mut add = add.spawn()?;
    if let Some(mut input) = add.stdin.take() {
        writeln!(input, "benchbench")?;
    }
    succeeded(add.wait()?)
}

/// Imports an mbox into a mailbox.
///
/// # Errors
/// When the binary is missing or fails.
pub fn import(home: &Path, source: &Path, mailbox: &str) -> io::Result<()> {
    let mut import = Command::new(binary());
    import.arg("import").arg(home).args(["--user", "bench", "--into", mailbox]).arg(source);
    succeeded(import.stdout(Stdio::null()).stderr(Stdio::null()).status()?)
}

fn succeeded(status: std::process::ExitStatus) -> io::Result<()> {
    if status.success() { Ok(()) } else { Err(io::Error::other(status.to_string())) }
}

impl Served {
    /// Starts it on free ports of loopback.
    ///
    /// # Errors
    /// When the binary is missing or does not say that it is ready.
    pub fn start(home: &Path) -> io::Result<Self> {
        let mut server = Command::new(binary());
        server.arg("serve").arg(home).args(["--imap", "127.0.0.1:0", "--imaps", "127.0.0.1:0"]);
        Self::spawn(&mut server)
    }

    /// Starts any server that says as this one does when it is ready.
    ///
    /// # Errors
    /// When it cannot be started or does not say so.
    pub fn spawn(server: &mut Command) -> io::Result<Self> {
        server.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = server.spawn()?;
        let output = process.stdout.take().ok_or_else(|| io::Error::other("no output"))?;
        let lines = BufReader::new(output).lines();
        let ready = lines.map_while(Result::ok).find(|line| line.starts_with("ready"));
        let ready = ready.ok_or_else(|| io::Error::other("it did not say that it is ready"))?;
        let address = |kind: &str| {
            let text = ready.split(kind).nth(1).unwrap_or_default().trim_start();
            let end = text.find(|c: char| !c.is_ascii_digit() && c != '.' && c != ':');
            let address = text[..end.unwrap_or(text.len())].parse();
            address.map_err(|_| io::Error::other(ready.clone()))
        };
        let (imap, imaps) = (address("imap ")?, address("imaps ")?);
        Ok(Self { process, imap, imaps })
    }

    /// CPU time of all its threads so far, in seconds.
    #[must_use]
    pub fn cpu(&self) -> f64 {
        let tasks = format!("/proc/{}/task", self.process.id());
        let entries = std::fs::read_dir(tasks).into_iter().flatten().flatten();
        let nanoseconds = entries.filter_map(|task| {
            let text = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
            text.split(' ').next()?.parse::<f64>().ok()
        });
        nanoseconds.sum::<f64>() / 1e9
    }

    /// Resident memory in KiB.
    #[must_use]
    pub fn resident(&self) -> f64 {
        self.status("VmRSS:")
    }

    /// As [`Served::resident`], without what is mapped from files.
    #[must_use]
    pub fn own(&self) -> f64 {
        self.status("RssAnon:")
    }

    /// Of [`Served::resident`], what is mapped from files: the program and the store.
    #[must_use]
    pub fn mapped(&self) -> f64 {
        self.status("RssFile:")
    }

    fn status(&self, name: &str) -> f64 {
        let path = format!("/proc/{}/status", self.process.id());
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        number.unwrap_or(f64::NAN)
    }

    /// The process, for strace.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
