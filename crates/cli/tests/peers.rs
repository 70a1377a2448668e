//! Other people's clients against the real binary, and ours against other people's servers: the
//! scripts of `tests/peers/`.
//!
//! A client that is not installed is skipped with a message, but with
//! `PEREGRINE_PEERS=required` (as in CI) that is a failure.

mod peers {
    mod durable;
    mod kill;
    mod order;
    pub mod served;
}

use peers::served::{Home, PASSWORD, USER};
use std::path::Path;
use std::process::{Command, Stdio};

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

/// Not somebody else's client but our own, typed to by a script: a terminal needs a person.
#[test]
fn shell_at_a_terminal() {
    peer("python3", "shell_terminal.py");
}

/// Runs a script against a fresh server if the program it is about is installed.
fn peer(program: &str, script: &str) {
    if !installed(program) {
        return skip(program);
    }
    let home = Home::new();
    let served = home.serve();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/peers").join(script);
    let output = Command::new(&script)
        .env("PEREGRINE", env!("CARGO_BIN_EXE_peregrine"))
        .env("PEREGRINE_HOST", "127.0.0.1")
        .env("PEREGRINE_IMAP", served.imap.to_string())
        .env("PEREGRINE_IMAPS", served.imaps.to_string())
        .env("PEREGRINE_USER", USER)
        .env("PEREGRINE_PASSWORD", PASSWORD)
        .env("PEREGRINE_CERTIFICATE", home.certificate())
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

/// Says that a test is skipped, where that is allowed.
fn skip(program: &str) {
    assert!(
        std::env::var("PEREGRINE_PEERS").as_deref() != Ok("required"),
        "{program} is not installed, and PEREGRINE_PEERS=required"
    );
    eprintln!("skipped: {program} is not installed");
}

fn installed(program: &str) -> bool {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&paths).any(|folder| folder.join(program).is_file())
}
