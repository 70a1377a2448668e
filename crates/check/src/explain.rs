//! Why no order of the commands explains what was answered, for a person.

use crate::finding::{Finding, Rule};
use crate::graph::{Graph, Kind, Reason};
use crate::history::{History, Sent, Shown};
use crate::model::Context;
use crate::search::{Outcome, Search};
use std::fmt::Write;

/// Things whose answer is left out of account in turn, to find the one that does not fit.
const MOST_SUSPECTS: usize = 12;
/// Reasons of order that are named.
const MOST_REASONS: usize = 4;

/// The commands among these, by tag.
pub(crate) fn tags(
    history: &History,
    graph: &Graph,
    order: impl Iterator<Item = usize>,
) -> Vec<String> {
    order.filter_map(|thing| Some(sent(history, graph, thing)?.tag.clone())).collect()
}

fn sent<'h>(history: &'h History, graph: &Graph, thing: usize) -> Option<&'h Sent> {
    let thing = &graph.things[thing];
    let Kind::Command(ready) = &thing.kind else { return None };
    history.connections[thing.connection].commands.get(ready.place)
}

/// Commands that were answered before what they depend on.
pub(crate) fn overtakings(history: &History, graph: &Graph) -> Vec<Finding> {
    let label = |thing| match sent(history, graph, thing) {
        Some(sent) => format!("{} {}", sent.tag, sent.command),
        None => String::new(),
    };
    let finding = |(earlier, later, why): &(usize, usize, &'static str)| Finding {
        rule: Rule::Order,
        text: format!(
            "{} was answered before {}, which was sent before it, though {why}.",
            label(*later),
            label(*earlier)
        ),
        events: vec![graph.things[*earlier].at, graph.things[*later].at],
    };
    graph.overtakings.iter().map(finding).collect()
}

/// What does not fit, and why.
pub(crate) fn explain(history: &History, graph: &Graph, context: Context<'_>) -> Finding {
    let mut search = Search::new(graph, context, None);
    search.run();
    let nearest = search.nearest;
    let culprit = nearest.stuck.iter().take(MOST_SUSPECTS).find_map(|(thing, why)| {
        let mut search = Search::new(graph, context, Some(*thing));
        match search.run() {
            Outcome::Found(order) => Some((*thing, why, order)),
            _ => None,
        }
    });
    let mut text = String::new();
    let mut events = Vec::new();
    match culprit {
        Some((thing, why, order)) => {
            let name = name(history, graph, context, thing);
            let _ = writeln!(text, "No order of the commands gives {name}.");
            let _ = writeln!(text, "  {}", sentence(why));
            tell_reasons(history, graph, context, thing, &mut text);
            let order = tags(history, graph, order.into_iter()).join(" ");
            let _ = write!(text, "  All the rest is explained by the order {order}.");
            events.push(graph.things[thing].at);
        }
        None => {
            let _ = writeln!(text, "No order of the commands explains what was answered.");
            let order = tags(history, graph, nearest.order.iter().copied()).join(" ");
            let _ = writeln!(text, "  The order {order} explains most; then none of these fits:");
            for (thing, why) in nearest.stuck.iter().take(MOST_SUSPECTS) {
                let name = name(history, graph, context, *thing);
                let _ = writeln!(text, "  {name}: {why}");
                tell_reasons(history, graph, context, *thing, &mut text);
                events.push(graph.things[*thing].at);
            }
        }
    }
    let settled = |thing: &usize| matches!(graph.things[*thing].kind, Kind::Settled(..));
    let only = nearest.stuck.iter().map(|(thing, _)| *thing).all(|thing| settled(&thing));
    let rule = if only && !nearest.stuck.is_empty() { Rule::Truth } else { Rule::Order };
    Finding { rule, text: text.trim_end().to_owned(), events }
}

fn sentence(why: &str) -> String {
    let mut characters = why.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).chain(['.']).collect(),
        None => "It does not fit.".into(),
    }
}

/// A thing in words.
fn name(history: &History, graph: &Graph, context: Context<'_>, thing: usize) -> String {
    let connection = graph.things[thing].connection;
    let of = |place: usize| {
        let received = &history.connections[connection].received;
        let octets = received.get(place).map_or(&b""[..], |response| &response.octets);
        format!("`{}`", Shown(octets))
    };
    match &graph.things[thing].kind {
        Kind::Command(ready) => {
            let Sent { tag, command, .. } = &history.connections[connection].commands[ready.place];
            let reply = context.dialogues[connection].asked[ready.place].reply.as_ref();
            let reply = reply.map_or(String::new(), |reply| of(reply.index));
            format!("the answer to {tag} {command} that ends with {reply}")
        }
        Kind::Told(place) => {
            let index = context.dialogues[connection].observations[*place].index;
            format!("{} on connection {connection}", of(index))
        }
        Kind::Settled(..) => format!("what connection {connection} was told in the end"),
    }
}

fn tell_reasons(
    history: &History,
    graph: &Graph,
    context: Context<'_>,
    thing: usize,
    text: &mut String,
) {
    let label = |thing: usize| match sent(history, graph, thing) {
        Some(sent) => format!("{} {}", sent.tag, sent.command),
        None => name(history, graph, context, thing),
    };
    // Those that the protocol gives before those that only time gives.
    let by_time = |reason: &Reason| *reason == Reason::Time;
    let all = graph.reasons[thing].iter().rev();
    let first = all.clone().filter(|(_, reason)| !by_time(reason));
    let last = all.filter(|(before, reason)| by_time(reason) && graph.changers[thing].has(*before));
    for (before, reason) in first.chain(last).take(MOST_REASONS) {
        let why = match reason {
            Reason::Sent(why) => format!("it was sent before and {why}"),
            Reason::Uids => "its UIDs are lower".to_owned(),
            Reason::ModSeqs => "MODSEQs say so".to_owned(),
            Reason::Told => "it was told before".to_owned(),
            Reason::Time => "it was answered before that was sent".to_owned(),
        };
        let _ = writeln!(text, "  It must come after {}, because {why}.", label(*before));
    }
}
