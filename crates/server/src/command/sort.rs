//! SORT (RFC 5256, RFC 5957, RFC 7162 §3.1.9), extended (RFC 5267 §3).

use super::search::{extended, find, mod_seq, numbers};
use super::{Deed, Done};
use crate::host::Outcome;
use peregrine_proto::command::Sort;
use peregrine_proto::response;

pub(super) async fn run(deed: &Deed, command: Sort) -> Done {
    let selected = deed.selected()?;
    let found = find(selected, &command.keys, Some(&command.charset), None).await?;
    let view = &selected.view.snapshot().0;
    let sorted = selected.mailbox.sort(view, found, &command.criteria).await?;
    let numbers = numbers(&selected.view, &sorted, command.uid);
    let Some(returns) = command.returns else {
        let mut out = Vec::new();
        let mod_seq = mod_seq(selected, &command.keys, &sorted);
        response::search::write(&mut out, "SORT", numbers, mod_seq);
        return Ok(Outcome::ok("That is all").with_data(out));
    };
    let asked = |some: &[u32]| mod_seq(selected, &command.keys, some);
    Ok(extended(deed, returns, command.uid, (numbers, &sorted), &asked))
}
