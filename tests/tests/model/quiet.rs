//! Quiet points: nobody writes, all is answered, and a fresh session says what there really is.

use super::client::{Client, Idle};
use super::command::{Command, STAR, Set, What};
use super::flags;
use super::generate::LASTING;
use super::ground::{Ground, Observer};
use super::history::{History, Key};
use super::view::Fetched;
use peregrine_proto::Response;
use peregrine_proto::command::status::StatusItem;
use peregrine_proto::response::Code;
use std::collections::BTreeMap;

/// Literals that one batch may hold, each of which waits for `+`.
const PATIENCE: usize = 20;

/// What there is: by UIDVALIDITY, UIDs and flags in order.
pub struct Truth(BTreeMap<u32, Vec<(u32, u16)>>);

/// Waits until nothing moves any more, then checks everything.
pub async fn check(
    ground: &Ground,
    clients: &mut [Option<Client>],
    history: &mut History,
) -> Result<(), String> {
    history.counts.quiet += 1;
    history.transcript.push("quiet".to_owned());
    for client in clients.iter_mut().flatten() {
        let mut tries = 0;
        while client.has_unsent() && !client.closed && tries < PATIENCE {
            client.write(usize::MAX, history).await;
            settle(client, history).await?;
            tries += 1;
        }
    }
    for client in clients.iter_mut().flatten() {
        settle(client, history).await?;
        let waits = client.pending.iter().find(|pending| pending.command != Command::Idle);
        if let Some(pending) = waits {
            return Err(format!("I28: {} was never answered: {:?}", pending.tag, pending.command));
        }
    }
    let truth = look(ground, history).await?;
    accounted(&truth, history)?;
    for client in clients.iter_mut().flatten() {
        knows(client, &truth, history)
            .await
            .map_err(|e| format!("client {}: {e}", client.number))?;
    }
    let flat = truth.0.iter().flat_map(|(validity, messages)| {
        messages.iter().map(move |(uid, flags)| ((*validity, *uid), *flags))
    });
    history.settle(&flat.collect());
    Ok(())
}

/// Time is simulated: it passes only when everybody waits.
pub async fn settle(client: &mut Client, history: &mut History) -> Result<(), String> {
    tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    client.read(history)
}

/// I8, I29: this client was told of all, or is after NOOP.
async fn knows(client: &mut Client, truth: &Truth, history: &mut History) -> Result<(), String> {
    if client.closed {
        return Ok(());
    }
    if client.idle != Idle::No {
        equals(client, truth).map_err(|error| format!("I29: while idling, {error}"))?;
        client.done_idling(history);
    } else {
        client.queue(Command::Noop, history);
    }
    let all = Set { uid: false, ranges: vec![(1, STAR)] };
    let look = Command::Fetch { set: all, what: What::Flags };
    for command in [Command::Noop, look] {
        client.write(usize::MAX, history).await;
        settle(client, history).await?;
        equals(client, truth)?;
        if client.view.is_some() {
            client.queue(command, history);
        }
    }
    client.write(usize::MAX, history).await;
    settle(client, history).await?;
    equals(client, truth)?;
    match client.pending.first() {
        Some(pending) => Err(format!("I28: {} was never answered", pending.tag)),
        None => Ok(()),
    }
}

fn equals(client: &Client, truth: &Truth) -> Result<(), String> {
    let Some(view) = &client.view else { return Ok(()) };
    let Some(messages) = truth.0.get(&view.validity) else {
        return Err("its mailbox was deleted, but it was not told".to_owned());
    };
    view.equals(messages)
}

/// All mailboxes and all messages, by a session that has never been told anything.
async fn look(ground: &Ground, history: &mut History) -> Result<Truth, String> {
    let mut truth = BTreeMap::new();
    let mut observer = Observer::new(ground).await?;
    let mut names = Vec::new();
    for response in observer.ask("LIST \"\" *").await? {
        if let Response::List(list) = response {
            let hollow =
                list.attributes.contains(&peregrine_proto::response::ListAttribute::NoSelect);
            names.extend((!hollow).then(|| list.mailbox.as_str().to_owned()));
        }
    }
    if let Some(lost) = LASTING.iter().find(|name| !names.iter().any(|known| known == *name)) {
        return Err(format!("{lost} is lost"));
    }
    for name in names {
        let (validity, messages) = mailbox(&mut observer, &name, history).await?;
        if truth.insert(validity, messages).is_some() {
            return Err(format!("I31: {name} has the UIDVALIDITY of another mailbox"));
        }
    }
    Ok(Truth(truth))
}

