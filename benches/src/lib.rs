//! Benches; see README.md for the figures and the commands that make them.
