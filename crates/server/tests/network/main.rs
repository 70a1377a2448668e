//! The server over streams in memory: logins, TLS, limits, and the driver of a connection.

#![allow(clippy::unwrap_used, reason = "in a test, to panic is to fail")]

mod bodies;
mod damage;
mod deflate;
mod dialogue;
mod driver;
mod faults;
mod limits;
mod login;
mod scram;
mod socket;
mod tls;
mod unauthenticate;
mod watch;
mod width;
