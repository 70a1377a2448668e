//! Attacks on the wire, by the rows of the hostile-input checklist.
//!
//! Each attack runs whole, cut at each octet, and an octet at a time (G6; only some of the cuts
//! where it is long). It gets exactly the replies that it deserves (G1), leaves a connection that
//! answers the next command, or none (G3), holds up no other session and changes no mailbox (a
//! canary is looked at: G4) and makes nothing panic (G5). Every reply is read by our own grammar.
//! Time is simulated. `heap` counts what the rows in which much is sent take of the heap (G2).
//!
//! `docs/hostile.md` says which test is of which row, and which stand elsewhere: with TLS from the
//! client's side and proofs of SCRAM in the server's own tests, messages in those of the MIME reader.
//! Latencies are measured by the benches, since a test that looks at a clock fails by chance; each
//! system call's failure (T64) is in `calls`.

#![allow(clippy::unwrap_used, reason = "in a test, to panic is to fail")]

mod hostile {
    mod arguments;
    mod attack;
    mod boundaries;
    mod bounds;
    mod client;
    mod extensions;
    mod ground;
    mod heap;
    mod lines;
    mod literals;
    mod login;
    mod panics;
    mod replies;
    mod sessions;
}
