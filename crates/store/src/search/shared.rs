//! Texts that several searches of an account look through at about the same time: each is read,
//! decoded and folded once for all of them.

use super::text::fold;
use crate::{BodyNumber, Error};
use peregrine_mime::{Structure, search_text};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::OnceCell;

/// Messages of one page at most.
pub(super) const PAGE_MESSAGES: usize = 512;

/// Octets of the messages of one page at most.
pub(super) const PAGE_OCTETS: u64 = 1024 * 1024;

/// Pages that an account keeps while it searches. Its searches take turns page by page, so that they
/// stand close to each other.
const PAGES: usize = 4;

/// Between two texts of a message: nobody can look for it (RFC 3501 §9, `CHAR8`).
const BETWEEN: char = '\0';

/// Messages whose texts make a page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Span {
    pub first: BodyNumber,
    pub last: BodyNumber,
    pub messages: usize,
    /// With the header fields: SEARCH TEXT.
    pub header: bool,
}

/// The texts of a page's messages.
pub(super) type Texts = Arc<[Box<str>]>;

type Page = Arc<OnceCell<Texts>>;

/// What the searches of one account share.
#[derive(Default)]
pub(crate) struct SharedTexts {
    searches: AtomicUsize,
    pages: Mutex<VecDeque<(Span, Page)>>,
}

/// One search that looks through texts.
pub(super) struct Sharing<'a>(&'a SharedTexts);

impl SharedTexts {
    /// A search begins to look through texts.
    pub(super) fn join(&self) -> Sharing<'_> {
        self.searches.fetch_add(1, Ordering::Relaxed);
        Sharing(self)
    }

    fn page(&self, span: Span) -> Page {
        let mut pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, page)) = pages.iter().find(|(other, _)| *other == span) {
            return Arc::clone(page);
        }
        if pages.len() == PAGES {
            pages.pop_front();
        }
        let page = Page::default();
        pages.push_back((span, Arc::clone(&page)));
        page
    }
}

impl Sharing<'_> {
    /// Whether others look through texts at present: alone, nothing is gained.
    pub(super) fn with_others(&self) -> bool {
        self.0.searches.load(Ordering::Relaxed) > 1
    }

    /// The texts of a page: read now, or by another search.
    pub(super) async fn texts<F>(&self, span: Span, read: F) -> Result<Texts, Error>
    where
        F: Future<Output = Result<Texts, Error>>,
    {
        let page = self.0.page(span);
        // Should the search that reads be dropped, another one of those that wait reads.
        page.get_or_try_init(|| read).await.cloned()
    }
}

impl Drop for Sharing<'_> {
    fn drop(&mut self) {
        if self.0.searches.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.0.pages.lock().unwrap_or_else(PoisonError::into_inner).clear();
        }
    }
}

/// All that SEARCH BODY, or TEXT where `header`, looks through in a message, folded.
pub(super) fn folded(structure: &Structure, message: &[u8], header: bool) -> Box<str> {
    let mut all = String::with_capacity(message.len());
    search_text(structure, message, header, &mut |text| {
        all.push_str(&fold(text));
        all.push(BETWEEN);
        false
    });
    all.into()
}
