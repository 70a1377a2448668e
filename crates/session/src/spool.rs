//! A message that comes in too long for memory: its octets go to the caller's storage.

use bytes::Bytes;

/// What to do with the caller's temporary storage. The number is that of
/// `append::Literal::Spooled`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Spool {
    /// A message begins.
    Start {
        /// Which.
        id: u64,
        /// How many octets it will have.
        length: u32,
    },
    /// More of it.
    Data {
        /// Which.
        id: u64,
        /// The next octets.
        data: Bytes,
    },
    /// All of it has come; a job may follow that owns it from then on.
    End {
        /// Which.
        id: u64,
    },
    /// Nothing will use it: the command was refused, or the client is gone.
    Dropped {
        /// Which.
        id: u64,
    },
}
