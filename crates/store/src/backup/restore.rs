//! Restoring: whole users with all that they had, or single mailboxes and messages beside others.

use super::BackupError;
use super::list::{Account as Kept, Backups, List, Listed};
use super::pack::Unpacker;
use crate::row::body::{BodyRow, Place, TRAILER, trailer};
use crate::row::head::Head;
use crate::row::user::UserRow;
use crate::row::{chunk, index, keywords, mailbox};
use crate::store::{account_key, marks};
use crate::verify::{Looking, Tell};
use crate::{
    Account, AccountId, BodyNumber, Entry, Error, Keywords, MailboxId, Message, NewMessage, digest,
    keys,
};
use bytes::Bytes;
use peregrine_kv::{CommitError, Engine, Key, ObjectData, ObjectName, Transaction, Value};
use peregrine_proto::{Flag, MailboxName, Uid};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

/// Octets of one transaction, roughly.
const STEP: usize = 4 * 1024 * 1024;
/// Octets of a row beside its value, roughly.
const ROW: usize = 64;
/// Messages of one APPEND.
const APPEND_MESSAGES: usize = 64;
/// How often a restore shows at least that it goes on, in seconds.
const SIGN_OF_LIFE: u32 = 30;

/// Which backup.
#[derive(Clone, Copy, Debug)]
pub struct Chosen<'a> {
    /// The folder of backups.
    pub folder: &'a Path,
    /// Its number; the latest where there is none.
    pub number: Option<u32>,
}

/// What was restored.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Restored {
    /// The backup's number.
    pub number: u32,
    /// Whose mail.
    pub users: Vec<String>,
    /// Messages.
    pub messages: u64,
    /// What the backup could not give, since a body is missing or damaged there.
    pub missing: Vec<String>,
}

/// Restores users, one or all, as they were: UIDs, UIDVALIDITY, UIDNEXT, MODSEQs, flags, keywords,
/// dates, subscriptions, special uses, passwords, what QRESYNC must know. A user is there when all
/// of it is. Others may use the store meanwhile. Messages whose bodies are damaged in the backup come
/// back without octets, and are told.
///
/// # Errors
/// [`BackupError::UserExists`] and [`BackupError::SomeExist`] before anything is changed,
/// [`BackupError::Damaged`] for the list.
pub async fn restore_users(
    engine: &Arc<dyn Engine>,
    chosen: Chosen<'_>,
    only: Option<&str>,
    tell: &mut Tell<'_>,
) -> Result<Restored, BackupError> {
    let backups = Backups::in_folder(chosen.folder);
    let mut list = backups.choose(chosen.number)?;
    if let Some(only) = only {
        list.users.retain(|user| user.name.to_lowercase() == only.to_lowercase());
        if list.users.is_empty() {
            return Err(BackupError::Missing("user"));
        }
    }
    refuse_those_there(engine, &list.users).await?;
    // In this order an empty store gives each its own number again.
    list.users.sort_by_key(|user| user.account);
    let mut restored = Restored { number: list.number, ..Restored::default() };
    for user in std::mem::take(&mut list.users) {
        let kept = list.accounts.remove(&user.account).unwrap_or_default();
        let mut work = Work::new(engine, &backups, user, tell);
        if let Err(error) = work.run(kept).await {
            work.give_up().await;
            return Err(error);
        }
        restored.messages += work.messages;
        restored.missing.append(&mut work.missing);
        restored.users.push(work.user.name);
    }
    Ok(restored)
}

async fn refuse_those_there(
    engine: &Arc<dyn Engine>,
    users: &[UserRow],
) -> Result<(), BackupError> {
    let snapshot = engine.snapshot().await?;
    let (mut there, mut missing) = (None, Vec::new());
    for user in users {
        match snapshot.get(&account_key(&user.name)).await? {
            Some(_) => drop(there.get_or_insert_with(|| user.name.clone())),
            None => missing.push(user.name.as_str()),
        }
    }
    match there {
        None => Ok(()),
        Some(there) if missing.is_empty() => Err(BackupError::UserExists(there)),
        Some(there) => Err(BackupError::SomeExist { there, missing: missing.join(", ") }),
    }
}

struct Work<'w, 't> {
    engine: &'w Arc<dyn Engine>,
    unpacker: Unpacker<'w>,
    user: UserRow,
    id: AccountId,
    messages: u64,
    missing: Vec<String>,
    done: u64,
    /// What shows others that this goes on, and since when: seconds since 1970.
    mark: Value,
    marked: u32,
    transaction: Transaction,
    /// Octets in the transaction, roughly.
    gathered: usize,
    tell: &'w mut Tell<'t>,
}

