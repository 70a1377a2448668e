//! The session machine through its public face.

mod admission;
mod client;
mod cuts;
mod flow;
mod limits;
mod mail;
mod model;
mod order;
mod updates;
