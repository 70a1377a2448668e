//! Proof: what our tests are made of, linked by no product.
//!
//! - [`model`]: chance from a seed and shorter failures, for tests against a model.
//! - [`script`]: dialogues as text, run against any server.

pub mod model;
pub mod script;
