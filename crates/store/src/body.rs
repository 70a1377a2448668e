//! The octets of messages.

mod pieces;
mod sums;

pub use pieces::{BodyPieces, PIECE};

use crate::account::rows;
use crate::limits::MAX_ROW_BODY;
use crate::row::body::{BodyRow, Place};
use crate::row::chunk;
use crate::{Account, BodyNumber, Error, MailboxView, Message, keys};
use bytes::Bytes;
use peregrine_kv::{Engine, Key, ObjectName, Snapshot, Value};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::task::JoinSet;

/// Bodies of one page at most.
const PAGE_BODIES: usize = 512;
/// Octets of the bodies of one page, roughly.
const PAGE_OCTETS: usize = 1024 * 1024;
/// How many readers of this process may have a second page, read ahead, so that many slow clients
/// hold little more than one each.
const READERS_AHEAD: usize = 64;

static AHEAD: Semaphore = Semaphore::const_new(READERS_AHEAD);

/// A message's octets: in memory, or in an object that is read when asked.
#[derive(Clone)]
pub struct Body(Source);

#[derive(Clone)]
enum Source {
    Memory(Bytes),
    Object { engine: Arc<dyn Engine>, name: ObjectName, length: u64 },
}

/// Reads bodies in order, a page at a time. While one page is used, the next is read.
pub struct Bodies {
    window: Window,
    /// The next page, by a task of its own: whoever takes no more pages, because a client does
    /// not read, must not hold a snapshot meanwhile.
    ahead: JoinSet<Result<Vec<Body>, Error>>,
    /// Allows it to read ahead.
    allowed: Option<SemaphorePermit<'static>>,
}

/// Messages whose bodies are not read yet.
#[derive(Clone)]
struct Window {
    account: Account,
    view: MailboxView,
    indexes: Range<u32>,
}

/// The body of one message.
pub(crate) async fn one(account: &Account, view: &MailboxView, index: u32) -> Result<Body, Error> {
    let number = view.message(index).ok_or(Error::Expunged)?.body;
    let core = account.core();
    let snapshot = core.engine.snapshot().await?;
    match snapshot.get(&keys::body(core.id, number)).await? {
        Some(row) => Body::from_row(&core.engine, &row),
        None => Err(missing(account, &*snapshot, view, index).await?),
    }
}

/// Why a message has no body: it was removed by another process, or its body is out of reach.
async fn missing(
    account: &Account,
    snapshot: &dyn Snapshot,
    view: &MailboxView,
    index: u32,
) -> Result<Error, Error> {
    let mailbox = view.version().mailbox;
    let message = view.message(index).ok_or(Error::Expunged)?;
    for (_, row) in rows(snapshot, keys::chunks(account.id(), mailbox)).await? {
        if chunk::decode(&row)?.iter().any(|m| (m.uid, m.body) == (message.uid, message.body)) {
            let what =
                format!("UID {} of mailbox {}: its body is missing", message.uid.0, mailbox.0);
            return Ok(Error::corrupt(what));
        }
    }
    Ok(Error::Expunged)
}

impl Body {
    fn from_row(engine: &Arc<dyn Engine>, row: &Bytes) -> Result<Self, Error> {
        Ok(Self(match BodyRow::decode(row)?.place {
            Place::Inline(bytes) => Source::Memory(bytes),
            Place::Object { name, length } => {
                Source::Object { engine: Arc::clone(engine), name, length }
            }
        }))
    }

    /// Octets.
    #[must_use]
    pub fn len(&self) -> u64 {
        match &self.0 {
            Source::Memory(bytes) => bytes.len() as u64,
            Source::Object { length, .. } => *length,
        }
    }

    /// Whether there is no octet in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All octets, if they are in memory already (up to [`crate::limits::MAX_ROW_BODY`]).
    #[must_use]
    pub fn in_memory(&self) -> Option<&Bytes> {
        match &self.0 {
            Source::Memory(bytes) => Some(bytes),
            Source::Object { .. } => None,
        }
    }

    /// All octets, checked against their hash.
    ///
    /// # Errors
    /// [`Error::Corrupt`], [`Error::Unavailable`].
    pub async fn whole(&self) -> Result<Bytes, Error> {
        match &self.0 {
            Source::Memory(bytes) => Ok(bytes.clone()),
            Source::Object { engine, name, length } => {
                let mut object = engine.objects().read(name).await?;
                if (object.len() as u64) < *length {
                    return Err(Error::corrupt(format!("object {name} is too short")));
                }
                // Behind the body stands the account's id.
                object.truncate(usize::try_from(*length).unwrap_or(usize::MAX));
                Ok(object)
            }
        }
    }

    /// The octets of a range (cut at the end of the body), a piece at a time. An object is checked
    /// against its hash before the first piece is given, and each piece is what was checked.
    #[must_use]
    pub fn pieces(&self, range: Range<u64>) -> BodyPieces {
        let end = range.end.min(self.len());
        let range = range.start.min(end)..end;
        match &self.0 {
            Source::Memory(bytes) => {
                BodyPieces::of_memory(bytes.slice(range.start as usize..range.end as usize))
            }
            Source::Object { engine, name, length } => {
                BodyPieces::of_object(engine, *name, *length, range)
            }
        }
    }