async fn mailbox(
    observer: &mut Observer,
    name: &str,
    history: &mut History,
) -> Result<(u32, Vec<(u32, u16)>), String> {
    let (mut validity, mut next, mut unseen, mut exists) = (0, 0, None, 0);
    for response in observer.ask(&format!("EXAMINE {name}")).await? {
        match response {
            Response::Exists(count) => exists = count,
            Response::Condition { text, .. } => match text.code {
                Some(Code::UidValidity(value)) => validity = value.0.get(),
                Some(Code::UidNext(uid)) => next = uid.0.get(),
                Some(Code::Unseen(number)) => unseen = Some(number.0.get()),
                _ => {}
            },
            _ => {}
        }
    }
    let mut messages = Vec::new();
    let mut asked = Vec::new();
    if exists > 0 {
        asked = observer.ask("FETCH 1:* (UID FLAGS BODY.PEEK[TEXT])").await?;
    }
    for response in asked {
        let Response::Fetch { number, data } = response else { continue };
        let Fetched { uid: Some(uid), flags: Some(told), body: Some(body) } = Fetched::read(&data)?
        else {
            return Err("FETCH left something out".to_owned());
        };
        if number.0.get() as usize != messages.len() + 1 {
            return Err("FETCH is out of order".to_owned());
        }
        if messages.last().is_some_and(|(last, _)| *last >= uid) || uid >= next {
            return Err(format!("I1, I3: UID {uid} behind {:?}, UIDNEXT {next}", messages.last()));
        }
        messages.push((uid, told.flags));
        history.learn((validity, uid), &body)?;
    }
    let first = messages.iter().position(|(_, flags)| flags & flags::SEEN == 0);
    if messages.len() != exists as usize || first.map(|place| place as u32 + 1) != unseen {
        return Err(format!("I22: {name}: EXISTS {exists}, UNSEEN {unseen:?}, but {messages:?}"));
    }
    if next < history.floor(validity, history.now) {
        return Err(format!("I3: UIDNEXT of {name} fell to {next}"));
    }
    counted(observer, name, &messages, (validity, next)).await?;
    Ok((validity, messages))
}

/// I22: STATUS is what a recount says.
async fn counted(
    observer: &mut Observer,
    name: &str,
    messages: &[(u32, u16)],
    (validity, next): (u32, u32),
) -> Result<(), String> {
    let unseen = messages.iter().filter(|(_, flags)| flags & flags::SEEN == 0).count();
    let asked = format!("STATUS {name} (MESSAGES UNSEEN UIDNEXT UIDVALIDITY)");
    let answers = observer.ask(&asked).await?;
    let status = answers.iter().find_map(|response| match response {
        Response::Status(status) => Some(status.items.to_vec()),
        _ => None,
    });
    let expected = [
        (StatusItem::Messages, messages.len() as u64),
        (StatusItem::Unseen, unseen as u64),
        (StatusItem::UidNext, u64::from(next)),
        (StatusItem::UidValidity, u64::from(validity)),
    ];
    match status.is_some_and(|status| status == expected) {
        true => Ok(()),
        false => Err(format!("I22: STATUS says {answers:?}, a recount {expected:?}")),
    }
}

/// I10, I11, I18, I19, I20, I26, I27: every message is where the commands have put it, with flags
/// that they gave it.
fn accounted(truth: &Truth, history: &mut History) -> Result<(), String> {
    for (validity, messages) in &truth.0 {
        for (uid, flags) in messages {
            let key: Key = (*validity, *uid);
            history.explains(key, *flags, &|_| true).map_err(|e| format!("I10, I11: {e}"))?;
            let message = history.message(key).clone();
            let token = message.token.unwrap_or_default();
            if message.made.is_none() && !history.excused.contains(&token) {
                return Err(format!("I20: nobody has put {token} there, UID {uid}"));
            }
            if let Some(origin) = message.origin.and_then(|origin| history.token(origin).cloned())
                && origin != token
            {
                return Err(format!("I18: UID {uid} is {token}, and was copied from {origin}"));
            }
            if let Some(why) = message.gone {
                return Err(format!("{token} is still there as UID {uid}, but {why}"));
            }
        }
    }
    for (key, message) in &history.messages {
        let Some(messages) = truth.0.get(&key.0) else {
            match history.deletes {
                0 => {
                    return Err(format!("{key:?} and its mailbox are gone, but nobody deleted it"));
                }
                _ => continue,
            }
        };
        let there = messages.iter().any(|(uid, _)| *uid == key.1);
        let excused = message.token.as_ref().is_some_and(|token| history.excused.contains(token));
        if !there && message.made.is_some() && !excused && !history.may_be_gone(*key) {
            return Err(format!("I26, I27: {key:?} {message:?} is gone, but nobody removed it"));
        }
    }
    Ok(())
}
