//! What goes over the wire keeps RFC 3501 §5.5 (RFC 9051 §5.5), whatever tasks call: read off the
//! wire between the client and our server.

use crate::house::House;
use crate::own_server::{MAIL, uid};
use crate::tap::{Tap, tapped};
use peregrine_client::proto::{Flag, SequenceNumber};
use peregrine_client::{Error, Items, Mailbox, Ordering, Query, Settings, all};
use std::num::NonZeroU32;

/// One of the calls that can be made; numbers may have been expunged meanwhile.
async fn call(mailbox: &Mailbox, chance: u64) -> Result<(), Error> {
    let client = mailbox.client();
    let number = (chance / 16 % 9 + 1) as u32;
    let sequence = SequenceNumber(NonZeroU32::new(number).unwrap());
    match chance % 16 {
        0 => mailbox.fetch(sequence, Items::new().flags()).await.map(drop),
        1 => mailbox.fetch(uid(number), Items::new().flags().body()).await.map(drop),
        2 => mailbox.add_flags(sequence, &[Flag::Flagged]).await,
        3 => mailbox.set_flags(uid(number), &[Flag::Deleted]).await,
        4 => mailbox.remove_flags(uid(number), &[Flag::Flagged]).await,
        5 => mailbox.search(Query::all().unseen()).await.map(drop),
        6 => mailbox.search_numbers(Query::all()).await.map(drop),
        7 => mailbox.copy(sequence, "Archive").await.map(drop),
        8 => mailbox.copy(uid(number), "Archive").await.map(drop),
        9 => mailbox.expunge_uids(uid(number)).await,
        10 => client.noop().await,
        11 => client.append("INBOX", MAIL).await.map(drop),
        12 => client.append("Archive", MAIL).await.map(drop),
        13 => client.list("*").await.map(drop),
        14 => mailbox.fetch(all(), Items::new().size()).await.map(drop),
        _ => mailbox.check().await,
    }
}

#[tokio::test]
async fn nothing_is_sent_that_would_be_ambiguous() {
    for ordering in [Ordering::Cautious, Ordering::TrustServer] {
        let house = House::new().await;
        let tap = Tap::new(ordering);
        let mut connector = crate::played::plain();
        connector.settings = Settings { ordering, ..Settings::default() };
        let stream = tapped(house.stream(), &tap);
        let client = crate::played::connect(&connector, stream).await.unwrap();
        client.login("ann", "secret").await.unwrap();
        let fill: Vec<_> = (0..9).map(|_| client.append("INBOX", MAIL).send()).collect();
        for call in fill {
            call.await.unwrap();
        }
        let inbox = client.select("INBOX").await.unwrap();
        let mut tasks = tokio::task::JoinSet::new();
        for task in 0..40_u64 {
            let inbox = inbox.clone();
            tasks.spawn(async move {
                let mut chance = task.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
                for _ in 0..25 {
                    chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    match call(&inbox, chance >> 33).await {
                        // A number that was expunged (BAD) or a command that met it (NO).
                        Ok(()) | Err(Error::Refused(_)) => {}
                        Err(error) => panic!("{error}"),
                    }
                }
            });
        }
        while let Some(task) = tasks.join_next().await {
            task.unwrap();
        }
        let tap = tap.lock().unwrap();
        println!("{ordering:?}: {} commands, at most {} at once", tap.commands, tap.most);
        assert!(tap.commands >= 1000 && tap.most > 1);
    }
}
