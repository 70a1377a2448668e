//! Mail as people and scripts want it: what a server tells, decoded.
//!
//! - `connect`: from an argument to a connection that is logged in.
//! - `words`: what people type: sets of UIDs, flags, days.
//! - `text`: header words and bodies, decoded; `part`: the parts of a message.
//! - `summary`: a message in one line, or in one JSON object; `date`: points in time.
//! - `file_name`: names that are safe to write to.
//!
//! Nothing here prints.

pub mod connect;
pub mod date;
pub mod file_name;
pub mod part;
pub mod summary;
pub mod text;
pub mod words;
