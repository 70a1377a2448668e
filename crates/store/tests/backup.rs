//! Backups: taken while mail changes, restored into an empty store and compared; kills and damage.
#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

mod damage {
    #[allow(dead_code, reason = "the test of damage takes the rest")]
    pub mod mail;
}
mod fixture;

use damage::mail::{self, Mail};
use fixture::{inbox, message, name, on, uids};
use peregrine_kv::{Engine, MemoryEngine, Range, SqliteEngine, SqliteOptions, Transaction};
use peregrine_proto::number::Number;
use peregrine_proto::{Flag, Keyword, Uid};
use peregrine_store::backup::{
    BackupError, Backups, Chosen, Taken, restore_mailbox, restore_messages, restore_users, take,
};
use peregrine_store::{Error, NewMessage, Store, verify};
use std::path::Path;
use std::sync::Arc;

fn memory() -> Arc<dyn Engine> {
    Arc::new(MemoryEngine::new())
}

async fn backup(engine: &Arc<dyn Engine>, folder: &Path, incremental: bool) -> Taken {
    take(engine, folder, incremental, &mut |_| {}).await.unwrap()
}

/// All mail of a backup, restored into an empty store; which must then be whole.
async fn restored(folder: &Path, number: Option<u32>) -> Mail {
    let engine = memory();
    let store = Store::open(Arc::clone(&engine)).await.unwrap();
    let chosen = Chosen { folder, number };
    restore_users(&engine, chosen, None, &mut |_| {}).await.unwrap();
    drop(store);
    let verified = verify(&engine, None, &mut |_| {}).await.unwrap();
    assert!(verified.damage.is_empty(), "{:#?}", verified.damage);
    mail::read(&engine).await
}

