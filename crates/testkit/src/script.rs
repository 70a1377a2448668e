//! Dialogues as text: `tests/scripts/*.imap`, read here and run against any server.
//!
//! ```text
//! # What this script guards (RFC section).
//! = login                     open connection 1, log in; `= login 2` for another
//! C: a1 APPEND INBOX {@}      sent with CRLF; `{@}`/`{@+}` takes the length of the L lines below
//! L: Subject: x               one line of the literal
//! S: a1 OK [APPENDUID $v $u] ...   the next response; `...` is any text, `$v` is captured or compared
//! U: * LIST ...               one of a group that may come in any order
//! C2: b1 NOOP                 on connection 2
//! C. a2 NO                    sent without CRLF
//! C+  (\Seen)                 what follows a literal in the same command
//! = closed                    the server ends connection 1
//! = hang-up                   the client ends its side of connection 1; the server says no more
//! = stepwise                  not run with all commands sent at once
//! = cuts                      run cut in two at every octet of connection 1 as well
//! ```
//! Octets are written `%{0D}`. A literal in a response is shown as it is on the wire, with CRLF
//! as `%{0D}%{0A}`.

mod matching;
mod run;
mod stream;

pub use run::{Mode, Peer, run};

use std::fmt;

/// A script: its steps in order.
#[derive(Debug, Clone)]
pub struct Script {
    /// File name, for messages.
    pub name: String,
    /// What to do, in order.
    pub steps: Vec<Step>,
    /// May also run with all commands sent at once.
    pub together: bool,
    /// It is to be run with each [`Mode::Cut`], and can be run again and again on one account.
    pub cuts: bool,
}

/// One line of a script.
#[derive(Debug, Clone)]
pub struct Step {
    /// Counted from 1.
    pub line: usize,
    /// Which connection, from 1.
    pub connection: usize,
    /// What to do there.
    pub action: Action,
}

/// What a step does.
#[derive(Debug, Clone)]
pub enum Action {
    /// Open, read the greeting, log in as the peer's user.
    Login,
    /// Send these octets; variables are filled in.
    Send(Vec<u8>),
    /// Send the head of a literal (ending `{@}` or `{@+}`), then the octets, then what follows.
    Literal {
        /// Up to and with the braces.
        head: Vec<u8>,
        /// The literal itself.
        octets: Vec<u8>,
        /// The rest of the command, with its CRLF.
        rest: Vec<u8>,
    },
    /// The next response matches.
    Expect(String),
    /// One of a group in any order.
    ExpectSome(String),
    /// The server closes the connection.
    Closed,
    /// The client ends its side, and the server closes the connection without a word.
    HangUp,
}

/// What went wrong, where.
#[derive(Debug)]
pub struct Failure(pub String);

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Failure {}

impl Script {
    /// Reads a script.
    ///
    /// # Errors
    /// Names the line that is not understood.
    pub fn parse(name: &str, text: &str) -> Result<Self, Failure> {
        let mut script =
            Self { name: name.to_owned(), steps: Vec::new(), together: true, cuts: false };
        for (index, line) in text.lines().enumerate() {
            let at = |what: &str| Failure(format!("{name}:{}: {what}: {line}", index + 1));
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            if let Some(directive) = line.strip_prefix('=') {
                script.directive(index + 1, directive).ok_or_else(|| at("unknown directive"))?;
                continue;
            }
            let end = line.find([':', '.', '+']).ok_or_else(|| at("no C:, S:, U: or L:"))?;
            let (word, rest) = line.split_at(end);
            let (kind, number) = word.split_at(word.len().min(1));
            let connection = match number {
                "" => 1,
                digits => digits.parse().map_err(|_| at("which connection?"))?,
            };
            let text = rest[1..].strip_prefix(' ').unwrap_or(&rest[1..]);
            let step = |action| Step { line: index + 1, connection, action };
            match (kind, &rest[..1]) {
                ("C", ":") => script.steps.push(step(Action::Send(line_octets(text)))),
                ("C", ".") => script.steps.push(step(Action::Send(matching::octets(text)))),
                ("C", "+") => script.append_rest(text).ok_or_else(|| at("no literal before"))?,
                ("L", ":") => script.append_literal(text).ok_or_else(|| at("no {@} before"))?,
                ("S", ":") => script.steps.push(step(Action::Expect(text.to_owned()))),
                ("U", ":") => script.steps.push(step(Action::ExpectSome(text.to_owned()))),
                _ => return Err(at("not understood")),
            }
        }
        Ok(script)
    }

    fn directive(&mut self, line: usize, text: &str) -> Option<()> {
        let mut words = text.split_whitespace();
        let word = words.next()?;
        let connection = words.next().map_or(Some(1), |number| number.parse().ok())?;
        let action = match word {
            "login" => Action::Login,
            "closed" => Action::Closed,
            "hang-up" => Action::HangUp,
            "cuts" => {
                self.cuts = true;
                return Some(());
            }
            "stepwise" => {
                self.together = false;
                return Some(());
            }
            _ => return None,
        };
        self.steps.push(Step { line, connection, action });
        Some(())
    }

    /// Octets that connection 1 sends, variables not filled in: where it can be cut.
    pub fn octets(&self) -> usize {
        let sent = self.steps.iter().filter(|step| step.connection == 1);
        sent.map(|step| match &step.action {
            Action::Send(octets) => octets.len(),
            Action::Literal { head, octets, rest } => head.len() + octets.len() + rest.len(),
            _ => 0,
        })
        .sum()
    }

    /// Turns the last `Send` that ends `{@}` into a literal, or adds a line to it.
    fn append_literal(&mut self, text: &str) -> Option<()> {
        let step = self.steps.last_mut()?;
        if let Action::Send(head) = &step.action {
            let head = head.strip_suffix(b"\r\n")?;
            if !head.ends_with(b"{@}") && !head.ends_with(b"{@+}") {
                return None;
            }
            let (head, rest) = (head.to_vec(), b"\r\n".to_vec());
            step.action = Action::Literal { head, octets: Vec::new(), rest };
        }
        let Action::Literal { octets, .. } = &mut step.action else { return None };
        octets.extend(line_octets(text));
        Some(())
    }

    fn append_rest(&mut self, text: &str) -> Option<()> {
        let Action::Literal { rest, .. } = &mut self.steps.last_mut()?.action else { return None };
        *rest = line_octets(text);
        Some(())
    }
}

fn line_octets(text: &str) -> Vec<u8> {
    let mut octets = matching::octets(text);
    octets.extend(b"\r\n");
    octets
}
