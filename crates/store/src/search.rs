//! SEARCH (RFC 3501 §6.4.4): cheap keys first, bodies last.

mod evaluate;
mod query;
mod text;

pub(crate) use evaluate::run;
pub use query::{Asked, Query};
pub(crate) use text::fold;
