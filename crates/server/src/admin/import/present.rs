//! What a mailbox holds already, so that running an import again makes no doubles.

use std::collections::HashMap;

use peregrine_proto::DateTime;
use peregrine_store::{Error, Mailbox, MailboxView};

/// Messages of a mailbox by size and date. Bodies are read only where both agree, so a first
/// import reads nothing here.
pub(super) struct Present {
    mailbox: Option<(Mailbox, MailboxView)>,
    candidates: HashMap<(u64, i64), Vec<Candidate>>,
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
        let mut candidates: HashMap<_, Vec<Candidate>> = HashMap::new();
        for (index, message) in (0..).zip(view.messages(0..view.exists())) {
            let key = (u64::from(message.size), message.date().unix);
            candidates.entry(key).or_default().push(Candidate { index, hash: None });
        }
        Self { mailbox: Some((mailbox, view)), candidates }
    }

    /// A mailbox that is not there.
    pub fn nothing() -> Self {
        Self { mailbox: None, candidates: HashMap::new() }
    }

    /// How many messages there were at the start.
    pub fn total(&self) -> u64 {
        self.mailbox.as_ref().map_or(0, |(_, view)| u64::from(view.exists()))
    }

    /// Whether the mailbox has this message. It is then used up: the same message once more is
    /// one more message.
    pub async fn take(&mut self, body: &[u8], date: DateTime) -> Result<bool, Error> {
        let key = (body.len() as u64, date.unix);
        let (Some((mailbox, view)), Some(candidates)) =
            (&self.mailbox, self.candidates.get_mut(&key))
        else {
            return Ok(false);
        };
        let wanted = blake3::hash(body);
        for at in 0..candidates.len() {
            let hash = match candidates[at].hash {
                Some(hash) => hash,
                None => match hash_of(mailbox, view, candidates[at].index).await {
                    Ok(hash) => *candidates[at].hash.insert(hash),
                    // Somebody has removed it meanwhile.
                    Err(Error::Expunged) => continue,
                    Err(error) => return Err(error),
                },
            };
            if hash == wanted {
                candidates.swap_remove(at);
                return Ok(true);
            }
        }
        Ok(false)
    }
}

async fn hash_of(mailbox: &Mailbox, view: &MailboxView, index: u32) -> Result<blake3::Hash, Error> {
    Ok(blake3::hash(&mailbox.body(view, index).await?.whole().await?))
}
