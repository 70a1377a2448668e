//! What a mailbox holds already, so that running an import again makes no doubles.

use std::collections::{HashMap, VecDeque};

use peregrine_proto::DateTime;
use peregrine_store::{Body, Error, Mailbox, MailboxView};

/// Messages whose bodies are read at once while they are asked for in order.
const AHEAD: u32 = 256;

/// Messages of a mailbox by size and date. Bodies are read only where both agree, so a first
/// import reads nothing here.
pub(super) struct Present {
    bodies: Option<Hashes>,
    /// In the order of the mailbox, which is the order of the source if that made it.
    candidates: HashMap<(u64, i64), VecDeque<Candidate>>,
}

/// A message that may be the same as one of the source.
struct Candidate {
    index: u32,
    hash: Option<blake3::Hash>,
}

impl Present {
    /// What the mailbox holds now.
    pub fn of(mailbox: Mailbox) -> Self {
        let view = mailbox.view();
        let mut candidates: HashMap<_, VecDeque<Candidate>> = HashMap::new();
        for (index, message) in (0..).zip(view.messages(0..view.exists())) {
            let key = (u64::from(message.size), message.date().unix);
            candidates.entry(key).or_default().push_back(Candidate { index, hash: None });
        }
        let bodies = Hashes { mailbox, view, read: HashMap::new(), next: 0 };
        Self { bodies: Some(bodies), candidates }
    }

    /// A mailbox that is not there.
    pub fn nothing() -> Self {
        Self { bodies: None, candidates: HashMap::new() }
    }

    /// How many messages there were at the start.
    pub fn total(&self) -> u64 {
        self.bodies.as_ref().map_or(0, |bodies| u64::from(bodies.view.exists()))
    }

    /// Whether the mailbox has this message. It is then used up: the same message once more is
    /// one more message.
    pub async fn take(&mut self, body: &[u8], date: DateTime) -> Result<bool, Error> {
        let key = (body.len() as u64, date.unix);
        let (Some(bodies), Some(candidates)) = (&mut self.bodies, self.candidates.get_mut(&key))
        else {
            return Ok(false);
        };
        let wanted = blake3::hash(body);
        for (at, candidate) in candidates.iter_mut().enumerate() {
            let hash = match candidate.hash {
                Some(hash) => Some(hash),
                None => bodies.hash(candidate.index).await?,
            };
            candidate.hash = hash;
            if hash == Some(wanted) {
                candidates.remove(at);
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Hashes of the bodies of a mailbox.
struct Hashes {
    mailbox: Mailbox,
    view: MailboxView,
    /// Read ahead and not yet asked for.
    read: HashMap<u32, blake3::Hash>,
    /// What is asked for next if the source has the order of the mailbox.
    next: u32,
}

impl Hashes {
    /// The hash of a message's body; none if the message was removed meanwhile, or is damaged: then
    /// the source's is wanted all the more.
    async fn hash(&mut self, index: u32) -> Result<Option<blake3::Hash>, Error> {
        if let Some(hash) = self.read.remove(&index) {
            return Ok(Some(hash));
        }
        if index == self.next
            && let Ok(Some((first, page))) = self
                .mailbox
                .bodies(&self.view, index..self.view.exists().min(index.saturating_add(AHEAD)))
                .next_page()
                .await
        {
            for (index, body) in (first..).zip(page) {
                let Some(hash) = hash_of(&body).await? else { break };
                self.read.insert(index, hash);
                self.next = index + 1;
            }
            if let Some(hash) = self.read.remove(&index) {
                return Ok(Some(hash));
            }
        }
        // Out of order, or something on that page is gone or damaged.
        self.next = index + 1;
        match self.mailbox.body(&self.view, index).await {
            Ok(body) => hash_of(&body).await,
            Err(Error::Expunged | Error::Corrupt { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

async fn hash_of(body: &Body) -> Result<Option<blake3::Hash>, Error> {
    match body.whole().await {
        Ok(octets) => Ok(Some(blake3::hash(&octets))),
        Err(Error::Corrupt { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
