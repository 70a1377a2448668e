//! The verdict on a history.

use crate::dialogue::{Dialogue, Renames};
use crate::explain;
use crate::finding::Finding;
use crate::graph::{Graph, mod_seq};
use crate::history::History;
use crate::model::{Context, Server};
use crate::search::{Outcome, Search};

/// What is thought of a history.
#[derive(Debug)]
pub enum Verdict {
    /// The commands in this order, by their tags, explain everything.
    Explained(Vec<String>),
    /// What is wrong.
    Wrong(Vec<Finding>),
    /// There are too many possible orders to try them all.
    Undecided,
}

/// Judges what a server answered, from an account without mailboxes on.
pub fn judge(history: &History, server: Server) -> Verdict {
    let in_order = server.replies_in_order;
    let renames = Renames::new(history);
    let records = history.connections.iter().enumerate();
    let mut dialogues: Vec<Dialogue> = records
        .map(|(number, record)| Dialogue::read(number, record, in_order, &renames))
        .collect();
    let findings: Vec<Finding> =
        dialogues.iter_mut().flat_map(|one| std::mem::take(&mut one.findings)).collect();
    if !findings.is_empty() {
        return Verdict::Wrong(findings);
    }
    if dialogues.iter().any(|one| one.unclear) {
        return Verdict::Undecided;
    }
    let findings = mod_seq::disagreements(&dialogues);
    if !findings.is_empty() {
        return Verdict::Wrong(findings);
    }
    let graph = Graph::new(history, &dialogues, &renames, in_order);
    if in_order && !graph.overtakings.is_empty() {
        return Verdict::Wrong(explain::overtakings(history, &graph));
    }
    let context = Context { dialogues: &dialogues, server, words: false };
    match Search::new(&graph, context, None).run() {
        Outcome::Found(order) => {
            Verdict::Explained(explain::tags(history, &graph, order.iter().copied()))
        }
        Outcome::GaveUp => Verdict::Undecided,
        Outcome::None => {
            let context = Context { words: true, ..context };
            Verdict::Wrong(vec![explain::explain(history, &graph, context)])
        }
    }
}
