//! Faults of a server, played by a wire that lies: what goes to the server is another plan, or
//! what comes back is another history, than the client is told of.

use bytes::Bytes;
use peregrine_check::chance::Random;
use peregrine_check::command::{Command, How, Key, What};
use peregrine_check::{History, Plan, Step};

/// A fault, by its name.
pub struct Fault {
    pub name: &'static str,
    /// Changes what the server is sent, and where; `None` where this plan has no place for the
    /// fault.
    pub send: fn(&mut Plan, &mut Random) -> Option<Place>,
    /// Changes what the client is told; `false` as above.
    pub tell: fn(&mut History, &mut Random, Place) -> bool,
}

/// A command: its connection, and its place among what that sends.
pub type Place = (usize, usize);

/// A server that does the second command of a pair first: the pair is missing in its table.
macro_rules! exchanged {
    ($name:literal, $first:pat $(if $a:expr)?, $second:pat $(if $b:expr)?) => {
        Fault {
            name: $name,
            send: |plan, random| {
                exchange_sent(
                    plan,
                    random,
                    |command| matches!(command, $first $(if $a)?),
                    |command| matches!(command, $second $(if $b)?),
                )
            },
            tell: restore_order,
        }
    };
}

mod bring;
mod enabled;
mod mod_seq;
mod names;
mod search;
mod shared;
mod undone;

/// All of them.
pub fn all() -> Vec<Fault> {
    let mut all = pairs();
    all.extend(tellings());
    all.extend(search::all());
    all.extend(mod_seq::all());
    all.extend(names::all());
    all.extend(bring::all());
    all.extend(enabled::all());
    all.extend(shared::all());
    all.extend(undone::all());
    all
}

fn told(name: &'static str, tell: fn(&mut History, &mut Random, Place) -> bool) -> Fault {
    Fault { name, send: |_, _| Some((0, 0)), tell }
}

/// Pairs that a server does in the wrong order, since they are missing in its table.
fn pairs() -> Vec<Fault> {
    vec![
        exchanged!(
            "FETCH before STORE",
            Command::Store { .. },
            Command::Fetch { what: What::Flags, .. }
        ),
        exchanged!(
            "STORE before FETCH",
            Command::Fetch { what: What::Flags, .. },
            Command::Store { .. }
        ),
        exchanged!(
            "SEARCH before STORE",
            Command::Store { .. },
            Command::Search { key: Key::Flag(..), .. }
        ),
        exchanged!("COPY before STORE", Command::Store { .. }, Command::Copy { .. }),
        exchanged!("EXPUNGE before STORE", Command::Store { flags: 8.., .. }, Command::Expunge),
        exchanged!("EXPUNGE before FETCH", Command::Fetch { .. }, Command::Expunge),
        exchanged!("FETCH before EXPUNGE", Command::Expunge, Command::Fetch { .. }),
        exchanged!(
            "STORE = before STORE +",
            Command::Store { how: How::Add, .. },
            Command::Store { how: How::Replace, .. }
        ),
        exchanged!("STATUS before APPEND", Command::Append { .. }, Command::Status(_)),
        exchanged!(
            "CREATE behind what uses it",
            Command::Create(_),
            Command::Append { .. } | Command::Status(_)
        ),
        exchanged!(
            "SELECT behind what uses it",
            Command::Select { .. },
            Command::Fetch { .. } | Command::Search { .. } | Command::Store { .. }
        ),
        exchanged!("LSUB before SUBSCRIBE", Command::Subscribe(_), Command::Lsub(_)),
    ]
}

/// What is told otherwise than it is, and what is done otherwise than it is told.
fn tellings() -> Vec<Fault> {
    vec![
        told("EXPUNGE behind its reply", expunge_late),
        told("EXPUNGE inside a FETCH by number", expunge_in_fetch),
        told("two SEARCH answers swapped", |history, random, _| swap(history, random, "* SEARCH")),
        told("two STATUS answers swapped", |history, random, _| swap(history, random, "* STATUS")),
        Fault {
            name: "two LIST answers swapped",
            send: |plan, _| {
                let list = |step: &&Step| matches!(step, Step::Send(Command::List(_)));
                let lists = |steps: &Vec<Step>| steps.iter().filter(list).count() > 1;
                plan.connections.iter().any(lists).then_some((0, 0))
            },
            tell: |history, random, _| swap(history, random, "* LIST"),
        },
        told("admission at arrival", admission_at_arrival),
        told("what stands behind AUTHENTICATE is refused", refused_before_login),
        told("a lost reply", lost_reply),
        told("a reply with another's tag", wrong_tag),
        told("two replies", two_replies),
        told("older flags than were told", older_flags),
        told("a FETCH left out", left_out),
        told("EXISTS untold", |history, random, _| drop_one(history, random, " EXISTS")),
        told("EXPUNGE untold", |history, random, _| drop_one(history, random, " EXPUNGE")),
        told("APPENDUID of another message", other_uid),
    ]
}

