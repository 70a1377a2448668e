//! Proof: script runner, simulated wires and clock, reference model.
