//! Evaluating a query: first what memory tells, then headers, then bodies, each only for messages
//! that are still undecided.

use super::query::{Key, Query};
use super::shared::{PAGE_MESSAGES, PAGE_OCTETS, Sharing, Span, Texts, folded};
use super::text::Needle;
use crate::digest::{Digest, Headers};
use crate::headers::HeaderPages;
use crate::limits::{MAX_ROW_BODY, SEARCH_BUDGET};
use crate::{Body, Error, Mailbox, MailboxView, Message, turns};
use bytes::Bytes;
use peregrine_mime::{Structure, decode_header, header_fields, search_text};
use peregrine_proto::Date;
use std::ops::Range;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Messages between two moments at which other tasks may run.
const BATCH: usize = 4096;

/// Keys that are held against messages between two such moments, each in some ten nanoseconds: a
/// command has room for many thousands.
const BATCH_KEYS: usize = 4 * BATCH;

/// A key that looks through a header field takes so many times as long.
const TEXT: usize = 8;

/// Undecided messages with at most so many others between them are read in one go.
const GAP: u32 = 4;

/// Bodies from objects that all searches together have in memory: each may be as long as a message
/// can be.
static LARGE: Semaphore = Semaphore::const_new(2);

/// The indexes of the messages that a query finds.
pub(crate) async fn run(
    mailbox: &Mailbox,
    view: &MailboxView,
    query: Query,
) -> Result<Vec<u32>, Error> {
    let key = Arc::new(query.key);
    let core = mailbox.account().core();
    let sharing = key.text().map(|header| (core.texts.join(), header));
    let search = Search { mailbox, view, key, sharing };
    match tokio::time::timeout(SEARCH_BUDGET, search.run()).await {
        Ok(found) => found,
        Err(_) => Err(Error::Limit("the search takes too long; narrow it")),
    }
}

struct Search<'a> {
    mailbox: &'a Mailbox,
    view: &'a MailboxView,
    key: Arc<Key>,
    /// What it can share with others, if it looks for nothing in bodies but for text: with the header
    /// fields or without.
    sharing: Option<(Sharing<'a>, bool)>,
}

/// What is known of a message.
struct Facts<'a> {
    message: &'a Message,
    headers: Option<Headers<'a>>,
    body: Option<Octets<'a>>,
}

/// What is known of a message's octets.
#[derive(Clone, Copy)]
enum Octets<'a> {
    /// All.
    Whole(&'a Structure, &'a [u8]),
    /// The text that is looked through, folded.
    Text(&'a str),
}

