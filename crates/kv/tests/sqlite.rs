//! What only the sqlite engine has: full disks, damage, other processes, old files.

use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use peregrine_kv::contract::Outcome;
use peregrine_kv::{
    CommitError, Engine, Error, Hint, ObjectData, ObjectName, Range, SqliteEngine, SqliteOptions,
    Transaction, Value,
};

async fn open(folder: &Path) -> Result<SqliteEngine, Error> {
    SqliteEngine::open(folder, SqliteOptions::default()).await
}

fn put(key: impl Into<Vec<u8>>, value: Value) -> Transaction {
    let mut transaction = Transaction::new();
    transaction.put(key.into(), value);
    transaction
}

/// No space: the commit says so, nothing of it is there, and the engine lives on. In one group
/// with others, only the transaction that does not fit fails.
#[tokio::test]
async fn a_full_store_refuses_and_lives() -> Outcome {
    let folder = tempfile::tempdir()?;
    let options = SqliteOptions { max_bytes: Some(1024 * 1024) };
    let engine = Arc::new(SqliteEngine::open(folder.path(), options).await?);
    engine.commit(put("kept", "x".into())).await?;
    let mut huge = Transaction::new();
    huge.put("mark", "x");
    for row in 0..40_u8 {
        huge.put(vec![b'h', row], Value::from(vec![row; 60_000]));
    }
    let mut commits = Vec::new();
    for row in 0..20_u8 {
        let transaction = if row == 10 { huge.clone() } else { put(vec![b's', row], "x".into()) };
        let engine = Arc::clone(&engine);
        commits.push(tokio::spawn(async move { engine.commit(transaction).await }));
    }
    for (row, commit) in commits.into_iter().enumerate() {
        match (row, commit.await?) {
            (10, Err(CommitError::Failed(Error::Full))) => {}
            (10, other) => panic!("{other:?}"),
            (_, answer) => drop(answer?),
        }
    }
    let snapshot = engine.snapshot().await?;
    assert_eq!(snapshot.scan(Range::all(), 100).await?.rows.len(), 20);
    assert!(snapshot.get(b"mark").await?.is_none());
    // Deleting makes room again.
    let mut clean = Transaction::new();
    clean.delete_range("s", "t");
    engine.commit(clean).await?;
    engine.commit(put("again", Value::from(vec![1; 60_000]))).await?;
    Ok(())
}

/// Bytes that changed on the disk are an error, never an answer.
#[tokio::test]
async fn damage_is_found() -> Outcome {
    let folder = tempfile::tempdir()?;
    let values = [("small", vec![0xa7; 900]), ("large", vec![0xb8; 20_000])];
    let engine = open(folder.path()).await?;
    for (key, value) in &values {
        engine.commit(put(*key, value.clone().into())).await?;
    }
    let object = vec![0xc9; 50_000];
    let name = ObjectName::of(&object);
    engine.objects().put(&name, ObjectData::Bytes(object.clone().into())).await?;
    engine.close().await;
    drop(engine);

    let rows = std::fs::OpenOptions::new().write(true).open(folder.path().join("rows.sqlite"))?;
    let bytes = std::fs::read(folder.path().join("rows.sqlite"))?;
    for (_, value) in &values {
        let at = bytes.windows(400).position(|window| window == &value[..400]);
        rows.write_all_at(b"!", at.ok_or("the value is not in the file")? as u64 + 200)?;
    }
    let hex = name.to_string();
    let path = folder.path().join("objects").join(&hex[..2]).join(&hex[2..]);
    std::fs::write(&path, vec![0xc9; 49_999])?;

    let engine = open(folder.path()).await?;
    let snapshot = engine.snapshot().await?;
    for (key, _) in &values {
        let got = snapshot.get(key.as_bytes()).await;
        assert!(matches!(got, Err(Error::Corrupt { .. })), "{key}: {got:?}");
    }
    assert!(matches!(snapshot.scan(Range::all(), 9).await, Err(Error::Corrupt { .. })));
    let mut expecting = Transaction::new();
    expecting.expect_absent("small").put("other", "x");
    assert!(matches!(engine.commit(expecting).await, Err(CommitError::Failed(_))));
    engine.commit(put("small", "new".into())).await?;

    // A put of the same object repairs it.
    assert!(matches!(engine.objects().read(&name).await, Err(Error::Corrupt { .. })));
    engine.objects().put(&name, ObjectData::Bytes(object.clone().into())).await?;
    assert_eq!(engine.objects().read(&name).await?, object);
    Ok(())
}