impl<'w, 't> Work<'w, 't> {
    fn new(
        engine: &'w Arc<dyn Engine>,
        backups: &'w Backups,
        user: UserRow,
        tell: &'w mut Tell<'t>,
    ) -> Self {
        let id = user.account;
        let unpacker = Unpacker::new(backups);
        Self {
            engine,
            unpacker,
            user,
            id,
            messages: 0,
            missing: Vec::new(),
            done: 0,
            mark: Value::new(),
            marked: 0,
            transaction: Transaction::new(),
            gathered: 0,
            tell,
        }
    }

    async fn run(&mut self, kept: Kept) -> Result<(), BackupError> {
        self.id = self.number().await?;
        // If this ends too early, a later opening of the store erases what is there.
        self.mark();
        let mut transaction = Transaction::new();
        transaction.put(keys::removed(self.id), self.mark.clone());
        self.engine.commit(transaction).await?;
        let mut users: HashMap<BodyNumber, Vec<(MailboxId, Uid)>> = HashMap::new();
        for (rest, value) in &kept.rows {
            let key = [&self.id.0.to_be_bytes()[..], rest].concat();
            if let (Some(id), true) = (keys::mailbox_of(&key), keys::is_chunk(&key)) {
                for message in chunk::decode(value)? {
                    users.entry(message.body).or_default().push((id, message.uid));
                    self.messages += 1;
                }
            }
            self.put(key, value.clone()).await?;
        }
        let lengths = kept.bodies.iter().map(|body| body.place.length);
        let total = lengths.fold(0, u64::saturating_add);
        for body in &kept.bodies {
            let has = users.get(&body.number).map_or(&[][..], Vec::as_slice);
            match self.body(body, has).await {
                Ok(()) => drop(users.remove(&body.number)),
                // The rest is wanted all the more.
                Err(BackupError::Damaged { .. }) => {}
                Err(error) => return Err(error),
            }
            self.done = self.done.saturating_add(body.place.length);
            let looking =
                Looking { user: &self.user.name, bodies: self.messages, done: self.done, total };
            (self.tell)(looking);
        }
        let missing = users.values().map(Vec::len).sum::<usize>();
        if missing > 0 {
            self.missing.push(format!("{}: {missing} messages have no body", self.user.name));
        }
        self.flush().await?;
        self.user.account = self.id;
        let mut transaction = Transaction::new();
        let (key, mark) = (account_key(&self.user.name), keys::removed(self.id));
        transaction.expect_absent(key.clone()).expect_equals(mark.clone(), self.mark.clone());
        transaction.put(key, self.user.encode()?).delete(mark);
        self.engine.commit(transaction).await.map(drop).map_err(|error| match error {
            CommitError::Expectation(0) => BackupError::UserExists(self.user.name.clone()),
            CommitError::Expectation(_) => BackupError::GivenUp(self.user.name.clone()),
            error => error.into(),
        })
    }

    /// A new sign that this goes on.
    fn mark(&mut self) {
        self.marked = crate::account::now();
        self.mark = marks::restoring(self.marked).into();
    }

    /// Leaves what is there to the next opening of the store.
    async fn give_up(&self) {
        let mark = keys::removed(self.id);
        let mut transaction = Transaction::new();
        transaction.expect_equals(mark.clone(), self.mark.clone()).put(mark, marks::MAKING);
        // Where this fails too, the mark grows old.
        _ = self.engine.commit(transaction).await;
    }

    /// The account's own number where no later one was given out, else a new one.
    async fn number(&self) -> Result<AccountId, BackupError> {
        let key = keys::account_counter();
        let row = self.engine.snapshot().await?.get(&key).await?;
        let last = row.as_deref().and_then(|row| row.try_into().ok()).map_or(0, u64::from_be_bytes);
        let wanted = self.user.account.0;
        let mut transaction = Transaction::new();
        transaction.expect(key.clone(), row);
        transaction.bump(key, wanted.saturating_sub(last).max(1).cast_signed());
        let committed = self.engine.commit(transaction).await?;
        Ok(AccountId(committed.bumped.first().copied().unwrap_or(wanted)))
    }

