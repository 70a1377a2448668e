//! FETCH (RFC 3501 §6.4.5, RFC 7162 §3.1.4): written straight from the mailbox's memory and from what was prepared
//! when the messages arrived, in blocks of whole responses; large sections as they are read.

mod binary;
mod careful;
mod changed;
mod damage;
mod line;
mod plan;
mod prepared;
mod section;
mod seen;

pub(super) use changed::earlier;
pub(super) use line::{Line, Named};

use super::{Deed, Done, Failure, bound};
use crate::host::{Outcome, Run, Selected};
use binary::{Binary, BinaryItem};
use bytes::Bytes;
use careful::{Careful, Next, Pages};
use damage::Damaged;
use peregrine_mime::Structure;
use peregrine_proto::command::Fetch;
use peregrine_proto::command::search::PartialRange;
use peregrine_proto::number::Number;
use peregrine_proto::{Code, SequenceNumber};
use peregrine_session::OwnChange;
use peregrine_store::{Bodies, Body, Digest, Digests, Error, MailboxView, Message};
use plan::{Item, Needs, Plan};
use prepared::Prepared;
use section::Octets;
use seen::Seen;

/// Octets after which a block is sent: other commands of the connection get their turn then.
const BLOCK: usize = 64 * 1024;

/// The same where whole bodies are told: a client takes small blocks faster than the next one is
/// made, and to wake it for each costs more than the copy.
const BODY_BLOCK: usize = 4 * BLOCK;

/// A section in memory is copied into the block up to so many octets, and passed on by itself
/// beyond: three pieces then cost less than the copy.
const COPIED: usize = 16 * 1024;

/// Octets that go with the tagged reply at most: more of them wait for their turn as a block.
const LAST: usize = 16 * 1024;

/// Octets of a response that is told from memory, as most are.
const LINE: usize = 80;

/// Octets that the next block may have more than the last one before its buffer is moved.
const SLACK: usize = 8 * 1024;

/// What reads or changes something is a future of its own on the heap: the one of a FETCH from
/// memory, which ends at once, stays small then.
pub(super) async fn run(deed: &Deed, command: &Fetch) -> Done {
    let selected = deed.selected()?;
    let mut runs = selected.view.runs(&command.messages)?;
    let modifiers = command.modifiers;
    if modifiers.vanished && !deed.enabled.qresync {
        return Ok(Outcome::bad("ENABLE QRESYNC first"));
    }
    let mut out = Vec::new();
    if let Some(since) = modifiers.changed_since {
        runs = changed::since(runs, since);
        if modifiers.vanished {
            out = Box::pin(changed::vanished(selected, &command.messages, since)).await?;
        }
    }
    let limit = deed.message_limit();
    let mut cut = None;
    if let Some(range) = modifiers.partial {
        runs = part(runs, range);
        // RFC 9738 §3.1: the client has asked for that many at once.
        let asked: usize = runs.iter().map(|run| run.indexes.len()).sum();
        if let Some(limit) = limit.filter(|limit| asked > limit.get() as usize) {
            return Err(bound::refused(limit, None));
        }
    } else {
        (runs, cut) = bound::last_of(runs, limit);
    }
    let plan = Plan::new(command, deed.enabled);
    let seen = match plan.sets_seen && !selected.read_only {
        true => Box::pin(Seen::set(selected, &runs)).await,
        false => None,
    };
    let own = |mod_seq| OwnChange { mod_seq, replaced: Vec::new() };
    let told = seen.iter().filter_map(|seen| seen.mod_seq).map(own).collect();
    // RFC 2180 §4.1.2: messages that are gone meanwhile are still told, as long as this client
    // counts them.
    let mut writer = Writer::new(deed, selected, &plan, seen, out);
    writer.announce_keywords();
    for run in runs {
        writer.run(&run).await?;
    }
    let mut outcome = writer.finish().await.with_told(told);
    if let Some(cut) = cut {
        cut.tell(&mut outcome);
    }
    Ok(outcome)
}

