//! One transaction, applied inside the SQLite transaction of its group.

use rusqlite::{Connection, OptionalExtension, Statement, params};

use super::row::{LARGE, checksum, seal, unseal, verify};
use crate::transaction::add;
use crate::{CommitError, Committed, Error, Expectation, Operation, Transaction};

/// The writer's statements, prepared once.
pub(super) struct Statements<'c> {
    get: Statement<'c>,
    get_large: Statement<'c>,
    put: Statement<'c>,
    put_large: Statement<'c>,
    replace: Statement<'c>,
    delete: Statement<'c>,
    delete_large: Statement<'c>,
    delete_range: Statement<'c>,
    delete_range_large: Statement<'c>,
    sealed: Vec<u8>,
}

impl<'c> Statements<'c> {
    /// Prepares them.
    pub(super) fn new(connection: &'c Connection) -> Result<Self, Error> {
        let range = "key >= ?1 AND key < ?2";
        Ok(Self {
            get: connection.prepare("SELECT value, large FROM row WHERE key = ?1")?,
            get_large: connection.prepare("SELECT value FROM large WHERE id = ?1")?,
            // Leaves a row alone whose old value is large: that one must be removed first.
            put: connection.prepare(
                "INSERT INTO row (key, value, large) VALUES (?1, ?2, ?3)
                 ON CONFLICT (key) DO UPDATE SET value = excluded.value, large = excluded.large
                 WHERE large IS NULL",
            )?,
            put_large: connection.prepare("INSERT INTO large (value) VALUES (?1)")?,
            replace: connection.prepare("UPDATE row SET value = ?2, large = ?3 WHERE key = ?1")?,
            delete: connection.prepare("DELETE FROM row WHERE key = ?1 RETURNING large")?,
            delete_large: connection.prepare("DELETE FROM large WHERE id = ?1")?,
            delete_range: connection.prepare(&format!("DELETE FROM row WHERE {range}"))?,
            delete_range_large: connection.prepare(&format!(
                "DELETE FROM large WHERE id IN
                 (SELECT large FROM row WHERE {range} AND large IS NOT NULL)"
            ))?,
            sealed: Vec::new(),
        })
    }

    /// Judges the expectations, then applies the operations. A failed expectation has changed
    /// nothing; after [`CommitError::Failed`] the group must be rolled back.
    pub(super) fn apply(&mut self, transaction: &Transaction) -> Result<Committed, CommitError> {
        for (index, expectation) in transaction.expectations.iter().enumerate() {
            let holds = match expectation {
                Expectation::Absent(key) => self.get(key)?.is_none(),
                Expectation::Equals(key, value) => {
                    self.get(key)?.as_deref() == Some(value.as_ref())
                }
            };
            if !holds {
                return Err(CommitError::Expectation(index));
            }
        }
        let mut bumped = Vec::new();
        for operation in &transaction.operations {
            self.operate(operation, &mut bumped)?;
        }
        Ok(Committed { bumped })
    }

    fn operate(&mut self, operation: &Operation, bumped: &mut Vec<u64>) -> Result<(), Error> {
        match operation {
            Operation::Put { key, value } => self.put(&key.fill(bumped)?, &value.fill(bumped)?),
            Operation::Delete(key) => {
                let key = key.fill(bumped)?;
                let large = self
                    .delete
                    .query_row([&*key], |row| row.get::<_, Option<i64>>(0))
                    .optional()?;
                self.forget(large.flatten())
            }
            Operation::DeleteRange { start, end } => {
                self.delete_range_large.execute([&**start, &**end])?;
                self.delete_range.execute([&**start, &**end])?;
                Ok(())
            }
            Operation::Bump { key, by } => {
                let value = add(self.get(key)?.as_deref(), *by)?;
                bumped.push(value);
                self.put(key, &value.to_be_bytes())
            }
        }
    }

    fn put(&mut self, key: &[u8], value: &[u8]) -> Result<(), Error> {
        let (stored, large) = if value.len() < LARGE {
            (seal(key, value, &mut self.sealed), None)
        } else {
            let id = self.put_large.insert([value])?;
            self.sealed.clear();
            self.sealed.extend_from_slice(&checksum(key, value));
            (self.sealed.as_slice(), Some(id))
        };
        if self.put.execute(params![key, stored, large])? == 0 {
            let old = self.get.query_row([key], |row| row.get::<_, Option<i64>>(1))?;
            self.replace.execute(params![key, stored, large])?;
            self.forget(old)?;
        }
        Ok(())
    }

    fn forget(&mut self, large: Option<i64>) -> Result<(), Error> {
        if let Some(id) = large {
            self.delete_large.execute([id])?;
        }
        Ok(())
    }

    fn get(&mut self, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        let mut rows = self.get.query([key])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let stored = row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?;
        let Some(id) = row.get::<_, Option<i64>>(1)? else {
            return Ok(Some(unseal(key, stored)?.to_vec()));
        };
        let value: Vec<u8> = self.get_large.query_row([id], |row| row.get(0))?;
        verify(key, stored, &value)?;
        Ok(Some(value))
    }
}
