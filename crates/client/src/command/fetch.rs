//! FETCH (RFC 3501 §6.4.5).

use crate::call::{Call, Pending, Reply};
use crate::error::{Error, Result};
use crate::mailbox::Mailbox;
use crate::message::{Message, told_uid};
use peregrine_proto::command::fetch::{FetchItem, FetchModifiers};
use peregrine_proto::command::{Fetch, Messages};
use peregrine_proto::{
    CommandBody, ModSeq, PartPath, Partial, Response, Section, SectionText, Uid, UidSet,
};
use smallvec::SmallVec;
use std::collections::HashMap;

/// What is asked of each message. UIDs are always told.
///
/// Nothing here sets \Seen but [`Items::mark_seen`].
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Items {
    items: SmallVec<[FetchItem; 4]>,
    mark_seen: bool,
}

impl Items {
    /// Nothing but UIDs.
    pub fn new() -> Self {
        Self::default()
    }

    /// Flags.
    pub fn flags(self) -> Self {
        self.item(FetchItem::Flags)
    }

    /// When it came into the mailbox.
    pub fn internal_date(self) -> Self {
        self.item(FetchItem::InternalDate)
    }

    /// Its size in octets.
    pub fn size(self) -> Self {
        self.item(FetchItem::Rfc822Size)
    }

    /// Its header in short.
    pub fn envelope(self) -> Self {
        self.item(FetchItem::Envelope)
    }

    /// Its parts.
    pub fn structure(self) -> Self {
        self.item(FetchItem::BodyStructure)
    }

    /// The whole message.
    pub fn body(self) -> Self {
        self.section(Section::default())
    }

    /// Its header.
    pub fn header(self) -> Self {
        self.section(Section { text: SectionText::Header, ..Section::default() })
    }

    /// Some text of it.
    pub fn section(self, section: Section) -> Self {
        self.section_item(section, None)
    }

    /// A piece of some text of it.
    pub fn piece(self, section: Section, piece: Partial) -> Self {
        self.section_item(section, Some(piece))
    }

    /// A part without its transfer encoding (BINARY, RFC 3516), or a piece of that. A part whose
    /// encoding the server does not know makes it answer NO `[UNKNOWN-CTE]`.
    pub fn decoded(self, part: PartPath, piece: Option<Partial>) -> Self {
        self.item(FetchItem::Binary { peek: true, part: Box::new(part), partial: piece })
    }

    /// How many octets a part has without its transfer encoding; some servers must decode it to
    /// know.
    pub fn decoded_size(self, part: PartPath) -> Self {
        self.item(FetchItem::BinarySize(Box::new(part)))
    }

    /// Sets \Seen on messages whose text is read.
    pub fn mark_seen(mut self) -> Self {
        self.mark_seen = true;
        self
    }

    /// Any item.
    pub fn item(mut self, item: FetchItem) -> Self {
        if !self.items.contains(&item) {
            self.items.push(item);
        }
        self
    }

    fn section_item(self, section: Section, partial: Option<Partial>) -> Self {
        self.item(FetchItem::BodySection { peek: true, section: Box::new(section), partial })
    }

    fn into_items(self) -> SmallVec<[FetchItem; 4]> {
        let Self { mut items, mark_seen } = self.item(FetchItem::Uid);
        for item in &mut items {
            if let FetchItem::BodySection { peek, .. } | FetchItem::Binary { peek, .. } = item {
                *peek = !mark_seen;
            }
        }
        items
    }
}

impl Mailbox {
    /// Reads messages. Those that are gone are left out. They come in the order in which the
    /// server tells them, mostly ascending.
    pub fn fetch(&self, messages: impl Into<Messages>, items: Items) -> Call<Vec<Message>> {
        let items = items.into_items();
        let sets = crate::numbers::split(messages.into(), self.client().settings().line);
        let fetch = |messages| Fetch {
            messages,
            items: items.clone(),
            modifiers: FetchModifiers::default(),
        };
        let pending = sets.into_iter().map(|set| self.send(CommandBody::Fetch(fetch(set))));
        together(pending.collect(), gather)
    }

    /// Reads those messages that are new or changed after `since` (RFC 7162 §3.1.4.1), and where
    /// QRESYNC is enabled tells which are gone (§3.2.6): `None` where it is not.
    ///
    /// It needs CONDSTORE, and a [`highest_mod_seq`](crate::MailboxStatus::highest_mod_seq) of the
    /// same UIDVALIDITY.
    pub fn fetch_changes(
        &self,
        since: ModSeq,
        items: Items,
    ) -> Call<(Vec<Message>, Option<Vec<UidSet>>)> {
        let capabilities = self.client().capabilities();
        let vanished = capabilities.is_enabled("QRESYNC");
        if !vanished && !capabilities.has("CONDSTORE") {
            return Call::answered(Err(Error::Unsupported("CONDSTORE")));
        }
        let fetch = Fetch {
            messages: Messages::Uid(crate::numbers::all()),
            items: items.into_items(),
            modifiers: FetchModifiers { changed_since: Some(since), vanished, partial: None },
        };
        self.call(CommandBody::Fetch(fetch), move |reply| {
            let gone = reply.responses.iter().filter_map(|response| match response {
                Response::Vanished(gone) => Some(gone.uids.clone()),
                _ => None,
            });
            let gone = vanished.then(|| gone.collect());
            Ok((gather(reply)?, gone))
        })
    }

    /// Reads one message; `None` when it is gone.
    pub fn fetch_one(&self, uid: Uid, items: Items) -> Call<Option<Message>> {
        self.fetch(uid, items).then(move |messages| {
            let there = |message: &Message| message.uid.is_none_or(|found| found == uid);
            Ok(messages.into_iter().find(there))
        })
    }
}

/// The results of several commands that were sent at once, one behind the other.
pub(super) fn together<T: Send + 'static>(
    mut pending: Vec<Pending>,
    finish: impl Fn(Reply) -> Result<Vec<T>> + Send + Sync + 'static,
) -> Call<Vec<T>> {
    match (pending.pop(), pending.is_empty()) {
        (None, _) => Call::answered(Ok(Vec::new())),
        (Some(only), true) => Call::single(only, finish),
        (Some(last), false) => Call::steps(async move {
            let mut all = Vec::new();
            pending.push(last);
            for one in pending {
                all.extend(finish(one.await?)?);
            }
            Ok(all)
        }),
    }
}

/// Puts together what several responses tell of one message. While UIDs are asked for, EXPUNGE may
/// come in between (RFC 3501 §7.4.1): a number then means another message, a UID never does.
pub(super) fn gather(reply: Reply) -> Result<Vec<Message>, Error> {
    let mut messages: Vec<Message> = Vec::new();
    let (mut by_number, mut by_uid) = (HashMap::new(), HashMap::new());
    for response in reply.responses {
        let Response::Fetch { number, data } = response else { continue };
        let uid = told_uid(&data);
        let numbered = by_number.get(&number).copied();
        let same = |index: &usize| uid.is_none() || messages[*index].uid.is_none();
        let known = uid.and_then(|uid| by_uid.get(&uid).copied());
        let index = known.or_else(|| numbered.filter(same)).unwrap_or_else(|| {
            messages.push(Message::new(number));
            messages.len() - 1
        });
        by_number.insert(number, index);
        by_uid.extend(uid.map(|uid| (uid, index)));
        messages[index].merge(data);
    }
    Ok(messages)
}
