//! Measuring IMAP servers: what `peregrine bench` does.
//!
//! - `what`: the measurements by name; `measure`: each of them, for one server and a short time.
//! - `rounds`: the servers in turn, so that what else the machine does hits all alike.
//! - `site`: a server with mailboxes made for the purpose and removed afterwards; `letter`: the
//!   messages in them; `wire`: a connection on which commands are sent as they are written.
//! - `null`: a server in this process that answers at once: the figures that it gets are the
//!   ceiling of all others.
//! - `figure`: medians and ratios; `table`, `json` and `chart`: how they are told.
//!
//! Nothing here prints.

pub mod chart;
pub mod figure;
pub mod json;
mod letter;
pub mod measure;
pub mod null;
pub mod rounds;
pub mod site;
pub mod table;
pub mod what;
mod wire;
