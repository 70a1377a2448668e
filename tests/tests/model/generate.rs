//! Which commands a client sends, from what it believes at the time.

use super::client::{Client, Idle};
use super::command::{Command, How, Key, STAR, Set, What};
use super::flags;
use super::history::History;
use peregrine_testkit::model::Random;

/// Mailboxes that are always there.
pub const LASTING: [&str; 3] = ["INBOX", "Work", "Play"];
/// Mailboxes that come and go.
pub const FLEETING: [&str; 3] = ["Day", "Week", "Day/Hour"];

pub fn is_fleeting(name: &str) -> bool {
    FLEETING.contains(&name)
}

/// Lines up one to eight commands.
pub fn batch(client: &mut Client, random: &mut Random, history: &mut History) {
    let count = if random.chance(40) { 1 } else { 1 + random.below(8) };
    for place in 0..count {
        if client.idle != Idle::No {
            return;
        }
        let last = place + 1 == count;
        let command = command(client, random, history, last);
        client.queue(command, history);
    }
}

fn mailbox(random: &mut Random) -> String {
    let names: &[&str] = if random.chance(85) { &LASTING } else { &FLEETING };
    (*random.pick(names)).to_owned()
}

fn command(client: &Client, random: &mut Random, history: &mut History, last: bool) -> Command {
    let changes = |command: &Command| command.selects() || matches!(command, Command::Delete(_));
    let changing = client.pending.iter().any(|pending| changes(&pending.command));
    let command = any_command(client, random, history, last, changing);
    let Command::Delete(name) = &command else {
        history.renamed |= matches!(command, Command::Rename(..));
        return command;
    };
    // Whether it is the selected mailbox is not clear once another may have renamed it.
    let own = client.view.as_ref().is_some_and(|view| view.name == *name);
    if changing || (own && history.renamed) { Command::Noop } else { command }
}

fn any_command(
    client: &Client,
    random: &mut Random,
    history: &mut History,
    last: bool,
    changing: bool,
) -> Command {
    match &client.view {
        Some(_) if !changing && random.chance(78) => selected(client, random),
        // What is selected is known only when the reply has come.
        Some(_) if changing => anywhere(random, history),
        None if changing => anywhere(random, history),
        None if random.chance(70) => select(random),
        _ if last && random.chance(12) => Command::Idle,
        Some(_) if random.chance(15) => match random.below(4) {
            0 => Command::Close,
            1 => Command::Unselect,
            _ => select(random),
        },
        _ => anywhere(random, history),
    }
}

fn select(random: &mut Random) -> Command {
    Command::Select { name: mailbox(random), examine: random.chance(20) }
}

fn anywhere(random: &mut Random, history: &mut History) -> Command {
    let fleeting = |random: &mut Random| (*random.pick(&FLEETING)).to_owned();
    match random.below(20) {
        0..=8 => {
            history.tokens += 1;
            let flags = if random.chance(50) { 0 } else { some_flags(random) };
            let token = format!("token{}x", history.tokens);
            Command::Append { mailbox: mailbox(random), token, flags, waits: random.chance(15) }
        }
        9..=12 => Command::Noop,
        13..=15 => Command::Status(mailbox(random)),
        16 => Command::List(mailbox(random)),
        17 => Command::Create(fleeting(random)),
        18 => Command::Delete(fleeting(random)),
        _ => Command::Rename(fleeting(random), fleeting(random)),
    }
}

fn some_flags(random: &mut Random) -> u16 {
    match random.below(3) {
        0 => flags::DELETED,
        1 => 1 << random.below(11),
        _ => random.number() as u16 & random.number() as u16 & flags::ALL,
    }
}

fn selected(client: &Client, random: &mut Random) -> Command {
    match random.below(30) {
        0..=8 => Command::Store {
            set: set(client, random),
            how: *random.pick(&[How::Add, How::Add, How::Remove, How::Replace]),
            flags: some_flags(random),
            silent: random.chance(35),
        },
        9..=15 => {
            let what = [What::Flags, What::Flags, What::Peek, What::Body, What::BodyAndFlags];
            Command::Fetch { set: set(client, random), what: *random.pick(&what) }
        }
        16..=18 => {
            let key = match random.below(4) {
                0 => Key::All,
                1 => Key::Subject(format!("token{}x", 1 + random.below(30))),
                _ => Key::Flag(*random.pick(&[1, 2, 4, 8, 16, 32, 64]), random.chance(60)),
            };
            Command::Search { uid: random.chance(50), key }
        }
        19 | 20 => Command::Copy { set: set(client, random), to: mailbox(random) },
        21 | 22 => Command::Move { set: set(client, random), to: mailbox(random) },
        23 | 24 => Command::Expunge,
        25 => Command::UidExpunge(Set { uid: true, ..by_uid(client, random) }),
        26..=28 => Command::Noop,
        _ => Command::Check,
    }
}

/// By UID where the client could not know which numbers the server has then (RFC 3501 §5.5), but
/// for some that take the risk.
fn set(client: &Client, random: &mut Random) -> Set {
    let numbers = |pending: &super::client::Pending| pending.command.forbids_expunge();
    let clear = client.pending.iter().all(numbers);
    let exists = client.view.as_ref().map_or(0, |view| view.entries.len()) as u32;
    if exists == 0 || random.chance(if clear { 35 } else { 85 }) {
        return by_uid(client, random);
    }
    let mut number = || 1 + random.below(exists as usize) as u32;
    let (a, b, c) = (number(), number(), number());
    let ranges = match random.below(12) {
        0 => vec![(1, STAR)],
        1 => vec![(STAR, STAR)],
        2 => vec![(a, STAR)],
        3..=4 => vec![(a, b)],
        5..=6 => vec![(a, a), (b, c)],
        _ => vec![(a, a)],
    };
    Set { uid: false, ranges }
}

fn by_uid(client: &Client, random: &mut Random) -> Set {
    let mut uids = client.view.as_ref().map_or(Vec::new(), |view| view.uids());
    // One that is not there yet, or no more.
    uids.push(uids.last().map_or(1, |last| last + 1));
    let (a, b, c) = (*random.pick(&uids), *random.pick(&uids), *random.pick(&uids));
    let ranges = match random.below(12) {
        0..=1 => vec![(1, STAR)],
        2 => vec![(a, STAR)],
        3..=4 => vec![(a, b)],
        5..=6 => vec![(a, a), (b, b), (c, c)],
        _ => vec![(a, a)],
    };
    Set { uid: true, ranges }
}
