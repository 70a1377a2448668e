//! Proof of order: random pipelines, a model of mail, and a judge of what a server answered.
//!
//! A client may send commands without waiting, and a server may work on several at once, as long as
//! the results are those of the commands done one after the other (RFC 3501 §5.5). This crate
//! decides whether they are, for any server: from what was sent and received, without looking
//! inside.
//!
//! # Map
//!
//! - [`Plan`] and [`Step`]: what each connection does; [`mod@generate`] makes one from a seed;
//!   [`command`]: its commands; [`chance`]: numbers from a seed, and shorter failures.
//! - [`Player`]: the client's side without I/O; [`wire`] plays a plan over streams; [`History`]:
//!   what was sent and received.
//! - [`judge`]: the verdict. `dialogue` reads each connection as its client does; `order` says
//!   which commands must be done in the order of sending (a statement of its own, not the server's
//!   table); `graph` puts all that happened in relation; `model` is a mail store that does one
//!   command after the other; `search` looks for an order that explains everything; `explain` says
//!   why there is none.
//! - [`mod@inspect`]: pipelines against any server, in a folder of their own; [`ask`]: what surrounds
//!   them.
//!
//! # Example
//!
//! ```
//! use peregrine_check::command::Command;
//! use peregrine_check::{History, Next, Player, Server, Step, Verdict, judge};
//!
//! let steps = [Command::Create("a".into()), Command::Status("a".into())].map(Step::Send);
//! let mut history = History::new(1);
//! let mut player = Player::new(0, steps.into());
//! let Next::Write(octets) = player.next(usize::MAX, &mut history) else { panic!() };
//! assert!(octets.starts_with(b"a1 CREATE \"a\"\r\na2 STATUS \"a\" (MESSAGES "));
//!
//! // A server that did the second command first.
//! player.read(b"a2 NO There is no such mailbox\r\na1 OK Made\r\n", &mut history);
//! let server =
//!     Server { uid_plus: true, next_by_one: true, replies_in_order: false, excused: false };
//! let Verdict::Wrong(findings) = judge(&history, server) else { panic!() };
//! assert!(findings[0].text.starts_with("No order of the commands gives the answer to a2 STATUS"));
//! ```

#![warn(missing_docs)]

pub mod ask;
mod bits;
pub mod chance;
pub mod command;
mod dialogue;
mod explain;
mod finding;
pub mod flags;
pub mod generate;
mod graph;
mod history;
pub mod inspect;
mod judge;
mod model;
mod order;
mod plan;
mod player;
mod search;
pub mod wire;

pub use finding::{Finding, Rule};
pub use generate::{Shape, generate};
pub use history::{History, Received, Record, Sent};
pub use judge::{Verdict, judge};
pub use model::Server;
pub use plan::{Plan, Step};
pub use player::{Next, Player};
