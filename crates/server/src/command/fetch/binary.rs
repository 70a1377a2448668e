//! FETCH BINARY and BINARY.SIZE (RFC 3516, RFC 9051 §6.4.5): parts without their transfer encoding.
//!
//! How long the decoded octets are, and whether NUL is among them, stands before them in the
//! answer. So a part that is not small is decoded twice, a piece at a time: first to count, then to
//! send. Nothing is remembered between commands.

use super::Failure;
use super::plan::{end_label, read};
use super::section::Octets;
use bytes::Bytes;
use peregrine_mime::{Kind, PartCoding, PartDecoder, Structure};
use peregrine_proto::{PartPath, Partial};
use peregrine_store::{Body, BodyPieces, PIECE};
use std::ops::Range;

/// One BINARY or BINARY.SIZE.
pub(super) struct BinaryItem {
    /// Its name in the response, with a space behind it.
    pub(super) label: Vec<u8>,
    part: PartPath,
    partial: Option<Partial>,
    size_only: bool,
}

/// What is to be told of a part.
pub(super) enum Binary {
    /// Its transfer encoding is not known.
    Unknown,
    /// Decoded octets.
    Size(u64),
    /// The octets, and whether NUL is among them.
    Octets { octets: Octets, nul: bool },
}

/// Where a part lies in its message, and how it is encoded.
struct Coded {
    range: Range<u64>,
    coding: PartCoding,
}

impl BinaryItem {
    pub(super) fn new(part: &PartPath, partial: Option<Partial>) -> Self {
        let mut label = b"BINARY".to_vec();
        part.write(&mut label);
        end_label(&mut label, partial);
        Self { label, part: part.clone(), partial, size_only: false }
    }

    pub(super) fn size(part: &PartPath) -> Self {
        let mut label = b"BINARY.SIZE".to_vec();
        part.write(&mut label);
        end_label(&mut label, None);
        Self { label, part: part.clone(), partial: None, size_only: true }
    }

    /// Whether the part tree is needed to find it.
    pub(super) fn in_part(&self) -> bool {
        !self.part.0.is_empty()
    }

    /// What there is to tell of one message.
    pub(super) async fn read(
        &self,
        structure: Option<&Structure>,
        body: &Body,
    ) -> Result<Binary, Failure> {
        let coded = match self.locate(structure, body).await? {
            Located::Missing if self.size_only => return Ok(Binary::Size(0)),
            Located::Missing => {
                return Ok(Binary::Octets { octets: Octets::Missing, nul: false });
            }
            Located::Unknown => return Ok(Binary::Unknown),
            Located::Part(coded) => coded,
        };
        if self.size_only {
            if coded.coding.is_plain() {
                return Ok(Binary::Size(coded.range.end - coded.range.start));
            }
            return Ok(Binary::Size(count(body, &coded, None).await?.length));
        }
        if coded.range.end - coded.range.start <= PIECE as u64 {
            let mut decoded = Decoded::new(body, &coded, self.partial);
            let mut all = Vec::new();
            while let Some(piece) = decoded.next().await? {
                all.extend_from_slice(&piece);
            }
            let nul = memchr::memchr(0, &all).is_some();
            return Ok(Binary::Octets { octets: Octets::Memory(all.into()), nul });
        }
        let Counted { length, nul } = count(body, &coded, self.partial).await?;
        let rest = Box::new(Decoded::new(body, &coded, self.partial));
        Ok(Binary::Octets { octets: Octets::Decoded { rest, length }, nul })
    }

    /// RFC 3516 §3: what holds other parts has no encoding but its own octets (RFC 2045 §6.4), nor
    /// has the message as a whole.
    async fn locate(&self, structure: Option<&Structure>, body: &Body) -> Result<Located, Failure> {
        if self.part.0.is_empty() {
            return Ok(Located::Part(Coded { range: 0..body.len(), coding: PartCoding::PLAIN }));
        }
        let found = structure.and_then(|structure| {
            let found = structure.find(&self.part.0)?;
            structure.parts.get(found.part as usize)
        });
        let Some(part) = found else { return Ok(Located::Missing) };
        // A tree that does not belong to these octets must not lead beyond them.
        let within = |start: u32, end: u32| {
            let end = u64::from(end).min(body.len());
            u64::from(start).min(end)..end
        };
        let range = within(part.body.start, part.body.end);
        if part.kind != Kind::Single {
            return Ok(Located::Part(Coded { range, coding: PartCoding::PLAIN }));
        }
        let header = read(body, within(part.header.start, part.header.end)).await?;
        Ok(match PartCoding::of_header(&header) {
            Some(coding) => Located::Part(Coded { range, coding }),
            None => Located::Unknown,
        })
    }
}

enum Located {
    Missing,
    Unknown,
    Part(Coded),
}

/// What must be known before decoded octets are told.
struct Counted {
    length: u64,
    nul: bool,
}

async fn count(body: &Body, coded: &Coded, partial: Option<Partial>) -> Result<Counted, Failure> {
    let mut decoded = Decoded::new(body, coded, partial);
    let mut counted = Counted { length: 0, nul: false };
    while let Some(piece) = decoded.next().await? {
        counted.length += piece.len() as u64;
        counted.nul = counted.nul || memchr::memchr(0, &piece).is_some();
    }
    Ok(counted)
}

/// Decoded octets as they are read.
pub(super) struct Decoded {
    pieces: BodyPieces,
    decoder: Option<PartDecoder>,
    /// Decoded octets to pass over.
    skip: u64,
    /// Decoded octets that are still wanted.
    wanted: u64,
}

impl Decoded {
    fn new(body: &Body, coded: &Coded, partial: Option<Partial>) -> Self {
        let (skip, wanted) = match partial {
            Some(partial) => (partial.start, partial.count),
            None => (0, u64::MAX),
        };
        let decoder = Some(PartDecoder::new(coded.coding));
        Self { pieces: body.pieces(coded.range.clone()), decoder, skip, wanted }
    }

    /// The next octets, not none; at most some 2 × [`PIECE`].
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        while self.wanted > 0 {
            let Some(mut decoder) = self.decoder.take() else { return Ok(None) };
            let mut out = Vec::new();
            match self.pieces.next().await? {
                Some(piece) => {
                    out.reserve(piece.len());
                    decoder.feed(&piece, &mut out);
                    self.decoder = Some(decoder);
                }
                None => decoder.finish(&mut out),
            }
            let skipped = self.skip.min(out.len() as u64);
            self.skip -= skipped;
            let taken = (out.len() as u64 - skipped).min(self.wanted);
            self.wanted -= taken;
            if taken > 0 {
                // Both lie within `out`.
                let start = skipped as usize;
                return Ok(Some(Bytes::from(out).slice(start..start + taken as usize)));
            }
        }
        Ok(None)
    }
}
