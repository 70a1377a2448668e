//! Faults of MULTIAPPEND, REPLACE and BINARY.

use super::{Fault, Place, exchange_sent, one, pick, places, put, restore_order, sent_as, text};
use peregrine_check::chance::Random;
use peregrine_check::command::{Command, Set, What};
use peregrine_check::{History, Plan, Step};

/// All of them.
pub fn all() -> Vec<Fault> {
    vec![
        Fault { name: "half of a MULTIAPPEND", send: half_append, tell: whole_append },
        Fault { name: "REPLACE keeps the old message", send: only_append, tell: say_replaced },
        exchanged!("REPLACE before FETCH", Command::Fetch { .. }, Command::Replace { .. }),
        exchanged!("STATUS before REPLACE", Command::Replace { .. }, Command::Status(_)),
        Fault { name: "BINARY without \\Seen", send: only_peek, tell: say_read },
        Fault {
            name: "BINARY.SIZE of another text",
            send: |plan, random| {
                let sizes = |steps: &[Step]| matches!(what(&steps[0]), Some(What::BinarySize));
                pick(plan, random, sizes)
            },
            tell: other_size,
        },
    ]
}

fn what(step: &Step) -> Option<What> {
    match step {
        Step::Send(Command::Fetch { what, .. }) => Some(*what),
        _ => None,
    }
}

/// Nothing of the same connection is in progress beside it: it is not its order that is wrong.
fn alone(plan: &mut Plan, connection: usize, place: usize) -> Place {
    let steps = &mut plan.connections[connection];
    steps.insert(place + 1, Step::Settle);
    steps.insert(place, Step::Settle);
    sent_as(plan, connection, place + 1)
}

/// The last message of some that come together is lost.
fn half_append(plan: &mut Plan, random: &mut Random) -> Option<Place> {
    let several = |steps: &[Step]| matches!(&steps[0], Step::Send(Command::Append { more, .. }) if !more.is_empty());
    let (connection, place) = pick(plan, random, several)?;
    if let Step::Send(Command::Append { more, .. }) = &mut plan.connections[connection][place] {
        more.pop();
    }
    Some(sent_as(plan, connection, place))
}

fn whole_append(history: &mut History, _: &mut Random, (number, place): Place) -> bool {
    let record = &mut history.connections[number];
    let sent = &mut record.commands[place];
    let Command::Append { more, .. } = &mut sent.command else { return false };
    more.push(("lost".to_owned(), 0));
    let tag = format!("{} OK [APPENDUID ", sent.tag);
    for response in &mut record.received {
        let text = String::from_utf8_lossy(&response.octets).into_owned();
        let Some(rest) = text.strip_prefix(&tag) else { continue };
        let words: Vec<&str> = rest.split([' ', ']']).collect();
        let (first, last) = words[1].split_once(':').unwrap_or((words[1], words[1]));
        let last: u32 = last.parse().unwrap_or_default();
        let text = format!("{tag}{} {first}:{}] Kept", words[0], last + 1);
        response.octets = text.into();
        return true;
    }
    false
}

/// The new message comes, and the old one stays.
fn only_append(plan: &mut Plan, random: &mut Random) -> Option<Place> {
    let first = Set::one(true, 1);
    let replaces = |steps: &[Step]| matches!(&steps[0], Step::Send(Command::Replace { set, .. }) if *set == first);
    let (connection, place) = pick(plan, random, replaces)?;
    if let Step::Send(command) = &mut plan.connections[connection][place]
        && let Command::Replace { mailbox, token, flags, waits, .. } = command.clone()
    {
        let (more, binary) = (Vec::new(), false);
        *command = Command::Append { mailbox, token, flags, more, binary, waits };
    }
    Some(alone(plan, connection, place))
}

fn say_replaced(history: &mut History, _: &mut Random, (number, place): Place) -> bool {
    let record = &mut history.connections[number];
    let sent = &mut record.commands[place];
    if let Command::Append { mailbox, token, flags, waits, .. } = sent.command.clone() {
        let set = Set::one(true, 1);
        sent.command = Command::Replace { set, mailbox, token, flags, waits };
    }
    let ok = format!("{} OK", sent.tag);
    record.received.iter().any(|response| response.octets.starts_with(ok.as_bytes()))
}

fn only_peek(plan: &mut Plan, random: &mut Random) -> Option<Place> {
    let reads = |steps: &[Step]| matches!(what(&steps[0]), Some(What::Binary));
    let (connection, place) = pick(plan, random, reads)?;
    if let Step::Send(Command::Fetch { what, .. }) = &mut plan.connections[connection][place] {
        *what = What::BinaryPeek;
    }
    Some(alone(plan, connection, place))
}

fn say_read(history: &mut History, _: &mut Random, (number, place): Place) -> bool {
    let sent = &mut history.connections[number].commands[place];
    if let Command::Fetch { what, .. } = &mut sent.command {
        *what = What::Binary;
    }
    true
}

fn other_size(history: &mut History, random: &mut Random, _: Place) -> bool {
    let sizes = places(history, |text| text.contains("BINARY.SIZE[1] "));
    let Some(place) = one(&sizes, random) else { return false };
    put(history, place, text(history, place).replace("BINARY.SIZE[1] ", "BINARY.SIZE[1] 1"));
    true
}
