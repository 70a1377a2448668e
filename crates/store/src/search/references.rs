//! THREAD REFERENCES (RFC 5256 §3), step by step, without recursion: conversations may be as deep
//! as a mailbox is long.

use super::thread::{Letter, Letters, Threaded};
use crate::Error;
use crate::limits::MAX_THREAD_STEPS;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};

/// No node.
const NONE: u32 = u32::MAX;

/// The messages in conversations.
pub(super) fn references(letters: &Letters<'_>) -> Result<Vec<Threaded>, Error> {
    let links = Links::new(letters)?;
    let mut forest = Forest::pruned(&letters.letters, &links.parents);
    forest.merge_subjects();
    Ok(forest.written())
}

/// Ids are hashes already, but of octets that anybody may choose: keys that nobody knows keep those
/// apart that somebody has made to meet in a table.
#[derive(Clone, Copy)]
struct Keyed {
    mask: u64,
    factor: u64,
}

impl Default for Keyed {
    fn default() -> Self {
        let random = RandomState::new();
        Self { mask: random.hash_one(0), factor: random.hash_one(1) | 1 }
    }
}

impl BuildHasher for Keyed {
    type Hasher = Mixed;

    fn build_hasher(&self) -> Mixed {
        Mixed { keys: *self, hash: 0 }
    }
}

struct Mixed {
    keys: Keyed,
    hash: u64,
}

impl Hasher for Mixed {
    fn finish(&self) -> u64 {
        // Once more: with some factors, ids at equal distances would fall on a tenth of the places.
        folded(self.hash, SECOND)
    }

    fn write(&mut self, octets: &[u8]) {
        octets.iter().for_each(|octet| self.write_u64((*octet).into()));
    }

    fn write_u64(&mut self, id: u64) {
        self.hash = folded(self.hash ^ id ^ self.keys.mask, self.keys.factor);
    }
}

/// 2^64 divided by the golden ratio: multiples of it lie far apart.
const SECOND: u64 = 0x9E37_79B9_7F4A_7C15;

/// Low bits of a product know nothing of higher ones, so both halves make the hash.
fn folded(one: u64, other: u64) -> u64 {
    let product = u128::from(one) * u128::from(other);
    (product >> 64) as u64 ^ product as u64
}

/// Step (1): who is whose parent. The first nodes are the messages, the others are dummies.
struct Links {
    parents: Vec<u32>,
    /// How many children each has: who has none is nobody's ancestor.
    children: Vec<u32>,
    /// How many steps up the search for loops may still go.
    steps: u64,
}

impl Links {
    fn new(all: &Letters<'_>) -> Result<Self, Error> {
        let count = all.letters.len();
        let mut links =
            Self { parents: vec![NONE; count], children: vec![0; count], steps: MAX_THREAD_STEPS };
        // Of several messages with one id the first has it; the others have ids of their own.
        let mut nodes: HashMap<u64, u32, Keyed> = HashMap::default();
        nodes.reserve(count);
        for (node, letter) in (0..).zip(&all.letters) {
            if let Some(id) = letter.id {
                nodes.entry(id).or_insert(node);
            }
        }
        for (node, letter) in (0..).zip(&all.letters) {
            let ids = letter.references.start as usize..letter.references.end as usize;
            let mut last = NONE;
            for id in &all.references[ids] {
                let next = *nodes.entry(*id).or_insert_with(|| links.add());
                // (A)
                if links.parents[next as usize] == NONE {
                    links.link(last, next)?;
                }
                last = next;
            }
            // (B)
            if links.parents[node as usize] != last {
                links.unlink(node);
                links.link(last, node)?;
            }
        }
        Ok(links)
    }

    /// A dummy.
    fn add(&mut self) -> u32 {
        self.parents.push(NONE);
        self.children.push(0);
        self.parents.len() as u32 - 1
    }

    fn unlink(&mut self, node: u32) {
        let parent = std::mem::replace(&mut self.parents[node as usize], NONE);
        if parent != NONE {
            self.children[parent as usize] -= 1;
        }
    }

    /// Makes `parent` the parent of `node`, which has none, unless that made a loop.
    fn link(&mut self, parent: u32, node: u32) -> Result<(), Error> {
        if parent == NONE || self.is_above(node, parent)? {
            return Ok(());
        }
        self.parents[node as usize] = parent;
        self.children[parent as usize] += 1;
        Ok(())
    }

