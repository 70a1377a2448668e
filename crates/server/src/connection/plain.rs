//! A plain loop in the place of the session machine, its scheduler and the driver: for the bench
//! that tells what these cost. It reads, parses, runs the same deeds and writes, one command after
//! the other. It looks for a newer version of the mailbox behind each, as a server must, and tells
//! nothing of it; answers beyond what a [`Slot`] holds never come.

use super::transport::Transport;
use super::{Link, Slot};
use crate::command::{self, Deed};
use crate::host::{Context, Outcome, Selected, Snapshot, Transition, View};
use bytes::Bytes;
use futures_util::future::FutureExt;
use peregrine_proto::command::State;
use peregrine_proto::frame::{Frame, FrameEvent, FrameLimits, Framer};
use peregrine_proto::number::UidRanges;
use peregrine_proto::response::condition;
use peregrine_proto::{Command, CommandBody, Tag};
use peregrine_session::Enabled;
use std::io;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// Octets that one read takes at most, as the driver's does.
const READ: usize = 64 * 1024;

/// Serves until the client ends its side or says what is not understood here.
pub(super) async fn serve<S>(link: Arc<Link>, mut transport: Transport<S>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let slot = Arc::default();
    let mut plain = Plain { link, slot, context: Context::NotAuthenticated, out: Vec::new() };
    // A client that goes away is no error.
    let _ = plain.run(&mut transport).await;
}

struct Plain {
    link: Arc<Link>,
    slot: Arc<Slot>,
    context: Context,
    out: Vec<u8>,
}

impl Plain {
    async fn run(&mut self, stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> io::Result<()> {
        let mut framer = Framer::new(FrameLimits::AFTER_LOGIN);
        let mut buffer = vec![0; READ];
        stream.write_all(b"* OK A plain loop\r\n").await?;
        loop {
            let read = stream.read(&mut buffer).await?;
            if read == 0 {
                return Ok(());
            }
            framer.push(Bytes::copy_from_slice(&buffer[..read]));
            while let Some(FrameEvent::Frame(frame)) = framer.next() {
                self.command(&frame).await?;
            }
            stream.write_all(&self.out).await?;
            self.out.clear();
        }
    }

    async fn command(&mut self, frame: &Frame) -> io::Result<()> {
        let enabled = Enabled::default();
        let command = Command::parse_in(frame, enabled.encoding());
        let Command { tag, body } = command.map_err(|_| io::ErrorKind::InvalidData)?;
        let outcome = match self.is_legal(&body) {
            true => self.deed(tag.clone(), body, enabled).await?,
            false => Box::new(Outcome::bad("Not in this state")),
        };
        while let Some(piece) = self.slot.take_piece() {
            self.out.extend_from_slice(&piece.octets);
        }
        self.answer(&tag, *outcome);
        Ok(())
    }

    async fn deed(
        &self,
        tag: Tag,
        body: CommandBody,
        enabled: Enabled,
    ) -> io::Result<Box<Outcome>> {
        let (link, slot) = (Arc::clone(&self.link), Arc::clone(&self.slot));
        let deed = Deed { link, slot, tag, context: self.context.clone(), enabled };
        let ended = AssertUnwindSafe(command::run(deed, body)).catch_unwind().await;
        ended.map_err(|_| io::ErrorKind::Other.into())
    }

    fn is_legal(&self, body: &CommandBody) -> bool {
        let state = match &self.context {
            Context::NotAuthenticated => State::NotAuthenticated,
            Context::Authenticated(_) => State::Authenticated,
            Context::Selected(..) => State::Selected,
        };
        body.allowed().contains(state)
    }

    fn answer(&mut self, tag: &Tag, outcome: Outcome) {
        self.out.extend_from_slice(&outcome.before);
        self.out.extend_from_slice(&outcome.data);
        if let Some(transition) = outcome.transition {
            self.change(*transition);
        }
        self.refresh();
        condition::write_tagged(&mut self.out, tag, outcome.status, &outcome.text);
    }

    fn change(&mut self, transition: Transition) {
        match (transition, &self.context) {
            (Transition::Authenticated(account), _) => {
                self.context = Context::Authenticated(account);
            }
            (Transition::Selected { mailbox, name, snapshot, recent, read_only }, context) => {
                let Some(account) = context.account().cloned() else { return };
                let known = peregrine_session::Snapshot::mod_seq(&snapshot);
                let view = View::new(snapshot, recent);
                let selected = Selected { mailbox, name, view, known, read_only };
                self.context = Context::Selected(account, Arc::new(selected));
            }
            _ => {}
        }
    }

    /// The newest version of the mailbox is what the next command sees.
    fn refresh(&mut self) {
        let Context::Selected(account, selected) = &self.context else { return };
        let newest = selected.mailbox.view();
        if selected.mailbox.is_deleted() || newest.mod_seq() == selected.known {
            return;
        }
        let selected = Selected {
            mailbox: selected.mailbox.clone(),
            name: selected.name.clone(),
            known: newest.mod_seq(),
            view: View::new(Snapshot(newest), UidRanges::new()),
            read_only: selected.read_only,
        };
        self.context = Context::Selected(account.clone(), Arc::new(selected));
    }
}
