//! Bodies as they are read: page after page, piece after piece, and never a damaged one as whole.
#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

mod fixture;

use fixture::{inbox, message, on};
use peregrine_kv::{MemoryEngine, SqliteEngine, SqliteOptions};
use peregrine_store::{Body, Error, Mailbox, NewMessage, PIECE};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Octets that show where they stand.
fn octets(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at / 251 + at % 251) as u8).collect()
}

async fn mailbox(account: &peregrine_store::Account, lengths: &[usize]) -> Mailbox {
    for length in lengths {
        let body = octets(*length).into();
        account.append(&inbox(), vec![NewMessage { body, ..message("", &[]) }]).await.unwrap();
    }
    account.open(&inbox()).await.unwrap()
}

/// All pieces, and how it ended.
async fn collect(body: &Body, range: std::ops::Range<u64>) -> (Vec<u8>, Result<(), Error>) {
    let mut pieces = body.pieces(range);
    let mut all = Vec::new();
    loop {
        match pieces.next().await {
            Ok(None) => return (all, Ok(())),
            Ok(Some(piece)) => {
                assert!(!piece.is_empty() && piece.len() <= PIECE + 8, "{}", piece.len());
                all.extend_from_slice(&piece);
            }
            Err(error) => {
                assert!(matches!(pieces.next().await, Ok(None)));
                return (all, Err(error));
            }
        }
    }
}

/// Whole bodies and parts, around every length at which the cut into pieces changes.
#[tokio::test]
async fn pieces_make_the_body() {
    let lengths: Vec<usize> = [1, 1000, 70_000]
        .into_iter()
        .chain((0..20).map(|more| PIECE - 10 + more))
        .chain([2 * PIECE - 8, 2 * PIECE - 1, 2 * PIECE, 2 * PIECE + 1, 3 * PIECE + 9])
        .collect();
    let (_store, account) = on(Arc::new(MemoryEngine::new())).await;
    let mailbox = mailbox(&account, &lengths).await;
    let view = mailbox.view();
    for (index, length) in lengths.into_iter().enumerate() {
        let (body, whole) = (mailbox.body(&view, index as u32).await.unwrap(), octets(length));
        for (start, end) in [(0, length), (0, length - 1), (length / 2, length), (1, 1), (0, 1)] {
            let (got, ended) = collect(&body, start as u64..end as u64).await;
            assert!(ended.is_ok());
            assert!(got == whole[start..end], "{start}..{end} of {length}");
        }
        assert!(collect(&body, 0..u64::MAX).await.0 == whole);
        assert_eq!(collect(&body, u64::MAX - 1..u64::MAX).await.0, b"");
    }
}

/// More messages than a page has, small and large ones mixed, each once and in order.
#[tokio::test]
async fn pages_give_each_body_once() {
    let (_store, account) = on(Arc::new(MemoryEngine::new())).await;
    let lengths: Vec<usize> = (0..1500).map(|n| 1 + n * 7919 % 9000).collect();
    let mailbox = mailbox(&account, &lengths).await;
    let view = mailbox.view();
    for (from, to) in [(0, 1500), (700, 1400), (1499, 1500), (3, 3)] {
        let (mut bodies, mut next) = (mailbox.bodies(&view, from..to), from);
        while let Some((first, page)) = bodies.next_page().await.unwrap() {
            assert_eq!(first, next);
            for body in page {
                assert_eq!(body.len(), lengths[next as usize] as u64);
                next += 1;
            }
        }
        assert_eq!(next, to);
        assert!(bodies.next_page().await.unwrap().is_none());
    }
}

fn object_in(folder: &Path) -> PathBuf {
    let folders = std::fs::read_dir(folder.join("objects")).unwrap();
    let mut files = folders.flat_map(|folder| std::fs::read_dir(folder.unwrap().path()).unwrap());
    files.next().unwrap().unwrap().path()
}

/// No octet of a damaged piece is given, wherever the damage is, and nothing at all where it was
/// there before the body was first read; nor of an object that became shorter or longer.
#[tokio::test]
async fn damage_shows_before_the_piece_that_has_it() {
    let folder = tempfile::tempdir().unwrap();
    let engine = SqliteEngine::open(folder.path(), SqliteOptions::default()).await.unwrap();
    let (_store, account) = on(Arc::new(engine)).await;
    let length = 2 * PIECE + 1000;
    let mailbox = mailbox(&account, &[length]).await;
    let body = mailbox.body(&mailbox.view(), 0).await.unwrap();
    let whole = 0..length as u64;
    let path = object_in(folder.path());
    let right = std::fs::read(&path).unwrap();
    assert_eq!(right.len(), length + 8);
    for at in [0, PIECE, 2 * PIECE, length - 1, length + 7] {
        std::fs::write(&path, &right).unwrap();
        assert!(collect(&body, whole.clone()).await.0 == octets(length));
        let mut wrong = right.clone();
        wrong[at] ^= 1;
        std::fs::write(&path, wrong).unwrap();
        // What rots after it was read once is found by the sums of its blocks.
        for before in [at.min(length) / PIECE * PIECE, 0] {
            let (got, ended) = collect(&body, whole.clone()).await;
            assert!(matches!(ended, Err(Error::Corrupt { .. })), "{at}");
            assert_eq!(got.len(), before, "{at}");
        }
        let part = body.read_at(length as u64 / 3, 10).await;
        assert!(matches!(part, Err(Error::Corrupt { .. })), "{at}");
    }
    for wrong in [right[..PIECE].to_vec(), [&right[..], b"!"].concat(), Vec::new()] {
        std::fs::write(&path, wrong).unwrap();
        let (got, ended) = collect(&body, whole.clone()).await;
        assert!(matches!(ended, Err(Error::Corrupt { .. })));
        assert_eq!(got, b"");
    }
}
