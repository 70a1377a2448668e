//! The binary as a script sees it: standard output, standard error, exit codes.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

fn peregrine() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_peregrine"));
    command.env("NO_COLOR", "1").env_remove("NOTIFY_SOCKET");
    command
}

fn run(arguments: &[&str]) -> Output {
    run_with(arguments, "")
}

fn run_with(arguments: &[&str], input: &str) -> Output {
    let mut child = peregrine()
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that does not read its input may be gone before it is written.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A server's folder with the user alice, password "secret".
fn init(folder: &Path) -> String {
    let dir = folder.join("mail").to_str().unwrap().to_owned();
    let made = run_with(&["init", &dir, "--user", "alice"], "secret\n");
    assert!(made.status.success(), "{}", err(&made));
    dir
}

/// Ends the server when the test does.
struct Server {
    child: Child,
    imap: String,
}

impl Server {
    fn start(dir: &str) -> Self {
        Self::start_with(dir, &[])
    }

    fn start_with(dir: &str, more: &[&str]) -> Self {
        let mut child = peregrine()
            .args(["serve", dir, "--imap", "127.0.0.1:0", "--imaps", "127.0.0.1:0"])
            .args(more)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let rest = line.strip_prefix("ready: imap ").unwrap_or_else(|| panic!("{line}"));
        let (imap, imaps) = rest.split_once(", imaps ").unwrap();
        assert!(imaps.trim_end().parse::<std::net::SocketAddr>().is_ok(), "{line}");
        Self { imap: imap.to_owned(), child }
    }

    /// What the server answers to these lines, until it closes.
    fn say(&self, lines: &str) -> String {
        let mut stream = TcpStream::connect(&self.imap).unwrap();
        stream.write_all(lines.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Sends a signal and waits for the end.
    fn signal(mut self, name: &str) -> Option<i32> {
        let sent = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status();
        assert!(sent.unwrap().success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn help_teaches_with_an_example() {
    for command in [
        &["init"][..],
        &["serve"],
        &["demo"],
        &["user"],
        &["import"],
        &["export"],
        &["migrate"],
        &["check-config"],
        &["trace"],
        &["sessions"],
        &["kick"],
        &["account"],
        &["mail"],
        &["mail", "watch"],
        &["fetch"],
        &["shell"],
    ] {
        let mut arguments = command.to_vec();
        arguments.push("--help");
        let help = run(&arguments);
        assert!(help.status.success());
        let text = out(&help);
        assert!(text.contains("Example") && text.contains("peregrine "), "{text}");
    }
    let text = out(&run(&["--help"]));
    for wanted in ["Exit codes:", "78", "check-config", "peregrine init ~/mail --user alice"] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
}

#[test]
fn a_senseless_command_line_ends_with_2() {
    for arguments in [
        &["sevre"][..],
        &["init", "/nowhere"],
        &["serve", "/nowhere", "--imap", "localhost"],
        &["import", "/nowhere", "--user", "a", "x", "--format", "pst"],
        // A password on the command line is no option at all.
        &["user", "add", "/nowhere", "bob", "--password", "x"],
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", err(&output));
    }
    assert!(err(&run(&["sevre"])).contains("serve"));
}

#[test]
fn init_makes_what_check_config_accepts_and_overwrites_nothing() {
    use std::os::unix::fs::MetadataExt;
    let folder = tempfile::tempdir().unwrap();
    let dir = init(folder.path());
    let key = fs::metadata(Path::new(&dir).join("key.pem")).unwrap();
    assert_eq!(key.mode() & 0o777, 0o600);
    // The folder itself may be an old one that all may read; the mail is private all the same.
    let store = fs::metadata(Path::new(&dir).join("mail")).unwrap();
    assert_eq!(store.mode() & 0o777, 0o700);
    let checked = run(&["check-config", &dir]);
    assert!(checked.status.success(), "{}", err(&checked));
    assert!(out(&checked).contains("imap 127.0.0.1:1143, imaps 127.0.0.1:1993"));

    let before = fs::read(Path::new(&dir).join("key.pem")).unwrap();
    let again = run_with(&["init", &dir, "--user", "bob"], "x\n");
    assert_eq!(again.status.code(), Some(1));
    assert!(err(&again).contains("already there"), "{}", err(&again));
    assert_eq!(fs::read(Path::new(&dir).join("key.pem")).unwrap(), before);
}

#[test]
fn init_that_fails_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("mail");
    for (user, password) in [("alice", "\n"), ("", "x\n"), ("alice", "a\u{7}b\n")] {
        let failed = run_with(&["init", dir.to_str().unwrap(), "--user", user], password);
        assert!(!failed.status.success());
        assert!(!dir.exists(), "{user:?} {password:?}");
    }
}

#[test]
fn every_mistake_in_the_configuration_is_shown_and_ends_with_78() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().to_str().unwrap();
    let text = "[listeners]\nimapss = [\"127.0.0.1:1993\"]\n\n[limits]\nconnections = 0\n";
    fs::write(folder.path().join("peregrine.toml"), text).unwrap();
    let checked = run(&["check-config", dir]);
    assert_eq!(checked.status.code(), Some(78));
    let shown = err(&checked).replace(dir, "DIR");
    let wanted = "  × unknown key `imapss`
   ╭─[DIR/peregrine.toml:2:1]
 1 │ [listeners]
 2 │ imapss = [\"127.0.0.1:1993\"]
   · ──────
 3 │ 
   ╰────
  help: did you mean `imaps`?
  × `connections` is zero, which would let nobody in
   ╭─[DIR/peregrine.toml:5:15]
 4 │ [limits]
 5 │ connections = 0
   ·               ─
   ╰────
  help: zero does not mean unlimited here: write a large number if you want much, or remove the
        line to have the default
2 mistakes in the configuration
peregrine: cannot read DIR/certificate.pem: No such file or directory (os error 2)
";
    assert_eq!(shown, wanted);
    // Whoever needs the configuration says the same.
    assert_eq!(run(&["serve", dir]).status.code(), Some(78));
    assert_eq!(run(&["user", "list", dir]).status.code(), Some(78));
}

#[test]
fn a_missing_configuration_or_certificate_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let none = run(&["check-config", folder.path().to_str().unwrap()]);
    assert_eq!(none.status.code(), Some(78));
    assert!(err(&none).contains("peregrine init"), "{}", err(&none));

    let dir = init(folder.path());
    fs::write(Path::new(&dir).join("certificate.pem"), "nothing").unwrap();
    let checked = run(&["check-config", &dir]);
    assert_eq!(checked.status.code(), Some(78));
    assert!(err(&checked).contains("certificate"), "{}", err(&checked));
    let served = run(&["serve", &dir, "--imap", "127.0.0.1:0", "--imaps", "127.0.0.1:0"]);
    assert_eq!((served.status.code(), err(&served)), (Some(78), err(&checked)));

    let file = run(&["check-config", &format!("{dir}/peregrine.toml")]);
    assert!(err(&file).contains("name the folder that it is in"), "{}", err(&file));
}

/// A password must not cross the network because a certificate is missing.
#[test]
fn serve_refuses_clear_passwords_from_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let dir = init(folder.path());
    let path = Path::new(&dir);
    fs::write(path.join("peregrine.toml"), "[listeners]\nimap = [\"0.0.0.0:0\"]\nimaps = []\n")
        .unwrap();
    fs::remove_file(path.join("certificate.pem")).unwrap();
    let refused = run(&["serve", &dir]);
    assert_eq!(refused.status.code(), Some(78));
    assert!(err(&refused).contains("in clear"), "{}", err(&refused));
}

/// What the process of a server has given up, and that its mail is served all the same.
#[cfg(target_os = "linux")]
#[test]
fn the_server_is_confined() {
    let folder = tempfile::tempdir().unwrap();
    let dir = init(folder.path());
    let filters = [&[][..], &["--no-sandbox"]].map(|more| {
        let server = Server::start_with(&dir, more);
        let status = fs::read_to_string(format!("/proc/{}/status", server.child.id())).unwrap();
        let value = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap_or_else(|| panic!("no {name} in {status}")).trim().to_owned()
        };
        // These need no sandbox.
        assert_eq!(value("NoNewPrivs:"), "1");
        for set in ["CapInh:", "CapPrm:", "CapEff:", "CapAmb:"] {
            assert_eq!(value(set), "0000000000000000", "{set}");
        }
        assert_eq!(server.signal("TERM"), Some(0));
        value("Seccomp_filters:").parse::<u32>().unwrap()
    });
    // Where the test runs may have filters of its own.
    assert_eq!(filters[0], filters[1] + 2);
}

/// Started as root, the server becomes whom the folder belongs to; only root can try that.
#[cfg(target_os = "linux")]
#[test]
fn root_becomes_the_owner_of_the_folder() {
    use std::os::unix::fs::{MetadataExt, chown};
    const NOBODY: u32 = 65534;
    let folder = tempfile::tempdir().unwrap();
    let dir = init(folder.path());
    if fs::metadata(&dir).unwrap().uid() != 0 {
        return eprintln!("skipped: this test does not run as root");
    }
    let mut left = vec![folder.path().to_owned()];
    while let Some(path) = left.pop() {
        chown(&path, Some(NOBODY), Some(NOBODY)).unwrap();
        left.extend(fs::read_dir(&path).into_iter().flatten().map(|entry| entry.unwrap().path()));
    }
    let server = Server::start(&dir);
    let status = fs::read_to_string(format!("/proc/{}/status", server.child.id())).unwrap();
    let ids = format!("\t{NOBODY}").repeat(4);
    for line in [format!("Uid:{ids}"), format!("Gid:{ids}"), "CapEff:\t0000000000000000".into()] {
        assert!(status.lines().any(|it| it == line), "{line} in {status}");
    }
    assert!(server.say("a LOGIN alice secret\r\nb LOGOUT\r\n").contains("a OK"));
    assert_eq!(server.signal("TERM"), Some(0));
}

/// systemd starts what depends on the server when this word comes (sd_notify(3)).
#[test]
fn the_service_manager_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let dir = init(folder.path());
    let path = folder.path().join("notify");
    let socket = std::os::unix::net::UnixDatagram::bind(&path).unwrap();
    let child = peregrine()
        .args(["serve", &dir, "--imap", "127.0.0.1:0", "--imaps", "127.0.0.1:0"])
        .env("NOTIFY_SOCKET", &path)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let server = Server { child, imap: String::new() };
    let mut word = [0; 64];
    let length = socket.recv(&mut word).unwrap();
    assert_eq!(&word[..length], b"READY=1");
    assert_eq!(server.signal("TERM"), Some(0));
    let length = socket.recv(&mut word).unwrap();
    assert_eq!(&word[..length], b"STOPPING=1");
}

/// SIGHUP takes a new certificate, and keeps the old one if the new one is none.
#[test]
fn a_hang_up_does_not_end_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let dir = init(folder.path());
    let server = Server::start(&dir);
    fs::write(Path::new(&dir).join("certificate.pem"), "nothing").unwrap();
    let sent = Command::new("kill").args(["-s", "HUP", &server.child.id().to_string()]).status();
    assert!(sent.unwrap().success());
    assert!(server.say("a LOGIN alice secret\r\nb LOGOUT\r\n").contains("a OK"));
    assert_eq!(server.signal("TERM"), Some(0));
}

