//! A server with alice's empty mail on it, and a home folder to run the binary in.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// What runs.
enum Running {
    Ours(Child),
    /// The script that ends it.
    Peer(PathBuf),
}

/// A server with the user alice, and an account `home` for her.
pub struct Site {
    running: Running,
    folder: tempfile::TempDir,
}

impl Site {
    /// Our own server.
    pub fn ours() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("mail");
        let mut init = Command::new(env!("CARGO_BIN_EXE_peregrine"));
        let mut init = init.arg("init").arg(&dir).args(["--user", "alice"]);
        init = init.stdin(Stdio::piped()).stdout(Stdio::null());
        let mut init = init.spawn().unwrap();
        init.stdin.take().unwrap().write_all(b"wonderland\n").unwrap();
        assert!(init.wait().unwrap().success());
        let mut child = Command::new(env!("CARGO_BIN_EXE_peregrine"))
            .arg("serve")
            .arg(&dir)
            .args(["--imap", "127.0.0.1:0", "--imaps", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let place = line.strip_prefix("ready: imap 127.0.0.1:").unwrap();
        let port = place.split(',').next().unwrap().to_owned();
        Self { running: Running::Ours(child), folder }.with_account(&port)
    }

    /// Another server, where it is installed.
    pub fn peer(script: &str) -> Option<Self> {
        let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/peers");
        let script = scripts.join(script);
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        std::fs::create_dir(&data).unwrap();
        // Both servers give their rights away and must still reach their files.
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(folder.path(), mode).unwrap();
        let started = Command::new(&script).arg("start").arg(&data).output().unwrap();
        if !started.status.success() {
            assert!(
                std::env::var("PEREGRINE_PEERS").as_deref() != Ok("required"),
                "{} does not start, and PEREGRINE_PEERS=required",
                script.display()
            );
            let reason = String::from_utf8_lossy(&started.stderr);
            eprintln!("skipped: {} does not start: {}", script.display(), reason.trim());
            return None;
        }
        let port = String::from_utf8(started.stdout).unwrap();
        Some(Self { running: Running::Peer(script), folder }.with_account(port.trim()))
    }

    fn with_account(self, port: &str) -> Self {
        let added = self.run(&[
            "account",
            "add",
            "home",
            "--host",
            "127.0.0.1",
            "--user",
            "alice",
            "--security",
            "plain",
            "--port",
            port,
            "--password-command",
            "echo wonderland",
        ]);
        assert!(added.status.success(), "{}", err(&added));
        self
    }

    /// A path in a folder of the test's own.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The binary with these arguments, its configuration in the test's folder.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_peregrine"));
        command.args(arguments).env("NO_COLOR", "1").env_remove("PEREGRINE_CONFIG");
        command.env("XDG_CONFIG_HOME", self.folder.path().join("config"));
        command
    }

    /// Runs it with nothing to read.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.run_with(arguments, "")
    }

    /// Runs it with this to read.
    pub fn run_with(&self, arguments: &[&str], input: &str) -> Output {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A command that does not read its input may be gone before it is written.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        child.wait_with_output().unwrap()
    }

    /// What it prints; it must succeed.
    pub fn out(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}{}", out(&output), err(&output));
        out(&output)
    }

    /// The objects that it prints, one a line; it must succeed.
    pub fn json(&self, arguments: &[&str]) -> Vec<serde_json::Value> {
        let text = self.out(arguments);
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        match &mut self.running {
            Running::Ours(child) => {
                let _ = child.kill();
                let _ = child.wait();
            }
            Running::Peer(script) => {
                let data = self.folder.path().join("data");
                let _ = Command::new(script).arg("stop").arg(data).status();
            }
        }
    }
}

/// Its standard output.
pub fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Its standard error.
pub fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}
