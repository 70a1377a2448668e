//! Mail in and out: Maildir, Maildir++ and mbox through the public face, with odd ones among them.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use peregrine_kv::MemoryEngine;
use peregrine_proto::MailboxName;
use peregrine_server::admin::import::{Format, ImportOptions, ImportReport};
use peregrine_server::admin::local::Local;
use peregrine_server::admin::{AdminError, export, import, sample};
use peregrine_store::{Account, Credentials, Store};

const NOW: i64 = 1_750_000_000;

async fn account(name: &str) -> Account {
    let store = Store::open(Arc::new(MemoryEngine::new())).await.unwrap();
    let id = store.create_account(name, Credentials::default()).await.unwrap();
    store.account(id).await.unwrap()
}

fn options(source: &Path) -> ImportOptions {
    ImportOptions {
        source: source.to_owned(),
        format: Format::Auto,
        into: None,
        dry_run: false,
        keep_line_ends: false,
        message_size: 1 << 20,
    }
}

async fn run(account: &Account, options: &ImportOptions) -> ImportReport {
    import::import(account, options, &mut |_| {}).await.unwrap()
}

/// `(found, imported, present, failed)` of all mailboxes together.
fn sums(report: &ImportReport) -> (u64, u64, u64, u64) {
    report.mailboxes.iter().fold((0, 0, 0, 0), |sum, m| {
        (sum.0 + m.found, sum.1 + m.imported, sum.2 + m.present, sum.3 + m.failed)
    })
}

/// Body, time and flags of every message, sorted, by mailbox.
async fn contents(account: &Account) -> BTreeMap<String, Vec<(Vec<u8>, i64, String)>> {
    let mut all = BTreeMap::new();
    for (name, entry) in account.tree().entries() {
        if !entry.selectable {
            continue;
        }
        let mailbox = account.open(name).await.unwrap();
        let view = mailbox.view();
        let mut messages = Vec::new();
        for index in 0..view.exists() {
            let message = view.message(index).unwrap();
            let mut flags = Vec::new();
            view.write_flags(message, false, &mut flags);
            let flags = String::from_utf8(flags).unwrap();
            let mut flags: Vec<&str> = flags.trim_matches(['(', ')']).split(' ').collect();
            flags.sort_unstable();
            let body = mailbox.body(&view, index).await.unwrap().whole().await.unwrap();
            messages.push((body.to_vec(), message.date().unix, flags.join(" ")));
        }
        messages.sort();
        if !messages.is_empty() {
            all.insert(name.as_str().to_owned(), messages);
        }
    }
    all
}

fn write(path: &Path, octets: impl AsRef<[u8]>) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, octets).unwrap();
}

fn set_time(path: &Path, unix: u64) {
    let time = UNIX_EPOCH + Duration::from_secs(unix);
    fs::File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
}

/// Out, in again elsewhere, and nothing differs; a second run of each does nothing.
#[tokio::test]
async fn sample_mail_goes_out_and_comes_back_the_same() {
    let (first, second) = (account("ann").await, account("bob").await);
    for mailbox in sample::sample_mail("ann", NOW) {
        let name = MailboxName::new(&mailbox.name).unwrap();
        if first.tree().get(&name).is_none() {
            first.create(&name).await.unwrap();
        }
        first.append(&name, mailbox.messages).await.unwrap();
    }
    let odd = MailboxName::new("v1.2/Entwürfe & Co").unwrap();
    first.create(&odd).await.unwrap();
    first.subscribe(&odd).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("out");
    let report = export::export(&first, "ann@example/org", &target, &mut |_| {}).await.unwrap();
    assert!(report.counts_agree(), "{report:?}");
    let written: u64 = report.mailboxes.iter().map(|m| m.written).sum();
    assert!(written >= 1_000, "{written}");

    let report = run(&second, &options(&target)).await;
    assert_eq!(report.problems, []);
    assert!(report.counts_agree(false), "{report:?}");
    let (mut before, mut after) = (contents(&first).await, contents(&second).await);
    // The one message with bare line feeds comes back with CRLF: a Maildir cannot tell them apart.
    let bare = |list: &mut Vec<(Vec<u8>, i64, String)>| {
        list.retain(|(body, ..)| !body.windows(15).any(|at| at == b"without manners"));
    };
    bare(before.get_mut("Curiosities").unwrap());
    bare(after.get_mut("Curiosities").unwrap());
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
    for (name, messages) in &before {
        assert!(*messages == after[name], "{name} differs");
    }
    assert!(second.tree().is_subscribed(&odd));

    let again = run(&second, &options(&target)).await;
    assert_eq!(sums(&again), (written, 0, written, 0));
    let again = export::export(&first, "ann@example/org", &target, &mut |_| {}).await.unwrap();
    assert_eq!(again.mailboxes.iter().map(|m| m.written).sum::<u64>(), 0);
    assert!(again.counts_agree());
}

