//! The changes that the child makes, and what a store holds, as text.

use super::changes::change;
use peregrine_kv::{SqliteEngine, SqliteOptions};
use peregrine_proto::MailboxName;
use peregrine_store::{Account, BodyNumber, Credentials, Error, Store};
use peregrine_testkit::model::Random;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

/// The folder of the child's store.
pub const FOLDER: &str = "PEREGRINE_POWER_CHILD";
/// What the child does there.
pub const MODE: &str = "PEREGRINE_POWER_CHILD_MODE";

/// How much the child does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// Opens the store and closes it again, so that its files have their sizes.
    Make,
    /// Some thirty changes, each kind at least once.
    Each,
    /// Hundreds of changes.
    Long,
}

impl Mode {
    fn changes(self) -> u64 {
        match self {
            Self::Make => 0,
            Self::Each => 32,
            Self::Long => 400,
        }
    }
}

/// The child's life: after each change it says its number and what the store holds.
pub async fn play() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let mode = match std::env::var(MODE).as_deref() {
        Ok("Long") => Mode::Long,
        Ok("Each") => Mode::Each,
        _ => Mode::Make,
    };
    let store = open(Path::new(&folder)).await.expect("it opens");
    if mode == Mode::Make {
        store.create_account("ann", Credentials::default()).await.expect("an account");
    }
    let (id, _) = store.credentials("ann").await.expect("it reads").expect("ann");
    let account = store.account(id).await.expect("ann");
    let (mut random, mut known) = (Random::new(7), Known::default());
    tell(0, &contents(&store, &mut known).await.expect("it reads"));
    for number in 1..=mode.changes() {
        change(&account, number, &mut random).await.expect("it is done");
        tell(number, &contents(&store, &mut known).await.expect("it reads"));
    }
    drop(account);
    store.close().await;
}

/// Opens a store.
pub async fn open(folder: &Path) -> Result<Store, Error> {
    let engine = SqliteEngine::open(folder, SqliteOptions::default()).await?;
    Store::open(Arc::new(engine)).await
}

/// Digests of bodies that have been read: they never change.
pub type Known = HashMap<BodyNumber, u64>;

/// Everything that a store holds; equal texts mean equal mail.
pub async fn contents(store: &Store, known: &mut Known) -> Result<String, Error> {
    let mut text = String::new();
    for info in store.accounts().await? {
        let Some((id, _)) = store.credentials(&info.name).await? else { continue };
        let account = store.account(id).await?;
        let tree = account.tree();
        for name in tree.subscriptions() {
            let _ = writeln!(text, "{} subscribed {}", info.name, name.as_str());
        }
        for (name, entry) in tree.entries() {
            let _ = writeln!(text, "{} {} {entry:?}", info.name, name.as_str());
            if entry.selectable {
                mailbox(&account, name, known, &mut text).await?;
            }
        }
    }
    Ok(text)
}

/// A short form of what a store holds.
pub fn digest(contents: &str) -> u64 {
    let hash = contents.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    hash ^ contents.len() as u64
}

async fn mailbox(
    account: &Account,
    name: &MailboxName,
    known: &mut Known,
    text: &mut String,
) -> Result<(), Error> {
    let mailbox = account.open(name).await?;
    let view = mailbox.view();
    let head = (view.uid_next(), view.mod_seq(), view.counts());
    let _ = writeln!(text, "  {head:?}");
    for (index, message) in view.messages(0..view.exists()).enumerate() {
        if let Entry::Vacant(vacant) = known.entry(message.body) {
            let body = mailbox.body(&view, index as u32).await?.whole().await?;
            vacant.insert(digest(&String::from_utf8_lossy(&body)));
        }
        let body = known[&message.body];
        let mut flags = Vec::new();
        view.write_flags(message, false, &mut flags);
        let flags = String::from_utf8_lossy(&flags).into_owned();
        let _ = writeln!(text, "  {message:?} {flags} {body:x}");
    }
    Ok(())
}

fn tell(number: u64, contents: &str) {
    // In one write, so that the trace has it in one line.
    let line = format!("ack {number} {:x}\n", digest(contents));
    std::io::stderr().write_all(line.as_bytes()).expect("standard error is there");
}
