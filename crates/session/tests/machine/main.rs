//! The session machine through its public face.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod admission;
mod bounds;
mod client;
mod cuts;
mod fairness;
mod flow;
mod limits;
mod lone;
mod mail;
mod model;
mod order;
mod overtake;
mod own;
mod parts;
mod progress;
mod updates;
