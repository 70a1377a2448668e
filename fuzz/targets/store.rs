//! A store in which any octets stand somewhere opens or says why not, and never panics: in a row,
//! behind its checksum, or in a file.

#![no_main]

use libfuzzer_sys::fuzz_target;
use peregrine_kv::{Engine, MemoryEngine, Range, SqliteEngine, SqliteOptions, Transaction};
use peregrine_proto::{DateTime, Flag, MailboxName};
use peregrine_store::{Account, Credentials, Error, NewMessage, Store};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use tokio::runtime::Runtime;

/// The rows of a store with some mail.
static ROWS: OnceLock<Vec<(Vec<u8>, Vec<u8>)>> = OnceLock::new();
/// The write-ahead log of the rows.
const LOG: &str = "rows.sqlite-wal";
/// Octets of it that are kept: its head and some frames.
const LOG_KEPT: u64 = 64 * 1024;
/// Octets that it has; those behind the ones that are kept are a hole.
const LOG_LENGTH: u64 = 32 * 1024 * 1024;
/// The files of another.
static FILES: OnceLock<tempfile::TempDir> = OnceLock::new();

fuzz_target!(|input: (u8, u16, &[u8])| {
    let (kind, place, octets) = input;
    // Files are slow to make, and nearly all damage ends at a checksum.
    RUNTIME.with(|runtime| match kind {
        0..8 => runtime.block_on(in_a_file(kind, place, octets)),
        8..64 => runtime.block_on(in_a_row(place, 0, octets)),
        _ => runtime.block_on(in_a_row(place, usize::from(kind) - 64, octets)),
    });
});

thread_local! {
    /// With its threads, which take long to begin.
    static RUNTIME: Runtime = {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        runtime.enable_time().build().expect("a runtime")
    };
}

/// Puts the octets into a row: in place of its value, or into it from some octet on.
async fn in_a_row(place: u16, from: usize, octets: &[u8]) {
    let rows = match ROWS.get() {
        Some(rows) => rows,
        None => {
            let rows = rows().await;
            ROWS.get_or_init(|| rows)
        }
    };
    let engine = MemoryEngine::new();
    let mut transaction = Transaction::new();
    for (at, (key, value)) in rows.iter().enumerate() {
        let mut value = value.clone();
        if at == usize::from(place) % rows.len() {
            value.truncate(from);
            value.extend_from_slice(octets);
        }
        transaction.put(key.clone(), value);
    }
    engine.commit(transaction).await.expect("memory");
    if let Ok(store) = Store::open(Arc::new(engine)).await {
        // What it says does not matter.
        let _ = look(&store).await;
        store.close().await;
    }
}

async fn rows() -> Vec<(Vec<u8>, Vec<u8>)> {
    let engine = Arc::new(MemoryEngine::new());
    let store = Store::open(Arc::<MemoryEngine>::clone(&engine)).await.expect("a store");
    furnish(&store).await;
    let snapshot = engine.snapshot().await.expect("a snapshot");
    let page = snapshot.scan(Range::prefix(""), 10_000).await.expect("rows");
    page.rows.iter().map(|(key, value)| (key.to_vec(), value.to_vec())).collect()
}

/// Puts the octets into a file.
async fn in_a_file(kind: u8, place: u16, octets: &[u8]) {
    if FILES.get().is_none() {
        let folder = folder();
        let store = open(folder.path()).await.expect("a store");
        furnish(&store).await;
        store.close().await;
        // Else a log of 32 MiB would be copied each time. What it holds after a close is one frame; a
        // log that is shorter than the engine wants would be filled, which takes as long.
        let log = std::fs::File::options().write(true).open(folder.path().join(LOG));
        log.and_then(|log| log.set_len(LOG_KEPT)).expect("a log");
        let _ = std::fs::remove_file(folder.path().join("rows.sqlite-shm"));
        let _ = FILES.set(folder);
    }
    let Some(template) = FILES.get() else { return };
    let folder = folder();
    copy(template.path(), folder.path());
    let log = std::fs::File::options().write(true).open(folder.path().join(LOG));
    log.and_then(|log| log.set_len(LOG_LENGTH)).expect("a log");
    let files = files(folder.path());
    let path = &files[usize::from(kind) % files.len()];
    let mut file = std::fs::File::options().write(true).open(path).expect("a file");
    file.seek(SeekFrom::Start(u64::from(place) * 7)).expect("a place");
    file.write_all(octets).expect("room");
    drop(file);
    if let Ok(store) = open(folder.path()).await {
        let _ = look(&store).await;
        store.close().await;
    }
}

