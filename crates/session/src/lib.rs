//! One server connection as a deterministic machine: framing, state, scheduler, view, output.
