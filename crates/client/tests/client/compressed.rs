//! COMPRESS and UNAUTHENTICATE against our own server.

use crate::house::House;
use peregrine_client::{Error, Items, Settings, all};

#[tokio::test]
async fn all_calls_go_on_compressed() {
    let house = House::new().await;
    let client = house.connect(Settings { compress: true, ..Settings::default() }).await;
    client.login("ann", "secret").await.unwrap();
    // It is compressed already.
    let error = client.compress().await.unwrap_err();
    assert!(error.to_string().contains("DEFLATE is active already"), "{error}");
    let mail = format!("Subject: x\r\n\r\n{}", "0123456789 abcdefgh\r\n".repeat(50_000));
    let appends: Vec<_> = (0..5).map(|_| client.append("INBOX", mail.clone()).send()).collect();
    for append in appends {
        append.await.unwrap();
    }
    let length = mail.len() as u32;
    client.append_from("INBOX", std::io::Cursor::new(mail.clone()), length).await.unwrap();
    let inbox = client.select("INBOX").await.unwrap();
    let found = inbox.fetch(all(), Items::new().body()).await.unwrap();
    assert_eq!(found.len(), 6);
    assert!(found.iter().all(|one| one.body().unwrap() == mail.as_bytes()));
    client.logout().await.unwrap();
}

#[tokio::test]
async fn a_connection_goes_from_user_to_user() {
    let house = House::new().await;
    for compress in [false, true] {
        let client = house.connect(Settings { compress, ..Settings::default() }).await;
        for _ in 0..3 {
            client.login("ann", "secret").await.unwrap();
            client.enable(&["CONDSTORE"]).await.unwrap();
            let inbox = client.select("INBOX").await.unwrap();
            client.unauthenticate().await.unwrap();
            assert!(!client.capabilities().is_enabled("CONDSTORE"));
            assert!(client.capabilities().has("AUTH=PLAIN"));
            let error = inbox.expunge().await.unwrap_err();
            assert!(matches!(error, Error::MailboxChanged { .. }), "{error}");
            let error = client.list("*").await.unwrap_err();
            assert!(matches!(error, Error::WrongState { .. }), "{error}");
        }
        client.noop().await.unwrap();
    }
}
