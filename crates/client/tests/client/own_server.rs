//! All calls against our own server.

use crate::house::House;
use peregrine_client::proto::command::status::StatusItem;
use peregrine_client::proto::command::store::StoreAction;
use peregrine_client::proto::{DateTime, Flag, Uid};
use peregrine_client::{Credentials, Error, Items, Mechanism, Query, Settings, Update, all};
use std::num::NonZeroU32;

pub const MAIL: &str = "From: ann@example.org\r\nSubject: one\r\n\r\nHello.\r\n";

pub fn uid(number: u32) -> Uid {
    Uid(NonZeroU32::new(number).unwrap())
}

#[tokio::test]
async fn mailboxes() {
    let client = House::new().await.client().await;
    client.create("a/b").await.unwrap();
    client.rename("a/b", "c").await.unwrap();
    client.subscribe("c").await.unwrap();
    let names = |data: Vec<peregrine_client::proto::response::ListData>| {
        data.into_iter().map(|one| one.mailbox.as_str().to_owned()).collect::<Vec<_>>()
    };
    assert!(names(client.list("*").await.unwrap()).contains(&"c".to_owned()));
    assert!(names(client.lsub("*").await.unwrap()).contains(&"c".to_owned()));
    assert_eq!(client.separator().await.unwrap(), Some('/'));
    client.unsubscribe("c").await.unwrap();
    let status = client.status("c", &[StatusItem::Messages, StatusItem::UidNext]).await.unwrap();
    assert_eq!(status.items[..], [(StatusItem::Messages, 0), (StatusItem::UidNext, 1)]);
    client.delete("c").await.unwrap();
    let error = client.delete("c").await.unwrap_err();
    assert!(error.to_string().starts_with("DELETE: NO "), "{error}");
    assert!(client.namespace().await.unwrap()[0].is_some());
    assert!(client.id(&[("name", "test")]).await.unwrap().is_some());
    assert!(client.capability().await.unwrap().has("IMAP4rev1"));
    client.noop().await.unwrap();
    client.logout().await.unwrap();
    let error = client.noop().await.unwrap_err();
    assert!(error.is_lost(), "{error}");
}

#[tokio::test]
async fn messages() {
    let client = House::new().await.client().await;
    let date = DateTime { unix: 1_000_000_000, offset: 60 };
    let new = client.append("INBOX", MAIL).flags([Flag::Flagged]).date(date).await.unwrap();
    assert_eq!(new.unwrap().uids.iter().next(), Some(uid(1)));
    let source = std::io::Cursor::new(MAIL.repeat(10_000));
    let length = MAIL.len() as u32 * 10_000;
    client.append_from("INBOX", source, length).await.unwrap().unwrap();

    let inbox = client.select("INBOX").await.unwrap();
    assert_eq!((inbox.status().exists, inbox.status().uid_next), (2, Some(uid(3))));
    let items = Items::new().flags().internal_date().size().envelope().structure().body();
    let one = inbox.fetch_one(uid(1), items).await.unwrap().unwrap();
    assert_eq!(one.body().unwrap(), MAIL);
    assert_eq!((one.internal_date, one.size), (Some(date), Some(MAIL.len() as u64)));
    assert_eq!(one.envelope.unwrap().subject.unwrap(), "one");
    assert!(one.structure.is_some() && one.flags.unwrap().contains(&Flag::Flagged));
    let sizes = inbox.fetch(all(), Items::new().size()).await.unwrap();
    assert_eq!(sizes[1].size, Some(u64::from(length)));
    assert_eq!(inbox.fetch_one(uid(9), Items::new().flags()).await.unwrap(), None);

    inbox.add_flags(uid(1), &[Flag::Deleted]).await.unwrap();
    let flags = inbox.store(all(), StoreAction::Remove, &[Flag::Flagged]).await.unwrap();
    assert_eq!(flags[0].flags.as_ref().unwrap()[..], [Flag::Deleted, Flag::Recent]);
    assert_eq!(inbox.search(Query::all().subject("ONE")).await.unwrap(), [uid(1), uid(2)]);
    assert_eq!(inbox.search(Query::all().from("é")).await.unwrap(), []);
    let copied = inbox.copy(uid(2), "Archive").await.unwrap().unwrap();
    assert_eq!(copied.target.ranges.len(), 1);
    let moved = inbox.r#move(uid(2), "Archive").await.unwrap().unwrap();
    assert_eq!(moved.source.ranges.len(), 1);
    inbox.check().await.unwrap();
    inbox.expunge_uids(uid(7)).await.unwrap();
    inbox.expunge().await.unwrap();
    assert_eq!(inbox.fetch(all(), Items::new()).await.unwrap(), []);
    inbox.unselect().await.unwrap();
    let error = inbox.expunge().await.unwrap_err();
    assert!(matches!(error, Error::MailboxChanged { command: "EXPUNGE" }), "{error}");
    let archive = client.examine("Archive").await.unwrap();
    assert!(archive.status().read_only && archive.status().exists == 2);
    archive.close().await.unwrap();
}

#[tokio::test]
async fn logins() {
    let house = House::new().await;
    for mechanism in [Mechanism::Plain, Mechanism::ScramSha256] {
        let client = house.connect(Settings::default()).await;
        let wrong = Credentials::password_of("ann", "wrong");
        let error = client.authenticate_by(mechanism, &wrong).await.unwrap_err();
        assert!(matches!(error, Error::Refused(_) | Error::Login(_)), "{error}");
        let right = Credentials::password_of("ann", "secret");
        client.authenticate_by(mechanism, &right).await.unwrap();
        assert!(client.capabilities().has("UIDPLUS"));
        assert!(client.list("*").await.is_ok());
    }
    let client = house.connect(Settings::default()).await;
    let error = client.list("*").await.unwrap_err();
    assert!(matches!(error, Error::WrongState { command: "LIST", .. }), "{error}");
    client.authenticate(&Credentials::password_of("ann", "secret")).await.unwrap();
}

#[tokio::test]
async fn changes_come_while_it_idles_and_calls_go_on() {
    let house = House::new().await;
    let (watcher, writer) = (house.client().await, house.client().await);
    let inbox = watcher.select("INBOX").await.unwrap();
    let mut updates = watcher.updates();
    let _idle = watcher.idle();
    writer.append("INBOX", MAIL).await.unwrap();
    while !matches!(updates.next().await, Some(Update::Exists(1))) {}
    assert_eq!(inbox.fetch(all(), Items::new().flags()).await.unwrap().len(), 1);
    let theirs = writer.select("INBOX").await.unwrap();
    theirs.add_flags(uid(1), &[Flag::Deleted]).await.unwrap();
    theirs.expunge().await.unwrap();
    loop {
        if let Some(Update::Expunged { number, uid: gone }) = updates.next().await {
            assert_eq!((number.0.get(), gone), (1, Some(uid(1))));
            break;
        }
    }
}