/// Of the messages that are named, those at these places (RFC 9394 §3.3).
fn part(runs: Vec<Run>, range: PartialRange) -> Vec<Run> {
    let count = runs.iter().map(|run| run.indexes.len()).sum();
    let mut wanted = range.of(count);
    let mut some = Vec::new();
    for mut run in runs {
        let length = run.indexes.len();
        let places = wanted.start.min(length)..wanted.end.min(length);
        wanted = wanted.start.saturating_sub(length)..wanted.end.saturating_sub(length);
        // A run's length fits 32 bits, and so do places in it.
        let (skip, keep) = (places.start as u32, places.len() as u32);
        let first = run.first.get().checked_add(skip).and_then(SequenceNumber::new);
        if let (Some(first), true) = (first, keep > 0) {
            run.first = first;
            run.indexes = run.indexes.start + skip..run.indexes.start + skip + keep;
            some.push(run);
        }
    }
    some
}

/// The sequence number of the message at an index of a run.
fn number(run: &Run, index: u32) -> u32 {
    run.first.0.get() + (index - run.indexes.start)
}

/// Writes responses and sends them in blocks.
struct Writer<'a> {
    deed: &'a Deed,
    selected: &'a Selected,
    plan: &'a Plan,
    seen: Option<Seen>,
    out: Vec<u8>,
    /// Octets of `out` that are whole responses.
    whole: usize,
    /// A part of a response was sent, and its end was not.
    open: bool,
    /// A part could not be told: its transfer encoding is not known.
    unknown: bool,
    damaged: Damaged,
}

impl<'a> Writer<'a> {
    fn new(
        deed: &'a Deed,
        selected: &'a Selected,
        plan: &'a Plan,
        seen: Option<Seen>,
        out: Vec<u8>,
    ) -> Self {
        let damaged = Damaged::default();
        Self { deed, selected, plan, seen, out, whole: 0, open: false, unknown: false, damaged }
    }

    /// A keyword must be told in FLAGS before a message has it; the version that \Seen was set in
    /// may have new ones from other sessions.
    fn announce_keywords(&mut self) {
        let Some(seen) = &self.seen else { return };
        let known = self.selected.view.snapshot().0.keywords().names().len();
        if seen.newest.keywords().names().len() > known {
            self.out.extend_from_slice(b"* FLAGS ");
            seen.newest.write_flag_names(&mut self.out);
            self.out.extend_from_slice(b"\r\n");
        }
    }

    async fn run(&mut self, run: &Run) -> Result<(), Failure> {
        match self.plan.needs {
            Needs::Memory => self.without_reading(run).await,
            Needs::Digests => Box::pin(self.with_digests(run)).await?,
            Needs::Bodies { structure } => Box::pin(self.with_bodies(run, structure)).await?,
        }
        Ok(())
    }

    /// FLAGS, UID, INTERNALDATE, RFC822.SIZE: nothing is read.
    async fn without_reading(&mut self, run: &Run) {
        let view = &run.snapshot.0;
        self.out.reserve((run.indexes.len() * LINE).min(BLOCK + SLACK));
        for (message, number) in view.messages(run.indexes.clone()).zip(run.first.0.get()..) {
            self.message(number, view, message, None);
            if self.out.len() >= BLOCK {
                self.flush().await;
            }
        }
    }

    /// ENVELOPE, BODY and BODYSTRUCTURE as well: read in order, a page at a time.
    async fn with_digests(&mut self, run: &Run) -> Result<(), Failure> {
        let view = &run.snapshot.0;
        let selected = self.selected;
        let mut pages = Careful::<Digests>::new(&selected.mailbox, view, run.indexes.clone());
        while let Some((start, page)) = self.page(&mut pages, run).await? {
            let messages = view.messages(start..start + page.len() as u32).zip(&page);
            for ((message, digest), number) in messages.zip(number(run, start)..) {
                self.message(number, view, message, Some(digest));
                if self.out.len() >= BLOCK {
                    self.flush().await;
                }
            }
        }
        Ok(())
    }

    /// Sections of the messages themselves.
    async fn with_bodies(&mut self, run: &Run, structure: bool) -> Result<(), Failure> {
        let view = &run.snapshot.0;
        let selected = self.selected;
        let mut pages = Careful::<Bodies>::new(&selected.mailbox, view, run.indexes.clone());
        while let Some((start, page)) = self.page(&mut pages, run).await? {
            let indexes = start..start + page.len() as u32;
            let digests =
                if structure { self.digests(view, indexes.clone()).await? } else { Vec::new() };
            let messages = indexes.clone().zip(view.messages(indexes));
            for ((index, message), body) in messages.zip(page) {
                let digest = match digests.get((index - start) as usize) {
                    Some(Err(what)) => {
                        self.leave_out(run, index, what);
                        continue;
                    }
                    Some(Ok(digest)) => Some(digest),
                    None => None,
                };
                let number = number(run, index);
                match self.message_with_body(number, view, message, digest, &body).await {
                    // Nothing of it was sent, so the others can be told.
                    Err(Failure::Store(Error::Corrupt { what })) if !self.open => {
                        self.out.truncate(self.whole);
                        self.leave_out(run, index, &what);
                    }
                    told => told?,
                }
            }
        }
        Ok(())
    }