    /// Whether `node` is `below` or above it.
    fn is_above(&mut self, node: u32, below: u32) -> Result<bool, Error> {
        if node == below || self.children[node as usize] == 0 {
            return Ok(node == below);
        }
        let mut at = below;
        while at != NONE && at != node {
            at = self.parents[at as usize];
            let left = self.steps.checked_sub(1);
            self.steps = left.ok_or(Error::Limit("references are too entangled to be followed"))?;
        }
        Ok(at == node)
    }
}

/// Steps (2) to (6): the messages, and dummies that are first of a conversation.
struct Forest<'a> {
    letters: &'a [Letter<'a>],
    /// Of each node; dummies that were not kept have a parent that is never looked at.
    parents: Vec<u32>,
    /// The first of the conversations, by the date of each (RFC 5256 §3 step 4).
    roots: Vec<u32>,
}

impl<'a> Forest<'a> {
    /// Steps (2) to (4).
    fn pruned(letters: &'a [Letter<'a>], links: &[u32]) -> Self {
        let count = letters.len();
        // What each node is below once dummies are gone: the nearest message above, or else the
        // dummy that is first.
        let mut parents = vec![NONE; links.len()];
        for node in walk(links) {
            let above = links[node as usize];
            parents[node as usize] = match above {
                NONE => NONE,
                _ if (above as usize) < count || parents[above as usize] == NONE => above,
                _ => parents[above as usize],
            };
        }
        let mut children = vec![0_u32; links.len()];
        for parent in parents[..count].iter().filter(|parent| **parent != NONE) {
            children[*parent as usize] += 1;
        }
        // A dummy with one child gives way to it.
        for parent in &mut parents[..count] {
            let above = *parent;
            if above != NONE && above as usize >= count && children[above as usize] == 1 {
                *parent = NONE;
            }
        }
        let is_root = |node: &u32| {
            let index = *node as usize;
            parents[index] == NONE && (index < count || children[index] > 1)
        };
        let roots: Vec<u32> = (0..links.len() as u32).filter(is_root).collect();
        let mut forest = Self { letters, parents, roots: Vec::new() };
        forest.roots = forest.by_age(roots);
        forest
    }

    fn is_dummy(&self, node: u32) -> bool {
        node as usize >= self.letters.len()
    }

    /// What siblings are sorted by: the sent date, then the place in the mailbox.
    fn age(&self, node: u32) -> (i64, u32) {
        let letter = self.letters.get(node as usize);
        letter.map_or((i64::MAX, NONE), |letter| (letter.date, letter.index))
    }

    /// Conversations by the date of their first message.
    fn by_age(&self, mut roots: Vec<u32>) -> Vec<u32> {
        let first = self.firsts();
        roots.sort_unstable_by_key(|root| self.age(first[*root as usize]));
        roots
    }

    /// Each message itself, and the first child of each dummy.
    fn firsts(&self) -> Vec<u32> {
        let count = self.letters.len();
        let mut first: Vec<u32> = (0..self.parents.len() as u32).collect();
        for node in 0..count as u32 {
            let parent = self.parents[node as usize];
            if parent != NONE && self.is_dummy(parent) {
                let known = &mut first[parent as usize];
                if *known as usize >= count || self.age(node) < self.age(*known) {
                    *known = node;
                }
            }
        }
        first
    }

    /// Step (5): conversations of one subject become one.
    fn merge_subjects(&mut self) {
        let first = self.firsts();
        let letters = self.letters;
        let subject = |root: u32| {
            let letter = letters.get(first[root as usize] as usize);
            letter.map_or("", |letter| letter.subject)
        };
        let reply = |root: u32| letters.get(root as usize).is_some_and(|letter| letter.reply);
        // (B)
        let mut table: HashMap<&str, u32> = HashMap::new();
        for &root in self.roots.iter().filter(|root| !subject(**root).is_empty()) {
            let chosen = table.entry(subject(root)).or_insert(root);
            let better = self.is_dummy(root) || (reply(*chosen) && !reply(root));
            if !self.is_dummy(*chosen) && better {
                *chosen = root;
            }
        }
        let below = self.below_dummies();
        // (C)
        for root in self.roots.clone() {
            // Some have been put below a new dummy before their turn.
            if self.parents[root as usize] != NONE || subject(root).is_empty() {
                continue;
            }
            let Some(chosen) = table.get_mut(subject(root)).filter(|chosen| **chosen != root)
            else {
                continue;
            };
            let dummies = (self.is_dummy(*chosen), self.is_dummy(root));
            if dummies == (true, true) {
                for child in &below[&root] {
                    self.parents[*child as usize] = *chosen;
                }
                // It has no children any more, and is left out when the roots are written.
                self.parents[root as usize] = *chosen;
            } else if dummies.0 || (reply(root) && !reply(*chosen)) {
                self.parents[root as usize] = *chosen;
            } else {
                let dummy = self.parents.len() as u32;
                self.parents.push(NONE);
                self.roots.push(dummy);
                self.parents[root as usize] = dummy;
                self.parents[*chosen as usize] = dummy;
                *chosen = dummy;
            }
        }
        self.roots.retain(|root| self.parents[*root as usize] == NONE);
    }

    /// The children of each dummy.
    fn below_dummies(&self) -> HashMap<u32, Vec<u32>> {
        let mut below: HashMap<u32, Vec<u32>> = HashMap::new();
        for (node, parent) in (0..self.letters.len() as u32).zip(&self.parents) {
            if *parent != NONE && self.is_dummy(*parent) {
                below.entry(*parent).or_default().push(node);
            }
        }
        below
    }

    /// Step (6): each set of siblings by date; then all of it from the top.
    fn written(mut self) -> Vec<Threaded> {
        let roots = std::mem::take(&mut self.roots);
        let roots = self.by_age(roots);
        // Youngest first, since they are taken from the end.
        let count = self.letters.len() as u32;
        let mut nodes: Vec<(u32, (i64, u32), u32)> = (0..count)
            .map(|node| (self.parents[node as usize], self.age(node), node))
            .filter(|(parent, ..)| *parent != NONE)
            .collect();
        nodes.sort_unstable_by(|one, other| other.cmp(one));
        let mut starts = vec![0..0; self.parents.len()];
        let mut at = 0;
        for siblings in nodes.chunk_by(|one, other| one.0 == other.0) {
            starts[siblings[0].0 as usize] = at..at + siblings.len();
            at += siblings.len();
        }
        let mut out = Vec::with_capacity(self.parents.len());
        let mut stack: Vec<(u32, u32)> = roots.into_iter().rev().map(|root| (root, 0)).collect();
        while let Some((node, depth)) = stack.pop() {
            let index = self.letters.get(node as usize).map(|letter| letter.index);
            out.push(Threaded { depth, index });
            let children = &nodes[starts[node as usize].clone()];
            stack.extend(children.iter().map(|(_, _, child)| (*child, depth + 1)));
        }
        out
    }
}

