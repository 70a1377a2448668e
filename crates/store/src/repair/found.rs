//! Bodies that no message has any more: back to where their digests say that they were, or into a
//! mailbox of their own.

use super::account::Rebuilt;
use crate::row::garbage::Garbage;
use crate::verify::bodies::{Bodies, octets, short};
use crate::verify::sweep::Sweep;
use crate::{BodyNumber, Error, MailboxId, Message, SystemFlags, digest, keys};
use peregrine_kv::{Engine, Snapshot};
use peregrine_proto::number::Number;
use peregrine_proto::{ModSeq, Uid};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// The mailbox for what belongs nowhere.
const MAILBOX: &str = "Lost and found";

impl Rebuilt {
    /// Brings back what has octets but no message.
    pub(super) async fn find(
        &mut self,
        engine: &Arc<dyn Engine>,
        snapshot: &dyn Snapshot,
        bodies: &mut Bodies,
    ) -> Result<(), Error> {
        let references = self.references();
        let mut orphans: Vec<BodyNumber> =
            bodies.right.keys().filter(|body| !references.contains_key(body)).copied().collect();
        orphans.sort_unstable();
        if orphans.is_empty() {
            return Ok(());
        }
        let mut free = self.free_digests(snapshot).await?;
        let (mut back, mut homeless) = (0, Vec::new());
        for number in orphans {
            let Some(row) = snapshot.get(&keys::body(self.id, number)).await? else { continue };
            let (_, body) = octets(&**engine, self.id, &row).await?;
            let made = digest::make(&body);
            let date = digest::sent(&made).unwrap_or_default();
            let size = u32::try_from(body.len()).unwrap_or(u32::MAX);
            let message = move |uid| message(uid, number, size, date);
            let made = short(&made);
            match free.get_mut(&made).and_then(Vec::pop) {
                Some((mailbox, uid)) => {
                    let gone = self.gone.iter().position(|(id, m)| (*id, m.uid) == (mailbox, uid));
                    let message = match gone.map(|place| self.gone.swap_remove(place)) {
                        Some((_, known)) => Message { body: number, size, ..known },
                        None => message(uid),
                    };
                    let Some(part) = self.mailboxes.get_mut(&mailbox) else { continue };
                    let place = part.messages.partition_point(|message| message.uid < uid);
                    part.messages.insert(place, message);
                    back += 1;
                    if !self.changed.contains(&mailbox) {
                        self.changed.push(mailbox);
                    }
                }
                None => homeless.push((made, message)),
            }
        }
        if back > 0 {
            let what =
                format!("{}: {back} messages back under their UIDs, some without flags", self.name);
            self.done.push(what);
        }
        self.house(homeless, bodies);
        Ok(())
    }

    /// Puts messages that belong nowhere into a mailbox of their own.
    fn house(&mut self, homeless: Vec<(u64, impl FnOnce(Uid) -> Message)>, bodies: &mut Bodies) {
        if homeless.is_empty() {
            return;
        }
        let name = self.free_name(MAILBOX);
        let what = format!("{}: {}: {} messages", self.name, name.as_str(), homeless.len());
        self.done.push(what);
        let id = self.add(name);
        let uids = (1..).filter_map(Uid::new);
        let mut messages = Vec::with_capacity(homeless.len());
        for ((made, message), uid) in homeless.into_iter().zip(uids) {
            // The number may have been another mailbox's, whose digests are still there.
            bodies.digests.insert((id, uid), made);
            messages.push(message(uid));
        }
        if let Some(part) = self.mailboxes.get_mut(&id) {
            part.messages = messages;
        }
    }

    /// Digests of messages that are not there, in short: they tell where a body was.
    async fn free_digests(
        &self,
        snapshot: &dyn Snapshot,
    ) -> Result<HashMap<u64, Vec<(MailboxId, Uid)>>, Error> {
        let mut waiting = HashSet::new();
        for (_, garbage) in &self.garbage {
            if let Garbage::Messages { mailbox, entries } = garbage {
                waiting.extend(entries.iter().map(|(uid, _)| (*mailbox, *uid)));
            }
        }
        let mut free: HashMap<u64, Vec<(MailboxId, Uid)>> = HashMap::new();
        let mut sweep = Sweep::new(snapshot, keys::every_digest(self.id));
        while let Some(page) = sweep.next().await? {
            for (key, row) in page {
                let uid = keys::uid_of(&key).and_then(Uid::new);
                let (Some(mailbox), Some(uid)) = (keys::mailbox_of(&key), uid) else { continue };
                let Some(part) = self.mailboxes.get(&mailbox) else { continue };
                let there = part.messages.binary_search_by_key(&uid, |m| m.uid).is_ok();
                if let (Ok(row), false) =
                    (row, there || part.deleted || waiting.contains(&(mailbox, uid)))
                {
                    free.entry(short(&row)).or_default().push((mailbox, uid));
                }
            }
        }
        Ok(free)
    }
}

fn message(uid: Uid, body: BodyNumber, size: u32, date_unix: i64) -> Message {
    Message {
        uid,
        size,
        saved: crate::account::now(),
        date_offset: 0,
        flags: SystemFlags::NONE,
        date_unix,
        keywords: crate::KeywordSet::default(),
        mod_seq: ModSeq(1),
        body,
    }
}
