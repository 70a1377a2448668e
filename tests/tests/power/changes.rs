//! Changes of a store, by their numbers: each kind comes in the first thirty.

use peregrine_proto::command::store::StoreAction;
use peregrine_proto::number::UidRanges;
use peregrine_proto::{DateTime, Flag, MailboxName, Uid};
use peregrine_store::{Account, Error, FlagChange, NewMessage};
use peregrine_testkit::model::Random;

/// One change.
pub async fn change(account: &Account, number: u64, random: &mut Random) -> Result<(), Error> {
    let name = |text: &str| MailboxName::new(text).expect("a name");
    let (inbox, work) = (name("INBOX"), name("Work"));
    match number % 16 {
        1 => append(account, &inbox, &[200, 4_000]).await,
        2 if number < 16 => account.create(&work).await,
        3 => append(account, &inbox, &[100_000 + number as usize]).await,
        4 => flags(account, &inbox, random, StoreAction::Add).await,
        5 => copy(account, &inbox, &work, random, false).await,
        6 => append(account, &work, &[40_000 + number as usize]).await,
        7 => copy(account, &inbox, &work, random, true).await,
        8 => append(account, &inbox, &[300, 300, 150_000]).await,
        9 => account.create(&name(&format!("Deep/{number}/below"))).await,
        10 => {
            account
                .rename(&name(&format!("Deep/{}", number - 1)), &name(&format!("New/{number}")))
                .await
        }
        11 => flags(account, &work, random, StoreAction::Replace).await,
        12 => account.subscribe(&name(&format!("New/{}", number - 2))).await,
        13 => account.delete(&name(&format!("New/{}/below", number - 3))).await.map(drop),
        14 => account.open(&inbox).await?.expunge(None).await.map(drop),
        15 => account.reclaim().await.map(drop),
        _ => append(account, &inbox, &[50_000 + number as usize, 60_000]).await,
    }
}

async fn append(account: &Account, to: &MailboxName, sizes: &[usize]) -> Result<(), Error> {
    let message = |size: &usize| NewMessage {
        // Of one size all are equal: they are kept once, and counted.
        body: format!("Subject: {size}\r\n\r\n{}", "x".repeat(*size)).into(),
        flags: vec![Flag::Flagged],
        date: DateTime { unix: *size as i64, offset: 0 },
    };
    account.append(to, sizes.iter().map(message).collect()).await.map(drop)
}

async fn flags(
    account: &Account,
    name: &MailboxName,
    random: &mut Random,
    action: StoreAction,
) -> Result<(), Error> {
    let mailbox = account.open(name).await?;
    let uids = some(&mailbox, random);
    let flags = vec![Flag::Seen, Flag::Deleted];
    let change = FlagChange { action, flags, unchanged_since: None, replaced_since: None };
    mailbox.store_flags(&uids, change).await.map(drop)
}

async fn copy(
    account: &Account,
    from: &MailboxName,
    to: &MailboxName,
    random: &mut Random,
    moves: bool,
) -> Result<(), Error> {
    let mailbox = account.open(from).await?;
    let (uids, view) = (some(&mailbox, random), mailbox.view());
    match moves {
        true => mailbox.move_messages(&view, &uids, to).await.map(drop),
        false => mailbox.copy(&view, &uids, to).await.map(drop),
    }
}

/// A few messages.
fn some(mailbox: &peregrine_store::Mailbox, random: &mut Random) -> UidRanges {
    let view = mailbox.view();
    let all: Vec<Uid> = view.messages(0..view.exists()).map(|message| message.uid).collect();
    let start = random.below(all.len());
    all.into_iter().skip(start).take(3).collect()
}
