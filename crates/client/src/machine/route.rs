//! From a response to the commands that it belongs to, and to whoever listens.

use super::claim::{Claim, claim, may_claim};
use super::{CommandId, Completion, Event, InFlight, Machine};
use crate::Oddity;
use crate::error::{Error, Refusal, Unreadable};
use crate::message::{Message, told_uid};
use crate::text::plain_text;
use crate::update::Update;
use bytes::Bytes;
use bytestring::ByteString;
use peregrine_proto::command::State;
use peregrine_proto::response::{FetchData, ResponseText};
use peregrine_proto::{Code, CommandBody, Response, SequenceNumber, Status, Tag, Uid};
use std::sync::Arc;
use std::time::Instant;

impl Machine {
    /// Gives a response to whom it belongs.
    pub(super) fn route(&mut self, now: Instant, response: Response, frame: &Bytes) {
        if !self.greeted {
            return self.greet(now, response, frame);
        }
        match response {
            Response::Tagged { tag, status, text } => self.end(now, &tag, status, text, frame),
            Response::Continuation(octets) => self.go_on(now, octets, frame),
            Response::Bye(text) => self.said_bye(text, frame),
            Response::PreAuth(_) => self.broken("PREAUTH after the greeting", frame),
            response => self.untagged(now, response, frame),
        }
    }

    fn untagged(&mut self, now: Instant, response: Response, frame: &Bytes) {
        if !self.is_timely(&response) {
            // RFC 9051 §11.3: it may have been put there by somebody else.
            self.count_unsolicited(frame);
            return self.odd(Oddity::OutOfState, frame.clone());
        }
        let mut uid = None;
        if let Response::Fetch { number, data } = &response {
            uid = told_uid(data);
            if uid.is_some_and(|uid| !self.told_uid(*number, uid, frame)) {
                return;
            }
            uid = uid.or_else(|| self.selected.uid(*number));
        }
        self.note(&response, frame);
        if self.lost.is_some() {
            return;
        }
        if !self.deliver(now, &response, uid, frame.len()) {
            self.count_unsolicited(frame);
        }
        self.tell(response, uid);
    }

    /// Whether such data can come in this state.
    fn is_timely(&self, response: &Response) -> bool {
        match response {
            // What the mailbox before had to say, while the next one is being opened.
            Response::Fetch { .. }
            | Response::Expunge(_)
            | Response::Vanished(_)
            | Response::Search(..)
            | Response::ESearch(_)
            | Response::Sort(..)
            | Response::Thread(_) => self.state == State::Selected,
            Response::Exists(_) | Response::Recent(_) | Response::Flags(_) => self.has_mailbox(),
            Response::List(_) | Response::Lsub(_) | Response::Status(_) | Response::Enabled(_) => {
                self.state != State::NotAuthenticated
            }
            _ => true,
        }
    }

    /// What the response changes in what we know.
    fn note(&mut self, response: &Response, frame: &Bytes) {
        match response {
            Response::Capability(names) => self.told_capabilities(names),
            Response::Enabled(names) => {
                Arc::make_mut(&mut self.capabilities).enable(names);
                self.update(Update::Capabilities(Arc::clone(&self.capabilities)));
                for one in &mut self.flying {
                    one.told_enabled |= matches!(one.body, CommandBody::Enable(_));
                }
            }
            Response::Exists(count) => self.exists_now(*count, frame),
            Response::Expunge(number) => self.expunged(*number, frame),
            Response::Vanished(gone) if !gone.earlier => self.vanished(&gone.uids, frame),
            Response::Condition { text, .. } => self.note_code(text),
            _ => {}
        }
    }

    /// Capabilities come in codes too; with a space at the end they are no such code.
    pub(super) fn note_code(&mut self, text: &ResponseText) {
        match &text.code {
            Some(Code::Capability(names)) => self.told_capabilities(names),
            Some(Code::Other(name, Some(rest))) if name.eq_ignore_ascii_case("CAPABILITY") => {
                let names: Vec<ByteString> = rest.split_whitespace().map(Into::into).collect();
                self.told_capabilities(&names);
            }
            _ => {}
        }
    }

    pub(super) fn told_capabilities(&mut self, names: &[ByteString]) {
        Arc::make_mut(&mut self.capabilities).replace(names);
        for one in &mut self.flying {
            one.told_capabilities = true;
        }
        self.update(Update::Capabilities(Arc::clone(&self.capabilities)));
    }

    /// Whether it was for any command.
    fn deliver(
        &mut self,
        now: Instant,
        response: &Response,
        uid: Option<Uid>,
        octets: usize,
    ) -> bool {
        let mut delivered = false;
        let view = self.selected.view();
        for one in &mut self.flying {
            let claim = claim(&one.body, &one.tag, response, uid, view);
            if claim == Claim::No {
                continue;
            }
            delivered = true;
            one.since = now;
            self.events.push_back(Event::Data {
                command: one.id,
                response: with_uid(response.clone(), uid),
                octets,
            });
            if claim == Claim::Oldest {
                break;
            }
        }
        delivered
    }

