//! Reading a record: tagged replies first, then each response in turn.

use super::{Asked, Data, Dialogue, MOST, Observation, Renames, Reply, Told, parse};
use crate::command::{Command, Extensions, Form};
use crate::finding::{Finding, Rule};
use crate::history::{Record, Shown};
use peregrine_proto::response::{
    Code, ListAttribute, ResponseText, SearchData, SearchDatum, StatusData,
};
use peregrine_proto::{Response, Status};
use std::collections::{HashMap, VecDeque};

pub(super) struct Reader<'a> {
    number: usize,
    in_order: bool,
    pub(super) record: &'a Record,
    pub(super) responses: Vec<Option<Response>>,
    pub(super) dialogue: Dialogue,
    /// The response that is read.
    pub(super) index: usize,
    pub(super) at: u64,
    /// What is selected as far as replies have come.
    pub(super) current: Option<usize>,
    renames: &'a Renames,
    /// It was deleted, and the server has said BYE.
    deleted: bool,
    /// UIDs of messages that come, where UIDONLY is enabled.
    pub(super) coming: VecDeque<u32>,
    /// Responses that belong to a SELECT.
    pub(super) of_select: Vec<Option<usize>>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(
        number: usize,
        record: &'a Record,
        in_order: bool,
        renames: &'a Renames,
    ) -> Self {
        let asked = record.commands.iter().map(|sent| Asked {
            command: sent.command.clone(),
            begun: sent.begun,
            sent_at: record.received.iter().filter(|response| response.at < sent.begun).count(),
            reply: None,
            lost: false,
            enabled: Extensions::default(),
            selection: None,
            name: None,
            removes: false,
            opens: None,
            data: Data::default(),
        });
        let dialogue = Dialogue {
            asked: asked.collect(),
            entries: Vec::new(),
            selections: Vec::new(),
            observations: Vec::new(),
            findings: Vec::new(),
            unclear: false,
        };
        let of_select = vec![None; record.received.len()];
        let (responses, current, deleted) = (Vec::new(), None, false);
        let (index, at) = (0, 0);
        Self {
            number,
            in_order,
            record,
            responses,
            dialogue,
            index,
            at,
            current,
            renames,
            deleted,
            coming: VecDeque::new(),
            of_select,
        }
    }

    pub(super) fn read(mut self) -> Dialogue {
        self.parse_all();
        self.match_replies();
        for index in 0..self.responses.len() {
            (self.index, self.at) = (index, self.record.received[index].at);
            if let Some(response) = self.responses[index].take() {
                self.take(response);
            }
        }
        self.judge_end();
        self.place_commands();
        self.dialogue
    }

    pub(super) fn complain(&mut self, rule: Rule, text: String) {
        let text = match self.number {
            0 => text,
            number => format!("connection {number}: {text}"),
        };
        self.dialogue.findings.push(Finding { rule, text, events: vec![self.at] });
    }

    fn parse_all(&mut self) {
        for received in &self.record.received {
            self.at = received.at;
            match parse(&received.octets) {
                Ok(response) => self.responses.push(Some(response)),
                Err(error) => {
                    self.responses.push(None);
                    // Kinds of responses that nobody asked for are passed over.
                    if !error.contains("not known") {
                        let text = format!("`{}`: {error}", Shown(&received.octets));
                        self.complain(Rule::Grammar, text);
                    }
                }
            }
        }
    }

    fn match_replies(&mut self) {
        let tags: HashMap<&str, usize> =
            self.record.commands.iter().zip(0..).map(|(sent, place)| (&*sent.tag, place)).collect();
        let mut last = 0;
        for index in 0..self.responses.len() {
            self.at = self.record.received[index].at;
            let Some(Response::Tagged { tag, status, text }) = &self.responses[index] else {
                continue;
            };
            let (status, code, tag) = (*status, text.code.clone(), tag.as_str().to_owned());
            let group = std::mem::replace(&mut last, index + 1)..index;
            let sent = tags.get(&*tag).copied();
            let known = sent.filter(|place| self.dialogue.asked[*place].sent_at <= index);
            let Some(place) = known else {
                self.complain(Rule::Reply, format!("a reply to {tag}, a tag that was not sent"));
                continue;
            };
            let asked = &mut self.dialogue.asked[place];
            if asked.reply.is_some() {
                self.complain(Rule::Reply, format!("a second reply to {tag}"));
                continue;
            }
            asked.reply = Some(Reply { index, at: self.at, status, code });
            if matches!(asked.command, Command::Select { .. }) && status == Status::Ok {
                self.mark_select(place, group);
            }
        }
    }

    /// What came since the last tagged reply is what SELECT tells; behind CLOSED (RFC 7162
    /// §3.2.11) where there is one. Of several EXISTS, the earlier ones are of the old mailbox.
    fn mark_select(&mut self, place: usize, group: std::ops::Range<usize>) {
        let closed = |response: &Option<Response>| {
            let Some(Response::Condition { text, .. }) = response else { return false };
            text.code == Some(Code::Closed)
        };
        let begin = group.clone().rev().find(|index| closed(&self.responses[*index]));
        self.dialogue.asked[place].data.closed = begin.is_some();
        let group = begin.unwrap_or(group.start)..group.end;
        let exists = |index: &usize| matches!(self.responses[*index], Some(Response::Exists(_)));
        let last = group.clone().rev().find(exists);
        for index in group {
            let mine = match &self.responses[index] {
                Some(Response::Exists(_)) => Some(index) == last,
                Some(Response::Fetch { .. } | Response::UidFetch { .. }) => false,
                Some(Response::Expunge(_) | Response::Vanished(_)) => false,
                _ => true,
            };
            self.of_select[index] = mine.then_some(place);
        }
    }

    fn take(&mut self, response: Response) {
        if !self.is_agreed(&response) {
            return;
        }
        if let Some(place) = self.of_select[self.index] {
            return self.take_of_select(place, response);
        }
        match response {
            Response::Tagged { tag, .. } => self.replied(tag.as_str()),
            Response::Exists(count) => self.exists(count),
            Response::Expunge(number) => self.expunge(number.0.get()),
            Response::Vanished(gone) if !gone.earlier => self.vanished(&gone.uids),
            Response::Fetch { number, data } => self.fetch(number.0.get(), &data),
            Response::UidFetch { uid, data } => self.fetch_by_uid(uid.0.get(), &data),
            Response::Search(found, _) => self.found("SEARCH", Form::Plain, found),
            Response::Sort(found, _) => self.found("SORT", Form::Sort, found),
            Response::Thread(nodes) => {
                let numbers = nodes.iter().filter_map(|node| node.number);
                self.found("THREAD", Form::Thread, numbers.collect());
            }
            Response::ESearch(data) => self.found_by_tag(data),
            Response::List(list) => {
                // RFC 9051 §6.3.2, §6.3.6.
                let rev2 = self.enabled(false).rev2;
                let lists = |command: &Command| match command {
                    Command::List(_) => true,
                    Command::Select { .. } | Command::Rename(..) => rev2,
                    _ => false,
                };
                if let Some(place) = self.oldest("LIST", lists) {
                    // What is no mailbox is only a part of others' names.
                    let hollow = [ListAttribute::NoSelect, ListAttribute::NonExistent];
                    if !list.attributes.iter().any(|it| hollow.contains(it)) {
                        let name = list.mailbox.as_str().to_owned();
                        self.dialogue.asked[place].data.names.push(name);
                    }
                }
            }
            Response::Lsub(list) => {
                let lists = |command: &Command| matches!(command, Command::Lsub(_));
                if let Some(place) = self.oldest("LSUB", lists) {
                    let name = list.mailbox.as_str().to_owned();
                    self.dialogue.asked[place].data.names.push(name);
                }
            }
            Response::Status(data) => self.status(data),
            Response::Condition { text, .. } => self.condition(text),
            Response::Bye(_) => self.bye(),
            _ => {}
        }
    }

    fn take_of_select(&mut self, place: usize, response: Response) {
        let data = &mut self.dialogue.asked[place].data;
        match response {
            Response::Exists(count) => data.exists = count,
            Response::Condition { text, .. } => match text.code {
                Some(Code::UidNext(uid)) => data.uid_next = Some(uid.0.get()),
                Some(Code::UidValidity(value)) => data.validity = Some(value.0.get()),
                Some(Code::HighestModSeq(highest)) => data.highest = Some(highest.0),
                _ => {}
            },
            // The answers of other commands that came in between.
            Response::Search(..)
            | Response::Sort(..)
            | Response::Thread(_)
            | Response::ESearch(_)
            | Response::List(_)
            | Response::Lsub(_)
            | Response::Status(_) => {
                self.of_select[self.index] = None;
                self.take(response);
            }
            _ => {}
        }
    }

    /// SEARCH, SORT or THREAD data.
    fn found(&mut self, data: &str, wanted: Form, found: Vec<u32>) {
        let searches = |command: &Command| match command {
            Command::Search { form, .. } => *form == wanted,
            _ => false,
        };
        if let Some(place) = self.oldest(data, searches) {
            self.dialogue.asked[place].data.search.push(found);
        }
    }

    /// ESEARCH names its command (RFC 4466 §2.6.2).
    fn found_by_tag(&mut self, data: SearchData) {
        let named = data
            .tag
            .as_ref()
            .and_then(|tag| self.record.commands.iter().position(|sent| sent.tag == tag.as_str()));
        let asks = |place: &usize| match self.dialogue.asked[*place].command {
            Command::Search { form: Form::Return(_), .. } => self.waits(*place),
            // RFC 9051 §6.4.4: ESEARCH in SEARCH's place.
            Command::Search { form: Form::Plain, .. } => {
                self.waits(*place) && self.dialogue.enabled(*place).rev2
            }
            _ => false,
        };
        match named.filter(asks) {
            Some(place) if self.is_plain(place) => {
                let found = data.items.iter().find_map(|item| match item {
                    SearchDatum::All(numbers) => Some(numbers.iter().take(MOST).collect()),
                    _ => None,
                });
                self.dialogue.asked[place].data.search.push(found.unwrap_or_default());
            }
            Some(place) => self.dialogue.asked[place].data.extended.push(data),
            None => {
                let tag = data.tag.as_ref().map_or("no tag", |tag| tag.as_str());
                let text = format!("ESEARCH came for {tag}, and no such command waited for it");
                self.complain(Rule::Attribution, text);
            }
        }
    }

    fn is_plain(&self, place: usize) -> bool {
        let command = &self.dialogue.asked[place].command;
        matches!(command, Command::Search { form: Form::Plain, .. })
    }

    fn status(&mut self, data: StatusData) {
        let name = data.mailbox.as_str().to_owned();
        let any = |command: &Command| matches!(command, Command::Status(_));
        let Some(oldest) = self.oldest("STATUS", any) else { return };
        let asks = |command: &Command| *command == Command::Status(name.clone());
        if asks(&self.dialogue.asked[oldest].command) {
            return self.dialogue.asked[oldest].data.status.push(data);
        }
        let sent = &self.record.commands[oldest];
        let text = format!(
            "STATUS of {name} came while {} {} was the oldest that waited for STATUS data",
            sent.tag, sent.command
        );
        self.complain(Rule::Attribution, text);
        let pending = (0..self.dialogue.asked.len())
            .find(|place| asks(&self.dialogue.asked[*place].command) && self.waits(*place));
        if let Some(place) = pending {
            self.dialogue.asked[place].data.status.push(data);
        }
    }

    fn condition(&mut self, text: ResponseText) {
        let Some(code @ (Code::CopyUid { .. } | Code::AppendUid { .. })) = text.code else {
            return;
        };
        // RFC 6851 §4.3: an untagged COPYUID before the reply of MOVE. RFC 8508 §4.3: an APPENDUID
        // before that of REPLACE.
        let copies = matches!(code, Code::CopyUid { .. });
        let moves = self.dialogue.asked.iter_mut().filter(|asked| match asked.command {
            Command::Move { .. } => copies && asked.data.copied.is_none(),
            Command::Replace { .. } => !copies && asked.data.copied.is_none(),
            _ => false,
        });
        let next = moves.filter(|asked| asked.sent_at <= self.index);
        let reply = |asked: &&mut Asked| asked.reply.as_ref().map_or(usize::MAX, |it| it.index);
        let next = next.filter(|asked| reply(asked) > self.index);
        if let Some(asked) = next.min_by_key(reply) {
            asked.data.copied = Some(code);
        }
    }

    fn waits(&self, place: usize) -> bool {
        self.dialogue.is_pending(place, self.index)
    }

    fn oldest(&mut self, data: &str, of_kind: impl Fn(&Command) -> bool) -> Option<usize> {
        let commands = 0..self.dialogue.asked.len();
        let pending = commands.filter(|place| self.waits(*place));
        let mut pending = pending.filter(|place| of_kind(&self.dialogue.asked[*place].command));
        // One response answers a command: where those of several come before the first reply, the
        // second is not for the first command.
        let answered = |place: &usize| {
            let data = &self.dialogue.asked[*place].data;
            !self.in_order && (!data.search.is_empty() || !data.status.is_empty())
        };
        let found = pending.find(|place| !answered(place));
        if found.is_none() {
            let text = format!("{data} data came, and no {data} waited for it");
            self.complain(Rule::Attribution, text);
        }
        found
    }

    /// A tagged reply: it may change what is selected.
    fn replied(&mut self, tag: &str) {
        let asked = &self.dialogue.asked;
        let is_this = |asked: &Asked| asked.reply.as_ref().is_some_and(|it| it.index == self.index);
        let Some(place) = asked.iter().position(is_this) else { return };
        debug_assert_eq!(self.record.commands[place].tag, tag);
        let ok = asked[place].is_ok();
        let exists = asked[place].data.exists;
        match &asked[place].command {
            Command::Select { name, examine } if ok => {
                let (name, examine) = (name.clone(), *examine);
                self.judge_select(place, &name);
                let opened = self.open(place, name, examine, exists);
                self.dialogue.asked[place].opens = Some(opened);
            }
            // RFC 3501 §6.3.1: no mailbox is selected after a SELECT that failed.
            Command::Select { .. } => self.current = None,
            Command::Close | Command::Unselect | Command::Logout if ok => self.current = None,
            Command::Delete(_) => {
                let current = self.current;
                self.current = current.filter(|selection| !self.deletes(place, *selection));
            }
            _ => {}
        }
    }

    fn judge_end(&mut self) {
        let logout = self.leaves();
        if let Some(at) = self.record.closed.filter(|_| !logout && !self.deleted) {
            self.at = at;
            self.complain(Rule::Reply, "the server closed the connection".to_owned());
        }
        for place in 0..self.dialogue.asked.len() {
            if self.dialogue.asked[place].reply.is_some() {
                continue;
            }
            self.dialogue.asked[place].lost = self.deleted;
            if !self.deleted {
                let sent = &self.record.commands[place];
                self.at = sent.begun;
                let text = format!("no reply to {} {}", sent.tag, sent.command);
                self.complain(Rule::Reply, text);
            }
        }
    }

    /// LOGOUT was done.
    fn leaves(&self) -> bool {
        let logout = |asked: &Asked| asked.command == Command::Logout && asked.is_ok();
        self.dialogue.asked.iter().any(logout)
    }

    /// BYE, which nobody asked for: if a mailbox is selected, somebody has deleted it.
    fn bye(&mut self) {
        let Some(selection) = self.current.filter(|_| !self.leaves()) else { return };
        let (index, at, kind) = (self.index, self.at, Told::Deleted);
        self.dialogue.observations.push(Observation { index, at, selection, kind });
        self.deleted = true;
    }

    /// Whether a command deletes what is selected.
    fn deletes(&mut self, place: usize, selection: usize) -> bool {
        let asked = &self.dialogue.asked[place];
        let Command::Delete(name) = asked.command.clone() else { return false };
        if !asked.is_ok() {
            return false;
        }
        let names = self.dialogue.names(self.number, selection, place, self.renames);
        self.dialogue.unclear |= names.len() > 1 && names.contains(&name);
        names == [name]
    }

    /// Which selection each command works in: the order of sending decides (RFC 3501 §5.5).
    fn place_commands(&mut self) {
        let mut current = None;
        for place in 0..self.dialogue.asked.len() {
            self.dialogue.asked[place].enabled = self.dialogue.enabled(place);
            let names = current.map(|it| self.dialogue.names(self.number, it, place, self.renames));
            let removes = current.is_some_and(|it| self.deletes(place, it));
            let asked = &mut self.dialogue.asked[place];
            asked.selection = current;
            asked.name = names.filter(|names| names.len() == 1).and_then(|mut names| names.pop());
            asked.removes = removes;
            match &asked.command {
                Command::Select { .. } => current = asked.opens,
                Command::Delete(_) if removes => current = None,
                Command::Close | Command::Unselect | Command::Logout if asked.is_ok() => {
                    current = None;
                }
                _ => {}
            }
        }
    }
}
