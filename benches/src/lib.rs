//! What the benches are made of: a server of the real binary in a process of its own, a plain
//! client that is cheap enough not to be what is measured, and the bare machine to compare with.
//!
//! See README.md for the figures and the commands that make them.

pub mod bare;
pub mod client;
pub mod least;
pub mod mail;
pub mod pipeline;
pub mod plain;
pub mod served;

/// The value that so many of a hundred do not exceed.
#[must_use]
pub fn percentile(values: &[f64], hundredths: usize) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values
        .get((values.len() * hundredths / 100).min(values.len().saturating_sub(1)))
        .copied()
        .unwrap_or(f64::NAN)
}

/// The middle of several measurements.
#[must_use]
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
