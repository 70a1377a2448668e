//! Making, listing and removing accounts. Each transaction touches one account, or what belongs to
//! none.

use super::{AccountInfo, Credentials, Store};
use crate::account::rows;
use crate::limits::{COMMIT_TRIES, MAX_ACCOUNT_NAME, PAGE_ROWS};
use crate::operation::furnish::Furnish;
use crate::row::account::AccountRow;
use crate::row::body::{BodyRow, Place};
use crate::row::head::Head;
use crate::row::user::UserRow;
use crate::{AccountId, Error, keys};
use peregrine_kv::{CommitError, ObjectName, Range, Transaction, Value};

/// Marks of accounts without a name, which the next opening of the store erases.
pub(crate) mod marks {
    /// It has no name yet.
    pub(crate) const MAKING: &[u8] = &[1];
    /// It has none any more.
    pub(crate) const ERASING: &[u8] = &[2];

    /// What a mark of a restore begins with; behind it, when the restore last went on.
    const RESTORING: u8 = 3;

    /// How long a restore may stand still before it is taken for given up, in seconds.
    const STANDSTILL: u32 = 600;

    /// It is being restored, which takes long, and others may open the store meanwhile. `now` is in
    /// seconds since 1970.
    pub(crate) fn restoring(now: u32) -> Vec<u8> {
        [&[RESTORING][..], &now.to_be_bytes()].concat()
    }

    /// Whether somebody is restoring it.
    pub(super) fn is_at_work(mark: &[u8], now: u32) -> bool {
        let since = match mark {
            [RESTORING, since @ ..] => since.try_into().map(u32::from_be_bytes).ok(),
            _ => None,
        };
        since.is_some_and(|since| since.abs_diff(now) < STANDSTILL)
    }
}

use marks::{ERASING, MAKING};

/// The key of the user of this name.
pub(crate) fn account_key(name: &str) -> peregrine_kv::Key {
    keys::user(&name.to_lowercase())
}

