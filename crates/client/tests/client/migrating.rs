//! A migration goes on past what a side refuses: the rest is moved, and the report tells what was not.

use crate::own_server::uid;
use crate::played::{Played, connect, plain};
use crate::wire::ParseName;
use bytes::Bytes;
use peregrine_client::migrate::{
    Doing, Folder, Imap, Mail, Options, Overview, Side, SideError, Summary, Target, migrate,
};
use peregrine_client::proto::response::list::SpecialUse;
use peregrine_client::proto::{DateTime, Flag, MailboxName, Status, Uid, UidValidity};
use peregrine_client::{Error, Refusal};
use std::collections::BTreeMap;

/// Mail in memory, some of which is refused.
#[derive(Default)]
struct Mails {
    mailboxes: BTreeMap<String, Vec<(u32, &'static str)>>,
    open: String,
    /// A mailbox that cannot be opened.
    closed: &'static str,
    /// A message that cannot be read.
    damaged: u32,
    /// Flags cannot be changed.
    fixed: bool,
}

fn refused<T: Send + 'static>() -> Doing<'static, T> {
    let (status, text) = (Status::No, "no".into());
    let refusal = Refusal { command: "UID FETCH", status, code: None, text };
    Box::pin(async { Err(SideError::Imap(Error::Refused(Box::new(refusal)))) })
}

fn done<T: Send + 'static>(value: T) -> Doing<'static, T> {
    Box::pin(async { Ok(value) })
}

impl Mails {
    fn of(mailboxes: &[(&str, &[(u32, &'static str)])]) -> Self {
        let mailboxes = mailboxes.iter().map(|(name, mail)| ((*name).to_owned(), mail.to_vec()));
        Self { mailboxes: mailboxes.collect(), ..Self::default() }
    }
}

impl Side for Mails {
    fn folders(&mut self) -> Doing<'_, Vec<Folder>> {
        let folder = |(name, mail): (&String, &Vec<_>)| Folder {
            name: name.parse_name(),
            path: vec![name.clone()],
            special_use: None,
            subscribed: false,
            messages: mail.len() as u64,
        };
        done(self.mailboxes.iter().map(folder).collect())
    }

    fn open(&mut self, name: &MailboxName) -> Doing<'_, Overview> {
        if name.as_str() == self.closed {
            return refused();
        }
        self.open = name.as_str().to_owned();
        let summary = |(number, body): &(u32, &'static str)| Summary {
            uid: uid(*number),
            size: body.len() as u64,
            date: DateTime { unix: 5, offset: 0 },
            // The source's are marked.
            flags: if self.fixed { vec![] } else { vec![Flag::Seen] },
            message_id: None,
        };
        let messages = self.mailboxes[&self.open].iter().map(summary).collect();
        done(Overview { uid_validity: None, messages })
    }

    fn read(&mut self, wanted: Uid) -> Doing<'static, Option<Bytes>> {
        if wanted.0.get() == self.damaged {
            return refused();
        }
        let found = self.mailboxes[&self.open].iter().find(|(number, _)| uid(*number) == wanted);
        done(found.map(|(_, body)| Bytes::from_static(body.as_bytes())))
    }
}

impl Target for Mails {
    fn name_for(&self, path: &[String]) -> Result<MailboxName, String> {
        Ok(path[0].parse_name())
    }

    fn create(&mut self, name: &MailboxName, _: Option<SpecialUse>) -> Doing<'_, ()> {
        self.mailboxes.insert(name.as_str().to_owned(), Vec::new());
        done(())
    }

    fn adopt(&mut self, _: &MailboxName, _: UidValidity) -> Doing<'_, ()> {
        done(())
    }

    fn subscribe(&mut self, _: &MailboxName) -> Doing<'_, ()> {
        done(())
    }

    fn append(&mut self, messages: Vec<Mail>) -> Doing<'static, Vec<Result<(), String>>> {
        let mailbox = self.mailboxes.get_mut(&self.open).unwrap();
        let count = messages.len();
        for mail in messages {
            let body = String::from_utf8(mail.body.to_vec()).unwrap();
            mailbox.push((mailbox.len() as u32 + 1, body.leak()));
        }
        done(vec![Ok(()); count])
    }

    fn set_flags(&mut self, _: Vec<Uid>, _: Vec<Flag>) -> Doing<'_, ()> {
        if self.fixed { refused() } else { done(()) }
    }
}

#[tokio::test]
async fn what_is_refused_keeps_nothing_else_back() {
    let mut source = Mails::of(&[
        ("Closed", &[(1, "one")]),
        ("Damaged", &[(1, "one"), (2, "three"), (3, "nineteen")]),
        ("Last", &[(1, "one")]),
        ("Theirs", &[(1, "one")]),
    ]);
    (source.closed, source.damaged) = ("Closed", 2);
    let mut target = Mails::of(&[("Theirs", &[]), ("Last", &[(7, "one")])]);
    (target.closed, target.fixed) = ("Theirs", true);
    let report = migrate(&mut source, &mut target, &Options::default(), &mut |_| {}).await.unwrap();
    assert!(!report.is_complete());
    let places: Vec<&str> = report.problems.iter().map(|problem| &*problem.place).collect();
    assert_eq!(places, ["Closed", "Damaged, UID 2", "Last", "Theirs"]);
    let counts = report.mailboxes.iter().map(|one| (one.source.as_str(), one.copied, one.failed));
    assert_eq!(counts.collect::<Vec<_>>(), [("Damaged", 2, 1), ("Last", 0, 0)]);
    assert_eq!(target.mailboxes["Damaged"], [(1, "one"), (2, "nineteen")]);
}

/// A server that tells nothing of 500 messages because of one of them (NO [CORRUPTION]).
#[tokio::test]
async fn one_message_does_not_hide_others() {
    let (ours, mut server) = Played::new();
    tokio::spawn(async move {
        server.says("* PREAUTH [CAPABILITY IMAP4rev1] in\r\n").await;
        server.answers("LIST \"\" \"\"", "* LIST (\\Noselect) \"/\" \"\"\r\n").await;
        server.answers("EXAMINE INBOX", "* 3 EXISTS\r\n").await;
        server.answers("UID SEARCH ALL", "* SEARCH 1 2 3\r\n").await;
        let known = "FLAGS () INTERNALDATE \"01-Jan-2026 00:00:00 +0000\" RFC822.SIZE 9";
        let id = "BODY[HEADER.FIELDS (MESSAGE-ID)]";
        loop {
            let line = server.line().await;
            let Some((tag, rest)) = line.split_once(' ') else { return };
            let whole = rest.contains("HEADER.FIELDS");
            let answer = match rest.split(' ').nth(2) {
                Some("1") => format!("* 1 FETCH (UID 1 {known} {id} \"\")\r\n{tag} OK so\r\n"),
                Some("2") if !whole => format!("* 2 FETCH (UID 2 {known})\r\n{tag} OK so\r\n"),
                _ => format!("{tag} NO [CORRUPTION] damaged\r\n"),
            };
            server.says(answer).await;
        }
    });
    let mut side = Imap::source(connect(&plain(), ours).await.unwrap()).await.unwrap();
    let overview = side.open(&MailboxName::INBOX).await.unwrap();
    let sizes = overview.messages.iter().map(|one| (one.uid.0.get(), one.size));
    assert_eq!(sizes.collect::<Vec<_>>(), [(1, 9), (2, 9), (3, 0)]);
}
