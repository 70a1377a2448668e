//! Many messages as a stream: some at a time, so that a mailbox of any size takes little memory and
//! never keeps other commands waiting.

use crate::call::Call;
use crate::command::{Items, Query};
use crate::error::Result;
use crate::mailbox::Mailbox;
use crate::message::Message;
use peregrine_proto::{Uid, UidSet};
use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// Messages that are asked for by one command.
const EACH: usize = 64;

/// Commands that are under way: one is read while the next one is answered.
const AHEAD: usize = 2;

/// Reads messages as they come, in the order of their UIDs. No more than 128 of them, with what was
/// asked for of each, are in memory; besides only the UIDs of all.
///
/// Who reads slowly holds up nobody else on the connection: the next messages are asked for when
/// the earlier ones have been taken. It may be dropped at any time.
#[derive(Debug)]
pub struct Rows {
    mailbox: Mailbox,
    items: Items,
    /// Asked for first.
    found: Option<Call<Vec<Uid>>>,
    /// Not asked for yet.
    left: VecDeque<Uid>,
    asked: VecDeque<Call<Vec<Message>>>,
    /// What has come and is not taken yet.
    come: VecDeque<Message>,
}

impl Mailbox {
    /// Reads messages some at a time. Those that are gone are left out, also those that are
    /// expunged meanwhile.
    pub fn rows(&self, uids: impl Into<UidSet>, items: Items) -> Rows {
        let uids = uids.into();
        let found = (!uids.ranges.is_empty()).then(|| self.search(Query::all().uids(uids)));
        Rows {
            mailbox: self.clone(),
            items,
            found,
            left: VecDeque::new(),
            asked: VecDeque::new(),
            come: VecDeque::new(),
        }
    }
}

impl Rows {
    /// The next message; `None` at the end.
    ///
    /// # Errors
    /// Those of SEARCH and FETCH; nothing comes behind one.
    pub async fn next(&mut self) -> Result<Option<Message>> {
        std::future::poll_fn(|context| self.poll_next(context)).await
    }

    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Message>>> {
        if let Some(found) = &mut self.found {
            let uids = ready!(Pin::new(found).poll(context));
            self.found = None;
            let mut uids = uids?;
            uids.sort_unstable();
            self.left = uids.into();
        }
        loop {
            if let Some(message) = self.come.pop_front() {
                return Poll::Ready(Ok(Some(message)));
            }
            self.ask();
            let Some(asked) = self.asked.front_mut() else { return Poll::Ready(Ok(None)) };
            let answer = ready!(Pin::new(asked).poll(context));
            self.asked.pop_front();
            match answer {
                Ok(messages) => self.come = messages.into(),
                Err(error) => {
                    self.left.clear();
                    self.asked.clear();
                    return Poll::Ready(Err(error));
                }
            }
        }
    }

    fn ask(&mut self) {
        while self.asked.len() < AHEAD && !self.left.is_empty() {
            let some = self.left.drain(..EACH.min(self.left.len()));
            let some = crate::numbers::uids(some);
            self.asked.push_back(self.mailbox.fetch(some, self.items.clone()));
        }
    }
}
