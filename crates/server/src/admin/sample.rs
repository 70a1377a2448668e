//! Sample mail for the demo: conversations in several languages and charsets, with pictures,
//! documents, forwarded messages, and some of the odd things that real mailboxes hold.
//!
//! Everything follows from one seed and the time that is taken for now, so two runs agree.

mod attachment;
mod compose;
mod conversation;
mod odd;
mod text;

use peregrine_proto::{DateTime, Flag, Keyword};
use peregrine_store::NewMessage;

/// Messages in conversations, the odd ones and the drafts not counted.
const CONVERSED: usize = 1_200;

/// A mailbox to make, with its messages from old to new.
#[derive(Debug)]
pub struct SampleMailbox {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub messages: Vec<NewMessage>,
}

/// All sample mail of the user `user`, the newest of it from a little before `now` (seconds
/// since 1970).
#[must_use]
pub fn sample_mail(user: &str, now: i64) -> Vec<SampleMailbox> {
    let mut random = Random::new(0x5EED);
    let mut mail = Mail::default();
    let mut count = 0;
    while count < CONVERSED {
        count += conversation::hold(&mut random, user, now, &mut mail);
    }
    odd::drafts(&mut random, user, now, &mut mail);
    odd::junk(&mut random, user, now, &mut mail);
    odd::curiosities(user, now, &mut mail);
    mail.mailboxes.sort_by(|a, b| a.name.cmp(&b.name));
    for mailbox in &mut mail.mailboxes {
        mailbox.messages.sort_by_key(|message| message.date.unix);
    }
    mail.mailboxes
}

/// The mailboxes while they fill.
#[derive(Default)]
struct Mail {
    mailboxes: Vec<SampleMailbox>,
}

impl Mail {
    fn add(&mut self, mailbox: &str, body: Vec<u8>, date: DateTime, flags: &[&str]) {
        let flags = flags.iter().filter_map(|name| flag(name)).collect();
        let message = NewMessage { body: body.into(), flags, date };
        match self.mailboxes.iter_mut().find(|known| known.name == mailbox) {
            Some(known) => known.messages.push(message),
            None => self
                .mailboxes
                .push(SampleMailbox { name: mailbox.to_owned(), messages: vec![message] }),
        }
    }
}

fn flag(name: &str) -> Option<Flag> {
    Some(match name {
        "\\Seen" => Flag::Seen,
        "\\Answered" => Flag::Answered,
        "\\Flagged" => Flag::Flagged,
        "\\Draft" => Flag::Draft,
        "\\Deleted" => Flag::Deleted,
        keyword => Flag::Keyword(Keyword::new(keyword)?),
    })
}

/// A small generator of numbers that look random (SplitMix64): the same for the same seed, on
/// every machine.
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ z >> 31
    }

    /// A number below `bound`, which is above 0.
    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn pick<T: Copy>(&mut self, choice: &[T]) -> T {
        let index = usize::try_from(self.below(choice.len() as u64)).unwrap_or_default();
        choice[index]
    }

    fn one_in(&mut self, bound: u64) -> bool {
        self.below(bound) == 0
    }

    fn colour(&mut self) -> [u8; 3] {
        let [red, green, blue, ..] = self.next().to_le_bytes();
        [red, green, blue]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const NOW: i64 = 1_750_000_000;

    #[test]
    fn there_is_enough_and_of_every_kind() {
        let mail = sample_mail("demo", NOW);
        let total: usize = mail.iter().map(|mailbox| mailbox.messages.len()).sum();
        assert!(total >= 1_000, "{total}");
        let names: Vec<&str> = mail.iter().map(|mailbox| mailbox.name.as_str()).collect();
        for wanted in ["INBOX", "Sent", "Drafts", "Archive/2024", "Lists/Tower watch"] {
            assert!(names.contains(&wanted), "{wanted} is not among {names:?}");
        }
        let bodies: Vec<String> = mail
            .iter()
            .flat_map(|mailbox| &mailbox.messages)
            .map(|message| String::from_utf8_lossy(&message.body).into_owned())
            .collect();
        for wanted in [
            "charset=iso-2022-jp",
            "charset=koi8-r",
            "charset=windows-1252",
            "charset=iso-8859-1",
            "charset=utf-8",
            "multipart/alternative",
            "multipart/related",
            "multipart/digest",
            "message/rfc822",
            "image/png",
            "application/pdf",
            "References:",
        ] {
            let count = bodies.iter().filter(|body| body.contains(wanted)).count();
            assert!(count > 0, "nothing has {wanted}");
        }
    }

    #[test]
    fn two_runs_agree() {
        let (a, b) = (sample_mail("demo", NOW), sample_mail("demo", NOW));
        assert!(a.iter().zip(&b).all(|(a, b)| {
            a.name == b.name
                && a.messages
                    .iter()
                    .zip(&b.messages)
                    .all(|(a, b)| a.body == b.body && a.date == b.date)
        }));
    }

    /// Every message parses, dates never lie in the future, and Message-IDs are not used twice.
    #[test]
    fn messages_are_sound() {
        let mut ids = BTreeSet::new();
        for message in sample_mail("demo", NOW).iter().flat_map(|mailbox| &mailbox.messages) {
            assert!(message.date.unix <= NOW);
            let structure = peregrine_mime::parse(&message.body);
            let _ = structure;
            let text = String::from_utf8_lossy(&message.body);
            let header = text.split("\r\n\r\n").next().unwrap_or_default();
            let id = header.lines().find(|line| line.starts_with("Message-ID:"));
            if let Some(id) = id {
                assert!(ids.insert(id.to_owned()), "{id} twice");
            }
        }
    }
}
