//! A transaction as data: what must hold, what changes, and who is told.

use bytes::Bytes;

use crate::{Error, Key, MAX_KEY, MAX_TRANSACTION, MAX_VALUE, Topic, Value};

/// Bytes that a bumped counter takes where it is placed: a big-endian `u64`.
pub const BUMPED_LEN: usize = 8;

/// What is to change, and under which conditions; [`Engine::commit`](crate::Engine::commit) does
/// all of it or nothing.
///
/// Expectations are judged before the first operation, against the state that all earlier commits
/// left. Operations then apply in order, each seeing those before it.
///
/// ```
/// use peregrine_kv::{Template, Transaction};
///
/// let mut transaction = Transaction::new();
/// transaction.expect_absent("name/INBOX");
/// let id = transaction.bump("next-id", 1);
/// transaction.put("name/INBOX", Template::new().bumped(id));
/// transaction.put(Template::from("box/").bumped(id), "INBOX");
/// assert!(transaction.check().is_ok());
/// ```
#[derive(Clone, Debug, Default)]
pub struct Transaction {
    /// What must hold, judged in this order.
    pub expectations: Vec<Expectation>,
    /// What changes, applied in this order.
    pub operations: Vec<Operation>,
    /// Whose watchers are told once the commit is durable.
    pub topics: Vec<Topic>,
}

/// A condition on the state before the transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expectation {
    /// The key has no value.
    Absent(Key),
    /// The key has exactly this value.
    Equals(Key, Value),
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Sets a value, whether or not there was one.
    Put {
        /// Where.
        key: Template,
        /// What.
        value: Template,
    },
    /// Removes a value, if there is one.
    Delete(Template),
    /// Removes every key from `start` (included) to `end` (excluded).
    DeleteRange {
        /// The first key that is removed.
        start: Key,
        /// The first key that is not.
        end: Key,
    },
    /// Adds to a counter: eight bytes, big-endian, 0 when absent. Leaving the range of `u64`, or a
    /// value of another length, fails the transaction.
    Bump {
        /// Where the counter is.
        key: Key,
        /// What is added; 0 reads the counter in order to place it.
        by: i64,
    },
}

/// Stands for the value that a [`Operation::Bump`] of the same transaction leaves: its index
/// among the bumps, which is also its index in [`Committed::bumped`](crate::Committed::bumped).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Bumped(pub usize);

/// A key or a value, of bytes known now and counters known at commit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template(pub Vec<Piece>);

/// One piece of a [`Template`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Bytes as they are.
    Bytes(Bytes),
    /// The counter's new value plus `plus`, in [`BUMPED_LEN`] bytes, big-endian. After a bump by
    /// n, `plus` of 1 - n to 0 are the n numbers that it took.
    Bumped {
        /// Which bump; it must stand before the operation that uses it.
        bump: Bumped,
        /// What is added before it is placed (the counter itself does not change).
        plus: i64,
    },
}

impl Transaction {
    /// Does nothing until something is added.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Commit only if `key` has no value.
    pub fn expect_absent(&mut self, key: impl Into<Key>) -> &mut Self {
        self.expectations.push(Expectation::Absent(key.into()));
        self
    }

    /// Commit only if `key` has this `value`.
    pub fn expect_equals(&mut self, key: impl Into<Key>, value: impl Into<Value>) -> &mut Self {
        self.expectations.push(Expectation::Equals(key.into(), value.into()));
        self
    }

    /// Commit only if `key` is as it was read: with this value, or absent.
    pub fn expect(&mut self, key: impl Into<Key>, read: Option<Value>) -> &mut Self {
        match read {
            Some(value) => self.expect_equals(key, value),
            None => self.expect_absent(key),
        }
    }

    /// Sets a value.
    pub fn put(&mut self, key: impl Into<Template>, value: impl Into<Template>) -> &mut Self {
        self.operations.push(Operation::Put { key: key.into(), value: value.into() });
        self
    }

    /// Removes a value, if there is one.
    pub fn delete(&mut self, key: impl Into<Template>) -> &mut Self {
        self.operations.push(Operation::Delete(key.into()));
        self
    }

    /// Removes every key from `start` (included) to `end` (excluded).
    pub fn delete_range(&mut self, start: impl Into<Key>, end: impl Into<Key>) -> &mut Self {
        self.operations.push(Operation::DeleteRange { start: start.into(), end: end.into() });
        self
    }

    /// Adds to a counter; the answer places its new value in later operations.
    pub fn bump(&mut self, key: impl Into<Key>, by: i64) -> Bumped {
        let earlier = self.operations.iter().filter(|o| matches!(o, Operation::Bump { .. }));
        let bump = Bumped(earlier.count());
        self.operations.push(Operation::Bump { key: key.into(), by });
        bump
    }

    /// Tells the watchers of `topic` once the commit is durable.
    pub fn topic(&mut self, topic: impl Into<Topic>) -> &mut Self {
        self.topics.push(topic.into());
        self
    }