    /// Tells the subscribers.
    fn tell(&mut self, response: Response, uid: Option<Uid>) {
        let update = match response {
            Response::Fetch { number, data } => message(number, uid, data),
            Response::Recent(count) => Update::Recent(count),
            Response::Flags(flags) => Update::Flags(flags),
            Response::List(data) | Response::Lsub(data) => Update::List(data),
            Response::Status(data) => Update::Status(data),
            Response::Condition { status, text } => {
                let text = plain_text(text);
                match text.code {
                    // Before TLS anybody may have written it.
                    Some(Code::Alert) if !self.secured => return,
                    Some(Code::Alert) => Update::Alert(text.text),
                    Some(Code::InProgress(Some(progress))) => Update::Progress(progress),
                    _ => Update::Notice { status, text },
                }
            }
            // EXISTS, EXPUNGE and capabilities were told when they were noted.
            _ => return,
        };
        self.update(update);
    }

    /// A command has been answered.
    fn end(&mut self, now: Instant, tag: &Tag, status: Status, text: ResponseText, frame: &Bytes) {
        let Some(index) = self.flying.iter().position(|one| one.tag == *tag) else {
            return self.broken("a reply to a command that was not sent", frame);
        };
        let id = self.flying[index].id;
        if self.output.holds(id) {
            if status == Status::Ok {
                return self.broken("OK to a command that was not sent as a whole", frame);
            }
            self.output.cancel(id);
        }
        self.note_code(&text);
        let mut command = self.flying.remove(index);
        if self.idle.idling == Some(id) {
            self.idle_ended(status);
        }
        let text = plain_text(text);
        self.completed(&command, status);
        self.unsolicited = 0;
        if !command.internal {
            let result = self.result(&mut command, status, text);
            self.events.push_back(Event::Done(id, result));
        }
        self.release(id);
        self.start(now);
    }

    fn result(
        &self,
        command: &mut InFlight,
        status: Status,
        text: ResponseText,
    ) -> Result<Completion, Error> {
        if status != Status::Ok {
            let ResponseText { code, text } = text;
            let command = command.body.name();
            return Err(Error::Refused(Box::new(Refusal { command, status, code, text })));
        }
        match command.damaged.take() {
            Some(error) => Err(error),
            None => Ok(Completion { text, epoch: self.selected.epoch }),
        }
    }

    fn go_on(&mut self, now: Instant, octets: Bytes, frame: &Bytes) {
        if self.output.go_on() {
            return;
        }
        let authenticate = |one: &&mut InFlight| matches!(one.body, CommandBody::Authenticate(_));
        if let Some(one) = self.flying.iter_mut().find(authenticate) {
            one.since = now;
            let id: CommandId = one.id;
            self.events.push_back(Event::Challenge(id, octets));
        } else if self.flying.iter().any(|one| matches!(one.body, CommandBody::StartTls(_))) {
            self.broken("`+` in place of an answer to STARTTLS", frame);
        } else {
            self.count_unsolicited(frame);
            self.odd(Oddity::NeedlessContinuation, frame.clone());
        }
    }

    fn said_bye(&mut self, text: ResponseText, frame: &Bytes) {
        if self.bye.is_some() {
            // Some repeat it without end, and don't close.
            self.odd(Oddity::RepeatedBye, frame.clone());
            return self.closed();
        }
        self.bye = Some(plain_text(text));
        // LOGOUT is answered behind its BYE; otherwise nothing more is to come.
        let logout = |one: &InFlight| matches!(one.body, CommandBody::Logout(_));
        if !self.flying.iter().any(logout) {
            self.closed();
        }
    }

    /// Marks the commands that the unreadable response may have been for.
    pub(super) fn damage(&mut self, frame: &Bytes, unreadable: &Unreadable) {
        for one in &mut self.flying {
            if one.damaged.is_none() && may_claim(&one.body, frame) {
                one.damaged = Some(Error::Unreadable {
                    command: one.body.name(),
                    unreadable: Box::new(unreadable.clone()),
                });
            }
        }
    }
}

/// Adds the UID that is known of the message, so that nobody has to go by its number.
fn with_uid(mut response: Response, uid: Option<Uid>) -> Response {
    if let (Response::Fetch { data, .. }, Some(uid)) = (&mut response, uid)
        && told_uid(data).is_none()
    {
        data.push(FetchData::Uid(uid));
    }
    response
}

/// Octets of bodies are left out: an update is kept for whoever reads slowly.
fn message(number: SequenceNumber, uid: Option<Uid>, data: Vec<FetchData>) -> Update {
    let mut message = Message::new(number);
    message.merge(data);
    message.sections.clear();
    message.uid = message.uid.or(uid);
    Update::Message(Box::new(message))
}
