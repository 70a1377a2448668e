//! Search keys made ready for one view: numbers for flags and keywords, UIDs for sequence numbers,
//! texts decoded and folded, days counted.

use super::text::Needle;
use crate::digest::HeaderText;
use crate::flag::SystemFlags;
use crate::{AccountId, BodyNumber, Error, MailboxView, object_id};
use peregrine_proto::command::search::{SearchFlag, SearchKey};
use peregrine_proto::number::{Number, UidRanges};
use peregrine_proto::{ModSeq, SequenceSet, Uid};
use std::num::NonZeroU32;

/// What is searched for, ready to be evaluated on one view.
#[derive(Clone, Debug)]
pub struct Query {
    pub(super) key: Key,
}

/// One key. Those that need a digest or a body say so by their evaluation.
#[derive(Clone, Debug)]
pub(super) enum Key {
    /// Always, or never.
    Is(bool),
    Flag(SystemFlags),
    Keyword(usize),
    Uids(UidRanges),
    /// INTERNALDATE's day compared to this one.
    Arrived(Compare, i64),
    /// The day on which it came into the mailbox, in UTC.
    Saved(Compare, i64),
    /// Its content (RFC 8474 §5.1).
    BodyNumber(BodyNumber),
    /// INTERNALDATE compared to this second.
    Aged(Compare, i64),
    Changed(ModSeq),
    Larger(u64),
    Smaller(u64),
    /// The Date field's day.
    Sent(Compare, i64),
    /// A field that is in the digest.
    Digest(HeaderText, Needle),
    /// Any other field.
    Field(String, Needle),
    Body(Needle),
    Text(Needle),
    Not(Box<Key>),
    Or(Vec<Key>),
    And(Vec<Key>),
}

/// How days and seconds are compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Compare {
    Before,
    On,
    Since,
}

impl Compare {
    pub(super) fn holds(self, time: i64, than: i64) -> bool {
        match self {
            Self::Before => time < than,
            Self::On => time == than,
            Self::Since => time >= than,
        }
    }
}

/// What a query must be told of the session and the moment.
pub struct Asked<'a> {
    /// The character set of the keys' strings; `None`: US-ASCII, and UTF-8 for those who do not
    /// say so.
    pub charset: Option<&'a str>,
    /// The messages that are recent for the session.
    pub recent: &'a UidRanges,
    /// What `$` means (RFC 5182); it may name messages that are gone.
    pub saved: &'a UidRanges,
    /// The account, for EMAILID (RFC 8474).
    pub account: AccountId,
    /// Seconds since 1970, for OLDER and YOUNGER (RFC 5032).
    pub now: i64,
    /// Turns sequence numbers, as the session knows them, into UIDs.
    pub sequence: &'a mut dyn FnMut(&SequenceSet) -> Result<UidRanges, Error>,
}

impl Query {
    /// Prepares search keys.
    ///
    /// # Errors
    /// [`Error::BadCharset`], and what `sequence` says.
    pub fn new(keys: &[SearchKey], view: &MailboxView, asked: Asked<'_>) -> Result<Self, Error> {
        let mut compiler = Compiler { view, asked };
        // A character set that is not known is refused even where no text needs it.
        compiler.decode(b"")?;
        Ok(Self { key: compiler.all(keys)? })
    }
}

/// RFC 9738 §3.2: no UID where there is none above or below.
fn between(first: Option<Uid>, last: Option<Uid>) -> Key {
    let range = first.zip(last).filter(|(first, last)| first <= last);
    Key::Uids(UidRanges::from_unordered(range.into_iter().collect()))
}

struct Compiler<'a, 'v> {
    view: &'v MailboxView,
    asked: Asked<'a>,
}

impl Compiler<'_, '_> {
    fn all(&mut self, keys: &[SearchKey]) -> Result<Key, Error> {
        let keys: Result<Vec<Key>, Error> = keys.iter().map(|key| self.key(key)).collect();
        Ok(Key::And(keys?))
    }

