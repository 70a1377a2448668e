//! Proof: what our tests are made of, linked by no product.
//!
//! - [`script`]: dialogues as text, run against any server.

pub mod script;
