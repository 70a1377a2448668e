//! A sample of mail, and everything that can be read of a store.

use peregrine_kv::{Engine, SqliteEngine, SqliteOptions};
use peregrine_proto::number::{Number, UidRanges};
use peregrine_proto::{DateTime, Flag, Keyword, MailboxName, ModSeq, Uid};
use peregrine_store::{Account, Credentials, MailboxView, NewMessage, Store};
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::path::Path;
use std::sync::Arc;

/// What was read, by what was asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mail {
    pub parts: BTreeMap<String, Part>,
}

/// What one question was answered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Part {
    Told(Vec<u8>),
    Error(String),
}

/// How the messages of one reading compare to those of another.
pub struct Same {
    pub wrong: Vec<String>,
    /// Messages that both have under the same UID.
    pub right: usize,
    /// Messages that the other has.
    pub all: usize,
}

impl Mail {
    /// Messages of mailboxes whose UIDVALIDITY is as it was, by their UIDs.
    pub fn same_messages(&self, right: &Self) -> Same {
        let mut same = Same { wrong: Vec::new(), right: 0, all: 0 };
        same.all = right.parts.keys().filter(|question| question.ends_with(": body")).count();
        for (question, part) in &self.parts {
            let Some((place, _)) = question.split_once(": UID ") else { continue };
            let validity = format!("{place}: validity");
            if self.parts.get(&validity) != right.parts.get(&validity) {
                continue;
            }
            if right.parts.get(question) != Some(part) {
                same.wrong.push(question.clone());
            } else if question.ends_with(": body") {
                same.right += 1;
            }
        }
        same
    }

    pub fn unreadable(why: &str) -> Self {
        Self { parts: [("all".to_owned(), Part::Error(why.to_owned()))].into() }
    }

    /// What is neither as it should be nor an error.
    pub fn differences(&self, right: &Self) -> Vec<String> {
        let mut wrong = Vec::new();
        for (question, part) in &self.parts {
            match (part, right.parts.get(question)) {
                (Part::Error(why), _) if why.contains("panic") => wrong.push(why.clone()),
                (Part::Error(_), _) => {}
                (told, Some(wanted)) if told == wanted => {}
                (told, wanted) => wrong.push(format!("{question}: {told:?}, not {wanted:?}")),
            }
        }
        wrong
    }

    fn note<T: Debug>(
        &mut self,
        question: &str,
        answer: Result<T, peregrine_store::Error>,
    ) -> Option<T> {
        let part = match &answer {
            Ok(told) => Part::Told(format!("{told:?}").into_bytes()),
            Err(error) => Part::Error(format!("{error:?}")),
        };
        self.parts.insert(question.to_owned(), part);
        answer.ok()
    }
}

fn name(text: &str) -> MailboxName {
    MailboxName::new(text).unwrap()
}

fn message(number: u32, octets: usize) -> NewMessage {
    let mut body = format!(
        "From: Ann <ann{number}@example.org>\r\nTo: bob@example.org\r\nSubject: Number {number}\r\n\
         Message-ID: <{number}@example.org>\r\nDate: Mon, 23 Nov 2026 10:00:00 +0000\r\n\r\n"
    );
    while body.len() < octets {
        body.push_str(&format!("Line {} of message {number}.\r\n", body.len()));
    }
    let flags = match number % 4 {
        0 => vec![Flag::Seen],
        1 => vec![Flag::Flagged, Flag::Keyword(Keyword::new("$Forwarded").unwrap())],
        2 => vec![Flag::Keyword(Keyword::new("work").unwrap())],
        _ => Vec::new(),
    };
    NewMessage {
        body: body.into(),
        flags,
        date: DateTime { unix: 1_700_000_000 + i64::from(number), offset: 60 },
    }
}

/// Makes a store with two users, several mailboxes, large and small messages, copies, expunges.
pub async fn make(folder: &Path) -> Mail {
    let engine = SqliteEngine::open(folder, SqliteOptions::default()).await.unwrap();
    let engine: Arc<dyn Engine> = Arc::new(engine);
    let store = Store::open(Arc::clone(&engine)).await.unwrap();
    for user in ["ann", "bob"] {
        let id = store.create_account(user, Credentials::default()).await.unwrap();
        let account = store.account(id).await.unwrap();
        account.create(&name("Work/Projects")).await.unwrap();
        for number in 0..150 {
            let octets = match number % 50 {
                7 => 200_000,
                8 => 70_000,
                9 => 1_200_000,
                n => 200 + 30 * n as usize,
            };
            let mailbox = if number % 3 == 0 { "Work/Projects" } else { "INBOX" };
            account.append(&name(mailbox), vec![message(number, octets)]).await.unwrap();
        }
        let inbox = account.open(&MailboxName::INBOX).await.unwrap();
        let some: UidRanges = (5..25).filter_map(Uid::new).collect();
        inbox.copy(&inbox.view(), &some, &name("Archive")).await.unwrap();
        let change = peregrine_store::FlagChange {
            action: peregrine_proto::command::store::StoreAction::Add,
            flags: vec![Flag::Deleted],
            unchanged_since: None,
            replaced_since: None,
        };
        inbox.store_flags(&(30..35).filter_map(Uid::new).collect(), change).await.unwrap();
        inbox.expunge(None).await.unwrap();
        drop(inbox);
        account.reclaim().await.unwrap();
    }
    let mail = read(&engine).await;
    store.close().await;
    mail
}

