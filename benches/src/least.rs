//! The least that a server can do: a loop that reads, runs one command after the other and writes.
//! With the framer, the parser, the mailbox in memory and the writer of Peregrine, but with no
//! deeds, no jobs, no limits and no updates: no server can be cheaper.

use bytes::Bytes;
use peregrine_proto::command::Messages;
use peregrine_proto::frame::{FrameEvent, FrameLimits, Framer};
use peregrine_proto::response::ResponseText;
use peregrine_proto::{Command, CommandBody, MailboxName, Response, Status, Tag, write};
use peregrine_store::{Credentials, Error, Mailbox, MailboxView};
use std::io;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Octets of one read, as the server has it.
const READ: usize = 64 * 1024;

/// Serves INBOX with so many messages until the process is ended; says `ready` as the server does.
///
/// # Errors
/// As the socket or the store says.
pub fn serve(messages: usize) -> io::Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let mailbox = mailbox(messages).await.map_err(io::Error::other)?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        println!("ready: imap {address}, imaps {address}");
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            // A client that goes away is no error here.
            tokio::spawn(connection(stream, mailbox.clone()));
        }
    })
}

async fn mailbox(messages: usize) -> Result<Mailbox, peregrine_store::Error> {
    let store = crate::plain::store(messages, Credentials::default()).await?;
    let (id, _) = store.credentials("bench").await?.ok_or(Error::NonExistent("account"))?;
    store.account(id).await?.open(&MailboxName::INBOX).await
}

async fn connection(mut stream: TcpStream, mailbox: Mailbox) -> io::Result<()> {
    let mut framer = Framer::new(FrameLimits::AFTER_LOGIN);
    let mut buffer = vec![0; READ];
    stream.write_all(b"* OK plain\r\n").await?;
    let mut shown = mailbox.view();
    loop {
        let read = stream.read(&mut buffer).await?;
        if read == 0 {
            return Ok(());
        }
        framer.push(Bytes::copy_from_slice(&buffer[..read]));
        let mut out = Vec::new();
        while let Some(FrameEvent::Frame(frame)) = framer.next() {
            let command = Command::parse(&frame).map_err(|_| io::Error::other("bad"))?;
            run(command, &mailbox, &mut shown, &mut out);
        }
        stream.write_all(&out).await?;
    }
}

/// Runs one command.
fn run(command: Command, mailbox: &Mailbox, shown: &mut MailboxView, out: &mut Vec<u8>) {
    let Command { tag, body } = command;
    let text = match body {
        CommandBody::Fetch(fetch) => {
            flags(&fetch.messages, shown, out);
            "That is all"
        }
        _ => "Nothing to do",
    };
    // What others changed would be told here.
    let newest = mailbox.view();
    if newest.mod_seq() != shown.mod_seq() {
        *shown = newest;
    }
    reply(tag, text, out);
}

fn reply(tag: Tag, text: &'static str, out: &mut Vec<u8>) {
    let text = ResponseText { code: None, text: text.into() };
    Response::Tagged { tag, status: Status::Ok, text }.write(out);
}

/// `UID n` and FLAGS of the messages of a UID set.
fn flags(messages: &Messages, view: &MailboxView, out: &mut Vec<u8>) {
    let Messages::Uid(set) = messages else { return };
    for &(first, last) in set.resolve(view.largest_uid()).ranges() {
        let start = view.index_of(first).unwrap_or_else(|place| place);
        let end = view.index_of(last).map_or_else(|place| place, |index| index + 1);
        for (message, index) in view.messages(start..end).zip(start..) {
            out.extend_from_slice(b"* ");
            write::number(out, u64::from(index) + 1);
            out.extend_from_slice(b" FETCH (UID ");
            write::number(out, u64::from(message.uid.0.get()));
            out.extend_from_slice(b" FLAGS ");
            view.write_flags(message, false, out);
            out.extend_from_slice(b")\r\n");
        }
    }
}
