//! What the benches are made of: a server of the real binary in a process of its own, a plain
//! client that is cheap enough not to be what is measured, and the bare machine to compare with.
//!
//! See README.md for the figures and the commands that make them.

pub mod bare;
pub mod client;
pub mod mail;
pub mod served;

/// The middle of several measurements.
#[must_use]
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
