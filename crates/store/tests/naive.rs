//! SORT and THREAD as RFC 5256 words them, without any thought of speed; the keys of each message
//! are written down by hand beside it.
#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]
#![allow(dead_code, reason = "each test takes what it needs")]

use peregrine_proto::command::sort::{SortCriterion, SortKey};
use peregrine_store::Threaded;
use std::cmp::Ordering;
use std::collections::HashMap;

/// Noon of 1971-01-01, from which all dates count seconds.
const NOON: i64 = 31_536_000 + 43_200;

/// A message by what is compared of it.
#[derive(Clone, Debug)]
pub struct Mail {
    pub from: &'static str,
    pub to: &'static str,
    pub cc: &'static str,
    pub subject: &'static str,
    pub arrived: i64,
    /// Seconds, and the zone's hours.
    pub sent: Option<(i64, i64)>,
    pub id: Option<u8>,
    pub references: Vec<u8>,
    pub in_reply_to: Option<u8>,
    /// Octets of text.
    pub filler: usize,
}

impl Mail {
    pub fn octets(&self) -> String {
        let mut text = String::new();
        let mut field = |name: &str, value: &str| {
            if !value.is_empty() {
                text.push_str(&format!("{name}: {value}\r\n"));
            }
        };
        field("From", self.from);
        field("To", self.to);
        field("Cc", self.cc);
        field("Subject", self.subject);
        if let Some((second, zone)) = self.sent {
            let sign = if zone < 0 { '-' } else { '+' };
            let (hour, zone) = (12 + zone, zone.abs());
            field("Date", &format!("Fri, 1 Jan 1971 {hour}:00:0{second} {sign}0{zone}00"));
        }
        // RFC 5256 §3: an id in quotes is the same id.
        let id = |id: &u8| match id % 2 {
            0 => format!("<{id}@x>"),
            _ => format!("<\"{id}\"@x>"),
        };
        field("Message-ID", &self.id.as_ref().map(|n| format!("<{n}@x>")).unwrap_or_default());
        field("References", &self.references.iter().map(id).collect::<Vec<_>>().join("\r\n "));
        let parent = self.in_reply_to.as_ref().map(|n| format!("mail of Ann {}", id(n)));
        field("In-Reply-To", &parent.unwrap_or_default());
        format!("{text}\r\n{}", "x".repeat(self.filler))
    }

    pub fn arrived(&self) -> i64 {
        NOON + self.arrived
    }

    fn sent(&self) -> i64 {
        NOON + self.sent.map_or(self.arrived, |(second, _)| second)
    }

    /// Base subject in i;unicode-casemap, and whether it is a reply or a forward.
    fn base(&self) -> (&'static str, bool) {
        match self.subject {
            "" => ("", false),
            "plan" | "[list] plan" => ("PLAN", false),
            "Re: plan" | "PLAN (fwd)" => ("PLAN", true),
            "\u{c9}t\u{e9}" => ("E\u{301}TE\u{301}", false),
            "re: e\u{301}t\u{e9}" => ("E\u{301}TE\u{301}", true),
            "plan b" => ("PLAN B", false),
            "Fwd: [x] Plan B" => ("PLAN B", true),
            "[x]" => ("[X]", false),
            other => panic!("{other}"),
        }
    }

    fn references(&self) -> Vec<u8> {
        if self.references.is_empty() {
            self.in_reply_to.into_iter().collect()
        } else {
            self.references.clone()
        }
    }
}

/// Mailbox and displayed name of the first address.
fn address(field: &str) -> (&'static str, &'static str) {
    match field {
        "" => ("", ""),
        "Zoe <ann@example.org>" | "zoe <ANN@example.org>" => ("ANN", "ZOE"),
        "=?utf-8?Q?=C3=A9mile?= <bob@example.org>" => ("BOB", "E\u{301}MILE"),
        "<bob@a.example>" => ("BOB", "BOB@A.EXAMPLE"),
        "ann@b.example" => ("ANN", "ANN@B.EXAMPLE"),
        "\"\" <carl@example.org>" => ("CARL", "CARL@EXAMPLE.ORG"),
        "team: dora@example.org, x@y;" => ("TEAM", "TEAM"),
        other => panic!("{other}"),
    }
}

