//! Measures the store on SQLite: `cargo bench -p peregrine-store`. A folder for it may be named:
//! the figures for appends are those of its disk.

use peregrine_kv::{SqliteEngine, SqliteOptions};
use peregrine_proto::command::store::StoreAction;
use peregrine_proto::number::UidRanges;
use peregrine_proto::{DateTime, Flag, MailboxName};
use peregrine_store::{Account, Credentials, FlagChange, NewMessage, Store};
use std::error::Error;
use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

type Done = Result<(), Box<dyn Error>>;

/// Messages of the large mailbox.
const MANY: u32 = 100_000;

fn main() -> Done {
    let folder = match std::env::args().nth(1).filter(|argument| !argument.starts_with('-')) {
        Some(parent) => tempfile::tempdir_in(parent)?,
        None => tempfile::tempdir()?,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(measure(folder.path()))
}

async fn measure(folder: &Path) -> Done {
    let store = open(folder).await?;
    let id = store.create_account("ann", Credentials::default()).await?;
    let account = store.account(id).await?;
    for (callers, each) in [(1, 500), (8, 250), (64, 100)] {
        appends(&account, callers, each).await?;
    }
    let large = MailboxName::new("large")?;
    account.create(&large).await?;
    let started = Instant::now();
    for first in (0..MANY).step_by(500) {
        let messages = (first..first + 500).map(|number| message(number, 1024)).collect();
        account.append(&large, messages).await?;
    }
    rate("import of 1 KiB, 500 at a time", MANY, started.elapsed());
    drop(account);
    store.close().await;

    let store = open(folder).await?;
    let account = store.account(id).await?;
    let started = Instant::now();
    let mailbox = account.open(&large).await?;
    println!("open a mailbox of {MANY}: {:.1} ms", 1e3 * started.elapsed().as_secs_f64());
    let view = mailbox.view();

    let started = Instant::now();
    let sum: u64 =
        view.messages(0..MANY).map(|m| u64::from(m.uid.0.get()) + u64::from(m.size)).sum();
    rate("look at UIDs and sizes", MANY, started.elapsed());
    let (started, mut out) = (Instant::now(), Vec::with_capacity(8 << 20));
    view.messages(0..MANY).for_each(|message| view.write_flags(message, false, &mut out));
    rate("write flags", MANY, started.elapsed());
    std::hint::black_box((sum, out));

    for _ in 0..2 {
        let (started, mut octets) = (Instant::now(), 0);
        let mut digests = mailbox.digests(&view, 0..MANY);
        while let Some(page) = digests.next_page().await? {
            octets +=
                page.digests.iter().map(|d| d.envelope().len() + d.body().len()).sum::<usize>();
        }
        rate("read digests", MANY, started.elapsed());
        std::hint::black_box(octets);
    }
    flags(&mailbox).await?;
    bodies(&account).await?;
    store.close().await;
    Ok(())
}

async fn open(folder: &Path) -> Result<Store, Box<dyn Error>> {
    let engine = SqliteEngine::open(folder, SqliteOptions::default()).await?;
    Ok(Store::open(Arc::new(engine)).await?)
}

async fn appends(account: &Account, callers: u32, each: u32) -> Done {
    let started = Instant::now();
    let tasks: Vec<_> = (0..callers)
        .map(|caller| {
            let account = account.clone();
            spawn(async move {
                for number in 0..each {
                    let unique = (callers << 24) + (caller << 16) + number;
                    account.append(&MailboxName::INBOX, vec![message(unique, 8192)]).await?;
                }
                Ok(())
            })
        })
        .collect();
    for task in tasks {
        task.await??;
    }
    rate(
        &format!("durable appends of 8 KiB, {callers} callers"),
        callers * each,
        started.elapsed(),
    );
    Ok(())
}

fn spawn<F>(future: F) -> tokio::task::JoinHandle<Result<(), peregrine_store::Error>>
where
    F: Future<Output = Result<(), peregrine_store::Error>> + Send + 'static,
{
    tokio::spawn(future)
}

async fn flags(mailbox: &peregrine_store::Mailbox) -> Done {
    let view = mailbox.view();
    let uids: UidRanges = view.messages(0..10_000).map(|message| message.uid).collect();
    for action in [StoreAction::Add, StoreAction::Remove] {
        let change = FlagChange {
            action,
            flags: vec![Flag::Flagged],
            unchanged_since: None,
            replaced_since: None,
        };
        let started = Instant::now();
        mailbox.store_flags(&uids, change).await?;
        rate("flags of 10,000 in one STORE", 10_000, started.elapsed());
    }
    let started = Instant::now();
    let difference = mailbox.view().difference(&view);
    rate("find what changed", difference.changed.len() as u32, started.elapsed());
    Ok(())
}

async fn bodies(account: &Account) -> Done {
    let name = MailboxName::new("bodies")?;
    account.create(&name).await?;
    for first in (0..10_000).step_by(500) {
        let messages = (first..first + 500).map(|n| message((1 << 30) + n, 8192)).collect();
        account.append(&name, messages).await?;
    }
    let mailbox = account.open(&name).await?;
    let view = mailbox.view();
    let (started, mut octets) = (Instant::now(), 0);
    let mut bodies = mailbox.bodies(&view, 0..view.exists());
    while let Some((_, page)) = bodies.next_page().await? {
        octets += page.iter().map(peregrine_store::Body::len).sum::<u64>();
    }
    let seconds = started.elapsed().as_secs_f64();
    println!("read bodies of 8 KiB: {:.0} MB/s", octets as f64 / seconds / 1e6);
    Ok(())
}

fn message(number: u32, octets: usize) -> NewMessage {
    let mut body = format!(
        "Date: Mon, 23 Nov 2020 10:00:00 +0100\r\nFrom: Ann Example <ann{number}@example.org>\r\n\
         To: Bob Example <bob@example.net>, carol@example.com\r\nSubject: Message {number}\r\n\
         Message-ID: <{number}@example.org>\r\nMIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\r\n"
    );
    while body.len() < octets {
        body.push_str("The quick brown fox jumps over the lazy dog.\r\n");
    }
    NewMessage {
        body: body.into(),
        flags: vec![],
        date: DateTime { unix: 1_600_000_000, offset: 0 },
    }
}

fn rate(what: &str, count: u32, time: Duration) {
    let (seconds, each) = (time.as_secs_f64(), time.as_nanos() as f64 / f64::from(count));
    println!("{what}: {:.0}/s ({each:.0} ns each)", f64::from(count) / seconds);
}