    /// A body with its hash, and the digests of the messages that have it.
    async fn body(&mut self, body: &Listed, users: &[(MailboxId, Uid)]) -> Result<(), BackupError> {
        let octets = self.unpacker.read(body)?;
        let (row, message) = if body.object {
            let message = octets.slice(..octets.len().saturating_sub(TRAILER as usize));
            // The account's number is part of an object.
            let object = Bytes::from([&message[..], &trailer(self.id)].concat());
            let name = ObjectName::of(&object);
            self.engine.objects().put(&name, ObjectData::Bytes(object)).await?;
            let place = Place::Object { name, length: message.len() as u64 };
            (BodyRow { hash: name.0, place }, message)
        } else {
            (BodyRow { hash: body.hash, place: Place::Inline(octets.clone()) }, octets)
        };
        self.put(keys::index(self.id, &row.hash), index::encode(body.number)).await?;
        self.put(keys::body(self.id, body.number), row.encode().into()).await?;
        if !users.is_empty() {
            let made = tokio::task::spawn_blocking(move || digest::make(&message)).await;
            let made = made.map_err(|error| Error::bug(error.to_string()))?;
            for (mailbox, uid) in users {
                self.put(keys::digest(self.id, *mailbox, *uid), made.clone()).await?;
            }
        }
        Ok(())
    }

    /// Adds a row; commits what has gathered if it is enough.
    async fn put(&mut self, key: impl Into<Key>, value: Bytes) -> Result<(), BackupError> {
        self.gathered += ROW + value.len();
        self.transaction.put(key.into(), value);
        let silent = crate::account::now().abs_diff(self.marked) >= SIGN_OF_LIFE;
        if silent || self.gathered >= STEP { self.flush().await } else { Ok(()) }
    }

    async fn flush(&mut self) -> Result<(), BackupError> {
        self.gathered = 0;
        let mut transaction = std::mem::take(&mut self.transaction);
        let key = keys::removed(self.id);
        transaction.expect_equals(key.clone(), self.mark.clone());
        self.mark();
        transaction.put(key, self.mark.clone());
        self.engine.commit(transaction).await.map(drop).map_err(|error| match error {
            CommitError::Expectation(_) => BackupError::GivenUp(self.user.name.clone()),
            error => error.into(),
        })
    }
}

/// A mailbox of a backup.
struct Found {
    entry: Entry,
    head: Option<Head>,
    keywords: Keywords,
    messages: Vec<Message>,
    bodies: BTreeMap<BodyNumber, Listed>,
}

/// A mailbox as a backup has it.
fn find(list: &mut List, user: &str, wanted: &MailboxName) -> Result<Found, BackupError> {
    let user = list.users.iter().find(|known| known.name.to_lowercase() == user.to_lowercase());
    let id = user.ok_or(BackupError::Missing("user"))?.account;
    let kept = list.accounts.remove(&id).unwrap_or_default();
    let full = |rest: &[u8]| [&id.0.to_be_bytes()[..], rest].concat();
    let rows: Vec<(Vec<u8>, Bytes)> =
        kept.rows.into_iter().map(|(rest, value)| (full(&rest), value)).collect();
    let mut found = None;
    for (key, value) in rows.iter().filter(|(key, _)| keys::is_mailbox(key)) {
        let Some(id) = keys::mailbox_of(key) else { continue };
        let (name, entry) = mailbox::decode(id, value)?;
        if name == *wanted && entry.selectable {
            found = Some(entry);
        }
    }
    let entry = found.ok_or(BackupError::Missing("mailbox"))?;
    let get = |key: Key| rows.iter().find(|(known, _)| **known == *key);
    let head = get(keys::head(id, entry.id)).map(|(_, row)| Head::decode(row)).transpose()?;
    let words = get(keys::keywords(id, entry.id)).map(|(_, row)| keywords::decode(row));
    let range = keys::chunks(id, entry.id);
    let mut messages = Vec::new();
    for (_, row) in rows.iter().filter(|(key, _)| range.contains(key)) {
        messages.extend(chunk::decode(row)?);
    }
    messages.sort_by_key(|message| message.uid);
    let keywords = words.transpose()?.unwrap_or_default();
    let bodies = kept.bodies.into_iter().map(|body| (body.number, body)).collect();
    Ok(Found { entry, head, keywords, messages, bodies })
}

impl Found {
    /// A message to be appended; `None` where the backup lacks its body.
    fn message(
        &self,
        message: &Message,
        unpacker: &mut Unpacker<'_>,
    ) -> Result<Option<NewMessage>, BackupError> {
        let Some(listed) = self.bodies.get(&message.body) else { return Ok(None) };
        let mut body = unpacker.read(listed)?;
        if listed.object {
            body.truncate(body.len().saturating_sub(TRAILER as usize));
        }
        let names = self.keywords.names();
        let words = message.keywords.iter().filter_map(|number| names.get(number).cloned());
        let mut flags = message.flags.names();
        flags.extend(words.map(Flag::Keyword));
        Ok(Some(NewMessage { body, flags, date: message.date() }))
    }
}