impl Search<'_> {
    async fn run(&self) -> Result<Vec<u32>, Error> {
        let (mut found, mut undecided) = (Vec::new(), Vec::new());
        let (exists, batch) = (self.view.exists(), self.key.batch());
        for start in (0..exists).step_by(batch) {
            let end = exists.min(start.saturating_add(batch as u32));
            for (index, message) in (start..).zip(self.view.messages(start..end)) {
                match self.key.holds(&Facts { message, headers: None, body: None }) {
                    Some(true) => found.push(index),
                    Some(false) => {}
                    None => undecided.push(index),
                }
            }
            tokio::task::yield_now().await;
        }
        let undecided = self.read_headers(undecided, &mut found).await?;
        for range in ranges(&undecided) {
            self.read(range, &undecided, &mut found).await?;
        }
        found.sort_unstable();
        Ok(found)
    }

    /// Decides by headers; tells what these leave undecided.
    async fn read_headers(
        &self,
        undecided: Vec<u32>,
        found: &mut Vec<u32>,
    ) -> Result<Vec<u32>, Error> {
        let mut left = Vec::new();
        let mut pages = HeaderPages::new(self.mailbox, self.view, undecided);
        let batch = self.key.batch().div_ceil(TEXT);
        while let Some((page, indexes)) = pages.next().await? {
            for some in indexes.chunks(batch) {
                for &index in some {
                    let Some(message) = self.view.message(index) else { continue };
                    let headers = page.headers(message.uid);
                    match self.key.holds(&Facts { message, headers, body: None }) {
                        Some(true) => found.push(index),
                        Some(false) => {}
                        None => left.push(index),
                    }
                }
                tokio::task::yield_now().await;
            }
        }
        Ok(left)
    }

    /// Decides by bodies what lies in a range.
    async fn read(
        &self,
        range: Range<u32>,
        undecided: &[u32],
        found: &mut Vec<u32>,
    ) -> Result<(), Error> {
        let mut pages = self.mailbox.digests(self.view, range);
        while let Some(page) = pages.next_page().await? {
            let wanted = |(index, _): &(u32, Digest)| undecided.binary_search(index).is_ok();
            let left = (page.first..).zip(page.digests).filter(wanted).collect();
            match self.sharing.as_ref().filter(|(sharing, _)| sharing.with_others()) {
                Some((sharing, header)) => {
                    self.read_shared(sharing, *header, left, found).await?;
                }
                None => self.read_bodies(left, found).await?,
            }
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    /// Decides by texts that are read for all searches that pass here.
    async fn read_shared(
        &self,
        sharing: &Sharing<'_>,
        header: bool,
        mut left: Vec<(u32, Digest)>,
        found: &mut Vec<u32>,
    ) -> Result<(), Error> {
        while !left.is_empty() {
            let count = self.page_length(&left);
            let rest = left.split_off(count.max(1));
            let some = std::mem::replace(&mut left, rest);
            let number = |of: Option<&(u32, Digest)>| Some(self.view.message(of?.0)?.body);
            let (Some(first), Some(last), 1..) = (number(some.first()), number(some.last()), count)
            else {
                self.read_bodies(some, found).await?;
                continue;
            };
            let span = Span { first, last, messages: some.len(), header };
            let texts = sharing.texts(span, self.read_texts(&some, header)).await?;
            found.extend(self.look_at_texts(some, texts).await?);
        }
        Ok(())
    }

    /// How many of these messages, with consecutive indexes, make a page; none if the first is too
    /// large.
    fn page_length(&self, left: &[(u32, Digest)]) -> usize {
        let start = left.first().map_or(0, |(index, _)| *index);
        let mut octets = 0;
        let fits = |(wanted, (index, _)): &(u32, &(u32, Digest))| {
            let size = self.view.message(*index).map_or(0, |message| u64::from(message.size));
            octets += size;
            wanted == index && size <= MAX_ROW_BODY as u64 && octets <= PAGE_OCTETS
        };
        (start..).zip(left).take(PAGE_MESSAGES).take_while(fits).count()
    }

    /// Reads, decodes and folds the texts of messages with consecutive indexes.
    async fn read_texts(&self, some: &[(u32, Digest)], header: bool) -> Result<Texts, Error> {
        let start = some.first().map_or(0, |(index, _)| *index);
        let mut pages = self.mailbox.bodies(self.view, start..start + some.len() as u32);
        let mut loaded = Vec::with_capacity(some.len());
        while let Some((_, bodies)) = pages.next_page().await? {
            for body in bodies {
                loaded.push(body.whole().await?);
            }
        }
        let digests: Vec<Digest> = some.iter().map(|(_, digest)| digest.clone()).collect();
        turns::run(self.mailbox.account().id(), move |_| {
            let texts = digests.iter().zip(&loaded);
            texts.map(|(digest, octets)| Ok(folded(&digest.structure()?, octets, header))).collect()
        })
        .await
    }

    /// Looks through texts, off the async threads.
    async fn look_at_texts(
        &self,
        some: Vec<(u32, Digest)>,
        texts: Texts,
    ) -> Result<Vec<u32>, Error> {
        let key = Arc::clone(&self.key);
        let view = self.view.clone();
        turns::run(self.mailbox.account().id(), move |_| {
            let holds = |(index, digest): &(u32, Digest), text: &str| {
                let Some(message) = view.message(*index) else { return false };
                let (headers, body) = (Some(digest.headers()), Some(Octets::Text(text)));
                key.holds(&Facts { message, headers, body }) == Some(true)
            };
            let fits = some.iter().zip(&texts[..]).filter(|(one, text)| holds(one, text));
            Ok(fits.map(|((index, _), _)| *index).collect())
        })
        .await
    }

    async fn read_bodies(
        &self,
        mut left: Vec<(u32, Digest)>,
        found: &mut Vec<u32>,
    ) -> Result<(), Error> {
        while let Some((start, _)) = left.first() {
            let start = *start;
            let run = (start..).zip(&left).take_while(|(wanted, (index, _))| wanted == index);
            let mut bodies = self.mailbox.bodies(self.view, start..start + run.count() as u32);
            while let Some((_, page)) = bodies.next_page().await? {
                let rest = left.split_off(page.len().min(left.len()));
                let some = std::mem::replace(&mut left, rest);
                found.extend(self.judge(some, page).await?);
            }
        }
        Ok(())
    }

    /// Decides messages by their bodies.
    async fn judge(&self, some: Vec<(u32, Digest)>, bodies: Vec<Body>) -> Result<Vec<u32>, Error> {
        let (mut found, mut loaded) = (Vec::new(), Vec::new());
        for ((index, digest), body) in some.into_iter().zip(bodies) {
            let Some(message) = self.view.message(index).cloned() else { continue };
            if let Some(octets) = body.in_memory().cloned() {
                loaded.push(Loaded { index, message, digest, octets });
                continue;
            }
            let _room = LARGE.acquire().await.map_err(|error| Error::bug(error.to_string()))?;
            let octets = body.whole().await?;
            found.extend(self.look(vec![Loaded { index, message, digest, octets }]).await?);
        }
        found.extend(self.look(loaded).await?);
        Ok(found)
    }

    /// Looks through bodies, off the async threads; ends early if nobody waits.
    async fn look(&self, loaded: Vec<Loaded>) -> Result<Vec<u32>, Error> {
        let key = Arc::clone(&self.key);
        turns::run(self.mailbox.account().id(), move |wanted| {
            let mut found = Vec::new();
            for Loaded { index, message, digest, octets } in &loaded {
                if !wanted.still() {
                    break;
                }
                let structure = digest.structure()?;
                let body = Some(Octets::Whole(&structure, octets));
                let headers = Some(digest.headers());
                if key.holds(&Facts { message, headers, body }) == Some(true) {
                    found.push(*index);
                }
            }
            Ok(found)
        })
        .await
    }
}

/// A message whose octets are in memory.
struct Loaded {
    index: u32,
    message: Message,
    digest: Digest,
    octets: Bytes,
}

/// Ranges that cover ascending indexes, with small gaps between.
fn ranges(indexes: &[u32]) -> Vec<Range<u32>> {
    let mut ranges: Vec<Range<u32>> = Vec::new();
    for index in indexes {
        match ranges.last_mut() {
            Some(last) if *index <= last.end + GAP => last.end = index + 1,
            _ => ranges.push(*index..index + 1),
        }
    }
    ranges
}

impl Key {
    /// Where all that it needs of bodies is what SEARCH BODY, or TEXT, looks through: whether the
    /// header fields belong to it.
    fn text(&self) -> Option<bool> {
        let mut wanted = Vec::new();
        self.visit(&mut |key| match key {
            Self::Body(_) => wanted.push(Some(false)),
            Self::Text(_) => wanted.push(Some(true)),
            Self::Field(..) => wanted.push(None),
            _ => {}
        });
        let first = wanted.first().copied().flatten()?;
        wanted.iter().all(|one| *one == Some(first)).then_some(first)
    }

    fn visit(&self, see: &mut dyn FnMut(&Self)) {
        see(self);
        match self {
            Self::Not(key) => key.visit(see),
            Self::Or(keys) | Self::And(keys) => keys.iter().for_each(|key| key.visit(see)),
            _ => {}
        }
    }

    /// Messages that it may be held against before other tasks may run.
    fn batch(&self) -> usize {
        let mut keys = 0;
        self.visit(&mut |_| keys += 1);
        (BATCH_KEYS / keys).clamp(1, BATCH)
    }

    /// Whether it holds; `None` if that needs facts that are not there.
    fn holds(&self, facts: &Facts<'_>) -> Option<bool> {
        let message = facts.message;
        Some(match self {
            Self::Is(always) => *always,
            Self::Flag(flag) => message.flags.intersects(*flag),
            Self::Keyword(number) => message.keywords.contains(*number),
            Self::Uids(uids) => uids.contains(message.uid),
            Self::Arrived(compare, than) => {
                let date = message.date();
                let local = date.unix.saturating_add(60 * i64::from(date.offset));
                compare.holds(local.div_euclid(86_400), *than)
            }
            Self::Saved(compare, than) => {
                compare.holds(i64::from(message.saved).div_euclid(86_400), *than)
            }
            Self::BodyNumber(number) => message.body == *number,
            Self::Aged(compare, than) => compare.holds(message.date().unix, *than),
            Self::Changed(since) => message.mod_seq >= *since,
            Self::Larger(octets) => u64::from(message.size) > *octets,
            Self::Smaller(octets) => u64::from(message.size) < *octets,
            Self::Sent(compare, than) => facts.headers?.sent.is_some_and(|sent| {
                let date = Date { year: sent.year, month: sent.month, day: sent.day };
                compare.holds(date.days(), *than)
            }),
            Self::Digest(field, needle) => {
                facts.headers?.text(*field).is_some_and(|text| needle.is_in_folded(text))
            }
            Self::Field(name, needle) => {
                let Octets::Whole(structure, body) = facts.body? else { return None };
                let header = structure.parts.first().map_or(&[][..], |root| root.header.of(body));
                let named = header_fields(header)
                    .filter(|field| field.name.eq_ignore_ascii_case(name.as_bytes()));
                named.into_iter().any(|field| needle.is_in(&decode_header(field.value)))
            }
            Self::Body(needle) => facts.body?.contain(needle, false),
            Self::Text(needle) => facts.body?.contain(needle, true),
            Self::Not(key) => !key.holds(facts)?,
            Self::Or(keys) => return any(keys, facts, true),
            Self::And(keys) => return any(keys, facts, false),
        })
    }
}

impl Octets<'_> {
    fn contain(self, needle: &Needle, header: bool) -> bool {
        match self {
            Self::Whole(structure, octets) => {
                search_text(structure, octets, header, &mut |text| needle.is_in(text))
            }
            Self::Text(text) => needle.is_in_folded(text),
        }
    }
}

/// Or (`decisive` is true) and And (false): one key that comes to `decisive` decides, whatever is
/// not known of the others.
fn any(keys: &[Key], facts: &Facts<'_>, decisive: bool) -> Option<bool> {
    let mut unknown = false;
    for key in keys {
        match key.holds(facts) {
            Some(value) if value == decisive => return Some(decisive),
            Some(_) => {}
            None => unknown = true,
        }
    }
    (!unknown).then_some(!decisive)
}