impl Store {
    /// Makes an account with INBOX, Drafts, Sent, Junk, Trash and Archive, all subscribed. Names
    /// are compared without case of letters.
    ///
    /// # Errors
    /// [`Error::AlreadyExists`], [`Error::Cannot`] or [`Error::Limit`] for the name.
    pub async fn create_account(
        &self,
        name: &str,
        credentials: Credentials,
    ) -> Result<AccountId, Error> {
        let key = keys::user(&checked(name)?);
        if self.0.engine.snapshot().await?.get(&key).await?.is_some() {
            return Err(Error::AlreadyExists("account"));
        }
        let mut transaction = Transaction::new();
        transaction.bump(keys::account_counter(), 1);
        let committed = self.0.engine.commit(transaction).await?;
        let account = AccountId(*committed.bumped.first().ok_or_else(|| Error::bug("no bump"))?);
        let user = UserRow { account, name: name.to_owned(), credentials }.encode()?;
        // If this ends before the account has its name, the next opening erases it.
        let mut transaction = Transaction::new();
        transaction.put(keys::removed(account), MAKING);
        self.0.engine.commit(transaction).await?;
        let mut transaction = Transaction::new();
        transaction.put(keys::account(account), AccountRow::new().encode());
        self.0.engine.commit(transaction).await?;
        self.account(account).await?.run(Furnish).await?;
        let mut transaction = Transaction::new();
        transaction.expect_absent(key.clone()).expect_equals(keys::removed(account), MAKING);
        transaction.put(key, user).delete(keys::removed(account));
        match self.0.engine.commit(transaction).await {
            Ok(_) => Ok(account),
            Err(CommitError::Expectation(0)) => {
                self.abandon(account, Value::from_static(MAKING)).await?;
                Err(Error::AlreadyExists("account"))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Removes an account with all that it has.
    ///
    /// # Errors
    /// [`Error::NonExistent`].
    pub async fn remove_account(&self, name: &str) -> Result<(), Error> {
        let account = self.change_user(name, |_| None).await?;
        self.erase(account).await
    }

    /// Sets how an account's password is checked.
    ///
    /// # Errors
    /// [`Error::NonExistent`].
    pub async fn set_credentials(&self, name: &str, credentials: Credentials) -> Result<(), Error> {
        let changed = |user: UserRow| Some(UserRow { credentials: credentials.clone(), ..user });
        self.change_user(name, changed).await?;
        Ok(())
    }

    /// How an account's password is checked, read anew each time: another process may have changed
    /// it. `None` if there is no such account, whatever the name looks like.
    ///
    /// # Errors
    /// Only those of the engine.
    pub async fn credentials(&self, name: &str) -> Result<Option<(AccountId, Credentials)>, Error> {
        let Ok(name) = checked(name) else { return Ok(None) };
        let row = self.0.engine.snapshot().await?.get(&keys::user(&name)).await?;
        let user = row.map(|row| UserRow::decode(&row)).transpose()?;
        Ok(user.map(|user| (user.account, user.credentials)))
    }

    /// All accounts, in the order of their names.
    ///
    /// # Errors
    /// Only those of the engine.
    pub async fn accounts(&self) -> Result<Vec<AccountInfo>, Error> {
        let snapshot = self.0.engine.snapshot().await?;
        let mut accounts = Vec::new();
        for (_, row) in rows(&*snapshot, keys::users()).await? {
            let user = UserRow::decode(&row)?;
            let (mut messages, mut octets) = (0, 0);
            for (_, head) in rows(&*snapshot, keys::heads(user.account)).await? {
                let counts = Head::decode(&head)?.counts;
                messages += u64::from(counts.messages);
                octets += counts.octets;
            }
            accounts.push(AccountInfo { id: user.account, name: user.name, messages, octets });
        }
        Ok(accounts)
    }

    /// Ends the removals that a crash has cut short, and the makings.
    pub(super) async fn finish_removals(&self) -> Result<(), Error> {
        let snapshot = self.0.engine.snapshot().await?;
        let marks = rows(&*snapshot, keys::all_removed()).await?;
        drop(snapshot);
        for (key, mark) in marks {
            let account = keys::removed_of(&key).ok_or_else(|| Error::corrupt("a removal"))?;
            if mark == ERASING {
                self.erase(account).await?;
            } else if !marks::is_at_work(&mark, crate::account::now()) {
                self.abandon(account, mark).await?;
            }
        }
        Ok(())
    }

    /// Erases an account that has no name, unless whoever makes it is quicker.
    async fn abandon(&self, account: AccountId, mark: Value) -> Result<(), Error> {
        let key = keys::removed(account);
        let mut transaction = Transaction::new();
        transaction.expect_equals(key.clone(), mark).put(key, ERASING);
        match self.0.engine.commit(transaction).await {
            Ok(_) => self.erase(account).await,
            Err(CommitError::Expectation(_)) => Ok(()),
            Err(CommitError::Failed(error)) => Err(error.into()),
        }
    }

    /// Changes a user's row, or removes it and marks its account.
    async fn change_user(
        &self,
        name: &str,
        change: impl Fn(UserRow) -> Option<UserRow>,
    ) -> Result<AccountId, Error> {
        let key = keys::user(&checked(name).map_err(|_| Error::NonExistent("account"))?);
        for _ in 0..COMMIT_TRIES {
            let row = self.0.engine.snapshot().await?.get(&key).await?;
            let row = row.ok_or(Error::NonExistent("account"))?;
            let user = UserRow::decode(&row)?;
            let account = user.account;
            let mut transaction = Transaction::new();
            transaction.expect_equals(key.clone(), row);
            match change(user) {
                Some(user) => transaction.put(key.clone(), user.encode()?),
                None => transaction.delete(key.clone()).put(keys::removed(account), ERASING),
            };
            match self.0.engine.commit(transaction).await {
                Ok(_) => return Ok(account),
                Err(CommitError::Expectation(_)) => {}
                Err(CommitError::Failed(error)) => return Err(error.into()),
            }
        }
        Err(CommitError::Expectation(0).into())
    }

    /// Erases what an account has. Its row goes first, so that no writer adds anything more.
    async fn erase(&self, account: AccountId) -> Result<(), Error> {
        self.0.accounts.lock().await.forget(account);
        let mut transaction = Transaction::new();
        transaction.delete(keys::account(account)).topic(keys::topic(account));
        self.0.engine.commit(transaction).await?;
        for object in self.objects(account).await? {
            self.0.engine.objects().delete(&object).await?;
        }
        let mut transaction = Transaction::new();
        if let Range { start, end: Some(end), .. } = keys::whole_account(account) {
            transaction.delete_range(start, end);
        }
        self.0.engine.commit(transaction).await?;
        let mut transaction = Transaction::new();
        transaction.delete(keys::removed(account));
        self.0.engine.commit(transaction).await?;
        Ok(())
    }

    /// The objects of an account, those marked for deletion among them.
    async fn objects(&self, account: AccountId) -> Result<Vec<ObjectName>, Error> {
        let snapshot = self.0.engine.snapshot().await?;
        let marks = rows(&*snapshot, keys::all_doomed(account)).await?;
        let mut objects: Vec<ObjectName> =
            marks.iter().filter_map(|(key, _)| keys::doomed_of(key)).collect();
        let mut range = keys::all_bodies(account);
        loop {
            let page = snapshot.scan(range.clone(), PAGE_ROWS).await?;
            for (_, row) in &page.rows {
                if let Place::Object { name, .. } = BodyRow::decode(row)?.place {
                    objects.push(name);
                }
            }
            match page.rows.last() {
                Some((last, _)) if page.more => range = range.after(last),
                _ => return Ok(objects),
            }
        }
    }
}

/// An account's name as it is looked up: in lower case. A name means nothing but itself, no path
/// and no pattern.
fn checked(name: &str) -> Result<String, Error> {
    if name.is_empty() {
        return Err(Error::Cannot("an account's name must not be empty"));
    }
    if name.chars().any(char::is_control) {
        return Err(Error::Cannot("an account's name must not have control characters in it"));
    }
    let name = name.to_lowercase();
    if name.len() > MAX_ACCOUNT_NAME {
        return Err(Error::Limit("an account's name may have 240 octets"));
    }
    Ok(name)
}
