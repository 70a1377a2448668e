//! From octets to responses.

use super::Machine;
use crate::error::{Lost, Unreadable};
use crate::oddity::{self, Oddity, Tolerated};
use crate::update::Update;
use bytes::Bytes;
use peregrine_proto::command::State;
use peregrine_proto::{ParseError, Response};
use std::time::Instant;

impl Machine {
    /// Takes what was read.
    pub fn receive(&mut self, now: Instant, octets: &[u8]) {
        if self.lost.is_some() || octets.is_empty() {
            return;
        }
        self.active = now;
        self.framer.push(octets);
        while self.lost.is_none() && !self.tls_begins && self.switches.is_none() {
            match self.framer.next_response() {
                Ok(Some(frame)) => self.take(now, &frame),
                Ok(None) => break,
                Err(error) => self.fail(Lost::TooLarge(error)),
            }
        }
    }

    fn take(&mut self, now: Instant, frame: &Bytes) {
        if let Some(log) = &self.settings.log {
            log.write(crate::log::Line::Received(frame));
        }
        match self.read(frame) {
            Ok(response) => self.route(now, response, frame),
            Err(_) if self.lost.is_some() => {}
            Err(error) => self.unreadable(frame, error),
        }
        self.position += frame.len() as u64 + 2;
    }

    /// Reads a response; one that is wrong is mended.
    #[expect(clippy::result_large_err, reason = "a response is larger still")]
    fn read(&mut self, frame: &Bytes) -> Result<Response, ParseError> {
        let encoding = self.capabilities.encoding();
        let response = match Response::parse_in(frame, encoding) {
            Ok(response) => response,
            Err(error) => {
                let Some(mended) = oddity::mend(frame) else { return Err(error) };
                // What is still wrong is said of the octets that the server sent.
                let response = Response::parse_in(&mended.octets, encoding).map_err(|_| error)?;
                for oddity in mended.oddities {
                    self.odd(oddity, frame.clone());
                }
                response
            }
        };
        let oddities = oddity::inspect(&response);
        for oddity in &oddities {
            self.odd(*oddity, frame.clone());
        }
        // It could be read, and yet says something else than was meant.
        if oddities.contains(&Oddity::SwappedAddress)
            && let Some(mended) = oddity::mend(frame)
        {
            return Ok(Response::parse_in(&mended.octets, encoding).unwrap_or(response));
        }
        Ok(response)
    }

    /// Notes an oddity that a call has found.
    pub fn report(&mut self, oddity: Oddity) {
        if self.lost.is_none() {
            self.odd(oddity, Bytes::new());
        }
    }

    /// Notes an oddity, or ends the connection where none is tolerated.
    pub(super) fn odd(&mut self, oddity: Oddity, frame: Bytes) {
        let tolerated = Tolerated { oddity, octets: excerpt(&frame), position: self.position };
        if self.settings.pedantic {
            return self.fail(Lost::Odd(tolerated));
        }
        tracing::debug!(%tolerated, "tolerated");
        self.update(Update::Oddity(tolerated));
    }

    /// Fails the commands that the response may have been for. Where it is nobody's, it is
    /// skipped: new kinds of untagged data are no error (RFC 9051 §2.2.2).
    fn unreadable(&mut self, frame: &Bytes, error: ParseError) {
        let unreadable = Unreadable {
            message: error.message.into_owned(),
            octets: excerpt(frame),
            offset: error.offset,
            position: self.position,
        };
        if !frame.starts_with(b"* ") || !self.greeted {
            // A tag or `+` that cannot be told: the order of replies is lost.
            return self.fail(Lost::Unreadable(unreadable));
        }
        self.count_unsolicited(frame);
        self.damage(frame, &unreadable);
        self.odd(Oddity::Skipped, frame.clone());
    }

    /// Charges octets that are for no command.
    pub(super) fn count_unsolicited(&mut self, frame: &Bytes) {
        self.unsolicited = self.unsolicited.saturating_add(frame.len() + 2);
        if self.unsolicited > self.settings.unsolicited {
            self.fail(Lost::Unsolicited(self.settings.unsolicited));
        }
    }

    /// The first response: OK, PREAUTH or BYE (RFC 3501 §7.1).
    pub(super) fn greet(&mut self, now: Instant, response: Response, frame: &Bytes) {
        use peregrine_proto::Status;
        let (authenticated, text) = match response {
            Response::Condition { status: Status::Ok, text } => (false, text),
            Response::PreAuth(text) if self.secured => (true, text),
            // RFC 9051 §7.1.4: it would keep us from ever beginning TLS.
            Response::PreAuth(_) => return self.broken("PREAUTH before TLS", frame),
            Response::Bye(text) => return self.fail(Lost::Bye(crate::text::plain_text(text))),
            _ => return self.broken("what came first is no greeting", frame),
        };
        self.greeted = true;
        if authenticated {
            self.state = State::Authenticated;
        }
        self.note_code(&text);
        let text = crate::text::plain_text(text);
        self.events.push_back(super::Event::Greeting { authenticated, text });
        self.start(now);
    }
}

pub(super) fn excerpt(frame: &[u8]) -> Bytes {
    Bytes::copy_from_slice(&frame[..frame.len().min(Unreadable::SHOWN)])
}