    /// Whether it asks for no condition and no change.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.expectations.is_empty() && self.operations.is_empty()
    }

    /// Bytes of all keys, values and topics.
    #[must_use]
    pub fn size(&self) -> usize {
        let expectations = self.expectations.iter().map(|e| match e {
            Expectation::Absent(key) => key.len(),
            Expectation::Equals(key, value) => key.len() + value.len(),
        });
        let operations = self.operations.iter().map(|o| match o {
            Operation::Put { key, value } => key.len() + value.len(),
            Operation::Delete(key) => key.len(),
            Operation::DeleteRange { start, end } => start.len() + end.len(),
            Operation::Bump { key, .. } => key.len() + BUMPED_LEN,
        });
        expectations.sum::<usize>()
            + operations.sum::<usize>()
            + self.topics.iter().map(|t| t.0.len()).sum::<usize>()
    }

    /// Whether it keeps the limits and each placed counter is bumped before.
    ///
    /// # Errors
    /// [`Error::TooLarge`] or [`Error::Invalid`]. Engines ask this first, so callers need not.
    pub fn check(&self) -> Result<(), Error> {
        for expectation in &self.expectations {
            match expectation {
                Expectation::Absent(key) => check_key(key.len())?,
                Expectation::Equals(key, value) => {
                    check_key(key.len())?;
                    check_value(value.len())?;
                }
            }
        }
        let mut bumps = 0;
        for operation in &self.operations {
            match operation {
                Operation::Put { key, value } => {
                    check_key(key.len())?;
                    check_value(value.len())?;
                    key.check(bumps)?;
                    value.check(bumps)?;
                }
                Operation::Delete(key) => {
                    check_key(key.len())?;
                    key.check(bumps)?;
                }
                Operation::DeleteRange { start, end } => {
                    check_key(start.len())?;
                    check_key(end.len())?;
                }
                Operation::Bump { key, .. } => {
                    check_key(key.len())?;
                    bumps += 1;
                }
            }
        }
        for topic in &self.topics {
            check_size("a topic", topic.0.len(), MAX_KEY)?;
        }
        check_size("a transaction", self.size(), MAX_TRANSACTION)
    }
}

impl Template {
    /// Empty.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Continues with bytes.
    #[must_use]
    pub fn bytes(mut self, bytes: impl Into<Bytes>) -> Self {
        self.0.push(Piece::Bytes(bytes.into()));
        self
    }

    /// Continues with a counter's new value.
    #[must_use]
    pub fn bumped(self, bump: Bumped) -> Self {
        self.bumped_plus(bump, 0)
    }

    /// Continues with a counter's new value plus a number.
    #[must_use]
    pub fn bumped_plus(mut self, bump: Bumped, plus: i64) -> Self {
        self.0.push(Piece::Bumped { bump, plus });
        self
    }

    /// Length in bytes, once filled in.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.iter().map(Piece::len).sum()
    }

    /// Whether there is no byte in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Fills in the counters. No copy where the template is one run of bytes.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a counter that is not in `bumped` or leaves the range of `u64`.
    pub fn fill(&self, bumped: &[u64]) -> Result<Bytes, Error> {
        if let [Piece::Bytes(bytes)] = self.0.as_slice() {
            return Ok(bytes.clone());
        }
        let mut filled = Vec::with_capacity(self.len());
        for piece in &self.0 {
            match piece {
                Piece::Bytes(bytes) => filled.extend_from_slice(bytes),
                Piece::Bumped { bump, plus } => {
                    let value = bumped.get(bump.0).ok_or(LATER)?.checked_add_signed(*plus);
                    let value = value.ok_or(Error::Invalid("a placed counter leaves its range"))?;
                    filled.extend_from_slice(&value.to_be_bytes());
                }
            }
        }
        Ok(filled.into())
    }

    fn check(&self, bumps: usize) -> Result<(), Error> {
        let later =
            |p: &Piece| matches!(p, Piece::Bumped { bump: Bumped(index), .. } if *index >= bumps);
        if self.0.iter().any(later) { Err(LATER) } else { Ok(()) }
    }
}

impl Piece {
    fn len(&self) -> usize {
        match self {
            Self::Bytes(bytes) => bytes.len(),
            Self::Bumped { .. } => BUMPED_LEN,
        }
    }
}

impl From<Bytes> for Template {
    fn from(bytes: Bytes) -> Self {
        Self(vec![Piece::Bytes(bytes)])
    }
}

impl From<Vec<u8>> for Template {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes::from(bytes).into()
    }
}

impl From<&'static [u8]> for Template {
    fn from(bytes: &'static [u8]) -> Self {
        Bytes::from_static(bytes).into()
    }
}

impl From<&'static str> for Template {
    fn from(text: &'static str) -> Self {
        Bytes::from_static(text.as_bytes()).into()
    }
}

const LATER: Error = Error::Invalid("a counter is placed before it is bumped");

/// Whether a key of this length may be stored or asked for.
pub(crate) fn check_key(size: usize) -> Result<(), Error> {
    check_size("a key", size, MAX_KEY)
}

/// What a bump leaves of a stored counter.
pub(crate) fn add(stored: Option<&[u8]>, by: i64) -> Result<u64, Error> {
    let old = match stored {
        None => 0,
        Some(bytes) => u64::from_be_bytes(
            bytes.try_into().map_err(|_| Error::Invalid("a bumped value is not a counter"))?,
        ),
    };
    old.checked_add_signed(by).ok_or(Error::Invalid("a counter leaves its range"))
}

fn check_value(size: usize) -> Result<(), Error> {
    check_size("a value", size, MAX_VALUE)
}

fn check_size(what: &'static str, size: usize, limit: usize) -> Result<(), Error> {
    if size > limit { Err(Error::TooLarge { what, size, limit }) } else { Ok(()) }
}
