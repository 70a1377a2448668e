//! Headers of messages in memory: what SEARCH, SORT and THREAD read of digests, packed, and kept
//! for all sessions of the process up to a bound.
//!
//! A page has the messages of 1024 consecutive UIDs. What it says of a message never changes, so it
//! grows old in two ways only: by new messages, after which it is made again, and by messages that
//! are gone, which nobody asks for. Whoever still sees a message that the page does not have (an
//! older version of the mailbox) has a page made for himself.

use crate::digest::{Digest, Headers};
use crate::limits::{HEADER_MEMORY, HEADER_PAGES};
use crate::{AccountId, Error, Mailbox, MailboxId, MailboxView};
use peregrine_mime::SentDate;
use peregrine_proto::Uid;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use std::num::NonZeroU32;
use std::sync::Arc;

/// UIDs of a page, as a power of two.
const PAGE_BITS: u32 = 10;

/// Which page: the account, the mailbox, and the UIDs' upper bits.
type Place = (AccountId, MailboxId, u32);

/// The pages that are in memory.
pub(crate) struct HeaderCache(Cache<Place, Arc<HeaderPage>, Weigh>);

#[derive(Clone)]
struct Weigh;

impl Weighter<Place, Arc<HeaderPage>> for Weigh {
    fn weight(&self, _: &Place, page: &Arc<HeaderPage>) -> u64 {
        page.octets() as u64
    }
}

impl HeaderCache {
    pub(crate) fn new() -> Self {
        Self(Cache::with_weighter(HEADER_PAGES, HEADER_MEMORY, Weigh))
    }
}

/// Headers of some messages, ascending by UID.
#[derive(Default)]
pub(crate) struct HeaderPage {
    /// Messages from this UID on are not here yet.
    next: u32,
    entries: Vec<Entry>,
    octets: Vec<u8>,
}

struct Entry {
    uid: Uid,
    sent: Option<SentDate>,
    /// Where its texts and its keys end in `octets`.
    texts: u32,
    keys: u32,
}

impl HeaderPage {
    /// The headers of a message.
    pub(crate) fn headers(&self, uid: Uid) -> Option<Headers<'_>> {
        let place = self.entries.binary_search_by_key(&uid, |entry| entry.uid).ok()?;
        let entry = &self.entries[place];
        let start = place.checked_sub(1).map_or(0, |before| self.entries[before].keys) as usize;
        let (texts, keys) = (entry.texts as usize, entry.keys as usize);
        let (texts, keys) = (self.octets.get(start..texts)?, self.octets.get(texts..keys)?);
        Some(Headers { sent: entry.sent, texts, keys })
    }

    /// Octets of memory.
    fn octets(&self) -> usize {
        size_of::<Self>() + self.entries.capacity() * size_of::<Entry>() + self.octets.capacity()
    }

    fn push(&mut self, uid: Uid, digest: &Digest) {
        let headers = digest.headers();
        // The texts of a message are bounded (64 KiB a field), so a page always fits 32 bits.
        let end = |octets: usize| u32::try_from(octets).ok();
        let texts = end(self.octets.len() + headers.texts.len());
        let keys = end(self.octets.len() + headers.texts.len() + headers.keys.len());
        if let (Some(texts), Some(keys)) = (texts, keys) {
            self.octets.extend_from_slice(headers.texts);
            self.octets.extend_from_slice(headers.keys);
            self.entries.push(Entry { uid, sent: headers.sent, texts, keys });
        }
    }

    /// Reads the page of these UIDs as a version of the mailbox has it.
    async fn read(mailbox: &Mailbox, view: &MailboxView, block: u32) -> Result<Self, Error> {
        let first = NonZeroU32::new(block << PAGE_BITS).unwrap_or(NonZeroU32::MIN);
        let start = view.index_of(Uid(first)).unwrap_or_else(|place| place);
        let last = NonZeroU32::MAX.min(first | ((1 << PAGE_BITS) - 1));
        let end = view.index_of(Uid(last)).map_or_else(|place| place, |index| index + 1);
        let mut page = Self { next: view.uid_next().0.get(), ..Self::default() };
        page.entries.reserve_exact((end - start) as usize);
        let mut digests = mailbox.digests(view, start..end);
        while let Some(found) = digests.next_page().await? {
            let count = found.digests.len() as u32;
            let messages = view.messages(found.first..found.first + count);
            for (message, digest) in messages.zip(&found.digests) {
                page.push(message.uid, digest);
            }
        }
        page.octets.shrink_to_fit();
        Ok(page)
    }
}

/// Walks over the headers of messages of a version, a page at a time.
pub(crate) struct HeaderPages<'a> {
    mailbox: &'a Mailbox,
    view: &'a MailboxView,
    /// Ascending indexes.
    wanted: Vec<u32>,
    done: usize,
}

impl<'a> HeaderPages<'a> {
    /// Of the messages of these indexes, ascending.
    pub(crate) fn new(mailbox: &'a Mailbox, view: &'a MailboxView, wanted: Vec<u32>) -> Self {
        Self { mailbox, view, wanted, done: 0 }
    }

    /// The next page, and the indexes of the messages that it is asked for; it has all of them.
    pub(crate) async fn next(&mut self) -> Result<Option<(Arc<HeaderPage>, Vec<u32>)>, Error> {
        let rest = &self.wanted[self.done..];
        let uid = |index: &u32| self.view.uid_at(*index).map_or(0, |uid| uid.0.get());
        let Some(block) = rest.first().map(uid).map(|uid| uid >> PAGE_BITS) else {
            return Ok(None);
        };
        let count = rest.partition_point(|index| uid(index) >> PAGE_BITS <= block);
        let indexes = rest[..count].to_vec();
        self.done += count;
        Ok(Some((self.page(block, &indexes).await?, indexes)))
    }

    async fn page(&self, block: u32, indexes: &[u32]) -> Result<Arc<HeaderPage>, Error> {
        let cache = &self.mailbox.account().core().headers.0;
        let place = (self.mailbox.account().id(), self.mailbox.id(), block);
        let complete = |page: &HeaderPage| {
            let mut uids = indexes.iter().filter_map(|index| self.view.uid_at(*index));
            uids.all(|uid| page.entries.binary_search_by_key(&uid, |entry| entry.uid).is_ok())
        };
        let known = cache.get(&place);
        if let Some(page) = known.as_ref().filter(|page| complete(page)) {
            return Ok(Arc::clone(page));
        }
        let page = Arc::new(HeaderPage::read(self.mailbox, self.view, block).await?);
        if known.is_none_or(|known| known.next < page.next) {
            cache.insert(place, Arc::clone(&page));
        }
        Ok(page)
    }
}