/// Reads everything through the store's public face.
pub async fn read(engine: &Arc<dyn Engine>) -> Mail {
    let mut mail = Mail { parts: BTreeMap::new() };
    let opened = Store::open(Arc::clone(engine)).await;
    let store = match opened {
        Ok(store) => store,
        Err(error) => return Mail::unreadable(&error.to_string()),
    };
    mail.note("accounts", store.accounts().await);
    for user in ["ann", "bob"] {
        let Some(Some((id, _))) = mail.note(user, store.credentials(user).await) else { continue };
        let account = store.account(id).await;
        match account {
            Ok(account) => read_account(&mut mail, user, &account).await,
            Err(error) => drop(mail.note::<()>(&format!("{user}'s account"), Err(error))),
        }
    }
    mail
}

async fn read_account(mail: &mut Mail, user: &str, account: &Account) {
    let tree = account.tree();
    mail.note(&format!("{user}'s tree"), Ok(tree.entries().collect::<Vec<_>>()));
    mail.note(&format!("{user}'s subscriptions"), Ok(tree.subscriptions().collect::<Vec<_>>()));
    for (name, entry) in tree.entries() {
        if !entry.selectable {
            continue;
        }
        let place = format!("{user}: {}", name.as_str());
        mail.note(&format!("{place}: status"), account.status(name));
        mail.note(&format!("{place}: validity"), Ok(entry.uid_validity));
        let mailbox = match account.open(name).await {
            Ok(mailbox) => mailbox,
            Err(error) => {
                mail.note::<()>(&place, Err(error));
                continue;
            }
        };
        let view = mailbox.view();
        let all: Vec<_> = view.messages(0..view.exists()).cloned().collect();
        mail.note(&format!("{place}: messages"), Ok((all, view.keywords().names().to_vec())));
        let known: UidRanges = (1..1000).filter_map(Uid::new).collect();
        let gone = mailbox.vanished(&view, ModSeq(1), &known).await;
        mail.note(&format!("{place}: vanished"), gone);
        for index in 0..view.exists() {
            let uid = view.uid_at(index).unwrap();
            let question = format!("{place}: UID {}", uid.0);
            let body = body(&mailbox, &view, index).await;
            mail.note(&format!("{question}: body"), body);
            let part = part(&mailbox, &view, index).await;
            mail.note(&format!("{question}: part"), part);
        }
        digests(mail, &place, &mailbox, &view).await;
    }
}

async fn digests(
    mail: &mut Mail,
    place: &str,
    mailbox: &peregrine_store::Mailbox,
    view: &MailboxView,
) {
    let mut pages = mailbox.digests(view, 0..view.exists());
    loop {
        match pages.next_page().await {
            Ok(Some(page)) => {
                for (index, digest) in (page.first..).zip(&page.digests) {
                    let told = (
                        digest.envelope().to_vec(),
                        digest.body_structure().to_vec(),
                        digest.preview().to_vec(),
                    );
                    mail.note(&format!("{place}: digest {index}"), Ok(told));
                }
            }
            Ok(None) => break,
            Err(error) => {
                mail.note::<()>(&format!("{place}: digests"), Err(error));
                break;
            }
        }
    }
}

/// A hash of a body, read in pieces.
async fn body(
    mailbox: &peregrine_store::Mailbox,
    view: &MailboxView,
    index: u32,
) -> Result<String, peregrine_store::Error> {
    let body = mailbox.body(view, index).await?;
    let mut pieces = body.pieces(0..body.len());
    let mut hasher = blake3::Hasher::new();
    while let Some(piece) = pieces.next().await? {
        hasher.update(&piece);
    }
    Ok(hasher.finalize().to_string())
}

/// Some octets out of the middle.
async fn part(
    mailbox: &peregrine_store::Mailbox,
    view: &MailboxView,
    index: u32,
) -> Result<Vec<u8>, peregrine_store::Error> {
    let body = mailbox.body(view, index).await?;
    let mut part = body.read_at(body.len() / 2, 40).await?.to_vec();
    let mut pieces = body.pieces(body.len() / 3..body.len() / 3 + 50);
    while let Some(piece) = pieces.next().await? {
        part.extend_from_slice(&piece);
    }
    Ok(part)
}

/// Copies a folder.
pub fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            std::fs::create_dir_all(&target).unwrap();
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