    /// At most `length` octets from `offset`, fewer only at the end; checked as in
    /// [`pieces`](Self::pieces).
    ///
    /// # Errors
    /// [`Error::Corrupt`], [`Error::Unavailable`].
    pub async fn read_at(&self, offset: u64, length: usize) -> Result<Bytes, Error> {
        let left = self.len().saturating_sub(offset);
        let length = length.min(usize::try_from(left).unwrap_or(usize::MAX));
        if length == 0 {
            return Ok(Bytes::new());
        }
        match &self.0 {
            Source::Memory(bytes) => {
                // What lies in memory has offsets that fit it.
                let start = offset as usize;
                Ok(bytes.slice(start..start + length))
            }
            Source::Object { engine, name, length: body } => {
                let object = pieces::open(&**engine, *name, *body).await?;
                object.read(offset..offset + length as u64).await
            }
        }
    }
}

impl Bodies {
    pub(crate) fn new(account: &Account, view: &MailboxView, indexes: Range<u32>) -> Self {
        let end = indexes.end.min(view.exists());
        let indexes = indexes.start.min(end)..end;
        let window = Window { account: account.clone(), view: view.clone(), indexes };
        Self { window, ahead: JoinSet::new(), allowed: None }
    }

    /// The next bodies, of messages with consecutive indexes, with the index of the first; `None`
    /// at the end. Never empty.
    ///
    /// # Errors
    /// [`Error::Expunged`] if another process has removed a message, [`Error::Corrupt`].
    pub async fn next_page(&mut self) -> Result<Option<(u32, Vec<Body>)>, Error> {
        let bodies = match self.ahead.join_next().await {
            None => self.window.clone().read().await?,
            Some(Ok(bodies)) => bodies?,
            Some(Err(failed)) => match failed.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(failed) => return Err(Error::Unavailable { cause: failed.to_string() }),
            },
        };
        if bodies.is_empty() {
            return Ok(None);
        }
        let first = self.window.indexes.start;
        self.window.indexes.start += bodies.len() as u32;
        // Page by page, so that nobody reads ahead for long while others may not.
        self.allowed = None;
        if self.window.indexes.is_empty() {
            return Ok(Some((first, bodies)));
        }
        self.allowed = AHEAD.try_acquire().ok();
        if self.allowed.is_some() {
            self.ahead.spawn(self.window.clone().read());
        }
        Ok(Some((first, bodies)))
    }
}

impl Window {
    /// The first bodies; none only where no message is left.
    async fn read(self) -> Result<Vec<Body>, Error> {
        let numbers = self.numbers();
        let (Some(least), Some(most)) = (numbers.iter().min(), numbers.iter().max()) else {
            return Ok(Vec::new());
        };
        let rows = if most.0 - least.0 < 2 * numbers.len() as u64 {
            self.scan(*least, *most).await?
        } else {
            self.pick(&numbers).await?
        };
        let engine = &self.account.core().engine;
        let found = numbers.iter().map_while(|number| rows.get(number));
        let bodies: Vec<Body> =
            found.map(|row| Body::from_row(engine, row)).collect::<Result<_, _>>()?;
        if bodies.is_empty() {
            // A scan may have ended before it came to the first one.
            return Ok(vec![one(&self.account, &self.view, self.indexes.start).await?]);
        }
        Ok(bodies)
    }

    /// The bodies of the next messages, as many as make a page.
    fn numbers(&self) -> Vec<BodyNumber> {
        let mut octets = 0;
        let fits = |message: &&Message| {
            let before = octets;
            // What is longer lies in an object, of which only the name is read.
            octets += if message.size as usize > MAX_ROW_BODY { 0 } else { message.size as usize };
            before == 0 || octets <= PAGE_OCTETS
        };
        let messages = self.view.messages(self.indexes.clone()).take(PAGE_BODIES);
        messages.take_while(fits).map(|message| message.body).collect()
    }

    /// Bodies that lie beside each other, with perhaps others between.
    async fn scan(
        &self,
        least: BodyNumber,
        most: BodyNumber,
    ) -> Result<HashMap<BodyNumber, Value>, Error> {
        let core = self.account.core();
        let range = keys::bodies(core.id, least, most);
        let page = core.engine.snapshot().await?.scan(range, 2 * PAGE_BODIES).await?;
        let numbered = page.rows.into_iter();
        Ok(numbered.filter_map(|(key, row)| Some((keys::body_of(&key)?, row))).collect())
    }

    /// Bodies that lie anywhere.
    async fn pick(&self, numbers: &[BodyNumber]) -> Result<HashMap<BodyNumber, Value>, Error> {
        let core = self.account.core();
        let keys: Vec<Key> = numbers.iter().map(|number| keys::body(core.id, *number)).collect();
        let rows = core.engine.snapshot().await?.get_many(&keys).await?;
        let numbered = numbers.iter().zip(rows);
        Ok(numbered.filter_map(|(number, row)| Some((*number, row?))).collect())
    }
}
