//! The ends of a migration, from what was written on the command line.
//!
//! - `place`: a server, a served folder, a Maildir or an mbox; `open`: from there to a side.
//! - `local`: a user's mail in a served folder as a side, by `peregrine_server::admin::local`.

pub mod local;
pub mod open;
pub mod place;
