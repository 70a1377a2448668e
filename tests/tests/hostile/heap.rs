//! G2: what an attack makes the server keep stays small, measured by counting the heap.
//!
//! The count is of the whole process, so the attacks are run in a process of their own, in which
//! nothing else goes on.

use super::ground::{Ground, Stage};
use Stage::{Greeted, LoggedIn, Selected};
use peak_alloc::PeakAlloc;
use std::process::Command;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

/// Set in the process of its own.
const ALONE: &str = "PEREGRINE_HEAP_ALONE";
/// The two pipes of a connection, which a socket has in the kernel.
const PIPES: usize = 2 * 64 * 1024;
/// Growth before login, and after it: 1 MiB and the sum of a command's literals.
const GREETED: usize = 64 * 1024;
const LOGGED_IN: usize = 1024 * 1024 + 512 * 1024;
/// Octets written at a time, as a socket would give them.
const PIECE: usize = 16 * 1024;

#[test]
fn g2_the_heap_stays_flat() {
    if std::env::var_os(ALONE).is_some() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        return runtime.unwrap().block_on(attacks());
    }
    let name = format!("{}::g2_the_heap_stays_flat", module_path!().split_once("::").unwrap().1);
    let run = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &name, "--nocapture"])
        .env(ALONE, "1")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&run.stdout);
    let errors = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success() && told.contains("1 passed"), "{told}\n{errors}");
    println!("{told}");
}

async fn attacks() {
    let ground = Ground::new().await;
    // What is made once and kept is no growth.
    for stage in [Greeted, LoggedIn, Selected] {
        growth(&ground, stage, b"a NOOP\r\n").await;
    }
    let mut failures = Vec::new();
    for (row, octets) in heavy() {
        for (stage, bound) in [(Greeted, GREETED), (LoggedIn, LOGGED_IN), (Selected, LOGGED_IN)] {
            let grown = growth(&ground, stage, &octets).await;
            println!("{row}, {stage:?}: {} octets, {grown} of heap", octets.len());
            if grown > bound + PIPES {
                failures.push(format!("{row}, {stage:?}: {grown} octets of heap"));
            }
        }
    }
    assert_eq!(failures, [""; 0]);
    ground.end_unharmed().await;
}

/// Rows whose point is that much is sent.
fn heavy() -> Vec<(&'static str, Vec<u8>)> {
    let many = |text: &str, count: usize| text.repeat(count);
    let literals = |count, size| format!(" {{{size}+}}\r\n{}", "x".repeat(size)).repeat(count);
    let mut rows = vec![
        ("T04", many("x", 1 << 20)),
        ("T04 lines", many("x y\r\n", 100_000)),
        ("T06 (", format!("a SEARCH {}\r\n", many("(", 100_000))),
        ("T06 NOT", format!("a SEARCH {}\r\n", many("NOT ", 100_000))),
        ("T06 OR", format!("a SEARCH {}\r\n", many("OR ", 100_000))),
        ("T07", format!("a SEARCH{}\r\n", literals(2_000, 4_000))),
        ("T07 small", format!("a SEARCH{}\r\n", literals(20_000, 1))),
        ("T09", format!("a LOGIN {{1073741824+}}\r\n{}", many("x", 1 << 20))),
        ("T10", format!("a APPEND INBOX {{200000000+}}\r\n{}", many("x", 4 << 20))),
        ("T11", format!("a BOGUS{}\r\n", literals(5_000, 100))),
        ("T16", many(&format!("{} NOOP\r\n", "t".repeat(10_000)), 100)),
        ("T20", format!("a FETCH {}1 FLAGS\r\n", many("1:*,", 15_000))),
        ("T22", format!("a FETCH 1 BODY[{}1]\r\n", many("1.", 30_000))),
        ("T26", format!("a ID ({})\r\n", many("\"f\" \"v\" ", 100_000))),
        ("T28", format!("a STORE 1 +FLAGS ({})\r\n", many("k ", 100_000))),
        ("T45", format!("a AUTHENTICATE PLAIN\r\n{}\r\n", many("A", 1 << 20))),
        ("T50", format!("a LOGIN {} x\r\n", many("%{user}", 10_000))),
        ("T55", format!("a IDLE\r\n{}", many("x", 10 << 20))),
        ("T63", format!("a APPEND Nowhere{} (\r\n", literals(5_000, 100))),
    ];
    for bracket in ["(", ")", "[", "<", "{", "\""] {
        rows.push(("T05", format!("a NOOP {}", many(bracket, 1 << 20))));
    }
    rows.into_iter().map(|(row, text)| (row, text.into_bytes())).collect()
}

/// By how much the heap grows at most, while the octets are sent and the answers read.
async fn growth(ground: &Ground, stage: Stage, octets: &[u8]) -> usize {
    let client = ground.client(stage).await;
    let (mut reader, mut writer) = tokio::io::split(client.stream());
    let before = HEAP.current_usage();
    HEAP.reset_peak_usage();
    let write = async {
        for piece in octets.chunks(PIECE) {
            // A server that has closed the connection takes no more.
            if writer.write_all(piece).await.is_err() {
                break;
            }
            tokio::task::yield_now().await;
        }
        let _ = writer.shutdown().await;
    };
    let read = async {
        let mut room = [0; 4096];
        while reader.read(&mut room).await.is_ok_and(|read| read > 0) {}
    };
    tokio::join!(write, read);
    HEAP.peak_usage().saturating_sub(before)
}
