//! CREATE, DELETE and RENAME.

use super::apply::{Doing, no};
use super::{Mailbox, Next, State, Why};
use peregrine_proto::Status;
use std::rc::Rc;

impl State {
    /// Makes a mailbox, and those above it that are missing.
    fn make(&mut self, name: &str) {
        self.make_above(name);
        self.hollow.remove(name);
        self.names.insert(name.to_owned(), self.boxes.len());
        self.boxes.push(Rc::new(Mailbox { next: 1, ..Mailbox::default() }));
    }

    fn make_above(&mut self, name: &str) {
        let above = name.rsplit_once('/').map_or("", |(above, _)| above);
        if !above.is_empty() && !self.names.contains_key(above) && !self.hollow.contains(above) {
            self.make(above);
        }
    }

    /// The names below one.
    fn below(&self, name: &str) -> Vec<String> {
        let all = self.names.keys().chain(&self.hollow);
        let below = |it: &&String| it.strip_prefix(name).is_some_and(|rest| rest.starts_with('/'));
        all.filter(below).cloned().collect()
    }
}

impl Doing<'_> {
    pub(super) fn create(&self, state: &State, name: &str) -> Result<Next, Why> {
        match (self.status_of_reply(), state.names.contains_key(name)) {
            (Status::Ok, false) => {
                let mut made = state.clone();
                made.make(name);
                Ok(Next::Made(vec![made]))
            }
            (Status::No, true) => Ok(Next::Same),
            (status, true) => no!(self.context, "it is there, and the reply is {}", status.word()),
            (status, false) => {
                no!(self.context, "it is not there, and the reply is {}", status.word())
            }
        }
    }

    /// RFC 3501 §6.3.4: where others lie below it, the name stays, and cannot be deleted again.
    pub(super) fn delete(&self, state: &State, name: &str) -> Result<Next, Why> {
        let (exists, keeps) = (state.names.contains_key(name), !state.below(name).is_empty());
        let removable = exists || (state.hollow.contains(name) && !keeps);
        if !removable || self.status_of_reply() != Status::Ok {
            return self.may_be_missing(removable);
        }
        let mut made = state.clone();
        made.names.remove(name);
        made.hollow.remove(name);
        if keeps {
            made.hollow.insert(name.to_owned());
        }
        Ok(Next::Made(vec![made]))
    }

    pub(super) fn rename(&self, state: &State, from: &str, to: &str) -> Result<Next, Why> {
        let taken = |name: &str| state.names.contains_key(name) || state.hollow.contains(name);
        let fits = taken(from) && !taken(to) && !to.starts_with(&format!("{from}/"));
        match (self.status_of_reply(), fits) {
            (Status::Ok, true) => {
                let mut made = state.clone();
                for old in state.below(from).into_iter().chain([from.to_owned()]) {
                    let new = format!("{to}{}", &old[from.len()..]);
                    if made.hollow.remove(&old) {
                        made.hollow.insert(new);
                    } else if let Some(id) = made.names.remove(&old) {
                        made.names.insert(new, id);
                    }
                }
                made.make_above(to);
                Ok(Next::Made(vec![made]))
            }
            (Status::No, false) => Ok(Next::Same),
            (status, true) => {
                no!(self.context, "it can be done, and the reply is {}", status.word())
            }
            (status, false) => {
                no!(self.context, "it cannot be done, and the reply is {}", status.word())
            }
        }
    }
}
