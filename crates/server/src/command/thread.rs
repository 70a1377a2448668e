//! THREAD (RFC 5256).

use super::bound::refused;
use super::search::{find, numbers};
use super::{Deed, Done, wire};
use crate::host::Outcome;
use peregrine_proto::Response;
use peregrine_proto::command::Thread;
use peregrine_proto::response::ThreadNode;

pub(super) async fn run(deed: &Deed, command: Thread) -> Done {
    let selected = deed.selected()?;
    // RFC 9738 §3.3
    let exists = selected.view.exists();
    if let Some(limit) = deed.message_limit().filter(|limit| exists > limit.get()) {
        return Err(refused(limit, None));
    }
    let found = find(selected, &command.keys, Some(&command.charset), None).await?;
    let view = &selected.view.snapshot().0;
    let threaded = selected.mailbox.thread(view, found, command.algorithm).await?;
    let indexes: Vec<u32> = threaded.iter().filter_map(|place| place.index).collect();
    let mut numbers = numbers(&selected.view, &indexes, command.uid).into_iter();
    let node = |place: &peregrine_store::Threaded| ThreadNode {
        depth: place.depth,
        number: place.index.and_then(|_| numbers.next()),
    };
    let nodes = threaded.iter().map(node).collect();
    Ok(Outcome::ok("That is all").with_data(wire(&Response::Thread(nodes))))
}
