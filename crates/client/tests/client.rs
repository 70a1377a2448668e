//! The client through its public face: against our own server in process, and against servers that
//! are played from a script.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "client/house.rs"]
mod house;
#[path = "client/oddities.rs"]
mod oddities;
#[path = "client/own_server.rs"]
mod own_server;
#[path = "client/wire.rs"]
mod wire;
