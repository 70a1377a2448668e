//! SEARCH, SORT and THREAD, and what `$` means.

use super::apply::{Doing, no};
use super::{Mailbox, Next, State, Why};
use crate::command::{Command, Form, Key, Return};
use crate::dialogue::{EntryId, MOST};
use peregrine_proto::Status;
use peregrine_proto::response::{NumberList, SearchData, SearchDatum};
use std::rc::Rc;

/// What a search may find in one view.
struct Scope<'a> {
    doing: &'a Doing<'a>,
    state: &'a State,
    mailbox: &'a Mailbox,
    by_uid: bool,
    key: &'a Key,
    /// UIDs of the view that are there and fit: these must be found.
    required: Vec<u32>,
    /// How many more may be found: what is gone from the mailbox, and what is not yet in the view.
    more: usize,
}

impl Doing<'_> {
    pub(super) fn search(&self, state: &State) -> Result<Next, Why> {
        if self.status_of_reply() != Status::Ok {
            no!(self.context, "it can be done, and the reply is not OK")
        }
        self.in_some_view(state, |view| self.search_in(state, view))
    }

    fn search_in(&self, state: &State, view: &[EntryId]) -> Result<Next, Why> {
        let Command::Search { uid: by_uid, key, form } = &self.asked.command else {
            return Ok(Next::Same);
        };
        let (_, mailbox) = self.in_selected(state)?;
        let mut scope = Scope {
            doing: self,
            state,
            mailbox,
            by_uid: *by_uid,
            key,
            required: Vec::new(),
            more: 0,
        };
        for entry in view {
            let Some(uid) = state.uid(self.connection, *entry) else {
                no!(self.context, "its messages are not known yet")
            };
            match scope.fits(uid) {
                Some(true) => scope.required.push(uid),
                Some(false) => {}
                None => scope.more += 1,
            }
        }
        let new = mailbox.messages.keys().filter(|uid| scope.fits(**uid) == Some(true)).count();
        scope.more += new - scope.required.len();
        if matches!(key, Key::ModSeq(_)) {
            scope.more += mailbox.messages.len();
        }
        if let Form::Return(options) = form {
            return scope.returned(*options);
        }
        let [found] = &*self.asked.data.search else {
            let count = self.asked.data.search.len();
            no!(self.context, "it has {count} responses with what was found instead of one")
        };
        let uids = scope.found(found.iter().copied())?;
        if *form == Form::Sort {
            scope.in_order(&uids)?;
        }
        Ok(Next::Same)
    }
}

