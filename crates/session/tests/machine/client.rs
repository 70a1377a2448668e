//! A client and a driver without sockets: what is sent, which jobs run, what comes back.

use crate::mail::{Fake, Mail, uids};
use bytes::Bytes;
use peregrine_proto::MailboxName;
use peregrine_proto::response::ResponseText;
use peregrine_session::{Job, JobId, Limits, Outcome, Session, Spool, Transition};
use std::time::{Duration, Instant};

pub struct Client {
    pub session: Session<Fake>,
    pub now: Instant,
    /// Jobs that have started and not ended, in that order.
    pub jobs: Vec<Job<Fake>>,
    pub lines: Vec<(JobId, Bytes)>,
    pub cancelled: Vec<JobId>,
    pub spool: Vec<Spool>,
    /// Jobs that have prompted.
    pub prompted: Vec<JobId>,
    pub mail: Mail,
    /// Whether the client takes what is sent.
    pub reads: bool,
    /// How many pieces were handed out.
    pub writes: usize,
    received: Vec<u8>,
}

impl Client {
    pub fn new() -> Self {
        Self::with(Limits::default(), false)
    }

    pub fn with(limits: Limits, secure: bool) -> Self {
        limits.check().unwrap();
        let now = Instant::now();
        let greeting = ResponseText { code: None, text: "Hello".into() };
        let mut client = Self {
            session: Session::new(limits, greeting, secure, now),
            now,
            jobs: Vec::new(),
            lines: Vec::new(),
            cancelled: Vec::new(),
            spool: Vec::new(),
            prompted: Vec::new(),
            mail: Mail::new(0),
            reads: true,
            writes: 0,
            received: Vec::new(),
        };
        client.pump();
        assert_eq!(client.take(), "* OK Hello\r\n");
        client
    }

    /// Logged in.
    pub fn authenticated() -> Self {
        let mut client = Self::new();
        client.log_in();
        client
    }

    /// With a mailbox of so many messages selected.
    pub fn selected(messages: u32) -> Self {
        let mut client = Self::authenticated();
        client.select(messages, &[]);
        client
    }

    pub fn log_in(&mut self) {
        self.send("l LOGIN fred secret\r\n");
        self.end("l", Outcome::ok("In").with_transition(Transition::Authenticated("fred")));
        assert_eq!(self.take(), "l OK In\r\n");
    }

    pub fn select(&mut self, messages: u32, recent: &[u32]) {
        self.mail = Mail::new(messages);
        self.send("s SELECT INBOX\r\n");
        let selected = self.selection(recent);
        self.end("s", Outcome::ok("Selected").with_transition(selected));
        assert_eq!(self.take(), "s OK Selected\r\n");
    }

    pub fn selection(&self, recent: &[u32]) -> Transition<Fake> {
        Transition::Selected {
            mailbox: "inbox",
            name: MailboxName::new("INBOX").unwrap(),
            snapshot: self.mail.version(),
            recent: uids(recent),
            read_only: false,
        }
    }

    pub fn send(&mut self, octets: impl AsRef<[u8]>) {
        self.session.handle_bytes(self.now, Bytes::copy_from_slice(octets.as_ref()));
        self.pump();
    }

    /// Answers a NOOP that the client does not take, so that what comes now gathers: `transmit` must
    /// be 1. How many octets are on their way.
    pub fn stall(&mut self) -> usize {
        self.send("x NOOP\r\n");
        self.reads = false;
        self.finish("x", Outcome::ok("Done"));
        self.session.poll_transmit().unwrap().len()
    }

    pub fn pump(&mut self) {
        loop {
            let mut quiet = true;
            while let Some(job) = self.session.poll_job() {
                self.jobs.push(job);
                quiet = false;
            }
            self.lines.extend(std::iter::from_fn(|| self.session.poll_line()));
            self.spool.extend(std::iter::from_fn(|| self.session.poll_spool()));
            self.cancelled.extend(std::iter::from_fn(|| self.session.poll_cancel()));
            while self.reads
                && let Some(octets) = self.session.poll_transmit()
            {
                self.received.extend_from_slice(&octets);
                self.session.handle_sent(self.now, octets.len());
                self.writes += 1;
                quiet = false;
            }
            if quiet {
                break;
            }
        }
    }

    /// What has come since the last call.
    pub fn take(&mut self) -> String {
        String::from_utf8_lossy(&std::mem::take(&mut self.received)).into_owned()
    }

    /// The tags of the jobs that run.
    pub fn running(&self) -> Vec<&str> {
        self.jobs.iter().map(|job| job.tag.as_str()).collect()
    }

    pub fn id(&self, tag: &str) -> JobId {
        let job = self.jobs.iter().find(|job| job.tag.as_str() == tag);
        job.unwrap_or_else(|| panic!("{tag} does not run")).id
    }

    /// Ends a job, but sends nothing yet.
    pub fn finish(&mut self, tag: &str, outcome: Outcome<Fake>) {
        let id = self.id(tag);
        self.jobs.retain(|job| job.id != id);
        self.session.handle_outcome(self.now, id, outcome);
    }

    pub fn end(&mut self, tag: &str, outcome: Outcome<Fake>) {
        self.finish(tag, outcome);
        self.pump();
    }

    pub fn ok(&mut self, tag: &str) {
        self.end(tag, Outcome::ok("Done"));
    }

    pub fn block(&mut self, tag: &str, text: impl AsRef<[u8]>) {
        let block = Bytes::copy_from_slice(text.as_ref());
        self.session.handle_block(self.now, self.id(tag), block);
    }

    pub fn part(&mut self, tag: &str, text: impl AsRef<[u8]>) {
        let part = Bytes::copy_from_slice(text.as_ref());
        self.session.handle_part(self.now, self.id(tag), part);
    }

    pub fn prompt(&mut self, tag: &str, text: &'static str) {
        self.session.handle_prompt(self.now, self.id(tag), Bytes::from_static(text.as_bytes()));
        self.pump();
    }

    /// Tells the session of the newest version, without sending.
    pub fn publish(&mut self) {
        self.session.handle_snapshot(self.now, self.mail.version(), uids(&[]));
    }

    pub fn wait(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
        self.session.handle_timeout(self.now);
        self.pump();
    }
}
