//! A server that is measured: mailboxes of our own on it, made before and removed afterwards.

mod made;

use std::collections::HashMap;
use std::time::{SystemTime, UNIX_EPOCH};

use super::wire::Wire;
use crate::failure::Failure;
use crate::mail::connect::Access;

/// What the name of each of our mailboxes begins with.
pub const NAME: &str = "peregrine-bench-";

/// Large messages in the mailbox for them.
pub const LARGE: usize = 8;

/// A server.
pub struct Site {
    /// What a person calls it.
    pub name: String,
    /// How to get there.
    pub access: Access,
    /// What the names of our mailboxes there begin with.
    prefix: String,
    /// UIDs of the small messages.
    pub uids: Vec<u32>,
    /// STOREs so far, of one message and of all: each is to change something.
    pub stores: (usize, usize),
    wire: Option<(Wire, String)>,
    made: bool,
    /// How often mailboxes were made anew.
    made_anew: HashMap<Folder, usize>,
}

/// Our mailboxes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Folder {
    /// Many messages of 8 KiB, each second one seen.
    Small,
    /// A few of 1 MiB.
    Large,
    /// Nothing, to ask the STATUS of.
    Empty,
    /// One message, and what comes during IDLE.
    Watched,
    /// For what is appended, one for each connection.
    Inbound(usize),
}

impl Folder {
    fn word(self) -> String {
        match self {
            Self::Small => "small".to_owned(),
            Self::Large => "large".to_owned(),
            Self::Empty => "empty".to_owned(),
            Self::Watched => "watched".to_owned(),
            Self::Inbound(number) => format!("in{number}"),
        }
    }
}

impl Site {
    /// Nothing is sent yet.
    pub fn new(name: String, access: Access) -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        // Two runs at once, on two machines even, are not to meet.
        let chance = since.as_nanos() as u64 ^ (u64::from(std::process::id()) << 40);
        let prefix = format!("{NAME}{:x}-", chance & 0xff_ffff_ffff);
        Self {
            name,
            access,
            prefix,
            uids: Vec::new(),
            stores: (0, 0),
            wire: None,
            made: false,
            made_anew: HashMap::new(),
        }
    }

    /// A mailbox's name, as it is written in commands.
    pub fn name_of(&self, folder: Folder) -> String {
        format!("\"{}\"", self.plain_name(folder))
    }

    fn plain_name(&self, folder: Folder) -> String {
        let made_anew = self.made_anew.get(&folder).map(|times| format!("x{times}"));
        format!("{}{}{}", self.prefix, folder.word(), made_anew.unwrap_or_default())
    }

    /// The connection that is kept from one measurement to the next, with this mailbox selected.
    /// It is gone until [`Site::keep`]: after a failure nobody knows what is still to come on it.
    pub async fn take(&mut self, folder: Folder) -> Result<Wire, Failure> {
        let name = self.name_of(folder);
        let (mut wire, selected) = match self.wire.take() {
            Some((wire, selected)) => (wire, selected),
            None => (Wire::connect(&self.access).await?, String::new()),
        };
        if selected != name {
            wire.ask(&format!("SELECT {name}")).await?;
        }
        Ok(wire)
    }

    /// Gives it back; this mailbox is selected on it.
    pub fn keep(&mut self, wire: Wire, folder: Folder) {
        self.wire = Some((wire, self.name_of(folder)));
    }

    /// Puts an empty mailbox in the place of one that was appended to, so that a long run needs no
    /// more room than a short one. It has another name: Cyrus keeps a name that was just deleted
    /// as long as some connection has the mailbox open.
    pub async fn empty(&mut self, folder: Folder) -> Result<(), Failure> {
        let old = self.name_of(folder);
        let mut wire = self.take(Folder::Empty).await?;
        wire.ask(&format!("DELETE {old}")).await?;
        *self.made_anew.entry(folder).or_default() += 1;
        wire.ask(&format!("CREATE {}", self.name_of(folder))).await?;
        self.keep(wire, Folder::Empty);
        Ok(())
    }

    /// Whether there may be mailboxes of ours.
    pub fn is_made(&self) -> bool {
        self.made
    }

    /// What the names of our mailboxes there begin with.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }
}
