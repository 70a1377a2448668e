//! THREAD response (RFC 5256 §4), flat: conversations may nest as deep as a mailbox is long.

use crate::token::{Parsed, Reader};
use crate::write::number;

/// One place in the forest of conversations. Each is followed by those below it, one deeper.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ThreadNode {
    /// 0 for the first of a conversation.
    pub depth: u32,
    /// A sequence number or a UID, as the command asked. `None` for a message that is missing and
    /// keeps two or more below it together.
    pub number: Option<u32>,
}

/// Appends `* THREAD` with these nodes.
pub fn write(out: &mut Vec<u8>, nodes: &[ThreadNode]) {
    out.extend_from_slice(b"* THREAD");
    let only = only_children(nodes);
    // The depths of the nodes that stand directly behind the open parentheses.
    let mut open: Vec<u32> = Vec::new();
    let mut before: Option<ThreadNode> = None;
    for (node, only) in nodes.iter().zip(only) {
        let below_number =
            before.is_some_and(|before| before.number.is_some() && before.depth < node.depth);
        if below_number && only && node.number.is_some() {
            out.push(b' ');
        } else {
            while open.pop_if(|depth| *depth >= node.depth).is_some() {
                out.push(b')');
            }
            if before.is_none() || below_number {
                out.push(b' ');
            }
            out.push(b'(');
            open.push(node.depth);
        }
        if let Some(value) = node.number {
            number(out, u64::from(value));
        }
        before = Some(*node);
    }
    out.extend(open.iter().map(|_| b')'));
    out.extend_from_slice(b"\r\n");
}

/// Which nodes have no sibling.
fn only_children(nodes: &[ThreadNode]) -> Vec<bool> {
    let mut children = vec![0_u32; nodes.len()];
    let mut parents = vec![None; nodes.len()];
    let mut above: Vec<usize> = Vec::new();
    for (place, node) in nodes.iter().enumerate() {
        while above.pop_if(|place| nodes[*place].depth >= node.depth).is_some() {}
        parents[place] = above.last().copied();
        if let Some(parent) = parents[place] {
            children[parent] += 1;
        }
        above.push(place);
    }
    parents.iter().map(|parent| parent.is_some_and(|parent| children[parent] == 1)).collect()
}

// thread-data    = "THREAD" [SP 1*thread-list]
// thread-list    = "(" (thread-members / thread-nested) ")"
// thread-members = nz-number *(SP nz-number) [SP thread-nested]
// thread-nested  = 2*thread-list
pub(super) fn parse(reader: &mut Reader<'_>) -> Parsed<Vec<ThreadNode>> {
    let mut nodes = Vec::new();
    // Dovecot writes the space where nothing was found, too.
    if !reader.accept(b' ') || reader.peek().is_none() {
        return Ok(nodes);
    }
    // The depth at which each open list began.
    let mut open: Vec<u32> = Vec::new();
    let mut depth = 0;
    loop {
        reader.byte(b'(', "`(`")?;
        open.push(depth);
        if reader.peek() == Some(b'(') {
            nodes.push(ThreadNode { depth, number: None });
            depth += 1;
            continue;
        }
        loop {
            let number = Some(reader.nz_number("a message number")?);
            nodes.push(ThreadNode { depth, number });
            depth += 1;
            if !reader.accept(b' ') || reader.peek() == Some(b'(') {
                break;
            }
        }
        if reader.peek() == Some(b'(') {
            continue;
        }
        loop {
            reader.byte(b')', "a space or `)`")?;
            depth = open.pop().unwrap_or_default();
            if reader.peek() == Some(b'(') {
                break;
            }
            if open.is_empty() {
                return Ok(nodes);
            }
        }
    }
}
