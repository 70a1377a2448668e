//! Attacks on the wire, by the rows of the hostile-input checklist.
//!
//! Each attack runs whole, cut at each octet, and an octet at a time (G6; only some of the cuts
//! where it is long). It gets exactly the replies that it deserves (G1), leaves a connection that
//! answers the next command, or none (G3), changes no mailbox (a canary is looked at) and makes
//! nothing panic (G5). Every reply is read by our own grammar. Time is simulated.
//!
//! - `lines`: T01–T06, T12, T14, T16, T17, T25. `literals`: T07–T11, T13, T15, T39.
//! - `arguments`: T18–T22, T24, T26–T29. `replies`: T31. `login`: T41, T42, T44–T50.
//! - `sessions`: T55–T57. `bounds`: T58, T59, T62–T65.
//!
//! With TLS from the client's side, and proofs of SCRAM: T17, T41–T43, T48 and T51 stand in the
//! server's own tests, and so do T30 (COMPRESS) and T54 (UNAUTHENTICATE); T32–T37 in those of the
//! MIME reader.
//!
//! Not here:
//! - G2 and G4: memory and latency are measured by the benches; a counting allocator needs unsafe
//!   code, and a test that looks at a clock fails by chance.
//! - T23: the maps of the standard library have random keys, so no keys can be chosen to collide.
//! - T40 (BINARY): not offered yet. T27 with QRESYNC enabled, T38 (THREAD)
//!   and T63 with MULTIAPPEND: offered, and not attacked here yet.
//! - T52, T53: there are no rights of others yet.
//! - T60, T61: no names from SNI are kept, and a search's time is bounded in the store.
//! - T64 at each system call: engines fail at each of their own calls here; the files below are
//!   the storage engine's to test.

#![allow(clippy::unwrap_used, reason = "in a test, to panic is to fail")]

mod hostile {
    mod arguments;
    mod attack;
    mod bounds;
    mod client;
    mod ground;
    mod lines;
    mod literals;
    mod login;
    mod panics;
    mod replies;
    mod sessions;
}