    /// The next page that can be read; what is damaged before it is left out.
    async fn page<P: Pages>(
        &mut self,
        pages: &mut Careful<'_, P>,
        run: &Run,
    ) -> Result<Option<(u32, Vec<P::Item>)>, Failure> {
        loop {
            match pages.next().await? {
                Next::Page(start, page) => return Ok(Some((start, page))),
                Next::Damaged(index, what) => self.leave_out(run, index, &what),
                Next::End => return Ok(None),
            }
        }
    }

    /// The digests of all these messages; why one cannot be read where it is damaged.
    async fn digests(
        &self,
        view: &MailboxView,
        indexes: std::ops::Range<u32>,
    ) -> Result<Vec<Result<Digest, String>>, Failure> {
        let mut all = Vec::with_capacity(indexes.len());
        let mut pages = Careful::<Digests>::new(&self.selected.mailbox, view, indexes);
        loop {
            match pages.next().await? {
                Next::Page(_, page) => all.extend(page.into_iter().map(Ok)),
                Next::Damaged(_, what) => all.push(Err(what)),
                Next::End => return Ok(all),
            }
        }
    }

    /// Tells nothing of a damaged message but that it is read now, if this command did that.
    fn leave_out(&mut self, run: &Run, index: u32, what: &str) {
        let Some(message) = run.snapshot.0.message(index) else { return };
        self.damaged.note(message.uid, what);
        let Some((view, message)) = self.seen.as_ref().and_then(|seen| seen.of(message)) else {
            return;
        };
        let (enabled, recent) = (self.deed.enabled, self.deed.is_recent(message.uid));
        let named = Named::new(enabled, number(run, index), message.uid);
        let mut line = Line::begin(&mut self.out, named);
        line.flags(view, message, recent);
        if !enabled.uid_only && (enabled.condstore || self.plan.tells_uid) {
            line.uid(message.uid);
        }
        if enabled.condstore {
            line.mod_seq(message.mod_seq);
        }
        line.end();
    }

    /// One response without sections.
    fn message(
        &mut self,
        number: u32,
        view: &MailboxView,
        message: &Message,
        digest: Option<&Digest>,
    ) {
        let fresh = self.seen.as_ref().and_then(|seen| seen.of(message));
        let recent = self.deed.is_recent(message.uid);
        let named = Named::new(self.deed.enabled, number, message.uid);
        let known = self.known(digest);
        let mut line = Line::begin(&mut self.out, named);
        for item in &self.plan.items {
            line.item(item, fresh.unwrap_or((view, message)), recent, known);
        }
        line.end();
    }