async fn open(folder: &Path) -> Result<Store, Error> {
    let engine = SqliteEngine::open(folder, SqliteOptions::default()).await?;
    Store::open(Arc::new(engine)).await
}

async fn furnish(store: &Store) {
    store.create_account("ann", Credentials::default()).await.expect("an account");
    let (id, _) = store.credentials("ann").await.expect("it reads").expect("ann");
    let account = store.account(id).await.expect("ann");
    let inbox = MailboxName::new("INBOX").expect("a name");
    let message = |size: usize| NewMessage {
        body: format!("Subject: {size}\r\nFrom: a@b\r\n\r\n{}", "x".repeat(size)).into(),
        flags: vec![Flag::Flagged],
        date: DateTime { unix: size as i64, offset: 0 },
    };
    account.append(&inbox, [1, 2, 900, 100_000].map(message).into()).await.expect("room");
    account.create(&MailboxName::new("Work/Deep").expect("a name")).await.expect("room");
    let mailbox = account.open(&inbox).await.expect("INBOX");
    let (view, two) = (mailbox.view(), mailbox.view().uid_at(1).expect("a UID"));
    mailbox
        .move_messages(
            &view,
            &[two].into_iter().collect(),
            &MailboxName::new("Work/Deep").expect("a name"),
        )
        .await
        .expect("moved");
}

/// Reads everything, and changes something.
async fn look(store: &Store) -> Result<(), Error> {
    for info in store.accounts().await? {
        let Some((id, _)) = store.credentials(&info.name).await? else { continue };
        let account = store.account(id).await?;
        let names: Vec<MailboxName> =
            account.tree().entries().map(|(name, _)| name.clone()).collect();
        for name in names {
            let _ = look_into(&account, &name).await;
        }
        let _ = account.reclaim().await;
    }
    Ok(())
}

async fn look_into(account: &Account, name: &MailboxName) -> Result<(), Error> {
    let _ = account.status(name);
    let mailbox = account.open(name).await?;
    let view = mailbox.view();
    let mut flags = Vec::new();
    view.write_flag_names(&mut flags);
    for (index, message) in view.messages(0..view.exists().min(100)).enumerate() {
        view.write_flags(message, false, &mut flags);
        if let Ok(body) = mailbox.body(&view, index as u32).await {
            let _ = body.whole().await;
        }
    }
    let mut digests = mailbox.digests(&view, 0..view.exists().min(100));
    while let Ok(Some(_)) = digests.next_page().await {}
    let _ = mailbox.expunge(None).await;
    let message =
        NewMessage { body: "x".into(), flags: vec![], date: DateTime { unix: 0, offset: 0 } };
    account.append(name, vec![message]).await.map(drop)
}

fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    folder.expect("a temporary folder")
}

/// All files below a folder, in a stable order.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            all.extend(files(&path));
        } else {
            all.push(path);
        }
    }
    all.sort();
    all
}

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).expect("a folder") {
        let from = entry.expect("an entry").path();
        let to = to.join(from.file_name().expect("a name"));
        if from.is_dir() {
            std::fs::create_dir(&to).expect("room");
            copy(&from, &to);
        } else {
            std::fs::copy(from, to).expect("room");
        }
    }
}
