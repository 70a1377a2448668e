//! Comparing both sides at the end.

use super::engine::{Compare, Error, Work};
use super::pair::{Hashes, Pairs, pair_by, same_flags};
use super::plan::Plan;
use super::report::{Compared, Step, Total, Unlike};
use super::side::{Doing, Overview, Summary};
use bytes::Bytes;
use futures_util::stream::{FuturesOrdered, StreamExt};
use peregrine_proto::{Flag, Uid};
use std::collections::{HashSet, VecDeque};

/// Messages that are read ahead.
const READS: usize = 64;

/// Octets that are read ahead; one message may be larger.
const OCTETS: u64 = 32 << 20;

impl Work<'_> {
    /// Looks at the target again and compares it with what the source told. `known` has hashes of
    /// what was just copied.
    pub(super) async fn compare(
        &mut self,
        plan: &Plan,
        source: &Overview,
        known: Hashes,
    ) -> Result<Compared, Error> {
        self.teller.tell(Step::Comparing, 0, 0);
        let target = self.target.open(&plan.target).await.map_err(Error::Target)?;
        let (mut ours, mut theirs) = (known, Hashes::new());
        let content = self.options.compare == Compare::Content;
        let pairs = match content {
            true => self.pair_by_content(source, &target, &mut ours, &mut theirs).await?,
            false => self.pair(&source.messages, &target.messages).await?,
        };
        let name = &plan.source.name;
        for index in &pairs.source {
            self.report.difference(name, source.messages[*index].uid.0.get(), Unlike::Missing);
        }
        let same_validity =
            source.uid_validity.is_some() && source.uid_validity == target.uid_validity;
        let mut uids_kept = same_validity && pairs.source.is_empty();
        for (one, other) in &pairs.both {
            let (one, other) = (&source.messages[*one], &target.messages[*other]);
            uids_kept &= one.uid == other.uid;
            if let Some(unlike) = unlike(one, other) {
                self.report.difference(name, one.uid.0.get(), unlike);
            }
        }
        let counterparts = pairs.both.iter().map(|(_, other)| &target.messages[*other]);
        Ok(Compared {
            source: total(source.messages.iter(), content.then_some(&ours)),
            target: total(counterparts, content.then_some(&theirs)),
            only_target: (target.messages.len() - pairs.both.len()) as u64,
            uids_kept,
        })
    }

    /// Reads what was not read yet, and pairs messages of the same octets.
    async fn pair_by_content(
        &mut self,
        source: &Overview,
        target: &Overview,
        ours: &mut Hashes,
        theirs: &mut Hashes,
    ) -> Result<Pairs, Error> {
        let unread = source.messages.iter().filter(|one| !ours.contains_key(&one.uid));
        let unread = unread.map(|one| (one.uid, one.size)).collect();
        self.hash_source(unread, ours).await?;
        // What has another size than every message of the source is none of them.
        let sizes: HashSet<u64> = source.messages.iter().map(|one| one.size).collect();
        let candidates = target.messages.iter().filter(|one| sizes.contains(&one.size));
        let candidates = candidates.map(|one| (one.uid, one.size)).collect();
        self.hash_target(candidates, theirs).await?;
        // Without a hash, a message is like itself alone.
        let mark = |hashes: &Hashes, ours: bool, one: &Summary| {
            hashes.get(&one.uid).copied().ok_or((ours, one.uid))
        };
        Ok(pair_by(
            &source.messages,
            &target.messages,
            |one| mark(ours, true, one),
            |one| mark(theirs, false, one),
        ))
    }

    /// Reads messages of the source's open mailbox and hashes them; those that are gone or refused
    /// are left out.
    pub(super) async fn hash_source(
        &mut self,
        messages: Vec<(Uid, u64)>,
        hashes: &mut Hashes,
    ) -> Result<(), Error> {
        let Self { source, teller, .. } = self;
        let mut told = |octets| teller.tell(Step::Comparing, 0, octets);
        hash_all(messages, |uid| source.read(uid), &mut told, hashes).await.map_err(Error::Source)
    }

    /// The same with the target's.
    pub(super) async fn hash_target(
        &mut self,
        messages: Vec<(Uid, u64)>,
        hashes: &mut Hashes,
    ) -> Result<(), Error> {
        let Self { target, teller, .. } = self;
        let mut told = |octets| teller.tell(Step::Comparing, 0, octets);
        hash_all(messages, |uid| target.read(uid), &mut told, hashes).await.map_err(Error::Target)
    }
}

async fn hash_all(
    messages: Vec<(Uid, u64)>,
    mut read: impl FnMut(Uid) -> Doing<'static, Option<Bytes>>,
    told: &mut impl FnMut(u64),
    hashes: &mut Hashes,
) -> Result<(), super::SideError> {
    let mut waiting = VecDeque::from(messages);
    let mut octets = 0;
    let mut reads = FuturesOrdered::new();
    loop {
        while reads.len() < READS
            && let Some((uid, size)) = waiting.front().copied()
            && (octets == 0 || octets + size <= OCTETS)
        {
            waiting.pop_front();
            octets += size;
            let reading = read(uid);
            reads.push_back(async move { (uid, size, reading.await) });
        }
        let Some((uid, size, body)) = reads.next().await else { return Ok(()) };
        octets -= size;
        match body {
            Ok(Some(body)) => {
                told(body.len() as u64);
                hashes.insert(uid, super::hash(&body));
            }
            Ok(None) => {}
            // What cannot be read is like nothing else.
            Err(error) if error.is_refusal() => {}
            Err(error) => return Err(error),
        }
    }
}

/// The first thing in which two messages of the same content differ.
fn unlike(source: &Summary, target: &Summary) -> Option<Unlike> {
    if source.date.unix != target.date.unix {
        return Some(Unlike::Date(source.date.unix, target.date.unix));
    }
    match same_flags(&source.flags, &target.flags) {
        true => None,
        false => Some(Unlike::Flags(names(&source.flags), names(&target.flags))),
    }
}

fn names(flags: &[Flag]) -> String {
    let name = |flag: &Flag| match flag {
        Flag::Keyword(keyword) => keyword.as_str().to_owned(),
        Flag::Extension(keyword) => format!("\\{}", keyword.as_str()),
        system => system.system_name().unwrap_or_default().to_owned(),
    };
    flags.iter().map(name).collect::<Vec<_>>().join(" ")
}

fn total<'a>(messages: impl Iterator<Item = &'a Summary>, hashes: Option<&Hashes>) -> Total {
    let mut total = Total::default();
    let mut all: Vec<[u8; 32]> = Vec::new();
    for message in messages {
        total.messages += 1;
        total.octets += message.size;
        all.extend(hashes.and_then(|hashes| hashes.get(&message.uid).copied()));
    }
    all.sort_unstable();
    total.digest = hashes.map(|_| super::hash(&all.concat()));
    total
}
