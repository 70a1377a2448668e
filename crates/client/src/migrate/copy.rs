//! Copying: many messages are read ahead while others are appended, in bounded memory.

use super::engine::{Error, Work};
use super::pair::Hashes;
use super::plan::Plan;
use super::report::{Migrated, Step};
use super::side::{Doing, Mail, Overview, Summary};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesOrdered, StreamExt};
use peregrine_proto::Uid;
use std::collections::VecDeque;

/// Messages that are read ahead.
const READS: usize = 48;

/// Octets of messages on their way; one message may be larger.
const OCTETS: u64 = 32 << 20;

/// Messages that a target is given at once, so that one sync can be for all of them.
const BATCH: usize = 64;

/// Octets that a target is given at once; one message may be larger.
const BATCH_OCTETS: u64 = 2 << 20;

/// Batches on their way.
const BATCHES: usize = 4;

type Results = Vec<Result<(), String>>;

/// A message that was read, by its index: its octets, unless it is gone.
type Read = (usize, Result<Option<Bytes>, super::SideError>);

/// Messages on their way from one side to the other.
struct Pipe<'a> {
    waiting: VecDeque<&'a Summary>,
    reads: FuturesOrdered<BoxFuture<'static, Read>>,
    appends: FuturesOrdered<Doing<'static, Results>>,
    /// UIDs and octets of the batches in `appends`.
    sent: VecDeque<(Vec<Uid>, u64)>,
    batch: Vec<Mail>,
    batch_octets: u64,
    /// Octets from the reading to the answer of the target.
    octets: u64,
}

impl Work<'_> {
    /// Copies the messages of these indexes, and tells the hash of each that was read.
    pub(super) async fn copy(
        &mut self,
        plan: &Plan,
        source: &Overview,
        new: &[usize],
        counts: &mut Migrated,
    ) -> Result<Hashes, Error> {
        let mut hashes = Hashes::new();
        let mut pipe = Pipe {
            waiting: new.iter().map(|index| &source.messages[*index]).collect(),
            reads: FuturesOrdered::new(),
            appends: FuturesOrdered::new(),
            sent: VecDeque::new(),
            batch: Vec::new(),
            batch_octets: 0,
            octets: 0,
        };
        loop {
            self.read_ahead(&mut pipe, source);
            let full = pipe.batch.len() >= BATCH || pipe.batch_octets >= BATCH_OCTETS;
            if !pipe.batch.is_empty()
                && (full || pipe.reads.is_empty())
                && pipe.appends.len() < BATCHES
            {
                self.append(&mut pipe);
                continue;
            }
            tokio::select! {
                // While a full batch waits for room, nothing more is taken in.
                Some((index, read)) = pipe.reads.next(), if !full => {
                    let summary = &source.messages[index];
                    let reason = match read {
                        Ok(Some(body)) => {
                            hashes.insert(summary.uid, super::hash(&body));
                            pipe.take(summary, source, body);
                            continue;
                        }
                        Ok(None) => "gone before it was read".to_owned(),
                        Err(error) if error.is_refusal() => error.to_string(),
                        Err(error) => return Err(Error::Source(error)),
                    };
                    pipe.octets = pipe.octets.saturating_sub(summary.size);
                    self.failed(plan, summary.uid, &reason, counts);
                }
                Some(results) = pipe.appends.next() => {
                    let (uids, octets) = pipe.sent.pop_front().unwrap_or_default();
                    pipe.octets = pipe.octets.saturating_sub(octets);
                    let results = results.map_err(Error::Target)?;
                    for (uid, result) in uids.iter().zip(&results) {
                        if let Err(reason) = result {
                            self.failed(plan, *uid, reason, counts);
                        }
                    }
                    self.teller.tell(Step::Copying, uids.len() as u64, octets);
                }
                else => return Ok(hashes),
            }
        }
    }

    fn failed(&mut self, plan: &Plan, uid: Uid, reason: &str, counts: &mut Migrated) {
        counts.copied -= 1;
        counts.failed += 1;
        self.report.problem(format!("{}, UID {}", plan.source.name.as_str(), uid.0), reason);
    }

    fn read_ahead(&mut self, pipe: &mut Pipe<'_>, source: &Overview) {
        while pipe.reads.len() < READS
            && let Some(next) = pipe.waiting.front()
            && (pipe.octets == 0 || pipe.octets + next.size <= OCTETS)
        {
            let next = *next;
            pipe.waiting.pop_front();
            pipe.octets += next.size;
            let index = source.messages.partition_point(|one| one.uid < next.uid);
            let read = self.source.read(next.uid);
            pipe.reads.push_back(Box::pin(async move { (index, read.await) }));
        }
    }

    fn append(&mut self, pipe: &mut Pipe<'_>) {
        let batch = std::mem::take(&mut pipe.batch);
        let uids = batch.iter().map(|mail| mail.uid).collect();
        pipe.sent.push_back((uids, std::mem::take(&mut pipe.batch_octets)));
        pipe.appends.push_back(self.target.append(batch));
    }
}

impl Pipe<'_> {
    fn take(&mut self, summary: &Summary, source: &Overview, body: Bytes) {
        // What was announced may differ from what came.
        self.octets = self.octets.saturating_sub(summary.size) + body.len() as u64;
        self.batch_octets += body.len() as u64;
        self.batch.push(Mail {
            uid: summary.uid,
            uid_validity: source.uid_validity,
            date: summary.date,
            flags: summary.flags.clone(),
            body,
        });
    }
}
