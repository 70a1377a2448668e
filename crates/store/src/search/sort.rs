//! SORT (RFC 5256, RFC 5957): messages in the order of their keys.

use crate::digest::SortText;
use crate::headers::{HeaderPage, HeaderPages};
use crate::limits::SEARCH_BUDGET;
use crate::{Error, Mailbox, MailboxView, Message, turns};
use peregrine_proto::Uid;
use peregrine_proto::command::sort::{SortCriterion, SortKey};
use std::cmp::Ordering;
use std::sync::Arc;

/// The messages of ascending indexes in the order that is asked; equal ones stay as they are
/// (RFC 5256 §3).
pub(crate) async fn sort(
    mailbox: &Mailbox,
    view: &MailboxView,
    indexes: Vec<u32>,
    criteria: &[SortCriterion],
) -> Result<Vec<u32>, Error> {
    let needs_headers = criteria.iter().any(|criterion| what(criterion.key) != What::Memory);
    let pages = match needs_headers {
        true => read(mailbox, view, &indexes).await?,
        false => Vec::new(),
    };
    let (view, criteria) = (view.clone(), criteria.to_vec());
    turns::run(mailbox.account().id(), move |_| {
        let columns: Vec<Column<'_>> =
            criteria.iter().map(|one| Column::new(*one, &view, &indexes, &pages)).collect();
        let order = order(&columns, indexes.len()).into_iter();
        Ok(order.map(|place| indexes[place as usize]).collect())
    })
    .await
}

/// The headers of all these messages.
pub(super) async fn read(
    mailbox: &Mailbox,
    view: &MailboxView,
    indexes: &[u32],
) -> Result<Vec<(Arc<HeaderPage>, Vec<u32>)>, Error> {
    let reading = async {
        let mut found = Vec::new();
        let mut pages = HeaderPages::new(mailbox, view, indexes.to_vec());
        while let Some(page) = pages.next().await? {
            found.push(page);
            tokio::task::yield_now().await;
        }
        Ok(found)
    };
    match tokio::time::timeout(SEARCH_BUDGET, reading).await {
        Ok(found) => found,
        Err(_) => Err(Error::Limit("reading the messages takes too long; narrow the search")),
    }
}

/// The Date field in UTC, or else INTERNALDATE (RFC 5256 §2.2).
pub(super) fn sent(page: &HeaderPage, message: &Message) -> i64 {
    let sent = page.headers(message.uid).and_then(|headers| headers.sent);
    sent.map_or(message.date().unix, |sent| sent.unix_seconds)
}

/// Where a key is found.
#[derive(PartialEq, Eq)]
enum What {
    Memory,
    Sent,
    Text(SortText),
}

fn what(key: SortKey) -> What {
    match key {
        SortKey::Arrival | SortKey::Size => What::Memory,
        SortKey::Date => What::Sent,
        SortKey::Subject => What::Text(SortText::Subject),
        SortKey::From => What::Text(SortText::From),
        SortKey::To => What::Text(SortText::To),
        SortKey::Cc => What::Text(SortText::Cc),
        SortKey::DisplayFrom => What::Text(SortText::DisplayFrom),
        SortKey::DisplayTo => What::Text(SortText::DisplayTo),
    }
}

/// One key of all messages.
struct Column<'a> {
    reverse: bool,
    /// Numbers, or the first octets of texts: what is compared first.
    heads: Vec<u64>,
    /// Texts; none where the heads say all.
    texts: Vec<&'a str>,
}

impl<'a> Column<'a> {
    fn new(
        criterion: SortCriterion,
        view: &MailboxView,
        indexes: &[u32],
        pages: &'a [(Arc<HeaderPage>, Vec<u32>)],
    ) -> Self {
        let mut column = Self { reverse: criterion.reverse, heads: Vec::new(), texts: Vec::new() };
        let messages = |indexes: &[u32]| -> Vec<(Uid, i64, u32)> {
            let found = indexes.iter().filter_map(|index| view.message(*index));
            found.map(|message| (message.uid, message.date().unix, message.size)).collect()
        };
        match what(criterion.key) {
            What::Memory => {
                let by_size = criterion.key == SortKey::Size;
                let head =
                    |(_, date, size)| if by_size { u64::from(size) } else { ascending(date) };
                column.heads = messages(indexes).into_iter().map(head).collect();
            }
            What::Sent => {
                for (page, indexes) in pages {
                    let found = indexes.iter().filter_map(|index| view.message(*index));
                    column.heads.extend(found.map(|message| ascending(sent(page, message))));
                }
            }
            What::Text(text) => {
                for (page, indexes) in pages {
                    for (uid, ..) in messages(indexes) {
                        let headers = page.headers(uid);
                        let text = headers.map_or("", |headers| headers.keys().text(text));
                        column.heads.push(head(text.as_bytes()));
                        column.texts.push(text);
                    }
                }
            }
        }
        column
    }

    fn compare(&self, one: u32, other: u32) -> Ordering {
        let (one, other) = (one as usize, other as usize);
        let heads = self.heads[one].cmp(&self.heads[other]);
        let order = heads.then_with(|| self.texts.get(one).cmp(&self.texts.get(other)));
        if self.reverse { order.reverse() } else { order }
    }
}

/// A number whose order is that of a signed one.
fn ascending(number: i64) -> u64 {
    number.cast_unsigned() ^ (1 << 63)
}

/// The first octets of a text as a number of the same order; a shorter text is filled with 0.
fn head(text: &[u8]) -> u64 {
    let mut head = [0; 8];
    let length = text.len().min(8);
    head[..length].copy_from_slice(&text[..length]);
    u64::from_be_bytes(head)
}

/// The places 0 to `count` in the order of the columns.
fn order(columns: &[Column<'_>], count: usize) -> Vec<u32> {
    let Some(first) = columns.first() else { return (0..count as u32).collect() };
    // The first column's head lies beside the place, so that most comparisons look nowhere else.
    let flip = if first.reverse { u64::MAX } else { 0 };
    let mut order: Vec<(u64, u32)> =
        first.heads.iter().map(|head| head ^ flip).zip(0..count as u32).collect();
    order.sort_unstable_by(|(one_head, one), (other_head, other)| {
        let rest = || columns.iter().map(|column| column.compare(*one, *other));
        let rest = || rest().find(|order| order.is_ne()).unwrap_or(one.cmp(other));
        one_head.cmp(other_head).then_with(rest)
    });
    order.into_iter().map(|(_, place)| place).collect()
}
