//! The child: it plays the script, tells what the store holds, and tries again what failed.
//!
//! It tells it through a socket, since a write to a file may be the call that fails, and its runtime
//! has no driver of its own for the same reason.

use super::changes::change;
use peregrine_kv::{SqliteEngine, SqliteOptions};
use peregrine_proto::MailboxName;
use peregrine_store::{Account, BodyNumber, Credentials, Error, Store};
use peregrine_testkit::model::Random;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt::Write as _;
use std::io::Write as _;
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;

/// The folder of the child's store.
pub const FOLDER: &str = "PEREGRINE_CALLS_CHILD";
/// The port on this machine at which its parent listens.
pub const PORT: &str = "PEREGRINE_CALLS_PORT";
/// As many changes has the script.
pub const CHANGES: u64 = 32;
/// A fault comes once in each thread, so what failed so often fails for good.
const TRIES: usize = 6;

/// A store with one account and nothing else, whose files have their sizes.
pub fn make() -> TempDir {
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    let folder = folder.unwrap();
    runtime().block_on(async {
        let store = open(folder.path()).await.unwrap();
        store.create_account("ann", Credentials::default()).await.unwrap();
        store.close().await;
    });
    folder
}

/// The child's life.
pub fn live() {
    let folder = std::env::var_os(FOLDER).unwrap();
    let port: u16 = std::env::var(PORT).unwrap().parse().unwrap();
    let mut parent = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let mut tell = |words: String| {
        // A socket that takes nothing: the parent is gone, and nobody reads why.
        let _ = parent.write_all(format!("{words}\n").as_bytes());
    };
    tell("begun".into());
    runtime().block_on(play(Path::new(&folder), &mut tell));
    tell("end".into());
}

/// One thread for what waits for the disk, so that calls come in the same order each time.
pub fn runtime() -> tokio::runtime::Runtime {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_time().max_blocking_threads(1).build().unwrap()
}

async fn play(folder: &Path, tell: &mut impl FnMut(String)) {
    let store = match open(folder).await {
        Ok(store) => store,
        Err(error) => return tell(format!("unopened {error}")),
    };
    let mut known = HashMap::new();
    tell(format!("done 0 {:x}", held(&store, &mut known).await));
    for number in 1..=CHANGES {
        let mut tries = 0;
        while let Err(error) = again(&store, number).await {
            // A lock that SQLite cannot give back stays for good, and each try waits ten seconds.
            tries += if format!("{error:?}").contains("locking protocol") { TRIES } else { 1 };
            tell(format!("failed {number} {:x} {error:?}", held(&store, &mut known).await));
            if tries >= TRIES {
                if matches!(error, Error::Stopped) {
                    tell(format!("stopped {number}"));
                    refused(&store, number, tell).await;
                }
                tell(format!("left {number} {:x}", held(&store, &mut known).await));
                return store.close().await;
            }
        }
        tell(format!("done {number} {:x}", held(&store, &mut known).await));
    }
    store.close().await;
}

/// Once nothing can be changed, nothing can: not by any other change either.
async fn refused(store: &Store, number: u64, tell: &mut impl FnMut(String)) {
    for other in [1, 9, 12] {
        let answer = again(store, number + 16 - number % 16 + other).await;
        match answer {
            Ok(()) => tell(format!("goes on {other}")),
            Err(error) => tell(format!("refused {other} {error:?}")),
        }
    }
}

/// A change, the same each time.
pub async fn again(store: &Store, number: u64) -> Result<(), Error> {
    change(&account(store).await?, number, &mut Random::new(number)).await
}

async fn account(store: &Store) -> Result<Account, Error> {
    let (id, _) = store.credentials("ann").await?.ok_or(Error::NonExistent("account"))?;
    store.account(id).await
}

/// Opens a store.
pub async fn open(folder: &Path) -> Result<Store, Error> {
    let engine = SqliteEngine::open(folder, SqliteOptions::default()).await?;
    Store::open(Arc::new(engine)).await
}

/// A short form of what a store holds; 0 if it cannot be read for good.
pub async fn held(store: &Store, known: &mut HashMap<BodyNumber, u64>) -> u64 {
    for _ in 0..TRIES {
        if let Ok(text) = contents(store, known).await {
            return digest(text.as_bytes());
        }
    }
    0
}

/// Everything that does not depend on when it was made.
async fn contents(store: &Store, known: &mut HashMap<BodyNumber, u64>) -> Result<String, Error> {
    let account = account(store).await?;
    let tree = account.tree();
    let mut text = String::new();
    for name in tree.subscriptions() {
        let _ = writeln!(text, "subscribed {}", name.as_str());
    }
    for (name, entry) in tree.entries() {
        let _ = writeln!(text, "{} {} {:?}", name.as_str(), entry.selectable, entry.special_use);
        if entry.selectable {
            mailbox(&account, name, known, &mut text).await?;
        }
    }
    Ok(text)
}

async fn mailbox(
    account: &Account,
    name: &MailboxName,
    known: &mut HashMap<BodyNumber, u64>,
    text: &mut String,
) -> Result<(), Error> {
    let mailbox = account.open(name).await?;
    let view = mailbox.view();
    let _ = writeln!(text, "  {:?} {:?} {:?}", view.uid_next(), view.mod_seq(), view.counts());
    for (index, message) in view.messages(0..view.exists()).enumerate() {
        if let Entry::Vacant(vacant) = known.entry(message.body) {
            let body = mailbox.body(&view, index as u32).await?.whole().await?;
            vacant.insert(digest(&body));
        }
        let mut flags = Vec::new();
        view.write_flags(message, false, &mut flags);
        let (body, flags) = (known[&message.body], String::from_utf8_lossy(&flags));
        let (uid, mod_seq, date) = (message.uid, message.mod_seq, message.date());
        let _ = writeln!(text, "  {uid:?} {mod_seq:?} {date:?} {flags} {body:x}");
    }
    Ok(())
}

fn digest(octets: &[u8]) -> u64 {
    let hash = octets.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    (hash ^ octets.len() as u64).max(1)
}