#[tokio::test]
async fn an_odd_maildir_is_read_as_far_as_it_can_be() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    write(&root.join("cur/1700000000.a.host:2,FS"), "Subject: a\n\nx\n");
    set_time(&root.join("cur/1700000000.a.host:2,FS"), 1_600_000_000);
    // Copied without its time: the name knows better.
    write(&root.join("new/1650000000.b.host"), "Subject: b\r\n\r\nx\r\n");
    write(&root.join("new/c"), "");
    set_time(&root.join("new/c"), 1_610_000_000);
    write(&root.join("cur/1700000001.k.host:2,Sab"), "Subject: k\n\nx\n");
    write(&root.join("dovecot-keywords"), "0 Junk\n1 not(an)atom\n");
    // Not messages: hidden, a folder, a link, too large, in tmp.
    write(&root.join("cur/.hidden"), "x");
    fs::create_dir_all(root.join("cur/folder")).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", root.join("cur/link")).unwrap();
    write(&root.join("cur/1700000002.large:2,"), vec![b'x'; (1 << 20) + 1]);
    write(&root.join("tmp/1700000003.tmp"), "x");
    // Subfolders: nested, in modified UTF-7, in UTF-8, without messages, not a Maildir, a loop.
    write(&root.join(".Lists.rust/cur/1.x.y:2,"), "Subject: r\n\nx\n");
    write(&root.join(".Entw&APw-rfe/new/1.x.y"), "Subject: e\n\nx\n");
    write(&root.join(".Ärzte/cur/1.x.y:2,T"), "Subject: d\n\nx\n");
    fs::create_dir_all(root.join(".Empty/cur")).unwrap();
    fs::create_dir_all(root.join(".notmail")).unwrap();
    std::os::unix::fs::symlink(root, root.join("loop")).unwrap();
    write(&root.join("subscriptions"), "Lists.rust\nEntw&APw-rfe\nGone\n");

    let account = account("ann").await;
    let report = run(&account, &options(root)).await;
    let problems: Vec<String> = report.problems.iter().map(|p| p.reason.clone()).collect();
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(problems[0].contains("links") || problems[1].contains("links"), "{problems:?}");
    assert_eq!(sums(&report), (9, 7, 0, 2));
    assert!(report.counts_agree(false), "{report:?}");

    let all = contents(&account).await;
    let inbox: Vec<_> = all["INBOX"].iter().map(|(_, unix, flags)| (*unix, &**flags)).collect();
    assert_eq!(
        inbox,
        [
            (1_610_000_000, ""),
            (1_600_000_000, "\\Flagged \\Seen"),
            (1_650_000_000, ""),
            (1_700_000_001, "Junk \\Seen"),
        ]
    );
    assert_eq!(all["INBOX"][1].0, b"Subject: a\r\n\r\nx\r\n");
    assert_eq!(all["Ärzte"][0].2, "\\Deleted");
    assert_eq!(all["Lists/rust"].len() + all["Entwürfe"].len(), 2);
    let tree = account.tree();
    assert!(tree.get(&MailboxName::new("Empty").unwrap()).is_some());
    assert!(tree.is_subscribed(&MailboxName::new("Lists/rust").unwrap()));
    assert_eq!(sums(&run(&account, &options(root)).await), (9, 0, 7, 2));
}

/// The same message twice in the source is two messages, at every run.
#[tokio::test]
async fn doubles_of_the_source_stay_and_runs_add_none() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("Old.mbox");
    let one = "From a@b Tue Nov 14 22:13:20 2023\nSubject: s\n\nx\n\n";
    fs::write(&file, one.repeat(3)).unwrap();
    let account = account("ann").await;
    assert_eq!(sums(&run(&account, &options(&file)).await), (3, 3, 0, 0));
    assert_eq!(sums(&run(&account, &options(&file)).await), (3, 0, 3, 0));
    // A fourth came, and the first was read meanwhile: its state is no part of the message.
    let read = one.replace("Subject", "Status: RO\nSubject");
    fs::write(&file, format!("{read}{}", one.repeat(3))).unwrap();
    assert_eq!(sums(&run(&account, &options(&file)).await), (4, 1, 3, 0));
    assert_eq!(contents(&account).await["Old"].len(), 4);
}

