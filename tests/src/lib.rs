//! Tests that need more than one layer; the dialogues are in `scripts/`.
