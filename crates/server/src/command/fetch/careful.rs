//! Reading messages in order, a page at a time, so that a damaged one costs no others: where a page
//! cannot be read, its messages are read one by one, and those that are damaged are passed over.

use peregrine_store::{Bodies, Body, Digest, Digests, Error, Mailbox, MailboxView};
use std::ops::Range;

/// Messages that are read one by one before whole pages are tried again: as many as a page has.
const ALONE: u32 = 512;

/// What reads something of each message, in order.
pub(super) trait Pages: Sized {
    /// What it reads.
    type Item;

    fn begin(mailbox: &Mailbox, view: &MailboxView, indexes: Range<u32>) -> Self;

    /// What was read of messages with consecutive indexes, the first of which is the next one.
    async fn next(&mut self) -> Result<Option<Vec<Self::Item>>, Error>;
}

impl Pages for Bodies {
    type Item = Body;

    fn begin(mailbox: &Mailbox, view: &MailboxView, indexes: Range<u32>) -> Self {
        mailbox.bodies(view, indexes)
    }

    async fn next(&mut self) -> Result<Option<Vec<Body>>, Error> {
        Ok(self.next_page().await?.map(|(_, bodies)| bodies))
    }
}

impl Pages for Digests {
    type Item = Digest;

    fn begin(mailbox: &Mailbox, view: &MailboxView, indexes: Range<u32>) -> Self {
        mailbox.digests(view, indexes)
    }

    async fn next(&mut self) -> Result<Option<Vec<Digest>>, Error> {
        Ok(self.next_page().await?.map(|page| page.digests))
    }
}

/// What comes next.
pub(super) enum Next<T> {
    /// Of messages with consecutive indexes; the index of the first. Never empty.
    Page(u32, Vec<T>),
    /// The message of this index is damaged, and how, for the log.
    Damaged(u32, String),
    /// Nothing is left.
    End,
}

/// Reads past damage.
pub(super) struct Careful<'a, P> {
    mailbox: &'a Mailbox,
    view: &'a MailboxView,
    /// What was not read yet.
    left: Range<u32>,
    pages: P,
    /// So many messages are still read one by one.
    alone: u32,
}

impl<'a, P: Pages> Careful<'a, P> {
    pub(super) fn new(mailbox: &'a Mailbox, view: &'a MailboxView, indexes: Range<u32>) -> Self {
        let end = indexes.end.min(view.exists());
        let left = indexes.start.min(end)..end;
        let pages = P::begin(mailbox, view, left.clone());
        Self { mailbox, view, left, pages, alone: 0 }
    }

    /// # Errors
    /// Anything but [`Error::Corrupt`].
    pub(super) async fn next(&mut self) -> Result<Next<P::Item>, Error> {
        while !self.left.is_empty() {
            let first = self.left.start;
            match self.pages.next().await {
                Ok(None) => break,
                Ok(Some(page)) => {
                    self.left.start += page.len() as u32;
                    if self.alone > 0 {
                        self.alone -= 1;
                        self.begin_again();
                    }
                    return Ok(Next::Page(first, page));
                }
                // A single one; behind it whole pages are tried again.
                Err(Error::Corrupt { what }) if self.alone > 0 || self.left.len() == 1 => {
                    self.left.start += 1;
                    self.alone = 0;
                    self.begin_again();
                    return Ok(Next::Damaged(first, what));
                }
                Err(Error::Corrupt { .. }) => {
                    self.alone = ALONE;
                    self.begin_again();
                }
                Err(error) => return Err(error),
            }
        }
        Ok(Next::End)
    }

    fn begin_again(&mut self) {
        let Range { start, end } = self.left;
        let end = if self.alone > 0 { end.min(start + 1) } else { end };
        self.pages = P::begin(self.mailbox, self.view, start..end);
    }
}
