//! Reads the transcript of a connection while it runs, and judges it by RFC 3501 §5.5 (RFC 9051
//! §5.5): whether a client sends anything that would be ambiguous.

use peregrine_client::Ordering;
use peregrine_client::proto::command::Messages;
use peregrine_client::proto::effects::conflicts;
use peregrine_client::proto::response::{ResponseFramer, ResponseLimits};
use peregrine_client::proto::{
    Command, CommandBody, FrameEvent, FrameLimits, Framer, MailboxName, Response, Tag,
};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream};

/// Sees all that is sent, and which commands are in progress.
pub struct Tap {
    framer: Framer,
    answers: ResponseFramer,
    unfinished: Vec<Command>,
    selected: Option<MailboxName>,
    cautious: bool,
    /// All that were sent.
    pub commands: usize,
    /// Most that were in progress at once.
    pub most: usize,
}

impl Tap {
    /// Nothing was sent yet; `Cautious` also judges what the server could order by itself.
    pub fn new(ordering: Ordering) -> Arc<Mutex<Self>> {
        Arc::new(Mutex::new(Self {
            framer: Framer::new(FrameLimits::AFTER_LOGIN),
            answers: ResponseFramer::new(ResponseLimits::default()),
            unfinished: Vec::new(),
            selected: None,
            cautious: ordering == Ordering::Cautious,
            commands: 0,
            most: 0,
        }))
    }

    fn sent(&mut self, octets: &[u8]) {
        self.framer.push(octets.to_vec().into());
        while let Some(event) = self.framer.next() {
            let FrameEvent::Frame(frame) = event else { continue };
            let command = Command::parse(&frame).unwrap();
            for earlier in &self.unfinished {
                self.judge(earlier, &command);
            }
            self.commands += 1;
            self.unfinished.push(command);
            self.most = self.most.max(self.unfinished.len());
        }
    }

    fn judge(&self, earlier: &Command, later: &Command) {
        // "If the client sends any of the following command sequences, it MUST wait": numbers
        // behind anything but FETCH, STORE and SEARCH.
        let safe = matches!(earlier.body.name(), "FETCH" | "STORE" | "SEARCH");
        let numbers = match &later.body {
            CommandBody::Fetch(one) => matches!(one.messages, Messages::Sequence(_)),
            CommandBody::Store(one) => matches!(one.messages, Messages::Sequence(_)),
            CommandBody::Copy(one) => matches!(one.messages, Messages::Sequence(_)),
            CommandBody::Search(one) => !one.uid,
            _ => false,
        };
        assert!(safe || !numbers, "{earlier:?}, {later:?}");
        if self.cautious {
            let (a, b) = (earlier.body.effects(), later.body.effects());
            let conflict = conflicts(&a, &b, self.selected.as_ref());
            assert_eq!(conflict, None, "{earlier:?}, {later:?}");
        }
    }

    fn answered(&mut self, octets: &[u8]) {
        self.answers.push(octets);
        while let Some(frame) = self.answers.next_response().unwrap() {
            let Ok(Response::Tagged { tag, .. }) = Response::parse(&frame) else { continue };
            self.finished(&tag);
        }
    }

    fn finished(&mut self, tag: &Tag) {
        let index = self.unfinished.iter().position(|one| one.tag == *tag).unwrap();
        if let CommandBody::Select(select) = self.unfinished.remove(index).body {
            self.selected = Some(select.mailbox);
        }
    }
}

async fn carry<R, W>(mut from: R, mut to: W, tap: Arc<Mutex<Tap>>, look: fn(&mut Tap, &[u8]))
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let mut buffer = vec![0; 16 << 10];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        look(&mut tap.lock().unwrap(), &buffer[..read]);
        if to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
    _ = to.shutdown().await;
}

/// The same connection, listened to.
pub fn tapped<S>(far: S, tap: &Arc<Mutex<Tap>>) -> DuplexStream
where
    S: AsyncRead + AsyncWrite + Send + 'static,
{
    let (near, ours) = tokio::io::duplex(1 << 20);
    let (far_read, far_write) = tokio::io::split(far);
    let (our_read, our_write) = tokio::io::split(ours);
    tokio::spawn(carry(our_read, far_write, Arc::clone(tap), Tap::sent));
    tokio::spawn(carry(far_read, our_write, Arc::clone(tap), Tap::answered));
    near
}
