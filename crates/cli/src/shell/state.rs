//! What both directions of the conversation know.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use peregrine_client::proto::{Code, Encoding, MailboxName, Response, Status, write};

/// Most mailbox names that are kept for completion.
const NAMES: usize = 100_000;

/// Shared by the prompt, the sender and the receiver.
#[derive(Debug, Default)]
pub struct State(Mutex<Inner>);

/// See [`State::lock`].
#[derive(Debug, Default)]
pub struct Inner {
    /// Tags and names of commands that were sent and not answered.
    pub flying: Vec<(String, String)>,
    /// The command that waits for `+` before its literal.
    pub literal: Option<String>,
    /// LOGOUT was sent.
    pub leaving: bool,
    /// The server has closed.
    pub closed: bool,
    /// Some command was answered NO or BAD.
    pub failed: bool,
    /// Mailboxes as they are typed.
    pub names: BTreeSet<String>,
    /// How they are typed, and told.
    pub encoding: Encoding,
    /// In capitals.
    capabilities: Vec<String>,
    next: u64,
}

impl State {
    /// Holds it for a moment, never across a wait.
    pub fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// The tag that the next command gets.
    pub fn peek_tag(&self) -> String {
        format!("a{}", self.next + 1)
    }

    /// A tag that no command in flight has.
    pub fn new_tag(&mut self) -> String {
        loop {
            self.next += 1;
            let tag = format!("a{}", self.next);
            if !self.flying.iter().any(|(flying, _)| *flying == tag) {
                return tag;
            }
        }
    }

    /// The command whose answer the next line is, where there is one: AUTHENTICATE or IDLE.
    pub fn dialogue(&self) -> Option<&str> {
        let names = self.flying.iter().map(|(_, name)| name.as_str());
        names.into_iter().find(|name| matches!(*name, "AUTHENTICATE" | "IDLE"))
    }

    /// Whether literals need not be asked for (RFC 7888).
    pub fn literals_at_once(&self, octets: usize) -> bool {
        /// RFC 7888 §5.
        const MINUS: usize = 4096;
        let has = |name: &str| self.capabilities.iter().any(|known| known == name);
        has("LITERAL+") || (octets <= MINUS && (has("LITERAL-") || has("IMAP4REV2")))
    }

    /// Notes what a response tells; gives the tag of a command that it ends, with its name.
    pub fn note(&mut self, response: &Response) -> Option<(String, String, Status)> {
        match response {
            Response::Capability(names) => self.set_capabilities(names.iter().map(|name| &**name)),
            Response::Enabled(names) => self.note_enabled(names.iter().map(|name| &**name)),
            Response::List(data) | Response::Lsub(data) => self.add_name(&data.mailbox),
            Response::Condition { text, .. } => self.note_code(text.code.as_ref()),
            Response::Tagged { tag, status, text } => {
                self.note_code(text.code.as_ref());
                self.failed |= *status != Status::Ok;
                let tag = tag.as_str();
                let place = self.flying.iter().position(|(flying, _)| flying == tag);
                let (tag, name) = match place {
                    Some(place) => self.flying.remove(place),
                    None => (tag.to_owned(), String::new()),
                };
                return Some((tag, name, *status));
            }
            _ => {}
        }
        None
    }

    /// Capabilities, wherever they are told.
    pub fn set_capabilities<'n>(&mut self, names: impl Iterator<Item = &'n str>) {
        self.capabilities = names.map(str::to_ascii_uppercase).collect();
    }

    /// RFC 9051 §5.1, RFC 6855 §3: names are in UTF-8 from now on.
    fn note_enabled<'n>(&mut self, mut names: impl Iterator<Item = &'n str>) {
        let utf8 = ["IMAP4REV2", "UTF8=ACCEPT"];
        if names.any(|name| utf8.iter().any(|known| name.eq_ignore_ascii_case(known))) {
            self.encoding = Encoding::Utf8;
            self.names.clear();
        }
    }

    fn note_code(&mut self, code: Option<&Code>) {
        if let Some(Code::Capability(names)) = code {
            self.set_capabilities(names.iter().map(|name| &**name));
        }
    }

    fn add_name(&mut self, name: &MailboxName) {
        let mut typed = Vec::new();
        write::mailbox(&mut typed, name, self.encoding);
        if let Ok(typed) = String::from_utf8(typed)
            && self.names.len() < NAMES
            && !name.as_str().is_empty()
            && !typed.contains(['\r', '\n'])
        {
            self.names.insert(typed);
        }
    }
}