    fn known<'d>(&self, digest: Option<&'d Digest>) -> Prepared<'d> {
        let account = self.selected.mailbox.account().id();
        let enabled = self.deed.enabled;
        Prepared { account, digest, encoding: enabled.encoding(), rev2: enabled.rev2 }
    }

    /// One response with sections.
    async fn message_with_body(
        &mut self,
        number: u32,
        view: &MailboxView,
        message: &Message,
        digest: Option<&Digest>,
        body: &Body,
    ) -> Result<(), Failure> {
        let plan = self.plan;
        self.whole = self.out.len();
        let structure = plan.structure(digest)?;
        let recent = self.deed.is_recent(message.uid);
        Line::begin(&mut self.out, Named::new(self.deed.enabled, number, message.uid));
        let mut first = true;
        for item in &plan.items {
            if let Item::Section(section) = item {
                let octets = section.read(structure.as_ref(), body).await?;
                self.section(first, &section.label, octets).await?;
                first = false;
                continue;
            }
            if let Item::Binary(binary) = item {
                let told = self.binary(first, binary, structure.as_ref(), body).await?;
                first &= !told;
                continue;
            }
            let fresh = self.seen.as_ref().and_then(|seen| seen.of(message));
            let told = fresh.unwrap_or((view, message));
            let known = self.known(digest);
            Line::resume(&mut self.out, first).item(item, told, recent, known);
            first = false;
        }
        let fresh = self.seen.as_ref().and_then(|seen| seen.of(message));
        if first && fresh.is_none() {
            // Nothing of it can be told.
            self.out.truncate(self.whole);
            return Ok(());
        }
        let mut line = Line::resume(&mut self.out, first);
        // RFC 3501 §6.4.5: a change of flags that the command made itself is told with it.
        if let Some((view, message)) = fresh {
            // RFC 7162 §3.2.4
            let enabled = self.deed.enabled;
            if enabled.condstore && !enabled.uid_only && !plan.tells_uid {
                line.uid(message.uid);
            }
            if enabled.condstore && !plan.tells_mod_seq {
                line.mod_seq(message.mod_seq);
            }
            if !plan.tells_flags {
                line.flags(view, message, recent);
            }
        }
        line.end();
        if self.open || self.out.len() >= BODY_BLOCK {
            self.flush().await;
        }
        Ok(())
    }

    /// A section of the response that has been begun; a large one goes out as it comes.
    async fn section(&mut self, first: bool, label: &[u8], octets: Octets) -> Result<(), Failure> {
        let mut line = Line::resume(&mut self.out, first);
        match octets {
            Octets::Missing => line.section(label, None),
            Octets::Memory(octets) if octets.len() <= COPIED => line.section(label, Some(&octets)),
            Octets::Memory(octets) => {
                line.section_of(label, octets.len() as u64);
                self.part().await;
                self.deed.slot.send_part(octets).await;
            }
            Octets::Pieces { first, mut rest, length } => {
                line.section_of(label, length);
                self.part().await;
                self.deed.slot.send_part(first).await;
                while let Some(piece) = rest.next().await? {
                    self.deed.slot.send_part(piece).await;
                }
            }
            Octets::Decoded { mut rest, length } => {
                line.section_of(label, length);
                self.part().await;
                while let Some(piece) = rest.next().await? {
                    self.deed.slot.send_part(piece).await;
                }
            }
        }
        if self.out.len() - self.whole >= BODY_BLOCK {
            self.part().await;
        }
        Ok(())
    }

    /// What BINARY or BINARY.SIZE asks for, as above; nothing where it cannot be decoded.
    async fn binary(
        &mut self,
        first: bool,
        item: &BinaryItem,
        structure: Option<&Structure>,
        body: &Body,
    ) -> Result<bool, Failure> {
        match item.read(structure, body).await? {
            Binary::Unknown => {
                self.unknown = true;
                return Ok(false);
            }
            Binary::Size(size) => {
                Line::resume(&mut self.out, first).octets(&item.label, size);
            }
            Binary::Octets { octets, nul: false } => {
                self.section(first, &item.label, octets).await?;
            }
            Binary::Octets { octets, nul: true } => {
                // RFC 3516 §4.3: a literal8.
                let label = [&item.label[..], b"~"].concat();
                self.section(first, &label, octets).await?;
            }
        }
        Ok(true)
    }

    /// Sends what was written of a response that has not ended, and whole ones before it.
    async fn part(&mut self) {
        let part = Bytes::copy_from_slice(&self.out[self.whole..]);
        self.out.truncate(self.whole);
        self.flush().await;
        self.whole = 0;
        self.open = true;
        self.deed.slot.send_part(part).await;
    }

    /// Sends what is left, and says whether all was told.
    async fn finish(self) -> Outcome {
        let outcome = match (self.damaged.outcome(), self.unknown) {
            (Some(damaged), _) => damaged,
            // RFC 3516 §4.3: the command fails; what could be told has been.
            (None, true) => Outcome::no(
                Some(Code::UnknownCte),
                "A part has a Content-Transfer-Encoding that is not known here",
            ),
            (None, false) => Outcome::ok("That is all"),
        };
        if self.open || self.out.len() > LAST {
            self.deed.slot.send(self.out).await;
            return outcome;
        }
        outcome.with_data(self.out)
    }

    /// Sends what was written, which ends with the end of a response.
    async fn flush(&mut self) {
        if !self.out.is_empty() {
            let next = Vec::with_capacity(self.out.len() + SLACK);
            let block = std::mem::replace(&mut self.out, next);
            self.deed.slot.send(block).await;
            self.open = false;
        }
    }
}
