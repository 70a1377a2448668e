//! APPEND: messages come in. Parsing, hashing and storing of large bodies are done before the
//! writer is asked; it only has rows to pack.

use super::replace::Replace;
use super::{Failure, Operation};
use crate::account::{Account, Appended, Batch, NewMessage, PlacedBody, Working};
use crate::flag::Keywords;
use crate::limits::{COMMIT_TRIES, MAX_MESSAGE, MAX_ROW_BODY, PARSE_ASIDE};
use crate::message::Message;
use crate::row::account::AccountRow;
use crate::row::body::{BodyRow, Place, trailer};
use crate::{AccountId, BodyNumber, Error, MailboxId, digest, keys};
use bytes::Bytes;
use peregrine_kv::{ObjectData, ObjectName};
use peregrine_proto::number::UidRanges;
use peregrine_proto::{DateTime, Flag, MailboxName, ModSeq, Uid, UidValidity};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

/// Between two looks at an object that is just being deleted.
const DOOMED_WAIT: Duration = Duration::from_millis(10);
/// So often it is looked at: for ten seconds.
const DOOMED_LOOKS: u32 = 1000;

/// Appends messages.
pub(super) struct Append {
    target: MailboxName,
    messages: Arc<Vec<Prepared>>,
    /// The UIDs that they must get, with the UIDVALIDITY that these belong to.
    uids: Option<Arc<(UidValidity, Vec<Uid>)>>,
    /// The account's object epoch before the objects were stored.
    epoch: Option<u64>,
}

impl Append {
    pub(super) fn target(&self) -> &MailboxName {
        &self.target
    }
}

struct Prepared {
    body: PlacedBody,
    /// What its object has in it, if it has one.
    object: Bytes,
    digest: Bytes,
    size: u32,
    flags: Vec<Flag>,
    date: DateTime,
}

/// What the writer says.
pub(super) enum Answer {
    Done(Appended),
    /// Objects were deleted meanwhile, perhaps ours: they must be stored again.
    Stale,
}

/// Prepares the messages, then has the writer append them.
pub(crate) async fn run(
    account: &Account,
    name: &MailboxName,
    messages: Vec<NewMessage>,
    uids: Option<(UidValidity, Vec<Uid>)>,
) -> Result<Appended, Error> {
    commit(account, name, messages, uids, None).await
}

/// Prepares the message, then has the writer put it in the place of another.
pub(crate) async fn replace(
    account: &Account,
    old: (MailboxId, Uid),
    name: &MailboxName,
    message: NewMessage,
) -> Result<Appended, Error> {
    commit(account, name, vec![message], None, Some(old)).await
}

async fn commit(
    account: &Account,
    name: &MailboxName,
    messages: Vec<NewMessage>,
    uids: Option<(UidValidity, Vec<Uid>)>,
    replaces: Option<(MailboxId, Uid)>,
) -> Result<Appended, Error> {
    account.tree().selectable(name)?;
    let prepared = Arc::new(prepare(account.id(), messages).await?);
    let uids = uids.map(Arc::new);
    for _ in 0..COMMIT_TRIES {
        let epoch = put(account, &prepared).await?;
        let messages = Arc::clone(&prepared);
        let append = Append { target: name.clone(), messages, uids: uids.clone(), epoch };
        let answer = match replaces {
            Some((source, old)) => account.run(Replace { append, source, old }).await?,
            None => account.run(append).await?,
        };
        match answer {
            Answer::Done(appended) => return Ok(appended),
            Answer::Stale => {}
        }
    }
    Err(Error::Unavailable { cause: "objects keep being deleted".into() })
}

/// Parses and hashes messages; aside, if that takes long.
async fn prepare(account: AccountId, messages: Vec<NewMessage>) -> Result<Vec<Prepared>, Error> {
    let octets: usize = messages.iter().map(|message| message.body.len()).sum();
    let all = move || messages.into_iter().map(|message| one(account, message)).collect();
    if octets < PARSE_ASIDE {
        return all();
    }
    tokio::task::spawn_blocking(all).await.map_err(|error| Error::bug(error.to_string()))?
}

fn one(account: AccountId, message: NewMessage) -> Result<Prepared, Error> {
    let NewMessage { body, flags, date } = message;
    let length = body.len() as u64;
    let size = u32::try_from(length).ok().filter(|_| length <= MAX_MESSAGE);
    let size = size.ok_or(Error::TooBig { size: length, limit: MAX_MESSAGE })?;
    let digest = digest::make(&body);
    let (row, object) = if body.len() <= MAX_ROW_BODY {
        let hash = ObjectName::of(&body).0;
        (BodyRow { hash, place: Place::Inline(body) }, Bytes::new())
    } else {
        let object = Bytes::from([&body, &trailer(account)[..]].concat());
        let name = ObjectName::of(&object);
        (BodyRow { hash: name.0, place: Place::Object { name, length } }, object)
    };
    Ok(Prepared { body: PlacedBody::new(&row), object, digest, size, flags, date })
}

