//! The real binary, serving a fresh store on free ports of loopback.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// The user of the store.
pub const USER: &str = "alice";
/// The user's password.
pub const PASSWORD: &str = "wonderland";

/// A folder that `init` has made.
pub struct Home {
    folder: tempfile::TempDir,
}

/// A server of the real binary on free ports of loopback, killed when dropped.
pub struct Served {
    process: Child,
    /// The port for plain connections.
    pub imap: u16,
    /// The port for TLS.
    pub imaps: u16,
}

impl Home {
    /// Makes a store with one user.
    pub fn new() -> Self {
        let home = Self { folder: tempfile::tempdir().expect("a temporary folder") };
        let mut init = Command::new(env!("CARGO_BIN_EXE_peregrine"))
            .arg("init")
            .arg(home.path())
            .args(["--user", USER])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("peregrine starts");
        let mut input = init.stdin.take().expect("piped");
        writeln!(input, "{PASSWORD}").expect("it reads the password");
        drop(input);
        assert!(init.wait().expect("it ends").success(), "init failed");
        home
    }

    /// Serves it.
    pub fn serve(&self) -> Served {
        self.serve_as(&mut Command::new(env!("CARGO_BIN_EXE_peregrine")))
    }

    /// Serves it with a command of one's own that runs the binary, such as a tracer.
    pub fn serve_as(&self, command: &mut Command) -> Served {
        Served::ready(self.begin(command))
    }

    /// Starts a server and does not wait until it is ready.
    pub fn begin(&self, command: &mut Command) -> Child {
        command
            .arg("serve")
            .arg(self.path())
            .args(["--imap", "127.0.0.1:0", "--imaps", "127.0.0.1:0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("peregrine starts")
    }

    /// The certificate that `init` made, for clients to trust.
    pub fn certificate(&self) -> PathBuf {
        self.path().join("certificate.pem")
    }

    /// Where it is.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("mail")
    }
}

impl Served {
    /// Waits until a server is ready.
    pub fn ready(mut process: Child) -> Self {
        let output = BufReader::new(process.stdout.take().expect("piped"));
        let ready = output.lines().map_while(Result::ok).find(|line| line.starts_with("ready"));
        let ready = ready.expect("a line that says it is ready");
        let port = |kind: &str| {
            let at = ready.split(kind).nth(1).unwrap_or_else(|| panic!("no {kind}in {ready}"));
            let digits = at.trim_start().strip_prefix("127.0.0.1:").expect("loopback");
            let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
            digits[..end].parse().expect("a port")
        };
        Self { imap: port("imap "), imaps: port("imaps "), process }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
