//! SEARCH (RFC 3501 §6.4.4): cheap keys first, bodies last. SORT and THREAD (RFC 5256) of what was
//! found.

mod evaluate;
mod query;
mod references;
mod shared;
mod sort;
mod text;
mod thread;

pub(crate) use evaluate::run;
pub use query::{Asked, Query};
pub(crate) use shared::SharedTexts;
pub(crate) use sort::sort;
pub(crate) use text::fold;
pub use thread::Threaded;
pub(crate) use thread::thread;
