//! A mailbox for tests: changed step by step, each step a version of its own.

use peregrine_proto::number::UidRanges;
use peregrine_proto::{ModSeq, Uid};
use peregrine_session::{Difference, Host, OwnChange, Snapshot};
use std::num::NonZeroU32;
use std::sync::Arc;

/// The host of these tests.
pub struct Fake;

impl Host for Fake {
    type Account = &'static str;
    type Mailbox = &'static str;
    type Snapshot = Version;
}

#[derive(Clone, Debug)]
pub struct Version(pub Arc<Mail>);

#[derive(Clone, Debug, Default)]
pub struct Mail {
    pub mod_seq: u64,
    pub next: u32,
    pub messages: Vec<Message>,
    pub keywords: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub uid: u32,
    pub mod_seq: u64,
    pub flags: Vec<String>,
}

pub fn uid(number: u32) -> Uid {
    Uid(NonZeroU32::new(number).unwrap())
}

pub fn uids(numbers: &[u32]) -> UidRanges {
    numbers.iter().map(|number| uid(*number)).collect()
}

/// An own change of messages that nobody else has changed.
pub fn own(mod_seq: u64) -> OwnChange {
    OwnChange { mod_seq: ModSeq(mod_seq), replaced: Vec::new() }
}

impl Mail {
    /// Messages with UIDs 1 to `count`.
    pub fn new(count: u32) -> Self {
        let mut mail = Self { mod_seq: 1, next: 1, ..Self::default() };
        mail.append(count);
        mail
    }

    pub fn append(&mut self, count: u32) {
        self.mod_seq += 1;
        for _ in 0..count {
            let (uid, mod_seq) = (self.next, self.mod_seq);
            self.messages.push(Message { uid, mod_seq, flags: Vec::new() });
            self.next += 1;
        }
    }

    pub fn expunge(&mut self, uids: &[u32]) {
        self.mod_seq += 1;
        self.messages.retain(|message| !uids.contains(&message.uid));
    }

    /// Tells the MODSEQ.
    pub fn flag(&mut self, uid: u32, flag: &str) -> u64 {
        self.mod_seq += 1;
        if !flag.starts_with('\\') && !self.keywords.iter().any(|known| known == flag) {
            self.keywords.push(flag.to_owned());
        }
        if let Some(message) = self.messages.iter_mut().find(|message| message.uid == uid) {
            message.mod_seq = self.mod_seq;
            if !message.flags.iter().any(|known| known == flag) {
                message.flags.push(flag.to_owned());
            }
        }
        self.mod_seq
    }

    pub fn version(&self) -> Version {
        Version(Arc::new(self.clone()))
    }
}

impl Version {
    fn message(&self, uid: Uid) -> Option<&Message> {
        self.0.messages.iter().find(|message| message.uid == uid.0.get())
    }
}

impl Snapshot for Version {
    fn exists(&self) -> u32 {
        self.0.messages.len() as u32
    }
    fn uid_at(&self, index: u32) -> Option<Uid> {
        self.0.messages.get(index as usize).map(|message| uid(message.uid))
    }
    fn index_of(&self, uid: Uid) -> Result<u32, u32> {
        let found = self.0.messages.binary_search_by_key(&uid.0.get(), |message| message.uid);
        found.map(|index| index as u32).map_err(|index| index as u32)
    }
    fn mod_seq(&self) -> ModSeq {
        ModSeq(self.0.mod_seq)
    }
    fn mod_seq_of(&self, uid: Uid) -> Option<ModSeq> {
        self.message(uid).map(|message| ModSeq(message.mod_seq))
    }
    fn difference(&self, older: &Self) -> Difference {
        let mut difference = Difference {
            arrived: self.0.next > older.0.next
                && self.0.messages.iter().any(|message| message.uid >= older.0.next),
            keywords: self.0.keywords.len() > older.0.keywords.len(),
            ..Difference::default()
        };
        for message in &older.0.messages {
            match self.message(uid(message.uid)) {
                None => difference.expunged.push(uid(message.uid)),
                Some(now) if now.mod_seq > older.0.mod_seq => {
                    difference.changed.push((uid(message.uid), ModSeq(now.mod_seq)));
                }
                Some(_) => {}
            }
        }
        difference
    }
    fn write_flags(&self, uid: Uid, recent: bool, out: &mut Vec<u8>) {
        let mut flags = self.message(uid).map(|message| message.flags.clone()).unwrap_or_default();
        if recent {
            flags.push("\\Recent".to_owned());
        }
        out.extend_from_slice(format!("({})", flags.join(" ")).as_bytes());
    }
    fn write_flag_names(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(format!("({})", self.0.keywords.join(" ")).as_bytes());
    }
}
