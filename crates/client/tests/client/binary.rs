//! Decoded parts (RFC 3516) and word of commands that take long (RFC 9585).

use crate::house::House;
use crate::own_server::uid;
use crate::wire::{Wire, command};
use peregrine_client::proto::response::Progress;
use peregrine_client::proto::{Code, PartPath, Partial};
use peregrine_client::{Error, Items, Settings, Update};

/// What goes in with NUL comes out so, whole and in pieces; the message itself then has none.
#[tokio::test]
async fn parts_with_nul() {
    let client = House::new().await.client().await;
    let octets: Vec<u8> = (0..=255).cycle().take(2_000_000).collect();
    let message = [&b"Content-Type: a/b\r\n\r\n"[..], &octets].concat();
    client.append("INBOX", message).binary().await.unwrap();
    let odd = "Content-Transfer-Encoding: x-own\r\n\r\nx";
    client.append("INBOX", odd).binary().await.unwrap();

    let inbox = client.select("INBOX").await.unwrap();
    let part = || PartPath([1].into_iter().collect());
    let piece = Partial { start: 1_999_990, count: 100 };
    let items =
        Items::new().decoded(part(), None).decoded(part(), Some(piece)).decoded_size(part()).body();
    let one = inbox.fetch_one(uid(1), items).await.unwrap().unwrap();
    assert_eq!(one.decoded(&part()).unwrap(), &octets);
    assert_eq!(one.decoded_sizes, [(part(), 2_000_000)]);
    let last = one.decoded.iter().find(|it| it.origin == Some(1_999_990)).unwrap();
    assert_eq!(last.data.as_ref().unwrap(), &octets[1_999_990..]);
    assert!(!one.body().unwrap().contains(&0));

    let error = inbox.fetch_one(uid(2), Items::new().decoded(part(), None)).await.unwrap_err();
    assert!(matches!(error, Error::Refused(_)), "{error}");
    assert!(error.to_string().contains("UNKNOWN-CTE"), "{error}");
}

/// It is a typed update, and belongs to the command that it names.
#[test]
fn word_of_a_long_command() {
    let mut wire = Wire::selected(Settings::default());
    let id = wire.sends(command("UID SEARCH BODY x"));
    wire.says(format!("* OK [INPROGRESS (\"t{}\" 5 9)] Searching\r\n", id.0));
    wire.says("* OK [INPROGRESS] Somewhere\r\n");
    wire.says(format!("* SEARCH\r\nt{} OK done\r\n", id.0));
    wire.ok(id);
    let told: Vec<&Progress> = wire
        .updates()
        .filter_map(|update| match update {
            Update::Progress(progress) => Some(progress),
            _ => None,
        })
        .collect();
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].done, told[0].goal.map(|goal| goal.get())), (Some(5), Some(9)));
    let bare = |update: &Update| matches!(update, Update::Notice { text, .. } if text.code == Some(Code::InProgress(None)));
    assert!(wire.updates().any(bare));
    assert_eq!(wire.oddities(), []);
}