pub fn sort(all: &[Mail], wanted: &[u32], criteria: &[SortCriterion]) -> Vec<u32> {
    let mut order = wanted.to_vec();
    order.sort_by(|one, other| {
        let (a, b) = (&all[*one as usize], &all[*other as usize]);
        let by = |criterion: &SortCriterion| {
            let order = compare(criterion.key, a, b);
            if criterion.reverse { order.reverse() } else { order }
        };
        criteria.iter().map(by).find(|order| order.is_ne()).unwrap_or(one.cmp(other))
    });
    order
}

fn compare(key: SortKey, a: &Mail, b: &Mail) -> Ordering {
    match key {
        SortKey::Arrival => a.arrived.cmp(&b.arrived),
        SortKey::Date => a.sent().cmp(&b.sent()),
        SortKey::Size => a.octets().len().cmp(&b.octets().len()),
        SortKey::Subject => a.base().0.cmp(b.base().0),
        SortKey::From => address(a.from).0.cmp(address(b.from).0),
        SortKey::To => address(a.to).0.cmp(address(b.to).0),
        SortKey::Cc => address(a.cc).0.cmp(address(b.cc).0),
        SortKey::DisplayFrom => address(a.from).1.cmp(address(b.from).1),
        SortKey::DisplayTo => address(a.to).1.cmp(address(b.to).1),
    }
}

pub fn ordered_subject(all: &[Mail], wanted: &[u32]) -> Vec<Threaded> {
    let date = |index: &u32| (all[*index as usize].sent(), *index);
    let mut threads: Vec<Vec<u32>> = Vec::new();
    for &index in wanted {
        let subject = all[index as usize].base().0;
        match threads.iter_mut().find(|thread| all[thread[0] as usize].base().0 == subject) {
            Some(thread) => thread.push(index),
            None => threads.push(vec![index]),
        }
    }
    threads.iter_mut().for_each(|thread| thread.sort_by_key(date));
    threads.sort_by_key(|thread| date(&thread[0]));
    let place = |(n, index): (usize, u32)| Threaded { depth: u32::from(n > 0), index: Some(index) };
    threads.into_iter().flat_map(|thread| thread.into_iter().enumerate().map(place)).collect()
}

/// A message, or a dummy, and what is below it.
#[derive(Clone, Debug)]
struct Node {
    /// Tells nodes apart.
    name: usize,
    mail: Option<u32>,
    children: Vec<Node>,
}

struct Container {
    id: String,
    mail: Option<u32>,
    parent: Option<usize>,
}

pub fn references(all: &[Mail], wanted: &[u32]) -> Vec<Threaded> {
    let containers = linked(all, wanted);
    // (2)
    let mut roots = prune(below(&containers, None), true);
    // (4)
    by_age(all, &mut roots);
    // (5)
    merge(all, &mut roots, containers.len());
    // (6)
    sort_deeply(all, &mut roots);
    let mut out = Vec::new();
    roots.iter().for_each(|root| write(root, 0, &mut out));
    out
}

/// Step (1).
fn linked(all: &[Mail], wanted: &[u32]) -> Vec<Container> {
    let mut containers: Vec<Container> = Vec::new();
    for &index in wanted {
        let own = all[index as usize].id.map(|id| id.to_string());
        let free = own.filter(|id| containers.iter().all(|other| other.id != *id));
        let id = free.unwrap_or(format!("unique {index}"));
        containers.push(Container { id, mail: Some(index), parent: None });
    }
    for (message, index) in wanted.iter().enumerate() {
        let mut last = None;
        for id in all[*index as usize].references() {
            let id = id.to_string();
            let known = containers.iter().position(|container| container.id == id);
            let next = known.unwrap_or_else(|| {
                containers.push(Container { id, mail: None, parent: None });
                containers.len() - 1
            });
            // (A)
            if let Some(last) = last
                && containers[next].parent.is_none()
                && !is_above(&containers, next, last)
            {
                containers[next].parent = Some(last);
            }
            last = Some(next);
        }
        // (B)
        containers[message].parent = None;
        if let Some(last) = last
            && !is_above(&containers, message, last)
        {
            containers[message].parent = Some(last);
        }
    }
    containers
}