/// All nodes, each behind its parent.
fn walk(parents: &[u32]) -> Vec<u32> {
    let mut next_sibling = vec![NONE; parents.len()];
    let mut first_child = vec![NONE; parents.len()];
    let mut order = Vec::with_capacity(parents.len());
    for (node, parent) in (0..).zip(parents) {
        if *parent == NONE {
            order.push(node);
        } else {
            let first = &mut first_child[*parent as usize];
            next_sibling[node as usize] = std::mem::replace(first, node);
        }
    }
    let mut done = 0;
    while let Some(node) = order.get(done).copied() {
        done += 1;
        let mut child = first_child[node as usize];
        while child != NONE {
            order.push(child);
            child = next_sibling[child as usize];
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    /// T23: message ids that were sought out so that their hashes agree where a table looks first
    /// must not meet there.
    #[test]
    fn sought_out_ids_do_not_meet() {
        let keys = Keyed::default();
        for shift in [0, 20, 44] {
            let hashes = (0..1024_u64).map(|number| keys.hash_one(number << shift));
            let places: HashSet<u64> = hashes.map(|hash| hash & 0x3FF).collect();
            assert!(places.len() > 300, "{} places for ids shifted by {shift}", places.len());
        }
        assert_ne!(
            keys.hash_one(1_u64),
            Keyed::default().hash_one(1_u64),
            "each table has its own"
        );
    }
}