/// Guards: what comes back is what was there, octet for octet and number for number, from a full
/// backup, and from an incremental one after changes and expunges.
#[tokio::test(flavor = "multi_thread")]
async fn everything_comes_back_as_it_was() {
    let (site, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let right = mail::make(site.path()).await;
    let engine = SqliteEngine::open(site.path(), SqliteOptions::default()).await.unwrap();
    let engine: Arc<dyn Engine> = Arc::new(engine);
    let full = backup(&engine, folder.path(), false).await;
    assert_eq!((full.number, full.users), (1, 2));
    // Equal bodies of two users are kept once.
    assert!(full.new_bodies > 100 && full.new_bodies < full.bodies, "{full:?}");
    assert!(restored(folder.path(), None).await == right);

    let store = Store::open(Arc::clone(&engine)).await.unwrap();
    let (id, _) = store.credentials("ann").await.unwrap().unwrap();
    let account = store.account(id).await.unwrap();
    account
        .append(&inbox(), vec![message("one", &[]), message("two", &[Flag::Deleted])])
        .await
        .unwrap();
    account.open(&inbox()).await.unwrap().expunge(None).await.unwrap();
    account.rename(&name("Archive"), &name("Before")).await.unwrap();
    account.reclaim().await.unwrap();
    drop(account);
    let later = mail::read(&engine).await;
    assert!(later != right);
    let more = backup(&engine, folder.path(), true).await;
    assert!(more.number == 2 && (1..=2).contains(&more.new_bodies), "{more:?}");
    assert!(restored(folder.path(), None).await == later);
    assert!(restored(folder.path(), Some(1)).await == right);
    store.close().await;

    // One user alone, beside another, under another number: the same but for that number.
    let engine = memory();
    let (store, _) = on(Arc::clone(&engine)).await;
    let chosen = Chosen { folder: folder.path(), number: None };
    let taken = restore_users(&engine, chosen, None, &mut |_| {}).await;
    // As after a restore that was interrupted: who is still missing is told.
    let error = taken.unwrap_err().to_string();
    assert!(error.contains("still missing, to be restored one by one: bob"), "{error}");
    restore_users(&engine, chosen, Some("BOB"), &mut |_| {}).await.unwrap();
    let taken = restore_users(&engine, chosen, None, &mut |_| {}).await;
    assert!(matches!(taken, Err(BackupError::UserExists(_))), "{taken:?}");
    drop(store);
    assert!(verify(&engine, None, &mut |_| {}).await.unwrap().damage.is_empty());
    let got = mail::read(&engine).await;
    let of_bob = |mail: &Mail| {
        let parts = mail.parts.clone().into_iter();
        parts.filter(|(question, _)| question.starts_with("bob: ")).collect::<Vec<_>>()
    };
    assert!(!of_bob(&got).is_empty() && of_bob(&got) == of_bob(&later));
}

/// Guards: one snapshot. A message that is appended to two mailboxes at once is in both or in none.
#[tokio::test(flavor = "multi_thread")]
async fn a_backup_during_writes_is_of_one_instant() {
    let (site, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let engine = SqliteEngine::open(site.path(), SqliteOptions::default()).await.unwrap();
    let engine: Arc<dyn Engine> = Arc::new(engine);
    let (store, account) = on(Arc::clone(&engine)).await;
    let writer = tokio::spawn(async move {
        for number in 0..120_u32 {
            let mut large = message(&number.to_string(), &[Flag::Deleted]);
            large.body = [&large.body[..], &vec![b'x'; 100_000]].concat().into();
            account.append(&inbox(), vec![large]).await.unwrap();
            let mailbox = account.open(&inbox()).await.unwrap();
            if number % 3 == 2 {
                mailbox.expunge(Some(&uids(&[number]))).await.unwrap();
                drop(mailbox);
                account.reclaim().await.unwrap();
            }
        }
    });
    let mut taken = 0;
    while !writer.is_finished() {
        let told = backup(&engine, folder.path(), taken > 0).await;
        assert!(told.damage.is_empty(), "{told:?}");
        restored(folder.path(), None).await;
        taken += 1;
    }
    writer.await.unwrap();
    store.close().await;
    println!("{taken} backups were taken and restored meanwhile");
}

/// Guards: nobody but the owner reads a backup, nor a store that was made, whatever the umask is.
#[tokio::test]
async fn what_is_made_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let site = tempfile::tempdir().unwrap();
    let (mail, kept) = (site.path().join("a/mail"), site.path().join("b/kept"));
    let engine: Arc<dyn Engine> =
        Arc::new(SqliteEngine::open(&mail, SqliteOptions::default()).await.unwrap());
    let (_store, account) = on(Arc::clone(&engine)).await;
    account.append(&inbox(), vec![message("one", &[])]).await.unwrap();
    backup(&engine, &kept, false).await;
    let files = std::fs::read_dir(&kept).unwrap().map(|entry| entry.unwrap().path());
    let files: Vec<_> = files.chain([mail, kept.clone()]).collect();
    assert_eq!(files.len(), 5);
    for file in files {
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{}: {mode:o}", file.display());
    }
}

/// Guards the order: a backup that was cut short does not exist, and the one before is as it was.
#[tokio::test]
async fn a_backup_that_was_cut_short_harms_nothing() {
    let (site, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let right = mail::make(site.path()).await;
    let engine: Arc<dyn Engine> =
        Arc::new(SqliteEngine::open(site.path(), SqliteOptions::default()).await.unwrap());
    backup(&engine, folder.path(), false).await;
    // As a kill leaves it: bodies without a list, or half of either under its temporary name.
    for left in ["000002.bodies", "000002.bodies.tmp", "000002.backup.tmp"] {
        std::fs::write(folder.path().join(left), b"half").unwrap();
        let kept = Backups::in_folder(folder.path()).kept().unwrap();
        assert_eq!(kept.len(), 1);
        assert!(restored(folder.path(), None).await == right);
    }
    assert_eq!(backup(&engine, folder.path(), true).await.number, 2);
    assert!(restored(folder.path(), None).await == right);
}

/// Guards the checks: nothing that rotted in a backup is restored, and all else is.
#[tokio::test]
async fn damage_of_a_backup_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let engine = memory();
    let (_store, account) = on(Arc::clone(&engine)).await;
    account.append(&inbox(), vec![message("one", &[])]).await.unwrap();
    backup(&engine, folder.path(), false).await;
    for (file, is_list) in [("000001.backup", true), ("000001.bodies", false)] {
        let path = folder.path().join(file);
        let whole = std::fs::read(&path).unwrap();
        for at in (0..whole.len()).filter(|at| *at > 18).step_by(7) {
            let mut rotten = whole.clone();
            rotten[at] ^= 4;
            std::fs::write(&path, &rotten).unwrap();
            let chosen = Chosen { folder: folder.path(), number: None };
            match restore_users(&memory(), chosen, None, &mut |_| {}).await {
                Err(BackupError::Damaged { .. }) => assert!(is_list, "{at}"),
                Ok(restored) => {
                    assert!(!is_list && restored.missing == ["Ann: 1 messages have no body"]);
                }
                other => panic!("{file} {at}: {other:?}"),
            }
        }
        std::fs::write(&path, &whole).unwrap();
    }
}

/// Guards: one message that rotted in a backup does not keep all others of its user from coming back.
#[tokio::test]
async fn what_is_whole_in_a_damaged_backup_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let engine = memory();
    let (_store, account) = on(Arc::clone(&engine)).await;
    let messages = ["one", "two", "three"].map(|text| message(text, &[]));
    account.append(&inbox(), messages.to_vec()).await.unwrap();
    backup(&engine, folder.path(), false).await;
    let path = folder.path().join("000001.bodies");
    let mut bodies = std::fs::read(&path).unwrap();
    let at = bodies.windows(12).position(|octets| octets == b"Subject: two").unwrap();
    bodies[at] ^= 1;
    std::fs::write(&path, &bodies).unwrap();

    let chosen = Chosen { folder: folder.path(), number: None };
    let (engine, back) = (memory(), name("Back"));
    let restored = restore_users(&engine, chosen, None, &mut |_| {}).await.unwrap();
    assert_eq!((restored.messages, restored.missing.len()), (3, 1));
    let (_store, account) = on(Arc::clone(&engine)).await;
    let mailbox = account.open(&inbox()).await.unwrap();
    for (index, whole) in [true, false, true].into_iter().enumerate() {
        let body = mailbox.body(&mailbox.view(), index as u32).await;
        assert_eq!(body.is_ok(), whole, "{index}");
    }
    let restored = restore_mailbox(&account, chosen, "ann", &inbox(), &back, &mut |_| {}).await;
    let restored = restored.unwrap();
    assert_eq!((restored.messages, restored.missing), (2, vec!["UID 2".to_owned()]));
}