/// Restores a mailbox under a name that is free in an account: UIDs, UIDVALIDITY, UIDNEXT, flags,
/// keywords, dates and special use are those of the backup; MODSEQ and SAVEDATE are new. Messages whose
/// bodies are damaged in the backup are left out, and told.
///
/// # Errors
/// [`BackupError::Missing`]; [`Error::AlreadyExists`] where the name is taken.
pub async fn restore_mailbox(
    account: &Account,
    chosen: Chosen<'_>,
    user: &str,
    from: &MailboxName,
    to: &MailboxName,
    tell: &mut Tell<'_>,
) -> Result<Restored, BackupError> {
    let backups = Backups::in_folder(chosen.folder);
    let mut list = backups.choose(chosen.number)?;
    let found = find(&mut list, user, from)?;
    let uses = account.tree();
    let free = |wanted| uses.entries().all(|(_, entry)| entry.special_use != Some(wanted));
    account.create_for(to, found.entry.special_use.filter(|wanted| free(*wanted))).await?;
    account.adopt(to, found.entry.uid_validity).await?;
    let mut restored = Restored { number: list.number, ..Restored::default() };
    let mut unpacker = Unpacker::new(&backups);
    let total = found.messages.iter().map(|message| u64::from(message.size)).sum();
    let mut done = 0;
    let mut rest = &found.messages[..];
    while !rest.is_empty() {
        let (some, after) = rest.split_at(together(rest));
        rest = after;
        let mut messages = Vec::new();
        for message in some {
            match found.message(message, &mut unpacker) {
                Ok(Some(new)) => messages.push((message.uid, new)),
                Ok(None) | Err(BackupError::Damaged { .. }) => {
                    restored.missing.push(format!("UID {}", message.uid.0));
                }
                Err(error) => return Err(error),
            }
            done += u64::from(message.size);
        }
        restored.messages += messages.len() as u64;
        account.append_with_uids(to, found.entry.uid_validity, messages).await?;
        (tell)(Looking { user, bodies: restored.messages, done, total });
    }
    if let Some(head) = found.head {
        account.reserve_uids(to, head.uid_next).await?;
    }
    Ok(restored)
}

/// How many of these messages are appended together: no more than fit one step, but one at least.
fn together(messages: &[Message]) -> usize {
    let mut octets = 0;
    let fit = messages.iter().take(APPEND_MESSAGES).take_while(|message| {
        octets += u64::from(message.size);
        octets <= STEP as u64
    });
    fit.count().max(1)
}

/// Appends single messages of a backup to a mailbox that is there, with flags, keywords and dates,
/// under new UIDs.
///
/// # Errors
/// [`BackupError::Missing`] where the backup lacks one; nothing is appended then.
pub async fn restore_messages(
    account: &Account,
    chosen: Chosen<'_>,
    user: &str,
    from: (&MailboxName, &[Uid]),
    to: &MailboxName,
) -> Result<Restored, BackupError> {
    let backups = Backups::in_folder(chosen.folder);
    let mut list = backups.choose(chosen.number)?;
    let found = find(&mut list, user, from.0)?;
    let mut unpacker = Unpacker::new(&backups);
    let mut messages = Vec::new();
    for uid in from.1 {
        let place = found.messages.binary_search_by_key(uid, |message| message.uid);
        let message = place.map_err(|_| BackupError::Missing("message"))?;
        let new = found.message(&found.messages[message], &mut unpacker)?;
        messages.push(new.ok_or(BackupError::Missing("message"))?);
    }
    let count = messages.len() as u64;
    account.append(to, messages).await?;
    Ok(Restored { number: list.number, messages: count, ..Restored::default() })
}

#[cfg(test)]
mod tests {
    use super::{APPEND_MESSAGES, STEP, together};
    use crate::{BodyNumber, KeywordSet, Message, SystemFlags};
    use peregrine_proto::{ModSeq, Uid};

    /// A mailbox of long messages does not lie in memory as a whole.
    #[test]
    fn long_messages_are_restored_one_by_one() {
        let message = |size| Message {
            uid: Uid(std::num::NonZeroU32::MIN),
            size,
            saved: 0,
            date_offset: 0,
            flags: SystemFlags::default(),
            date_unix: 0,
            keywords: KeywordSet::default(),
            mod_seq: ModSeq(1),
            body: BodyNumber(1),
        };
        let step = STEP as u32;
        for (sizes, wanted) in [
            (vec![1; 2 * APPEND_MESSAGES], APPEND_MESSAGES),
            (vec![step / 2; 9], 2),
            (vec![step + 1, 1], 1),
            (vec![1, step], 1),
            (vec![u32::MAX; 9], 1),
            (vec![1], 1),
        ] {
            let messages: Vec<Message> = sizes.into_iter().map(message).collect();
            assert_eq!(together(&messages), wanted);
        }
    }
}