#[tokio::test]
async fn a_dry_run_changes_nothing_and_tells_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("Old.mbox");
    fs::write(&file, "From a@b Tue Nov 14 22:13:20 2023\nSubject: s\n\nx\n").unwrap();
    let account = account("ann").await;
    let dry = ImportOptions { dry_run: true, into: Some("X/Y".into()), ..options(&file) };
    let report = run(&account, &dry).await;
    assert_eq!(sums(&report), (1, 1, 0, 0));
    assert!(report.counts_agree(true));
    assert!(contents(&account).await.is_empty());
    assert!(account.tree().get(&MailboxName::new("X/Y").unwrap()).is_none());
    // A single file goes to the mailbox that was named, not below it.
    run(&account, &ImportOptions { dry_run: false, ..dry }).await;
    assert_eq!(contents(&account).await["X/Y"].len(), 1);
}

/// What is damaged here does not keep the same message from coming in again, nor others.
#[tokio::test]
async fn a_damaged_mailbox_takes_mail_in() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("Old.mbox");
    let message = |text: &str| {
        format!("From a@b Tue Nov 14 22:13:20 2023\nSubject: {text}\n\nhello {text}\n\n")
    };
    fs::write(&file, ["one", "two", "six"].map(message).concat()).unwrap();
    let engine: Arc<dyn peregrine_kv::Engine> = Arc::new(MemoryEngine::new());
    let store = Store::open(Arc::clone(&engine)).await.unwrap();
    let id = store.create_account("ann", Credentials::default()).await.unwrap();
    let account = store.account(id).await.unwrap();
    assert_eq!(sums(&run(&account, &options(&file)).await), (3, 3, 0, 0));
    let rows = engine.snapshot().await.unwrap();
    let rows = rows.scan(peregrine_kv::Range::all(), 1000).await.unwrap().rows;
    let holds = |row: &[u8]| row.windows(12).any(|octets| octets == b"Subject: two");
    let (key, _) = rows.iter().find(|(_, row)| holds(row)).unwrap();
    let mut transaction = peregrine_kv::Transaction::new();
    transaction.delete(key.clone());
    engine.commit(transaction).await.unwrap();

    let local = Local::new(account.clone());
    let open = local.open(&MailboxName::new("Old").unwrap()).await.unwrap();
    let mut told = Vec::new();
    open.messages(&mut |one| told.push(!one.start.is_empty())).await.unwrap();
    assert_eq!(told, [true, false, true]);
    assert_eq!(sums(&run(&account, &options(&file)).await), (3, 1, 2, 0));
}

/// A user's name may be longer than the name of a file.
#[tokio::test]
async fn the_longest_user_is_exported() {
    let name = "ü".repeat(120);
    let account = account(&name).await;
    let other = format!("{}ö", "ü".repeat(119));
    let message = peregrine_store::NewMessage {
        body: "Subject: s\r\n\r\nx\r\n".into(),
        flags: vec![],
        date: peregrine_proto::DateTime { unix: i64::from(u32::MAX), offset: 0 },
    };
    account.append(&MailboxName::INBOX, vec![message]).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    for (name, written) in [(&name, 1), (&name, 0), (&other, 1)] {
        let report = export::export(&account, name, folder.path(), &mut |_| {}).await.unwrap();
        assert_eq!(report.mailboxes.iter().map(|m| m.written).sum::<u64>(), written);
        assert!(report.counts_agree());
    }
}

/// A name that cannot be made is told by a dry run as by a real one.
#[tokio::test]
async fn a_dry_run_tells_names_that_cannot_be() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(format!("{}.mbox", "x".repeat(240)));
    fs::write(&file, "From a@b Tue Nov 14 22:13:20 2023\nSubject: s\n\nx\n").unwrap();
    let account = account("ann").await;
    for dry_run in [true, false] {
        let into = Some(["deep"; 40].join("/"));
        let options = ImportOptions { dry_run, into, ..options(&file) };
        let report = run(&account, &options).await;
        assert_eq!(report.problems.len(), 1, "{dry_run}: {:?}", report.problems);
        assert_eq!(sums(&report), (0, 0, 0, 0));
    }
}