/// Stores the objects, if there are any; tells the account's object epoch before that.
async fn put(account: &Account, messages: &[Prepared]) -> Result<Option<u64>, Error> {
    if messages.iter().all(|message| message.body.object.is_none()) {
        return Ok(None);
    }
    let (id, engine) = (account.id(), &account.core().engine);
    let row = engine.snapshot().await?.get(&keys::account(id)).await?;
    let row = AccountRow::decode(&row.ok_or(Error::NonExistent("account"))?)?;
    for message in messages {
        let Some(name) = &message.body.object else { continue };
        // Who marked it deletes it; only what is stored after that stays.
        let mut looks = 0;
        while engine.snapshot().await?.get(&keys::doomed(id, name)).await?.is_some() {
            looks += 1;
            if looks > DOOMED_LOOKS {
                return Err(Error::Unavailable { cause: "an object is not deleted".into() });
            }
            tokio::time::sleep(DOOMED_WAIT).await;
        }
        engine.objects().put(name, ObjectData::Bytes(message.object.clone())).await?;
    }
    Ok(Some(row.object_epoch))
}

impl Operation for Append {
    type Answer = Answer;

    fn octets(&self) -> usize {
        self.messages.iter().map(|message| message.body.row.len() + message.digest.len()).sum()
    }

    fn apply(&self, batch: &mut Batch) -> Result<Answer, Failure> {
        let id = batch.resolve(&self.target)?;
        if let Some(epoch) = self.epoch.filter(|epoch| *epoch != batch.row.object_epoch) {
            // Another process has reclaimed and this one has not heard of it yet.
            batch.behind |= epoch > batch.row.object_epoch;
            return Ok(Answer::Stale);
        }
        let working = batch.mailbox(id)?;
        working.check_room(self.messages.len())?;
        let wanted = match self.uids.as_deref() {
            Some((uid_validity, uids)) => {
                check_uids(working, *uid_validity, uids)?;
                &uids[..]
            }
            None => &[],
        };
        let mod_seq = working.next_mod_seq()?;
        let mut keywords = Arc::clone(&working.version.keywords);
        let uid_validity = working.version.uid_validity;
        let flags = self.messages.iter().map(|new| Keywords::bits_of(&mut keywords, &new.flags));
        let flags = flags.collect::<Result<Vec<_>, Error>>()?;
        if self.messages.is_empty() {
            let (uids, mod_seq) = (UidRanges::new(), working.version.mod_seq);
            return Ok(Answer::Done(Appended { uid_validity, uids, mod_seq }));
        }
        let mut messages = Vec::with_capacity(self.messages.len());
        for (new, (flags, keywords)) in self.messages.iter().zip(flags) {
            let body = batch.place_body(&new.body);
            messages.push(new.message(batch.now, body, flags, keywords));
        }
        let working = batch.mailbox(id)?;
        working.version.keywords = keywords;
        let uids = working.append_at(mod_seq, messages, wanted);
        for (uid, new) in uids.iter().zip(self.messages.iter()) {
            batch.put_digest(id, uid, new.digest.clone());
        }
        Ok(Answer::Done(Appended { uid_validity, uids, mod_seq }))
    }
}

/// Whether these UIDs can be given to new messages.
fn check_uids(working: &Working, validity: UidValidity, uids: &[Uid]) -> Result<(), Error> {
    if working.version.uid_validity != validity {
        return Err(Error::Cannot("the mailbox has another UIDVALIDITY"));
    }
    let first = uids.first().is_none_or(|first| *first >= working.version.uid_next);
    if !first || !uids.is_sorted_by(|a, b| a < b) {
        return Err(Error::Cannot("UIDs must ascend and be new to the mailbox"));
    }
    // One is left for UIDNEXT (RFC 3501 §2.3.1.1).
    match uids.last() {
        Some(last) if last.0 == NonZeroU32::MAX => Err(Error::Limit("the largest UID is not used")),
        _ => Ok(()),
    }
}

impl Prepared {
    fn message(
        &self,
        saved: u32,
        body: BodyNumber,
        flags: crate::SystemFlags,
        keywords: crate::KeywordSet,
    ) -> Message {
        Message {
            // Both are given when it is added.
            uid: Uid(NonZeroU32::MIN),
            mod_seq: ModSeq(0),
            size: self.size,
            saved,
            date_unix: self.date.unix,
            date_offset: self.date.offset,
            flags,
            keywords,
            body,
        }
    }
}
