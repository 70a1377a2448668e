//! What a server does otherwise than it tells: a half of a COPY, what was refused, and no STORE.

use super::{Fault, Place, pick, sent_as};
use bytes::Bytes;
use peregrine_check::chance::Random;
use peregrine_check::command::{Command, Set};
use peregrine_check::{History, Plan, Step};

/// All of them.
pub fn all() -> Vec<Fault> {
    vec![
        Fault { name: "half of a COPY", send: half_copy, tell: whole_copy },
        Fault { name: "a refused literal is kept", send: keep_refused, tell: say_refused },
        Fault { name: "a STORE is not done", send: forget_store, tell: say_stored },
    ]
}

fn half_copy(plan: &mut Plan, random: &mut Random) -> Option<Place> {
    let copies = |steps: &[Step]| match steps {
        [Step::Send(Command::Copy { set, .. }), _] => {
            set.uid && matches!(&*set.ranges, [(a, b)] if a.checked_add(1) == Some(*b))
        }
        _ => false,
    };
    let (connection, place) = pick(plan, random, copies)?;
    let steps = &mut plan.connections[connection];
    if let Step::Send(Command::Copy { set, .. }) = &mut steps[place] {
        set.ranges = vec![(set.ranges[0].0, set.ranges[0].0)];
    }
    Some(sent_as(plan, connection, place))
}

fn whole_copy(history: &mut History, _: &mut Random, (number, place): Place) -> bool {
    let record = &mut history.connections[number];
    let sent = &mut record.commands[place];
    let Command::Copy { set, .. } = &mut sent.command else { return false };
    let first = set.ranges[0].0;
    *set = Set { uid: true, ranges: vec![(first, first + 1)] };
    let tag = format!("{} OK [COPYUID ", sent.tag);
    for response in &mut record.received {
        let text = String::from_utf8_lossy(&response.octets).into_owned();
        let Some(rest) = text.strip_prefix(&tag) else { continue };
        let words: Vec<&str> = rest.split([' ', ']']).collect();
        let target: u32 = words[2].parse().unwrap_or_default();
        let text =
            format!("{tag}{} {first}:{} {target}:{}] Copied", words[0], first + 1, target + 1);
        response.octets = Bytes::from(text);
        return true;
    }
    false
}

fn keep_refused(plan: &mut Plan, random: &mut Random) -> Option<Place> {
    let refused = |steps: &[Step]| matches!(steps, [Step::Send(Command::Oversize(_)), _]);
    let (connection, place) = pick(plan, random, refused)?;
    let steps = &mut plan.connections[connection];
    if let Step::Send(command) = &mut steps[place]
        && let Command::Oversize(mailbox) = command
    {
        let (mailbox, token) = (std::mem::take(mailbox), "refused".to_owned());
        let (more, binary) = (Vec::new(), false);
        *command = Command::Append { mailbox, token, flags: 0, more, binary, waits: false };
    }
    Some(sent_as(plan, connection, place))
}

fn say_refused(history: &mut History, _: &mut Random, (number, place): Place) -> bool {
    let record = &mut history.connections[number];
    let sent = &mut record.commands[place];
    if let Command::Append { mailbox, .. } = &sent.command {
        sent.command = Command::Oversize(mailbox.clone());
    }
    let tag = format!("{} ", sent.tag);
    for response in &mut record.received {
        if response.octets.starts_with(format!("{tag}OK").as_bytes()) {
            response.octets = Bytes::from(format!("{tag}NO [TOOBIG] too large"));
            return true;
        }
    }
    false
}

fn forget_store(plan: &mut Plan, random: &mut Random) -> Option<Place> {
    let silent =
        |steps: &[Step]| matches!(steps, [Step::Send(Command::Store { silent: true, .. }), _]);
    let (connection, place) = pick(plan, random, silent)?;
    let steps = &mut plan.connections[connection];
    if let Step::Send(Command::Store { set, flags, .. }) = &mut steps[place] {
        // What it is told that it was, and what the server hears: a set without messages.
        if !set.uid || *flags == 0 {
            return None;
        }
        set.ranges.iter_mut().for_each(|range| *range = (range.0 | FAR, range.1 | FAR));
    }
    Some(sent_as(plan, connection, place))
}

/// UIDs that no message has.
const FAR: u32 = 1 << 20;

fn say_stored(history: &mut History, _: &mut Random, (number, place): Place) -> bool {
    let sent = &mut history.connections[number].commands[place];
    let Command::Store { set, .. } = &mut sent.command else { return false };
    let near = |end: u32| if end == u32::MAX { end } else { end & !FAR };
    set.ranges.iter_mut().for_each(|range| *range = (near(range.0), near(range.1)));
    true
}
