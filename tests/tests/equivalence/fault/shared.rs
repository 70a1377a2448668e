//! Faults about a mailbox that one session has selected while another deletes or renames it.

use super::{Fault, Place, restore_order, sent_as};
use peregrine_check::chance::Random;
use peregrine_check::command::{Command, How, Set};
use peregrine_check::{History, Plan, Received, Sent, Step, flags};

/// All of them.
pub fn all() -> Vec<Fault> {
    vec![
        Fault {
            name: "STATUS by the name that another session gave, before STORE",
            send: rename_by_another,
            tell: restore_order,
        },
        Fault { name: "no BYE behind DELETE by another", send: several, tell: go_on },
        Fault { name: "BYE, and the mailbox is there", send: several, tell: leave },
    ]
}

fn several(plan: &mut Plan, _: &mut Random) -> Option<Place> {
    (plan.connections.len() > 1).then_some((0, 0))
}

/// A run of its own: one connection selects, the other renames, and then comes the pair.
fn rename_by_another(plan: &mut Plan, _: &mut Random) -> Option<Place> {
    if plan.connections.len() != 2 {
        return None;
    }
    let (old, messages) = plan.mailboxes.first()?.clone();
    let new = plan.fleeting.first()?.clone();
    let how = if messages.first()?.1 & flags::SEEN == 0 { How::Add } else { How::Remove };
    let (set, flags) = (Set::one(true, 1), flags::SEEN);
    let store = Command::Store { set, how, flags, silent: true, unchanged: None };
    plan.connections = vec![
        vec![
            Step::Send(Command::Select { name: old.clone(), examine: false }),
            Step::Settle,
            Step::Pause(400),
            Step::Send(Command::Status(new.clone())),
            Step::Send(store),
        ],
        vec![Step::Pause(200), Step::Send(Command::Rename(old, new)), Step::Settle],
    ];
    Some(sent_as(plan, 0, 3))
}

/// Instead of BYE, and of what the client has not got, it is answered as if nothing had happened.
fn go_on(history: &mut History, _: &mut Random, _: Place) -> bool {
    let says = |received: &Received| received.octets.starts_with(b"* BYE The selected");
    let (begun, at) = (history.tick(), history.tick());
    for (number, record) in history.connections.iter_mut().enumerate() {
        if !record.received.last().is_some_and(says) {
            continue;
        }
        let replied = |sent: &Sent| {
            let head = format!("{} ", sent.tag);
            record.received.iter().any(|it| it.octets.starts_with(head.as_bytes()))
        };
        if !record.commands.iter().all(replied) {
            continue;
        }
        let tag = format!("{}999", char::from(b'a' + number as u8));
        record.received.pop();
        record.received.push(Received { at, octets: format!("{tag} OK Done").into() });
        record.commands.push(Sent { tag, command: Command::Noop, begun });
        record.closed = None;
        return true;
    }
    false
}

/// BYE comes in the place of the last reply.
fn leave(history: &mut History, _: &mut Random, _: Place) -> bool {
    let (at, closed) = (history.tick(), history.tick());
    let record = &mut history.connections[0];
    let Some(Sent { tag, command: Command::Noop, .. }) = record.commands.last() else {
        return false;
    };
    let head = format!("{tag} OK");
    if !record.received.last().is_some_and(|it| it.octets.starts_with(head.as_bytes())) {
        return false;
    }
    record.received.pop();
    record.received.push(Received { at, octets: "* BYE It is gone".into() });
    record.closed = Some(closed);
    true
}