    fn key(&mut self, key: &SearchKey) -> Result<Key, Error> {
        let not = |key| Key::Not(Box::new(key));
        Ok(match key {
            SearchKey::All => Key::Is(true),
            SearchKey::Flag(flag) => self.flag(*flag),
            SearchKey::NotFlag(flag) => not(self.flag(*flag)),
            SearchKey::Keyword(keyword) => {
                self.view.keywords().number(keyword).map_or(Key::Is(false), Key::Keyword)
            }
            SearchKey::Unkeyword(keyword) => {
                not(self.view.keywords().number(keyword).map_or(Key::Is(false), Key::Keyword))
            }
            SearchKey::New => {
                let unseen = not(self.flag(SearchFlag::Seen));
                Key::And(vec![self.flag(SearchFlag::Recent), unseen])
            }
            SearchKey::Header(name, text) => match HeaderText::named(name.as_bytes()) {
                Some(field) => Key::Digest(field, self.needle(text)?),
                None => Key::Field(name.to_string(), self.needle(text)?),
            },
            SearchKey::Body(text) => Key::Body(self.needle(text)?),
            SearchKey::Text(text) => Key::Text(self.needle(text)?),
            SearchKey::Before(date) => Key::Arrived(Compare::Before, date.days()),
            SearchKey::On(date) => Key::Arrived(Compare::On, date.days()),
            SearchKey::Since(date) => Key::Arrived(Compare::Since, date.days()),
            SearchKey::SentBefore(date) => Key::Sent(Compare::Before, date.days()),
            SearchKey::SentOn(date) => Key::Sent(Compare::On, date.days()),
            SearchKey::SentSince(date) => Key::Sent(Compare::Since, date.days()),
            SearchKey::ModSeq(since) => Key::Changed(*since),
            SearchKey::Larger(octets) => Key::Larger(*octets),
            SearchKey::Smaller(octets) => Key::Smaller(*octets),
            SearchKey::Sequence(set) => Key::Uids((self.asked.sequence)(set)?),
            SearchKey::Uid(set) => Key::Uids(set.resolve(self.view.largest_uid())),
            SearchKey::UidAfter(uid) => {
                between(uid.get().checked_add(1).and_then(Uid::new), Uid::new(u32::MAX))
            }
            SearchKey::UidBefore(uid) => between(Uid::new(1), Uid::new(uid.get() - 1)),
            SearchKey::Saved => Key::Uids(self.asked.saved.clone()),
            SearchKey::SavedBefore(date) => Key::Saved(Compare::Before, date.days()),
            SearchKey::SavedOn(date) => Key::Saved(Compare::On, date.days()),
            SearchKey::SavedSince(date) => Key::Saved(Compare::Since, date.days()),
            SearchKey::SaveDateSupported => Key::Is(true),
            SearchKey::EmailId(id) => match object_id::body_of(self.asked.account, id) {
                Some(body) => Key::BodyNumber(body),
                None => Key::Is(false),
            },
            // RFC 8474 §5.2: there are no thread ids here.
            SearchKey::ThreadId(_) => Key::Is(false),
            SearchKey::Older(seconds) => Key::Aged(Compare::Before, self.limit(*seconds) + 1),
            SearchKey::Younger(seconds) => Key::Aged(Compare::Since, self.limit(*seconds)),
            SearchKey::Not(key) => not(self.key(key)?),
            SearchKey::Or(one, other) => Key::Or(vec![self.key(one)?, self.key(other)?]),
            SearchKey::And(keys) => self.all(keys)?,
        })
    }

    fn flag(&self, flag: SearchFlag) -> Key {
        Key::Flag(match flag {
            SearchFlag::Answered => SystemFlags::ANSWERED,
            SearchFlag::Deleted => SystemFlags::DELETED,
            SearchFlag::Draft => SystemFlags::DRAFT,
            SearchFlag::Flagged => SystemFlags::FLAGGED,
            SearchFlag::Seen => SystemFlags::SEEN,
            SearchFlag::Recent => return Key::Uids(self.asked.recent.clone()),
        })
    }

    /// RFC 5032 §3: INTERNALDATE less recent than or equal to this is OLDER, more recent than or
    /// equal to it YOUNGER.
    fn limit(&self, seconds: NonZeroU32) -> i64 {
        self.asked.now - i64::from(seconds.get())
    }

    fn needle(&self, text: &[u8]) -> Result<Needle, Error> {
        Ok(Needle::new(&self.decode(text)?))
    }

    fn decode(&self, text: &[u8]) -> Result<String, Error> {
        match self.asked.charset {
            None => Ok(String::from_utf8_lossy(text).into_owned()),
            Some(charset) => {
                peregrine_mime::charset_to_utf8(charset.as_bytes(), text).ok_or(Error::BadCharset)
            }
        }
    }
}
