//! THREAD (RFC 5256): messages in conversations.

use super::references::references;
use super::sort;
use crate::digest::SortText;
use crate::headers::HeaderPage;
use crate::{Error, Mailbox, MailboxView, turns};
use peregrine_proto::command::thread::ThreadAlgorithm;
use std::ops::Range;
use std::sync::Arc;

/// One place in the forest of conversations: each is followed by those below it, one deeper.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Threaded {
    /// 0 for the first of a conversation.
    pub depth: u32,
    /// The message's index; `None` for one that is missing and keeps those below it together.
    pub index: Option<u32>,
}

/// What the algorithms must know of the messages.
#[derive(Default)]
pub(super) struct Letters<'a> {
    /// In the order of the mailbox.
    pub letters: Vec<Letter<'a>>,
    /// What stands for the message ids in the References fields of all.
    pub references: Vec<u64>,
}

/// What the algorithms must know of one message.
pub(super) struct Letter<'a> {
    pub index: u32,
    /// When it was sent.
    pub date: i64,
    /// The base subject, folded.
    pub subject: &'a str,
    /// Whether the subject is that of a reply or a forward.
    pub reply: bool,
    /// What stands for its own message id.
    pub id: Option<u64>,
    /// Where its references are.
    pub references: Range<u32>,
}

/// The messages of ascending indexes in conversations.
pub(crate) async fn thread(
    mailbox: &Mailbox,
    view: &MailboxView,
    indexes: Vec<u32>,
    algorithm: ThreadAlgorithm,
) -> Result<Vec<Threaded>, Error> {
    let pages = sort::read(mailbox, view, &indexes).await?;
    let view = view.clone();
    turns::run(mailbox.account().id(), move |_| {
        let letters = Letters::new(&view, &pages);
        match algorithm {
            ThreadAlgorithm::OrderedSubject => Ok(ordered_subject(&letters.letters)),
            ThreadAlgorithm::References => references(&letters),
        }
    })
    .await
}

impl<'a> Letters<'a> {
    fn new(view: &MailboxView, pages: &'a [(Arc<HeaderPage>, Vec<u32>)]) -> Self {
        let mut all = Self::default();
        for (page, indexes) in pages {
            for &index in indexes {
                let Some(message) = view.message(index) else { continue };
                let keys = page.headers(message.uid).map(|headers| headers.keys());
                let start = all.references.len() as u32;
                all.references.extend(keys.iter().flat_map(|keys| keys.references()));
                all.letters.push(Letter {
                    index,
                    date: sort::sent(page, message),
                    subject: keys.map_or("", |keys| keys.text(SortText::Subject)),
                    reply: keys.is_some_and(|keys| keys.is_reply()),
                    id: keys.and_then(|keys| keys.message_id()),
                    references: start..all.references.len() as u32,
                });
            }
        }
        all
    }
}

/// RFC 5256 §3, ORDEREDSUBJECT: by base subject, in the order of the first of each.
fn ordered_subject(letters: &[Letter<'_>]) -> Vec<Threaded> {
    let mut order: Vec<&Letter<'_>> = letters.iter().collect();
    order.sort_unstable_by_key(|letter| (letter.subject, letter.date, letter.index));
    let mut threads: Vec<&[&Letter<'_>]> =
        order.chunk_by(|one, other| one.subject == other.subject).collect();
    threads.sort_unstable_by_key(|thread| (thread[0].date, thread[0].index));
    let place = |(place, letter): (usize, &&Letter<'_>)| Threaded {
        depth: u32::from(place > 0),
        index: Some(letter.index),
    };
    threads.into_iter().flat_map(|thread| thread.iter().enumerate().map(place)).collect()
}