/// Puts two neighbours in the other order.
fn exchange_sent(
    plan: &mut Plan,
    random: &mut Random,
    first: impl Fn(&Command) -> bool,
    second: impl Fn(&Command) -> bool,
) -> Option<Place> {
    let (connection, place) = pick(plan, random, |pair| match pair {
        [Step::Send(a), Step::Send(b)] => first(a) && second(b),
        _ => false,
    })?;
    plan.connections[connection].swap(place, place + 1);
    Some(sent_as(plan, connection, place))
}

fn pick(
    plan: &Plan,
    random: &mut Random,
    fits: impl Fn(&[Step]) -> bool,
) -> Option<(usize, usize)> {
    let mut places = Vec::new();
    for (connection, steps) in plan.connections.iter().enumerate() {
        let windows = steps.windows(2).enumerate().filter(|(_, pair)| fits(pair));
        places.extend(windows.map(|(place, _)| (connection, place)));
    }
    (!places.is_empty()).then(|| *random.pick(&places))
}

/// Which command of the history a step is: the first connection begins with what sets the run up.
fn sent_as(plan: &Plan, connection: usize, step: usize) -> Place {
    let sends = |steps: &[Step]| steps.iter().filter(|step| matches!(step, Step::Send(_))).count();
    let script = &plan.scripts()[connection];
    let begin = script.iter().position(|step| *step == Step::Meet).unwrap_or(0);
    (connection, sends(&script[..begin]) + sends(&plan.connections[connection][..step]))
}

/// The client sent them in the order in which the server did not do them.
fn restore_order(history: &mut History, _: &mut Random, (number, place): Place) -> bool {
    let record = &mut history.connections[number];
    let Some([first, second]) = record.commands.get_mut(place..place + 2) else { return false };
    // Nothing may have been answered in between.
    if record.received.iter().any(|it| (first.begun..second.begun).contains(&it.at)) {
        return false;
    }
    std::mem::swap(&mut first.begun, &mut second.begun);
    record.commands.swap(place, place + 1);
    true
}

/// The places of responses that begin or end so.
fn places(history: &History, is: impl Fn(&str) -> bool) -> Vec<(usize, usize)> {
    let mut places = Vec::new();
    for (number, record) in history.connections.iter().enumerate() {
        let texts = record.received.iter().map(|it| String::from_utf8_lossy(&it.octets));
        let found = texts.enumerate().filter(|(_, text)| is(text));
        places.extend(found.map(|(place, _)| (number, place)));
    }
    places
}

fn text(history: &History, (number, place): (usize, usize)) -> String {
    String::from_utf8_lossy(&history.connections[number].received[place].octets).into_owned()
}

fn put(history: &mut History, (number, place): (usize, usize), text: String) {
    history.connections[number].received[place].octets = Bytes::from(text);
}

fn one(places: &[(usize, usize)], random: &mut Random) -> Option<(usize, usize)> {
    (!places.is_empty()).then(|| *random.pick(places))
}

fn exchange(history: &mut History, number: usize, a: usize, b: usize) {
    let received = &mut history.connections[number].received;
    let (one, other) = (received[a].octets.clone(), received[b].octets.clone());
    (received[a].octets, received[b].octets) = (other, one);
}

fn is_reply(text: &str) -> bool {
    !text.starts_with(['*', '+'])
}

