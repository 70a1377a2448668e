//! Calls to a server that speaks IMAP4rev2 or UTF8=ACCEPT once they are enabled.

use crate::house::House;
use crate::own_server::{MAIL, uid};
use crate::played::{Played, connect, plain};
use peregrine_client::proto::Encoding;
use peregrine_client::proto::command::status::StatusItem;
use peregrine_client::{Client, Query};

/// Names beyond ASCII, with `&`, and in modified UTF-7's letters, in every call that takes or gives
/// one.
async fn names(client: &Client) {
    for name in ["Grüße", "A&B", "&AOQ-", "台北 😀"] {
        client.create(name).await.unwrap();
        client.subscribe(name).await.unwrap();
        assert_eq!(client.status(name, &[StatusItem::Messages]).await.unwrap().items[0].1, 0);
        let listed = client.list(name).await.unwrap();
        assert_eq!(listed.iter().map(|one| one.mailbox.as_str()).collect::<Vec<_>>(), [name]);
        let listed = client.lsub(name).await.unwrap();
        assert_eq!(listed.iter().map(|one| one.mailbox.as_str()).collect::<Vec<_>>(), [name]);
        client.append(name, MAIL).await.unwrap().unwrap();
        let mailbox = client.select(name).await.unwrap();
        assert_eq!(mailbox.status().exists, 1);
        assert_eq!(mailbox.search(Query::all().subject("one")).await.unwrap(), [uid(1)]);
        assert!(mailbox.search(Query::all().subject("größer")).await.unwrap().is_empty());
        client.rename(name, format!("neu {name}")).await.unwrap();
    }
}

#[tokio::test]
async fn names_whatever_is_enabled() {
    for enabled in [&["CONDSTORE"][..], &["UTF8=ACCEPT"], &["IMAP4rev2"], &["imap4rev2", "QRESYNC"]]
    {
        let client = House::new().await.client().await;
        client.enable(enabled).await.unwrap();
        let utf8 = enabled != ["CONDSTORE"];
        assert!(client.capabilities().is_enabled(enabled[0]));
        assert_eq!(client.capabilities().encoding() == Encoding::Utf8, utf8);
        names(&client).await;
    }
}

/// RFC 9051 §6.3.2, §6.3.9.7: LIST that nobody asked for is no answer to LIST.
#[tokio::test]
async fn lists_of_other_commands() {
    let (ours, mut server) = Played::new();
    tokio::spawn(async move {
        server.says("* PREAUTH [CAPABILITY IMAP4rev1 IMAP4rev2 ENABLE] in\r\n").await;
        server.answers("ENABLE IMAP4REV2", "* ENABLED IMAP4rev2\r\n").await;
        let select = "* 3 EXISTS\r\n* LIST () \"/\" \"Grüße\"\r\n* OK [UIDVALIDITY 4] so\r\n";
        server.answers("SELECT \"Grüße\"", select).await;
        let list = "* LIST () \"/\" y (\"OLDNAME\" (x))\r\n* LIST () \"/\" \"Grüße\"\r\n";
        server.answers("LIST \"\" *", list).await;
        let renamed = "* LIST () \"/\" b (\"OLDNAME\" (a))\r\n";
        server.answers("RENAME a b", renamed).await;
        server.line().await;
    });
    let client = connect(&plain(), ours).await.unwrap();
    client.enable(&["IMAP4rev2"]).await.unwrap();
    let mailbox = client.select("Grüße").await.unwrap();
    assert_eq!((mailbox.status().exists, mailbox.status().recent), (3, 0));
    let listed = client.list("*").await.unwrap();
    assert_eq!(listed.iter().map(|one| one.mailbox.as_str()).collect::<Vec<_>>(), ["Grüße"]);
    client.rename("a", "b").await.unwrap();
}