/// Two that have one store open, as two processes do: both commit, each sees the other's, and a
/// watcher hears of it.
#[tokio::test]
async fn another_writer_is_seen() -> Outcome {
    let folder = tempfile::tempdir()?;
    let (one, two) = (open(folder.path()).await?, open(folder.path()).await?);
    let mut watcher = one.watch(&["t".into()]);
    for round in 0..20_u8 {
        let mut transaction = put(vec![b'2', round], "x".into());
        transaction.bump("n", 1);
        two.commit(transaction.clone()).await?;
        let bumped = one.commit(transaction).await?.bumped;
        assert_eq!(bumped, [u64::from(round) * 2 + 2]);
    }
    assert_eq!(watcher.changed().await, Some(Hint::Lagged));
    let snapshot = one.snapshot().await?;
    assert_eq!(snapshot.scan(Range::prefix("2"), 100).await?.rows.len(), 20);

    // What one has half done must not be swept by the other.
    let staged = one.objects().staging().ok_or("no folder")?.join("half");
    std::fs::write(&staged, "half")?;
    two.close().await;
    drop(two);
    let two = open(folder.path()).await?;
    assert!(staged.exists());
    one.close().await;
    two.commit(put("after", "x".into())).await?;
    Ok(())
}

/// A long snapshot makes the log grow, but commits go on, and it shows what it showed.
#[tokio::test]
async fn a_long_snapshot_stops_nobody() -> Outcome {
    let folder = tempfile::tempdir()?;
    let engine = open(folder.path()).await?;
    engine.commit(put("a", "old".into())).await?;
    let snapshot = engine.snapshot().await?;
    let value = Value::from(vec![5; 60_000]);
    for round in 0..20_u8 {
        let mut transaction = put("a", vec![round].into());
        for row in 0..60_u8 {
            transaction.put(vec![b'r', row], value.clone());
        }
        engine.commit(transaction).await?;
    }
    assert_eq!(snapshot.get(b"a").await?.as_deref(), Some(&b"old"[..]));
    drop(snapshot);
    engine.commit(put("b", "x".into())).await?;
    let now = engine.snapshot().await?;
    assert_eq!(now.get(b"a").await?.as_deref(), Some(&[19][..]));
    Ok(())
}

/// A file that is no store is left alone.
#[tokio::test]
async fn a_strange_file_is_refused() -> Outcome {
    let folder = tempfile::tempdir()?;
    let text = "this is not a database, and it is long enough to have a header of one".repeat(20);
    std::fs::write(folder.path().join("rows.sqlite"), &text)?;
    let answer = open(folder.path()).await;
    assert!(matches!(answer.err(), Some(Error::Corrupt { .. })));
    assert_eq!(std::fs::read_to_string(folder.path().join("rows.sqlite"))?, text);
    Ok(())
}

/// What SQLite says of a full disk is [`Error::Full`], after which the store lives on. Growing the
/// index of the log fails with an error of its own kind, and once stopped the store for good.
#[test]
fn a_full_disk_has_two_names() {
    use rusqlite::ffi;
    for (code, full) in [
        (ffi::SQLITE_FULL, true),
        (ffi::SQLITE_IOERR_SHMSIZE, true),
        (ffi::SQLITE_IOERR_FSYNC, false),
        (ffi::SQLITE_IOERR_WRITE, false),
    ] {
        let error = Error::from(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None));
        assert_eq!(matches!(error, Error::Full), full, "{code}: {error}");
        assert_eq!(matches!(error, Error::Io(_)), !full, "{code}: {error}");
    }
}
