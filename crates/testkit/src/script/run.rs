//! Runs a script against a peer, in one of several manners of sending.

use super::matching::{Variables, fill, matches, show};
use super::stream::Connection;
use super::{Action, Failure, Script, Step};
use std::collections::BTreeMap;
use tokio::io::{AsyncRead, AsyncWrite};

/// A server to talk to.
pub trait Peer {
    /// A connection to it.
    type Stream: AsyncRead + AsyncWrite + Unpin;
    /// Opens one.
    fn connect(&self) -> impl Future<Output = std::io::Result<Self::Stream>>;
    /// User name and password that exist there.
    fn login(&self) -> (String, String);
}

/// How the client's octets are sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// A line at a time.
    Lines,
    /// An octet at a time.
    Octets,
    /// A line at a time, but the first connection cut in two behind so many octets.
    Cut(usize),
    /// All commands at once where the script allows it; answers may come in any order.
    Together,
}

/// Runs the script.
///
/// # Errors
/// The first line that was not as the script says, with what came instead.
pub async fn run<P: Peer>(script: &Script, peer: &P, mode: Mode) -> Result<(), Failure> {
    let mut runner =
        Runner { peer, connections: BTreeMap::new(), variables: Variables::new(), mode };
    let (user, password) = peer.login();
    runner.variables.extend([("user".to_owned(), user), ("password".to_owned(), password)]);
    let mut steps = script.steps.as_slice();
    if mode == Mode::Together {
        steps = runner.together(script).await?;
    }
    while let Some((step, rest)) = steps.split_first() {
        let place = |failure: Failure| {
            Failure(format!("{}:{} ({mode:?}): {failure}", script.name, step.line))
        };
        if let Action::ExpectSome(_) = step.action {
            let group =
                steps.iter().take_while(|step| matches!(step.action, Action::ExpectSome(_)));
            let count = group.count();
            runner.group(&steps[..count]).await.map_err(place)?;
            steps = &steps[count..];
        } else {
            runner.step(step).await.map_err(place)?;
            steps = rest;
        }
    }
    runner.nothing_left(&script.name)
}

struct Runner<'a, P: Peer> {
    peer: &'a P,
    connections: BTreeMap<usize, Connection<P::Stream>>,
    variables: Variables,
    mode: Mode,
}

impl<P: Peer> Runner<'_, P> {
    async fn connection(&mut self, number: usize) -> Result<&mut Connection<P::Stream>, Failure> {
        if !self.connections.contains_key(&number) {
            let stream = self.peer.connect().await;
            let stream = stream.map_err(|error| Failure(format!("cannot connect: {error}")))?;
            self.connections.insert(number, Connection::new(stream, self.mode, number));
        }
        self.connections.get_mut(&number).ok_or_else(|| Failure("no connection".to_owned()))
    }

    async fn step(&mut self, step: &Step) -> Result<(), Failure> {
        match &step.action {
            Action::Login => self.login(step.connection).await,
            Action::Send(octets) => self.send(step.connection, octets).await,
            Action::Literal { head, octets, rest } => {
                let synchronizing = self.literal_head(step.connection, head, octets.len()).await?;
                if synchronizing {
                    self.expect(step.connection, "+ ...").await?;
                }
                self.connection(step.connection).await?.send(octets).await?;
                self.send(step.connection, rest).await
            }
            Action::Expect(pattern) => self.expect(step.connection, pattern).await,
            Action::ExpectSome(_) => Ok(()),
            Action::HangUp => {
                let connection = self.connection(step.connection).await?;
                connection.hang_up().await;
                match connection.response().await? {
                    // What is no line is no word of IMAP: an alert of TLS.
                    None => {
                        connection.drop_unread();
                        Ok(())
                    }
                    Some(response) => Err(Failure(format!("it said: {}", show(&response)))),
                }
            }
            Action::Closed => match self.connection(step.connection).await?.response().await? {
                None => Ok(()),
                Some(response) => Err(Failure(format!("not closed, but: {}", show(&response)))),
            },
        }
    }

    async fn login(&mut self, number: usize) -> Result<(), Failure> {
        self.expect(number, "* OK ...").await?;
        self.send(number, b"login LOGIN $user $password\r\n").await?;
        self.expect(number, "login OK ...").await
    }

    async fn send(&mut self, number: usize, octets: &[u8]) -> Result<(), Failure> {
        let octets = fill(octets, &self.variables);
        self.connection(number).await?.send(&octets).await
    }

    /// Sends `… {n}` CRLF; tells whether the server has to agree first.
    async fn literal_head(
        &mut self,
        number: usize,
        head: &[u8],
        length: usize,
    ) -> Result<bool, Failure> {
        let text = String::from_utf8_lossy(head).replace("{@", &format!("{{{length}"));
        self.send(number, format!("{text}\r\n").as_bytes()).await?;
        Ok(!head.ends_with(b"+}"))
    }

    async fn expect(&mut self, number: usize, pattern: &str) -> Result<(), Failure> {
        let response = self.connection(number).await?.response().await?;
        let Some(response) = response else {
            return Err(Failure(format!("expected: {pattern}\n  but the connection was closed")));
        };
        let response = show(&response);
        if matches(pattern, &response, &mut self.variables) {
            return Ok(());
        }
        Err(Failure(format!("expected: {pattern}\n  but came: {response}")))
    }

    /// As many responses as there are steps, each matching another of them.
    async fn group(&mut self, steps: &[Step]) -> Result<(), Failure> {
        let mut waiting: Vec<&Step> = steps.iter().collect();
        while let Some(first) = waiting.first() {
            let Some(response) = self.connection(first.connection).await?.response().await? else {
                return Err(Failure("the connection was closed".to_owned()));
            };
            let response = show(&response);
            let found = waiting.iter().position(|step| {
                let Action::ExpectSome(pattern) = &step.action else { return false };
                matches(pattern, &response, &mut self.variables)
            });
            match found {
                Some(index) => waiting.remove(index),
                None => return Err(Failure(format!("not expected: {response}"))),
            };
        }
        Ok(())
    }

    /// Sends everything of a script of one connection at once and takes the answers in any
    /// order; gives back the steps that are left to do one by one.
    async fn together<'s>(&mut self, script: &'s Script) -> Result<&'s [Step], Failure> {
        let mut octets = Vec::new();
        let mut expected = Vec::new();
        let login = matches!(script.steps.first().map(|step| &step.action), Some(Action::Login));
        for step in &script.steps[usize::from(login)..] {
            match &step.action {
                Action::Send(line) => octets.extend(line),
                Action::Expect(pattern) | Action::ExpectSome(pattern) => {
                    let action = Action::ExpectSome(pattern.clone());
                    expected.push(Step { line: step.line, connection: 1, action });
                }
                _ => return Ok(&script.steps),
            }
            if step.connection != 1 || !script.together {
                return Ok(&script.steps);
            }
        }
        if login {
            self.login(1).await?;
        }
        self.send(1, &octets).await?;
        let place = |failure| Failure(format!("{} (Together): {failure}", script.name));
        self.group(&expected).await.map_err(place)?;
        Ok(&[])
    }

    fn nothing_left(&self, name: &str) -> Result<(), Failure> {
        for (number, connection) in &self.connections {
            if !connection.unread().is_empty() {
                let rest = show(connection.unread());
                return Err(Failure(format!("{name}: connection {number} also said: {rest}")));
            }
        }
        Ok(())
    }
}