fn swap(history: &mut History, random: &mut Random, kind: &str) -> bool {
    let places = places(history, |text| text.starts_with(kind));
    let pairs: Vec<_> = places.windows(2).filter(|pair| pair[0].0 == pair[1].0).collect();
    // Of two commands that were in progress at the same time.
    let together = |pair: &&&[(usize, usize)]| {
        let record = &history.connections[pair[0].0];
        let mut between = (pair[0].1..pair[1].1).map(|place| text(history, (pair[0].0, place)));
        if !between.any(|text| is_reply(&text)) {
            return false;
        }
        let at = |place: usize| record.received[place].at;
        let (first, second) = (at(pair[0].1), at(pair[1].1));
        !record.commands.iter().any(|sent| (first..second).contains(&sent.begun))
    };
    let pairs: Vec<_> = pairs.iter().filter(together).copied().collect();
    let Some(pair) = (!pairs.is_empty()).then(|| *random.pick(&pairs)) else { return false };
    let ((number, a), (_, b)) = (pair[0], pair[1]);
    let differ = text(history, pair[0]) != text(history, pair[1]);
    exchange(history, number, a, b);
    differ
}

fn expunge_late(history: &mut History, random: &mut Random, _: Place) -> bool {
    let expunges = places(history, |text| text.ends_with(" EXPUNGE"));
    let last = |(number, place): &(usize, usize)| {
        let next = history.connections[*number].received.get(place + 1);
        next.is_some_and(|next| is_reply(&String::from_utf8_lossy(&next.octets)))
    };
    let expunges: Vec<_> = expunges.into_iter().filter(last).collect();
    let Some((number, place)) = one(&expunges, random) else { return false };
    exchange(history, number, place, place + 1);
    true
}

fn expunge_in_fetch(history: &mut History, random: &mut Random, _: Place) -> bool {
    let fetches = |command: &Command| match command {
        Command::Fetch { set, .. } => !set.uid,
        _ => false,
    };
    let mut places = Vec::new();
    for (number, record) in history.connections.iter().enumerate() {
        for (place, sent) in
            record.commands.iter().enumerate().filter(|(_, it)| fetches(&it.command))
        {
            // It is the only command in progress.
            let tag = format!("{} ", sent.tag);
            let reply = record.received.iter().position(|it| it.octets.starts_with(tag.as_bytes()));
            let Some(reply) = reply else { continue };
            let next = record.commands.get(place + 1).map_or(u64::MAX, |next| next.begun);
            let before = record.received[..reply].iter().rev();
            let first = before.take_while(|it| it.at > sent.begun).last();
            if next > record.received[reply].at && first.is_some() {
                places.push((number, reply));
            }
        }
    }
    let Some((number, place)) = one(&places, random) else { return false };
    let at = history.connections[number].received[place].at;
    let octets = Bytes::from_static(b"* 1 EXPUNGE");
    history.connections[number].received.insert(place, peregrine_check::Received { at, octets });
    true
}

fn admission_at_arrival(history: &mut History, random: &mut Random, _: Place) -> bool {
    let mut places = Vec::new();
    for (number, record) in history.connections.iter().enumerate() {
        for pair in record.commands.windows(2) {
            let selects = matches!(pair[0].command, Command::Select { .. });
            let answered = |tag: &str, status: &str| {
                let reply = format!("{tag} {status}");
                record.received.iter().position(|it| it.octets.starts_with(reply.as_bytes()))
            };
            let opened = answered(&pair[0].tag, "OK").map(|place| record.received[place].at);
            if let Some(place) = answered(&pair[1].tag, "OK")
                && selects
                && pair[1].command.in_selected()
                && opened > Some(pair[1].begun)
            {
                places.push((number, place));
            }
        }
    }
    let Some(place) = one(&places, random) else { return false };
    let tag = text(history, place).split(' ').next().unwrap_or_default().to_owned();
    put(history, place, format!("{tag} BAD SELECT a mailbox first"));
    true
}

/// The first command is judged before the login behind which it was sent.
fn refused_before_login(history: &mut History, random: &mut Random, _: Place) -> bool {
    let firsts = history.connections.iter().enumerate().filter_map(|(number, record)| {
        let ok = format!("{} OK", record.commands.first()?.tag);
        let place = record.received.iter().position(|it| it.octets.starts_with(ok.as_bytes()))?;
        Some((number, place))
    });
    let firsts: Vec<_> = firsts.collect();
    let Some(place) = one(&firsts, random) else { return false };
    let tag = text(history, place).split(' ').next().unwrap_or_default().to_owned();
    put(history, place, format!("{tag} BAD Log in first"));
    true
}