#[tokio::test]
async fn a_folder_of_mboxes_becomes_a_tree() {
    let folder = tempfile::tempdir().unwrap();
    let message = "From a@b Tue Nov 14 22:13:20 2023\nSubject: s\n\nx\n";
    for name in ["Inbox", "Sent", "Work.sbd/2024.mbox", "Work.sbd/Deep.sbd/er"] {
        write(&folder.path().join(name), message);
    }
    write(&folder.path().join("Inbox.msf"), "// an index of Thunderbird");
    let account = account("ann").await;
    let report = run(&account, &options(folder.path())).await;
    assert_eq!(report.problems, []);
    let all = contents(&account).await;
    let names: Vec<&str> = all.keys().map(String::as_str).collect();
    assert_eq!(names, ["INBOX", "Sent", "Work/2024", "Work/Deep/er"]);
}

#[tokio::test]
async fn what_is_no_mail_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let account = account("ann").await;
    let file = folder.path().join("note.txt");
    fs::write(&file, "hello").unwrap();
    for (source, into) in [(folder.path(), None), (&file, None), (&file, Some("a\u{7}b"))] {
        let options = ImportOptions { into: into.map(str::to_owned), ..options(source) };
        let error = import::import(&account, &options, &mut |_| {}).await.unwrap_err();
        assert!(matches!(error, AdminError::NoMail(_) | AdminError::Mailbox(_)), "{error}");
    }
    // Not even where it is called an mbox; no mailbox is made for it.
    let forced = ImportOptions { format: Format::Mbox, ..options(&file) };
    let error = import::import(&account, &forced, &mut |_| {}).await.unwrap_err();
    assert!(matches!(error, AdminError::NoMail(_)), "{error}");
    assert!(account.tree().get(&MailboxName::new("note.txt").unwrap()).is_none());
    let error = import::import(&account, &options(&folder.path().join("none")), &mut |_| {}).await;
    assert!(error.unwrap_err().to_string().contains("none"));
}

/// Flags that changed here rename the file; its date and octets stay.
#[tokio::test]
async fn a_second_export_follows_the_flags() {
    use peregrine_proto::{DateTime, Flag};
    use peregrine_store::NewMessage;
    let account = account("ann").await;
    let message = NewMessage {
        body: "Subject: s\r\n\r\nx\r\n".into(),
        flags: vec![],
        date: DateTime { unix: -86_400, offset: 0 },
    };
    account.append(&MailboxName::INBOX, vec![message]).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let files = || -> Vec<String> {
        let names = fs::read_dir(folder.path().join("cur")).unwrap();
        names.map(|file| file.unwrap().file_name().into_string().unwrap()).collect()
    };
    export::export(&account, "ann", folder.path(), &mut |_| {}).await.unwrap();
    let first = files();
    assert!(first.len() == 1 && first[0].ends_with(",S=14,W=17:2,"), "{first:?}");
    let time = fs::metadata(folder.path().join("cur").join(&first[0])).unwrap().modified().unwrap();
    assert_eq!(time, SystemTime::UNIX_EPOCH - Duration::from_secs(86_400));

    let mailbox = account.open(&MailboxName::INBOX).await.unwrap();
    let uids = [mailbox.view().uid_at(0).unwrap()].into_iter().collect();
    let change = peregrine_store::FlagChange {
        action: peregrine_proto::command::store::StoreAction::Add,
        flags: vec![Flag::Seen, Flag::Keyword(peregrine_proto::Keyword::new("work").unwrap())],
        unchanged_since: None,
        replaced_since: None,
    };
    mailbox.store_flags(&uids, change).await.unwrap();
    let report = export::export(&account, "ann", folder.path(), &mut |_| {}).await.unwrap();
    assert_eq!(report.mailboxes.iter().map(|m| m.written).sum::<u64>(), 0);
    let second = files();
    assert!(second.len() == 1 && second[0].ends_with(":2,Sa"), "{second:?}");
    let keywords = fs::read_to_string(folder.path().join("dovecot-keywords")).unwrap();
    assert_eq!(keywords, "0 work\n");
}
