//! Reading past damage: surveys, salvage, the log.
#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

use std::collections::BTreeMap;
use std::os::unix::fs::FileExt;
use std::path::Path;

use peregrine_kv::{
    Engine, Error, Key, LogState, Range, Salvaged, SqliteEngine, SqliteOptions, SqliteReader,
    Transaction, Value, salvage,
};

const PAGE: u64 = 8192;

async fn open(folder: &Path) -> Result<SqliteEngine, Error> {
    SqliteEngine::open(folder, SqliteOptions::default()).await
}

/// Rows of all sizes; some are overwritten and deleted, so that there are free pages.
async fn fill(folder: &Path) -> BTreeMap<Key, Value> {
    let engine = open(folder).await.unwrap();
    let mut rows = BTreeMap::new();
    for number in 0..600_u32 {
        let key = Key::from([b"row/", &number.to_be_bytes()[..]].concat());
        let length = [10, 200, 900, 1599, 1600, 5000, 9000, 65_536][number as usize % 8];
        let value = Value::from(vec![number as u8 ^ 0x5a; length]);
        rows.insert(key, value);
    }
    for pass in 0..2 {
        let mut transaction = Transaction::new();
        for (key, value) in &rows {
            let value = if pass == 0 { Value::from(vec![1; 3000]) } else { value.clone() };
            transaction.put(key.clone(), value);
        }
        engine.commit(transaction).await.unwrap();
    }
    let gone: Vec<Key> = rows.keys().step_by(5).cloned().collect();
    let mut transaction = Transaction::new();
    for key in gone {
        rows.remove(&key);
        transaction.delete(key);
    }
    engine.commit(transaction).await.unwrap();
    engine.close().await;
    rows
}

fn salvaged(folder: &Path) -> (Salvaged, BTreeMap<Key, Value>) {
    let mut rows = BTreeMap::new();
    let told = salvage(folder, &mut |key, value| {
        assert!(rows.insert(key, value).is_none(), "a key twice");
        Ok(())
    });
    (told.unwrap(), rows)
}

fn write(folder: &Path, file: &str, at: u64, octets: &[u8]) {
    let file = std::fs::OpenOptions::new().write(true).open(folder.join(file)).unwrap();
    file.write_all_at(octets, at).unwrap();
}

/// Guards our own reading of the file's form.
#[tokio::test]
async fn a_whole_file_is_salvaged_whole() {
    let folder = tempfile::tempdir().unwrap();
    let rows = fill(folder.path()).await;
    let (told, found) = salvaged(folder.path());
    assert_eq!((told.rows as usize, told.unreadable, &told.lost[..]), (rows.len(), 0, &[][..]));
    assert!(found == rows);
}

/// Whatever page is garbage: all rows that do not lie on it are found, none is older than it was.
#[tokio::test]
async fn what_is_beside_a_garbage_page_is_salvaged() {
    let folder = tempfile::tempdir().unwrap();
    let rows = fill(folder.path()).await;
    let whole = std::fs::read(folder.path().join("rows.sqlite")).unwrap();
    let pages = whole.len() as u64 / PAGE;
    let mut least = rows.len();
    for page in (0..pages).filter(|page| *page < 12 || page % 17 == 0) {
        write(folder.path(), "rows.sqlite", page * PAGE, &[0xa5; PAGE as usize]);
        let (_, found) = salvaged(folder.path());
        for (key, value) in &found {
            // A free page that the damaged list does not name may hold a row that was deleted.
            let right = rows.get(key).is_none_or(|right| right == value);
            assert!(right || page == 0, "page {page}: {key:?} is of the past");
        }
        least = least.min(rows.keys().filter(|key| found.contains_key(*key)).count());
        let at = (page * PAGE) as usize;
        write(folder.path(), "rows.sqlite", page * PAGE, &whole[at..at + PAGE as usize]);
    }
    // A page has at most so many small rows; one row in eight is as small.
    assert!(least + 60 > rows.len(), "{least} of {}", rows.len());
}

/// A damaged value is an error in its row, a damaged page ends the way from one side only.
#[tokio::test]
async fn a_survey_goes_past_damage() {
    let folder = tempfile::tempdir().unwrap();
    let rows = fill(folder.path()).await;
    let (key, value) = rows.iter().find(|(_, value)| value.len() == 900).unwrap();
    let bytes = std::fs::read(folder.path().join("rows.sqlite")).unwrap();
    let at = bytes.windows(900).position(|window| window == value).unwrap();
    write(folder.path(), "rows.sqlite", at as u64 + 5, b"!");
    let engine = SqliteReader::open(folder.path()).await.unwrap();
    let snapshot = engine.snapshot().await.unwrap();
    let survey = snapshot.survey(Range::all(), 10_000).await.unwrap();
    let wrong: Vec<&Key> =
        survey.rows.iter().filter(|(_, value)| value.is_err()).map(|(key, _)| key).collect();
    assert_eq!(wrong, [key]);
    assert!(engine.check().await.unwrap().is_empty(), "the form of the file is as it was");
    drop(snapshot);
    assert!(engine.commit(Transaction::new()).await.is_err());
}

/// A reader looks on while the store is written to, and does not stop it.
#[tokio::test]
async fn a_reader_stands_beside_a_writer() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(SqliteReader::open(folder.path()).await.err(), Some(Error::NotFound)));
    let engine = open(folder.path()).await.unwrap();
    let mut transaction = Transaction::new();
    transaction.put("a", "1");
    engine.commit(transaction.clone()).await.unwrap();
    let reader = SqliteReader::open(folder.path()).await.unwrap();
    let before = reader.snapshot().await.unwrap();
    transaction.put("a", "2");
    engine.commit(transaction).await.unwrap();
    assert_eq!(before.get(b"a").await.unwrap().as_deref(), Some(&b"1"[..]));
    let now = reader.snapshot().await.unwrap();
    assert_eq!(now.get(b"a").await.unwrap().as_deref(), Some(&b"2"[..]));
}

/// Guards: SQLite itself would forget durable commits behind a frame that rotted, without a word.
#[tokio::test]
async fn a_log_that_lost_durable_commits_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let engine = open(folder.path()).await.unwrap();
    for number in 0..4_u8 {
        let mut transaction = Transaction::new();
        transaction.put(vec![number], vec![number; 100]);
        engine.commit(transaction).await.unwrap();
    }
    // As a kill leaves it: the files while the engine still runs.
    let killed = tempfile::tempdir().unwrap();
    for file in ["rows.sqlite", "rows.sqlite-wal"] {
        std::fs::copy(folder.path().join(file), killed.path().join(file)).unwrap();
    }
    engine.close().await;
    let (told, rows) = salvaged(killed.path());
    assert_eq!((told.log, rows.len()), (LogState::Whole, 4));
    let log = std::fs::read(killed.path().join("rows.sqlite-wal")).unwrap();
    for at in [40_u64, 8, 20, 32 + 24 + 100] {
        write(killed.path(), "rows.sqlite-wal", at, &[!log[at as usize]]);
        assert_eq!(salvaged(killed.path()).0.log, LogState::Damaged, "at {at}");
        let answer = open(killed.path()).await.err();
        assert!(matches!(answer, Some(Error::Corrupt { .. })), "at {at}: {answer:?}");
        write(killed.path(), "rows.sqlite-wal", at, &[log[at as usize]]);
    }
    assert_eq!(salvaged(killed.path()).1.len(), 4);
    open(killed.path()).await.unwrap().close().await;
}