/// Guards: a list that names more octets than its file has costs no memory for them.
#[tokio::test]
async fn a_list_is_not_believed_about_sizes() {
    let folder = tempfile::tempdir().unwrap();
    let engine = memory();
    let (_store, account) = on(Arc::clone(&engine)).await;
    let one = message("one", &[]);
    let hash = *blake3::hash(&one.body).as_bytes();
    account.append(&inbox(), vec![one]).await.unwrap();
    backup(&engine, folder.path(), false).await;
    let path = folder.path().join("000001.backup");
    let whole = std::fs::read(&path).unwrap();
    // Before the hash of a body stand its offset and its length.
    let at = whole.windows(32).position(|octets| octets == hash).unwrap() - 8;
    for length in [whole.len() as u64, 1 << 62, u64::MAX] {
        let mut list = whole[..whole.len() - 32].to_vec();
        list[at..at + 8].copy_from_slice(&length.to_be_bytes());
        list.extend_from_slice(blake3::hash(&list).as_bytes());
        std::fs::write(&path, &list).unwrap();
        let chosen = Chosen { folder: folder.path(), number: None };
        let restored = restore_users(&memory(), chosen, None, &mut |_| {}).await.unwrap();
        assert_eq!(restored.missing.len(), 1, "{length}");
        // Nor does the next backup take a body from there.
        assert_eq!(backup(&engine, folder.path(), true).await.new_bodies, 1);
        std::fs::remove_file(folder.path().join("000002.backup")).unwrap();
    }
}

/// Guards: a user whose row cannot be understood is left out of a backup, and told; what is in it
/// can be restored.
#[tokio::test]
async fn a_damaged_user_does_not_spoil_a_backup() {
    let folder = tempfile::tempdir().unwrap();
    let engine = memory();
    let (_store, account) = on(Arc::clone(&engine)).await;
    account.append(&inbox(), vec![message("one", &[])]).await.unwrap();
    let right = mail::read(&engine).await;
    let rows = engine.snapshot().await.unwrap().scan(Range::all(), 1000).await.unwrap().rows;
    let (key, _) = rows.iter().find(|(key, _)| key.ends_with(b"ann")).unwrap();
    let mut transaction = Transaction::new();
    transaction.put([&key[..key.len() - 3], b"bob"].concat(), "nonsense");
    engine.commit(transaction).await.unwrap();
    let taken = backup(&engine, folder.path(), false).await;
    assert_eq!((taken.users, taken.damage.len()), (1, 1), "{taken:?}");
    assert!(restored(folder.path(), None).await == right);
}

