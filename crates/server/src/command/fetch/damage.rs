//! Messages that a FETCH has to leave out because they are damaged.

use crate::host::Outcome;
use peregrine_proto::{Code, Uid};

/// Damaged messages that are named in the log for one command: whoever reads it runs `verify`, which
/// names all.
const LOGGED: usize = 10;

/// What was left out.
#[derive(Default)]
pub(super) struct Damaged {
    first: Option<Uid>,
    count: usize,
}

impl Damaged {
    /// Counts one, and says in the log what is wrong with it.
    pub(super) fn note(&mut self, uid: Uid, what: &str) {
        self.first.get_or_insert(uid);
        self.count += 1;
        if self.count <= LOGGED {
            tracing::error!(uid = uid.0.get(), what, "a message is damaged and left out");
        }
    }

    /// How the command ends, if something was left out: with NO, since not all was told that was
    /// asked for (RFC 9051 §6.4.5), and a code that no client takes for a reason to come again
    /// (RFC 5530 §3).
    pub(super) fn outcome(&self) -> Option<Outcome> {
        let uid = self.first?.0;
        let text = match self.count {
            1 => format!("The message with UID {uid} is damaged and was left out"),
            count => format!("{count} messages are damaged and were left out, first UID {uid}"),
        };
        Some(Outcome::no(Some(Code::Corruption), text))
    }
}