#[test]
fn users_change_while_the_server_runs() {
    let folder = tempfile::tempdir().unwrap();
    let dir = init(folder.path());
    let server = Server::start(&dir);
    let added = run_with(&["user", "add", &dir, "bob"], "first\n");
    assert!(added.status.success(), "{}", err(&added));
    let twice = run_with(&["user", "add", &dir, "bob"], "first\n");
    assert_eq!(twice.status.code(), Some(1));
    assert!(err(&twice).contains("already a user `bob`"), "{}", err(&twice));
    assert!(server.say("a LOGIN bob first\r\nb LOGOUT\r\n").contains("a OK"));

    let changed = run_with(&["user", "passwd", &dir, "bob"], "second\n");
    assert!(changed.status.success(), "{}", err(&changed));
    assert!(server.say("a LOGIN bob second\r\nb LOGOUT\r\n").contains("a OK"));

    let list = run(&["user", "list", &dir, "--json"]);
    assert_eq!(
        out(&list),
        "[{\"messages\":0,\"name\":\"alice\",\"octets\":0},{\"messages\":0,\"name\":\"bob\",\"octets\":0}]\n"
    );
    assert_eq!(run(&["user", "remove", &dir, "bob"]).status.code(), Some(2));
    assert!(run(&["user", "remove", &dir, "bob", "--yes"]).status.success());
    let gone = run(&["user", "remove", &dir, "bob", "--yes"]);
    assert_eq!(gone.status.code(), Some(1));
    assert!(err(&gone).contains("no user `bob`"), "{}", err(&gone));
    assert!(out(&run(&["user", "list", &dir])).contains("alice"));
    assert_eq!(server.signal("TERM"), Some(0));
}