impl Scope<'_> {
    /// Whether a message fits; `None` where it is not there.
    fn fits(&self, uid: u32) -> Option<bool> {
        let message = self.mailbox.messages.get(&uid)?;
        Some(match self.key {
            Key::All => true,
            Key::Flag(bit, set) => (message.flags & bit != 0) == *set,
            Key::Subject(token) => *token == *message.token,
            // That is judged by the order of MODSEQs.
            Key::ModSeq(_) => return None,
            Key::Saved => self.state.saved[self.doing.connection].contains(&uid),
        })
    }

    /// The UID of a number that was told, where that message may be found.
    fn uid(&self, number: u32) -> Result<u32, Why> {
        // No message leaves meanwhile where numbers are told, and those that come stand behind.
        let last = self.doing.views.last().map_or(&[][..], |last| last);
        let uid = match self.by_uid {
            true => Some(number),
            false => last
                .get((number as usize).wrapping_sub(1))
                .and_then(|entry| self.state.uid(self.doing.connection, *entry)),
        };
        match uid.filter(|uid| *uid < self.mailbox.next) {
            Some(uid) if self.fits(uid) != Some(false) => Ok(uid),
            Some(uid) => no!(self.doing.context, "UID {uid} does not fit"),
            None => no!(self.doing.context, "it found {number}, which is not there"),
        }
    }

    /// The UIDs of all that was found, if that can be all.
    fn found(&self, numbers: impl Iterator<Item = u32>) -> Result<Vec<u32>, Why> {
        let uids: Vec<u32> = numbers.map(|number| self.uid(number)).collect::<Result<_, _>>()?;
        match self.required.iter().find(|uid| !uids.contains(uid)) {
            Some(uid) => no!(self.doing.context, "UID {uid} fits and was not found"),
            None => Ok(uids),
        }
    }

    /// By subject, which is the word of a message, and then by number (RFC 5256 §3).
    fn in_order(&self, uids: &[u32]) -> Result<(), Why> {
        let key = |uid: &u32| Some((self.mailbox.messages.get(uid)?.token.clone(), *uid));
        let keys: Vec<_> = uids.iter().filter_map(key).collect();
        match keys.is_sorted() {
            true => Ok(()),
            false => no!(self.doing.context, "UIDs {uids:?} are not in the order of subjects"),
        }
    }

    /// RFC 4731 §3.1, RFC 5182 §2.4.
    fn returned(&self, options: Return) -> Result<Next, Why> {
        let context = self.doing.context;
        let asks = options.all || options.min || options.max || options.count;
        let told = &self.doing.asked.data.extended;
        if told.len() != usize::from(asks) {
            no!(context, "it has {} ESEARCH responses instead of {}", told.len(), u8::from(asks))
        }
        let mut saved = self.required.clone();
        if let [told] = &**told {
            let (least, most) =
                (self.end(told, options.min, true)?, self.end(told, options.max, false)?);
            if !options.all && !options.count && (options.min || options.max) {
                saved = least.into_iter().chain(most).collect();
                saved.dedup();
            }
            let all = self.all(told, options.all)?;
            self.count(told, options.count, all.as_ref().map(Vec::len))?;
            saved = all.unwrap_or(saved);
        }
        if !options.save || *self.state.saved[self.doing.connection] == saved {
            return Ok(Next::Same);
        }
        let mut made = self.state.clone();
        made.saved[self.doing.connection] = Rc::new(saved);
        Ok(Next::Made(vec![made]))
    }

    /// MIN or MAX: none of what must be found lies beyond it.
    fn end(&self, told: &SearchData, wanted: bool, min: bool) -> Result<Option<u32>, Why> {
        let number = told.items.iter().find_map(|item| match item {
            SearchDatum::Min(number) if min => Some(*number),
            SearchDatum::Max(number) if !min => Some(*number),
            _ => None,
        });
        let Some(number) = number.filter(|_| wanted) else {
            return match self.required.first().filter(|_| wanted) {
                Some(uid) => no!(self.doing.context, "UID {uid} fits, and MIN or MAX is missing"),
                None => Ok(None),
            };
        };
        let end = self.uid(number)?;
        match self.required.iter().find(|uid| if min { **uid < end } else { **uid > end }) {
            Some(uid) => no!(self.doing.context, "UID {uid} fits, and lies beyond MIN or MAX"),
            None => Ok(Some(end)),
        }
    }

    fn all(&self, told: &SearchData, wanted: bool) -> Result<Option<Vec<u32>>, Why> {
        let list = told.items.iter().find_map(|item| match item {
            SearchDatum::All(numbers) => Some(numbers),
            _ => None,
        });
        if !wanted {
            return Ok(None);
        }
        let numbers = list.into_iter().flat_map(NumberList::iter);
        self.found(numbers.take(MOST)).map(Some)
    }

    fn count(&self, told: &SearchData, wanted: bool, all: Option<usize>) -> Result<(), Why> {
        if !wanted {
            return Ok(());
        }
        let count = told.items.iter().find_map(|item| match item {
            SearchDatum::Count(count) => Some(*count as usize),
            _ => None,
        });
        let least = self.required.len();
        let fits = |count: usize| match all {
            Some(all) => count == all,
            None => (least..=least + self.more).contains(&count),
        };
        match count {
            Some(count) if fits(count) => Ok(()),
            count => no!(self.doing.context, "{least} messages fit, and COUNT is {count:?}"),
        }
    }
}
