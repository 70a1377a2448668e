//! Faults of CREATE, DELETE and RENAME, of what is selected and of names below others.

use super::{Fault, exchange_sent, restore_order};
use peregrine_check::command::Command;

/// All of them.
pub fn all() -> Vec<Fault> {
    vec![
        exchanged!(
            "DELETE of the selected mailbox before what works in it",
            Command::Fetch { .. } | Command::Search { .. } | Command::Copy { .. },
            Command::Delete(name) if is_lasting(name)
        ),
        exchanged!(
            "DELETE of the selected mailbox behind what follows it",
            Command::Delete(name) if is_lasting(name),
            Command::Fetch { .. } | Command::Search { .. } | Command::Store { .. }
        ),
        exchanged!(
            "RENAME before what uses the old name",
            Command::Status(_) | Command::Append { .. } | Command::Select { .. },
            Command::Rename(..)
        ),
        exchanged!(
            "a name made before the one above it is renamed",
            Command::Rename(..),
            Command::Create(name) if name.ends_with("/Z")
        ),
        exchanged!(
            "a name deleted before the one above it is renamed",
            Command::Rename(..),
            Command::Delete(name) if name.ends_with("/Z")
        ),
    ]
}

fn is_lasting(name: &str) -> bool {
    name.ends_with(['A', 'B'])
}