fn is_above(containers: &[Container], above: usize, below: usize) -> bool {
    std::iter::successors(Some(below), |at| containers[*at].parent).any(|at| at == above)
}

fn below(containers: &[Container], parent: Option<usize>) -> Vec<Node> {
    let children = (0..containers.len()).filter(|at| containers[*at].parent == parent);
    let node = |name: usize| Node {
        name,
        mail: containers[name].mail,
        children: below(containers, Some(name)),
    };
    children.map(node).collect()
}

/// Step (3).
fn prune(nodes: Vec<Node>, under_root: bool) -> Vec<Node> {
    let mut out = Vec::new();
    for mut node in nodes {
        node.children = prune(node.children, false);
        if node.mail.is_some() || (under_root && node.children.len() > 1) {
            out.push(node);
        } else {
            out.extend(node.children);
        }
    }
    out
}

fn age(all: &[Mail], node: &Node) -> (i64, u32) {
    let age = |index: u32| (all[index as usize].sent(), index);
    match node.mail {
        Some(index) => age(index),
        None => node.children.iter().map(|child| age(child.mail.unwrap())).min().unwrap(),
    }
}

fn by_age(all: &[Mail], nodes: &mut [Node]) {
    nodes.sort_by_key(|node| age(all, node));
}

fn sort_deeply(all: &[Mail], nodes: &mut [Node]) {
    nodes.iter_mut().for_each(|node| sort_deeply(all, &mut node.children));
    by_age(all, nodes);
}

/// The base subject of a conversation.
fn subject(all: &[Mail], node: &Node) -> &'static str {
    let first = age(all, node).1;
    all[first as usize].base().0
}

fn is_reply(all: &[Mail], node: &Node) -> bool {
    node.mail.is_some_and(|index| all[index as usize].base().1)
}

/// Step (5).
fn merge(all: &[Mail], roots: &mut Vec<Node>, mut next_name: usize) {
    let mut table: HashMap<&str, usize> = HashMap::new();
    for node in roots.iter().filter(|node| !subject(all, node).is_empty()) {
        let known = table.get(subject(all, node));
        let chosen = known.and_then(|name| roots.iter().find(|root| root.name == *name));
        let replace = chosen.is_none_or(|chosen| {
            chosen.mail.is_some()
                && (node.mail.is_none() || (is_reply(all, chosen) && !is_reply(all, node)))
        });
        if replace {
            table.insert(subject(all, node), node.name);
        }
    }
    let names: Vec<usize> = roots.iter().map(|root| root.name).collect();
    for name in names {
        let Some(at) = roots.iter().position(|root| root.name == name) else { continue };
        let subject = subject(all, &roots[at]);
        if subject.is_empty() || table[subject] == name {
            continue;
        }
        let this = roots.remove(at);
        let at = roots.iter().position(|root| root.name == table[subject]).unwrap();
        match (roots[at].mail, this.mail) {
            (None, None) => roots[at].children.extend(this.children),
            (None, Some(_)) => roots[at].children.push(this),
            _ if is_reply(all, &this) && !is_reply(all, &roots[at]) => {
                roots[at].children.push(this);
            }
            _ => {
                let chosen = roots.remove(at);
                table.insert(subject, next_name);
                roots.push(Node { name: next_name, mail: None, children: vec![chosen, this] });
                next_name += 1;
            }
        }
    }
}

fn write(node: &Node, depth: u32, out: &mut Vec<Threaded>) {
    out.push(Threaded { depth, index: node.mail });
    node.children.iter().for_each(|child| write(child, depth + 1, out));
}
