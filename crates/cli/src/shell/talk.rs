//! Sending, where literals wait for the server; and receiving.

use std::sync::Arc;

use bytes::Bytes;
use peregrine_client::proto::{Response, Status};
use peregrine_client::{Lost, RawReader, RawWriter};
use tokio::sync::mpsc;

use super::state::State;

/// Something to send.
#[derive(Debug)]
pub enum Order {
    /// A command: text and literals in turn.
    Command {
        /// Its tag.
        tag: String,
        /// Its name in capitals.
        name: String,
        /// Without tag and line's end.
        parts: Vec<Part>,
    },
    /// A line of a dialogue, without its end.
    Line(String),
}

/// A part of a command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Part {
    /// As typed.
    Text(String),
    /// Octets, announced and counted by us.
    Literal(Vec<u8>),
}

/// What the receiver tells who waits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Heard {
    /// `+`, while a literal waits for it.
    Continue,
    /// `+`, otherwise.
    Challenge,
    /// A command has ended.
    Done(String, Status),
    /// The server has closed, or the connection broke.
    Closed,
}

/// Sends what is ordered until nobody orders any more.
pub async fn send(
    mut writer: RawWriter,
    state: Arc<State>,
    mut orders: mpsc::UnboundedReceiver<Order>,
    mut heard: mpsc::UnboundedReceiver<Heard>,
) {
    while let Some(order) = orders.recv().await {
        let sent = match order {
            Order::Line(line) => writer.send(format!("{line}\r\n").as_bytes()).await.map(|()| true),
            Order::Command { tag, name, parts } => {
                {
                    let mut state = state.lock();
                    state.leaving |= name == "LOGOUT";
                    state.flying.push((tag.clone(), name));
                }
                command(&mut writer, &state, &tag, parts, &mut heard).await
            }
        };
        // The receiver tells why.
        if sent.is_err() {
            return;
        }
    }
}

/// False where the server did not want the rest.
async fn command(
    writer: &mut RawWriter,
    state: &State,
    tag: &str,
    parts: Vec<Part>,
    heard: &mut mpsc::UnboundedReceiver<Heard>,
) -> peregrine_client::Result<bool> {
    let mut line = format!("{tag} ").into_bytes();
    for part in parts {
        let octets = match part {
            Part::Text(text) => {
                line.extend_from_slice(text.as_bytes());
                continue;
            }
            Part::Literal(octets) => octets,
        };
        if state.lock().literals_at_once(octets.len()) {
            line.extend_from_slice(format!("{{{}+}}\r\n", octets.len()).as_bytes());
        } else {
            line.extend_from_slice(format!("{{{}}}\r\n", octets.len()).as_bytes());
            while heard.try_recv().is_ok() {}
            state.lock().literal = Some(tag.to_owned());
            writer.send(&line).await?;
            line.clear();
            loop {
                match heard.recv().await {
                    Some(Heard::Continue) => break,
                    Some(Heard::Done(done, _)) if done == tag => return Ok(false),
                    Some(Heard::Closed) | None => return Ok(false),
                    Some(_) => {}
                }
            }
        }
        line.extend_from_slice(&octets);
    }
    line.extend_from_slice(b"\r\n");
    writer.send(&line).await.map(|()| true)
}

/// Receives until the end: `show` gets each response, `tell` what others wait for. Gives why it
/// ended, where the server did not just close.
pub async fn receive(
    mut reader: RawReader,
    state: Arc<State>,
    mut show: impl FnMut(&Bytes, Option<&Response>),
    mut tell: impl FnMut(Heard),
) -> Option<Lost> {
    let end = loop {
        let octets = match reader.next().await {
            Ok(Some(octets)) => octets,
            Ok(None) => break None,
            Err(lost) => break Some(lost),
        };
        let parsed = Response::parse_in(&octets, state.lock().encoding).ok();
        let heard = {
            let mut state = state.lock();
            let done = parsed.as_ref().and_then(|response| state.note(response));
            match done {
                Some((tag, _, status)) => {
                    if state.literal.as_ref() == Some(&tag) {
                        state.literal = None;
                    }
                    Some(Heard::Done(tag, status))
                }
                None if octets.starts_with(b"+") => match state.literal.take() {
                    Some(_) => Some(Heard::Continue),
                    None => Some(Heard::Challenge),
                },
                None => None,
            }
        };
        show(&octets, parsed.as_ref());
        heard.into_iter().for_each(&mut tell);
    };
    state.lock().closed = true;
    tell(Heard::Closed);
    end
}