fn lost_reply(history: &mut History, random: &mut Random, _: Place) -> bool {
    let Some((number, place)) = one(&places(history, is_reply), random) else { return false };
    history.connections[number].received.remove(place);
    true
}

fn wrong_tag(history: &mut History, random: &mut Random, _: Place) -> bool {
    let replies = places(history, is_reply);
    let pairs: Vec<_> = replies.windows(2).filter(|pair| pair[0].0 == pair[1].0).collect();
    let Some(pair) = (!pairs.is_empty()).then(|| *random.pick(&pairs)) else { return false };
    let (one, other) = (text(history, pair[0]), text(history, pair[1]));
    let tag = other.split(' ').next().unwrap_or_default();
    let rest = one.split_once(' ').map_or("", |(_, rest)| rest);
    put(history, pair[0], format!("{tag} {rest}"));
    true
}

fn two_replies(history: &mut History, random: &mut Random, _: Place) -> bool {
    let Some((number, place)) = one(&places(history, is_reply), random) else { return false };
    let again = history.connections[number].received[place].clone();
    history.connections[number].received.insert(place, again);
    true
}

/// FLAGS of a FETCH response.
fn flags_in(text: &str) -> Option<(usize, usize)> {
    let start = text.find("FLAGS (")? + "FLAGS (".len();
    Some((start, start + text[start..].find(')')?))
}

fn older_flags(history: &mut History, random: &mut Random, _: Place) -> bool {
    let told = places(history, |text| text.contains(" FETCH (") && flags_in(text).is_some());
    let uid = |text: &str| {
        let rest = text.split("UID ").nth(1)?;
        rest.split([' ', ')']).next().map(str::to_owned)
    };
    let mut pairs = Vec::new();
    for (index, later) in told.iter().enumerate() {
        let (number, text_later) = (later.0, text(history, *later));
        let same = |earlier: &&(usize, usize)| {
            let earlier = text(history, **earlier);
            uid(&earlier).is_some() && uid(&earlier) == uid(&text_later)
        };
        let before = told[..index].iter().filter(|it| it.0 == number);
        pairs.extend(before.filter(same).map(|earlier| (*earlier, *later)));
    }
    let flags = |place| {
        flags_in(&text(history, place)).map(|(a, b)| {
            text(history, place)[a..b].replace(" \\Recent", "").replace("\\Recent", "")
        })
    };
    let pairs: Vec<_> = pairs.into_iter().filter(|(a, b)| flags(*a) != flags(*b)).collect();
    let Some((earlier, later)) = (!pairs.is_empty()).then(|| *random.pick(&pairs)) else {
        return false;
    };
    let (old, mut new) = (text(history, earlier), text(history, later));
    let (Some((from, to)), Some((start, end))) = (flags_in(&old), flags_in(&new)) else {
        return false;
    };
    new.replace_range(start..end, &old[from..to]);
    put(history, later, new);
    true
}

fn left_out(history: &mut History, random: &mut Random, _: Place) -> bool {
    drop_one(history, random, ")")
}

fn drop_one(history: &mut History, random: &mut Random, end: &str) -> bool {
    drop_where(history, random, |text| {
        let numbered =
            text.starts_with("* ") && text[2..].starts_with(|c: char| c.is_ascii_digit());
        numbered && text.ends_with(end)
    })
}

fn drop_where(history: &mut History, random: &mut Random, wanted: impl Fn(&str) -> bool) -> bool {
    let data = places(history, wanted);
    let Some((number, place)) = one(&data, random) else { return false };
    history.connections[number].received.remove(place);
    true
}

fn other_uid(history: &mut History, random: &mut Random, _: Place) -> bool {
    let replies = places(history, |text| text.contains("[APPENDUID "));
    let Some(place) = one(&replies, random) else { return false };
    let told = text(history, place);
    let Some((head, rest)) = told.split_once(']') else { return false };
    let Some((head, uid)) = head.rsplit_once(' ') else { return false };
    let uid: u32 = uid.parse().unwrap_or_default();
    let changed = format!("{head} {}]{rest}", uid + 1);
    put(history, place, changed);
    true
}
