//! The client through its public face: against our own server in process, and against servers that
//! are played from a script.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "client/binary.rs"]
mod binary;
#[path = "client/binding.rs"]
mod binding;
#[path = "client/certificates.rs"]
mod certificates;
#[path = "client/compressed.rs"]
mod compressed;
#[path = "client/cut.rs"]
mod cut;
#[path = "client/early.rs"]
mod early;
#[path = "client/holding.rs"]
mod holding;
#[path = "client/hostile.rs"]
mod hostile;
#[path = "client/house.rs"]
mod house;
#[path = "client/migrating.rs"]
mod migrating;
#[path = "client/moving.rs"]
mod moving;
#[path = "client/mutated.rs"]
mod mutated;
#[path = "client/oddities.rs"]
mod oddities;
#[path = "client/order.rs"]
mod order;
#[path = "client/own_server.rs"]
mod own_server;
#[path = "client/patience.rs"]
mod patience;
#[path = "client/played.rs"]
mod played;
#[path = "client/privacy.rs"]
mod privacy;
#[path = "client/reading.rs"]
mod reading;
#[path = "client/rev2.rs"]
mod rev2;
#[path = "client/sharing.rs"]
mod sharing;
#[path = "client/tap.rs"]
mod tap;
#[path = "client/tokens.rs"]
mod tokens;
#[path = "client/watching.rs"]
mod watching;
#[path = "client/wire.rs"]
mod wire;
