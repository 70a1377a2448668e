//! Lines that do not come from a person: replies are printed as they are.

use std::io::{BufRead, Read};
use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::sync::mpsc;

use super::assemble::{Lines, assemble};
use super::input;
use super::state::State;
use super::talk::{Heard, Order};

/// Standard input.
pub struct Input<R>(pub R);

/// Longest line that is read, in octets.
const LONGEST: u64 = 1 << 20;

impl<R: BufRead> Lines for Input<R> {
    fn line(&mut self, _prompt: &str) -> Option<String> {
        let mut octets = Vec::new();
        let read = self.0.by_ref().take(LONGEST).read_until(b'\n', &mut octets);
        if !read.is_ok_and(|read| read > 0) {
            return None;
        }
        let line = String::from_utf8_lossy(&octets);
        Some(line.trim_end_matches(['\r', '\n']).to_owned())
    }

    fn octets(&mut self, count: usize) -> Option<Vec<u8>> {
        let mut octets = vec![0; count];
        self.0.read_exact(&mut octets).ok().map(|()| octets)
    }
}

/// Sends what is read; each command waits for the one before unless `pipeline`. Gives what could
/// not be understood. Blocks its thread.
pub fn run(
    lines: &mut dyn Lines,
    state: &Arc<State>,
    orders: &mpsc::UnboundedSender<Order>,
    heard: &mut mpsc::UnboundedReceiver<Heard>,
    pipeline: bool,
) -> Result<(), String> {
    let runtime = Handle::current();
    while let Some(line) = lines.line("") {
        if state.lock().closed {
            return Err("the server has closed; not all was sent".to_owned());
        }
        if state.lock().dialogue().is_some() {
            // The next question, or the end of the dialogue.
            while heard.try_recv().is_ok() {}
            _ = orders.send(Order::Line(line));
            runtime.block_on(answered(heard, state, None));
            continue;
        }
        let Some(typed) = input::parse(&line) else { continue };
        let typed = typed?;
        let parts = assemble(typed.pieces, lines)?;
        let tag = typed.tag.unwrap_or_else(|| state.lock().new_tag());
        let dialogue = matches!(typed.name.as_str(), "IDLE" | "AUTHENTICATE");
        _ = orders.send(Order::Command { tag: tag.clone(), name: typed.name, parts });
        if !pipeline || dialogue {
            runtime.block_on(answered(heard, state, Some(&tag)));
        }
    }
    Ok(())
}

/// Waits for the end of a command, or for a question.
async fn answered(heard: &mut mpsc::UnboundedReceiver<Heard>, state: &State, tag: Option<&str>) {
    while let Some(one) = heard.recv().await {
        match one {
            Heard::Done(done, _) if tag.is_none_or(|tag| tag == done) => return,
            Heard::Closed => return,
            Heard::Challenge if state.lock().dialogue().is_some() => return,
            _ => {}
        }
    }
}
