//! A served folder with a little mail, and the binary to be run on it.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// A folder with the user alice, password "secret".
pub struct Site {
    pub dir: String,
    pub folder: tempfile::TempDir,
}

/// What a run of the binary said.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

/// A server; it ends with this.
pub struct Served {
    child: Child,
    address: String,
}

fn peregrine() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_peregrine"));
    command.env("NO_COLOR", "1").env_remove("NOTIFY_SOCKET");
    command
}

impl Site {
    /// Five messages in INBOX, one of them large.
    pub fn with_mail() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("mail").to_str().unwrap().to_owned();
        let site = Self { dir, folder };
        let made = site.run_with(&["init", &site.dir, "--user", "alice"], "secret\n");
        assert_eq!(made.code, 0, "{made:?}");
        let mut mbox = String::new();
        for word in ["first", "second", "third", "fourth", "fifth"] {
            mbox.push_str("From ann@example.org Mon Nov 23 10:00:00 2026\n");
            mbox.push_str(&format!("From: ann@example.org\nSubject: The {word}\n\n"));
            mbox.push_str(&format!("Hello from in the {word} message.\n"));
            if word == "fourth" {
                mbox.push_str(&"A line of a large message.\n".repeat(50_000));
            }
            mbox.push('\n');
        }
        let source = site.folder.path().join("inbox.mbox");
        fs::write(&source, mbox).unwrap();
        let taken = site.run(&["import", &site.dir, "--user", "alice", source.to_str().unwrap()]);
        assert_eq!(taken.code, 0, "{taken:?}");
        site
    }

    /// The folder of the store.
    pub fn store(&self) -> PathBuf {
        PathBuf::from(&self.dir).join("mail")
    }

    /// A path beside the folder, where nothing is yet.
    pub fn beside(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    pub fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with(arguments, "")
    }

    pub fn run_with(&self, arguments: &[&str], input: &str) -> Ran {
        let mut child = peregrine()
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A command that does not read its input may be gone before it is written.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        Ran {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    pub fn serve(&self) -> Served {
        let mut child = peregrine()
            .args(["serve", &self.dir, "--imap", "127.0.0.1:0", "--imaps", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let rest = line.strip_prefix("ready: imap ").unwrap_or_else(|| panic!("{line}"));
        let address = rest.split_once(", imaps ").unwrap().0.to_owned();
        Served { child, address }
    }

    /// Changes an octet of what stands in the rows' file; how often it stood there.
    pub fn damage_body(&self, words: &[u8]) -> usize {
        let path = self.store().join("rows.sqlite");
        let bytes = fs::read(&path).unwrap();
        let file = fs::OpenOptions::new().write(true).open(path).unwrap();
        let mut hits = 0;
        // What follows the words is only in the body, not in what is derived from it.
        for at in (0..bytes.len() - words.len()).filter(|at| bytes[*at..].starts_with(words)) {
            let before = &bytes[at.saturating_sub(200)..at];
            if before.windows(9).any(|window| window == b"Subject: ") {
                file.write_all_at(b"?", at as u64).unwrap();
                hits += 1;
            }
        }
        hits
    }

    /// Changes an octet of the one body that lies in a file of its own.
    pub fn damage_object(&self, at: u64) {
        let (mut folders, mut hits) = (vec![self.store().join("objects")], 0);
        while let Some(folder) = folders.pop() {
            for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let file = fs::OpenOptions::new().write(true).open(path).unwrap();
                file.write_all_at(b"?", at).unwrap();
                hits += 1;
            }
        }
        assert_eq!(hits, 1);
    }
}

impl Served {
    /// What the server answers to these lines, until it closes.
    pub fn says(&self, lines: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.write_all(lines.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // SIGTERM, so that what is in the log comes into the file.
        let ended = Command::new("kill").arg(self.child.id().to_string()).status();
        if !ended.is_ok_and(|status| status.success()) {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}
