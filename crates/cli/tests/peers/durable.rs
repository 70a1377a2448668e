//! An APPEND is answered only after its sync, seen from outside: the system calls of the real
//! binary under 64 clients. Skipped with a message where strace is not installed or not allowed;
//! with `PEREGRINE_PEERS=required` (as in CI) that is a failure.

use super::served::{Home, PASSWORD, Served, USER};
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::thread::JoinHandle;

const CLIENTS: usize = 64;
/// For each client.
const APPENDS: usize = 10;
const OCTETS: usize = 8 * 1024;

/// What the trace tells, in the order in which it happened.
#[derive(PartialEq, Debug)]
enum Step {
    SyncBegins,
    SyncEnds,
    /// One that no other thread's call came into.
    Sync,
    /// Octets arrived on a connection.
    Read(u32),
    /// An APPEND is answered with OK on a connection.
    Answer(u32),
}

/// Between the arrival of a message and its OK lies a whole sync; and clients share syncs.
#[test]
fn an_append_is_answered_after_its_sync() {
    let (home, folder) = (Home::new(), tempfile::tempdir().expect("a temporary folder"));
    let (server, trace) = match traced(&home, &folder.path().join("trace")) {
        Ok(traced) => traced,
        Err(reason) => {
            let required = std::env::var("PEREGRINE_PEERS").as_deref() == Ok("required");
            assert!(!required, "{reason}, and PEREGRINE_PEERS=required");
            return eprintln!("skipped: {reason}");
        }
    };
    let port = server.imap;
    let clients = (0..CLIENTS).map(|number| std::thread::spawn(move || append(port, number)));
    for client in clients.collect::<Vec<_>>() {
        client.join().expect("no panic").expect("each APPEND is answered with OK");
    }
    drop(server);
    let (mut syncs, mut answers) = (0_usize, 0);
    // When the sync under way began, when a whole one that is over began, and when each
    // connection was read last.
    let (mut begun, mut whole, mut read) = (0, 0, HashMap::new());
    for (at, step) in trace.join().expect("no panic").into_iter().enumerate() {
        match step {
            Step::SyncBegins => begun = at,
            Step::SyncEnds | Step::Sync => {
                whole = if step == Step::Sync { at } else { begun };
                syncs += usize::from(!read.is_empty());
            }
            Step::Read(connection) => {
                read.insert(connection, at);
            }
            Step::Answer(connection) => {
                assert!(whole > read[&connection], "step {at}: OK without a sync");
                answers += 1;
            }
        }
    }
    println!("{answers} APPENDs by {CLIENTS} clients, {syncs} syncs");
    assert_eq!(answers, CLIENTS * APPENDS);
    assert!(syncs < answers / 2, "{syncs} syncs are not shared");
}

/// The server under a tracer that runs beside it, so that ending the server ends both, and what
/// is read from the tracer until then through a named pipe.
fn traced(home: &Home, pipe: &Path) -> Result<(Served, JoinHandle<Vec<Step>>), &'static str> {
    let works = Command::new("strace").args(["-qq", "-o", "/dev/null", "true"]).status();
    match works {
        Err(_) => return Err("strace is not installed"),
        Ok(status) if !status.success() => return Err("strace may not trace here"),
        Ok(_) => {}
    }
    let made = Command::new("mkfifo").arg(pipe).status();
    assert!(made.is_ok_and(|status| status.success()), "no named pipe");
    let reader = pipe.to_owned();
    let reader = std::thread::spawn(move || {
        let lines = BufReader::new(File::open(reader).expect("the pipe opens")).lines();
        let mut tracer = Tracer::default();
        lines.map_while(Result::ok).filter_map(|line| tracer.step(&line)).collect()
    });
    let calls = "trace=fdatasync,recvfrom,writev,sendto,sendmsg";
    let mut command = Command::new("strace");
    command.args(["-D", "-f", "-qq", "-s", "32", "-e", calls, "-e", "signal=none", "-o"]);
    command.arg(pipe).arg(env!("CARGO_BIN_EXE_peregrine"));
    Ok((home.serve_as(&mut command), reader))
}

/// Reads the trace. Another thread's line can cut a call in two, and then only its first half names
/// the connection.
#[derive(Default)]
struct Tracer {
    reading: HashMap<String, u32>,
}

impl Tracer {
    fn step(&mut self, line: &str) -> Option<Step> {
        let (thread, call) = line.split_once(' ')?;
        let call = call.trim_start();
        let cut = call.contains("<unfinished ...>");
        let resumed = call.strip_prefix("<... ");
        if resumed.unwrap_or(call).starts_with("fdatasync(") || call.contains("fdatasync resumed") {
            return Some(match (cut, resumed) {
                (true, _) => Step::SyncBegins,
                (_, Some(_)) => Step::SyncEnds,
                _ => Step::Sync,
            });
        }
        if call.contains("recvfrom resumed") {
            let connection = self.reading.remove(thread)?;
            return (!call.contains("EAGAIN")).then_some(Step::Read(connection));
        }
        let (_, rest) = call.split_once('(')?;
        let connection = rest.split(',').next()?.parse().ok()?;
        if call.contains("OK [APPENDUID") {
            return Some(Step::Answer(connection));
        }
        if cut && call.starts_with("recvfrom(") {
            self.reading.insert(thread.to_owned(), connection);
            return None;
        }
        let reads = call.starts_with("recvfrom(") && !call.contains("EAGAIN");
        reads.then_some(Step::Read(connection))
    }
}

fn append(port: u16, number: usize) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    say(&mut stream, &format!("a LOGIN {USER} {PASSWORD}\r\n"), "a OK")?;
    for round in 0..APPENDS {
        let head = format!("Subject: {number} {round}\r\n\r\n");
        let message = format!("{head}{:x<1$}", "", OCTETS - head.len());
        say(&mut stream, &format!("t APPEND INBOX {{{OCTETS}}}\r\n"), "+ ")?;
        say(&mut stream, &format!("{message}\r\n"), "t OK")?;
    }
    Ok(())
}

/// Sends, and reads until a line begins with the word.
fn say(stream: &mut TcpStream, text: &str, word: &str) -> std::io::Result<()> {
    stream.write_all(text.as_bytes())?;
    let (mut line, mut octet) = (Vec::new(), [0]);
    loop {
        stream.read_exact(&mut octet)?;
        line.push(octet[0]);
        if line.ends_with(b"\r\n") {
            if line.starts_with(word.as_bytes()) {
                return Ok(());
            }
            line.clear();
        }
    }
}
