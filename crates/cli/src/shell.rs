//! The interactive terminal: what a person types to a server, and what comes back.
//!
//! - `assemble`: its literals, from files or asked for.
//! - `input`: what was typed: tag, literals, secrets. No I/O.
//! - `state`: what both directions know: tags in flight, mailboxes, capabilities.
//! - `talk`: sending, with literals; receiving.
//! - `paint`: responses for a screen or a script.
//! - `complete`: words that may come next.
//! - `terminal`: a person at a prompt; `script`: lines from elsewhere.

pub mod assemble;
pub mod complete;
pub mod input;
pub mod paint;
pub mod script;
pub mod state;
pub mod talk;
pub mod terminal;