#[test]
fn mail_comes_in_is_served_and_goes_out() {
    let folder = tempfile::tempdir().unwrap();
    let dir = init(folder.path());
    let mbox = folder.path().join("inbox");
    fs::write(&mbox, "From a@b Tue Nov 14 22:13:20 2023\nStatus: RO\nSubject: hello\n\nthere\n")
        .unwrap();
    let mbox = mbox.to_str().unwrap();
    let dry = run(&["import", &dir, "--user", "alice", mbox, "--dry-run"]);
    assert!(dry.status.success(), "{}", err(&dry));
    assert!(out(&dry).contains("would come"), "{}", out(&dry));
    let server = Server::start(&dir);
    let imported = run(&["import", &dir, "--user", "alice", mbox]);
    assert!(imported.status.success(), "{}", err(&imported));
    let again = run(&["import", &dir, "--user", "alice", mbox]);
    let numbers: Vec<String> = out(&again)
        .lines()
        .filter(|line| line.contains("INBOX"))
        .flat_map(|line| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    assert_eq!(numbers, ["INBOX", "1", "0", "1", "0", "1", "1"]);

    let answer = server.say(
        "a LOGIN alice secret\r\nb SELECT INBOX\r\nc FETCH 1 (FLAGS INTERNALDATE BODY[])\r\nd LOGOUT\r\n",
    );
    for wanted in
        ["\\Seen", "14-Nov-2023 22:13:20 +0000", "Subject: hello\r\n\r\nthere\r\n", "c OK"]
    {
        assert!(answer.contains(wanted), "{wanted}: {answer}");
    }
    let target = folder.path().join("out");
    let exported = run(&["export", &dir, "--user", "alice", target.to_str().unwrap()]);
    assert!(exported.status.success(), "{}", err(&exported));
    let file = fs::read_dir(target.join("cur")).unwrap().next().unwrap().unwrap();
    assert_eq!(fs::read(file.path()).unwrap(), b"Subject: hello\n\nthere\n");
    assert!(file.file_name().to_str().unwrap().ends_with(":2,S"));
    assert_eq!(server.signal("INT"), Some(0));

    let nobody = run(&["import", &dir, "--user", "nobody", mbox]);
    assert_eq!(nobody.status.code(), Some(1));
    assert!(err(&nobody).contains("no user `nobody`"), "{}", err(&nobody));
}

/// What could not be taken is listed, the rest comes in, and a script can tell.
#[test]
fn an_import_with_problems_ends_with_1() {
    let folder = tempfile::tempdir().unwrap();
    let dir = init(folder.path());
    let cur = folder.path().join("md/cur");
    fs::create_dir_all(&cur).unwrap();
    fs::write(cur.join("1.a.b:2,"), "Subject: s\n\nx\n").unwrap();
    std::os::unix::fs::symlink("/etc/hostname", cur.join("2.a.\x1bb:2,")).unwrap();
    let source = folder.path().join("md");
    let imported = run(&["import", &dir, "--user", "alice", source.to_str().unwrap()]);
    assert_eq!(imported.status.code(), Some(1));
    let told = err(&imported);
    assert!(told.contains("2.a.\\u{1b}b:2,: not a file"), "{told}");
    assert!(out(&imported).contains("INBOX"), "{}", out(&imported));
}

#[test]
fn the_demo_converses_and_leaves_nothing() {
    let temporary = tempfile::tempdir().unwrap();
    let output = peregrine()
        .args(["demo", "--exit"])
        .env("TMPDIR", temporary.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", err(&output));
    let text = out(&output);
    for wanted in
        ["sample messages in", "C: a3 SEARCH", "S: a8 OK", "answered: a1 a2 ", "overtook a3"]
            .into_iter()
            .chain(["a3 SEARCH BODY peregrine ", "a8 waited for a3: the connection"])
    {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
    assert!(!text.contains('\x1b'), "colours where there is no terminal");
    assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 0);
}

/// Ctrl-C ends the demo as orderly as it began.
#[test]
fn the_demo_ends_by_signal() {
    let temporary = tempfile::tempdir().unwrap();
    let mut child = peregrine()
        .arg("demo")
        .env("TMPDIR", temporary.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let told: Vec<String> =
        lines.map(Result::unwrap).take_while(|line| !line.starts_with("Ctrl-C")).collect();
    let told = told.join("\n");
    for wanted in
        ["user demo, password demo", "  nc 127.0.0.1 ", "openssl s_client", "a LOGIN demo"]
    {
        assert!(told.contains(wanted), "{wanted}: {told}");
    }
    let page = told.split("The same as a web page: ").nth(1).unwrap().lines().next().unwrap();
    assert!(fs::read_to_string(page).unwrap().contains("a3 SEARCH BODY peregrine"));
    let sent = Command::new("kill").args(["-s", "INT", &child.id().to_string()]).status();
    assert!(sent.unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 0);
}