/// Guards: a store that is opened while a user is restored takes the half of it that is there for
/// nothing that a crash has left.
#[tokio::test(flavor = "multi_thread")]
async fn a_store_may_be_opened_during_a_restore() {
    let folder = tempfile::tempdir().unwrap();
    let engine = memory();
    let (_store, account) = on(Arc::clone(&engine)).await;
    let large = |text: &str| NewMessage {
        body: format!("Subject: {text}\r\n\r\n{}", text.repeat(20_000)).into(),
        ..message(text, &[])
    };
    for number in 0..120 {
        account.append(&inbox(), vec![large(&format!("{number:03}"))]).await.unwrap();
    }
    backup(&engine, folder.path(), false).await;
    let right = mail::read(&engine).await;

    let engine = memory();
    let mut opened = 0;
    let chosen = Chosen { folder: folder.path(), number: None };
    let mut tell = |_: peregrine_store::Looking<'_>| {
        opened += 1;
        if opened == 100 {
            let open = Store::open(Arc::clone(&engine));
            tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(open))
                .unwrap();
        }
    };
    restore_users(&engine, chosen, None, &mut tell).await.unwrap();
    assert!(opened >= 120);
    assert!(verify(&engine, None, &mut |_| {}).await.unwrap().damage.is_empty());
    assert!(mail::read(&engine).await == right);
}

/// A mailbox beside the one that lives on, and single messages into it.
#[tokio::test]
async fn a_mailbox_and_messages_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let engine = memory();
    let (_store, account) = on(Arc::clone(&engine)).await;
    let work = Flag::Keyword(Keyword::new("work").unwrap());
    for text in ["one", "two", "three", "four"] {
        account
            .append(&name("Sent"), vec![message(text, &[Flag::Seen, work.clone()])])
            .await
            .unwrap();
    }
    let mailbox = account.open(&name("Sent")).await.unwrap();
    mailbox.store_flags(&uids(&[2, 4]), deleted()).await.unwrap();
    mailbox.expunge(None).await.unwrap();
    let before = account.status(&name("Sent")).unwrap();
    backup(&engine, folder.path(), false).await;

    let chosen = Chosen { folder: folder.path(), number: None };
    let (sent, back) = (name("Sent"), name("Back"));
    let taken = restore_mailbox(&account, chosen, "ann", &sent, &sent, &mut |_| {}).await;
    assert!(matches!(taken, Err(BackupError::Store(Error::AlreadyExists(_)))), "{taken:?}");
    restore_mailbox(&account, chosen, "ann", &sent, &back, &mut |_| {}).await.unwrap();
    let after = account.status(&back).unwrap();
    assert_eq!((after.counts, after.uid_next), (before.counts, before.uid_next));
    assert_eq!(after.uid_validity, before.uid_validity);
    let view = account.open(&back).await.unwrap().view();
    let list: Vec<u32> = (0..view.exists()).map(|at| view.uid_at(at).unwrap().0.get()).collect();
    assert_eq!(list, [1, 3]);
    assert_eq!(view.keywords().names().len(), 1);

    let wanted = [Uid::new(3).unwrap()];
    restore_messages(&account, chosen, "ann", (&sent, &wanted), &inbox()).await.unwrap();
    let view = account.open(&inbox()).await.unwrap().view();
    assert_eq!((view.exists(), view.counts().unseen), (1, 0));
    let gone = [Uid::new(2).unwrap()];
    let taken = restore_messages(&account, chosen, "ann", (&sent, &gone), &inbox()).await;
    assert!(matches!(taken, Err(BackupError::Missing("message"))), "{taken:?}");
    assert!(verify(&engine, None, &mut |_| {}).await.unwrap().damage.is_empty());
}

fn deleted() -> peregrine_store::FlagChange {
    peregrine_store::FlagChange {
        action: peregrine_proto::command::store::StoreAction::Add,
        flags: vec![Flag::Deleted],
        unchanged_since: None,
        replaced_since: None,
    }
}
