//! Parts of model tests: chance from a seed, and the search for a short failing list of steps.

pub use peregrine_check::chance::{Random, shorten};
