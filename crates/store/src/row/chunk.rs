//! The row of up to 64 messages: fields of fixed width, so that reading it is quick.

use super::Reader;
use crate::flag::{KeywordSet, SystemFlags};
use crate::message::Message;
use crate::{BodyNumber, Error};
use peregrine_proto::{ModSeq, Uid};
use std::num::NonZeroU32;

const VERSION: u8 = 1;

/// Octets of a message without its keywords.
const FIXED: usize = 40;

pub(crate) fn encode(messages: &[Message]) -> Vec<u8> {
    let mut row = Vec::with_capacity(1 + messages.len() * (FIXED + 8));
    row.push(VERSION);
    for message in messages {
        let mut fields = [0; FIXED];
        fields[..4].copy_from_slice(&message.uid.0.get().to_be_bytes());
        fields[4..12].copy_from_slice(&message.mod_seq.0.to_be_bytes());
        fields[12..20].copy_from_slice(&message.body.0.to_be_bytes());
        fields[20..24].copy_from_slice(&message.size.to_be_bytes());
        fields[24..32].copy_from_slice(&message.date_unix.to_be_bytes());
        fields[32..34].copy_from_slice(&message.date_offset.to_be_bytes());
        fields[34..38].copy_from_slice(&message.saved.to_be_bytes());
        fields[38] = message.flags.bits();
        let words = match message.keywords.is_empty() {
            true => 0,
            false => message.keywords.words().count(),
        };
        fields[39] = words as u8;
        row.extend_from_slice(&fields);
        for word in message.keywords.words().take(words) {
            row.extend_from_slice(&word.to_be_bytes());
        }
    }
    row
}

/// The messages of a row, checked to have ascending UIDs.
pub(crate) fn decode(row: &[u8]) -> Result<Vec<Message>, Error> {
    let mut reader = Reader::new(row, VERSION, "messages")?;
    let mut messages: Vec<Message> = Vec::with_capacity(crate::limits::CHUNK_MESSAGES);
    while !reader.is_at_end() {
        let message = message(&mut reader)?;
        if messages.last().is_some_and(|last| last.uid >= message.uid) {
            return Err(reader.damaged("order of UIDs"));
        }
        messages.push(message);
    }
    Ok(messages)
}

fn message(reader: &mut Reader<'_>) -> Result<Message, Error> {
    let fields: [u8; FIXED] = reader.array()?;
    let mut fields = Reader { rest: &fields, what: "message" };
    let uid = NonZeroU32::new(fields.u32()?).ok_or_else(|| fields.damaged("UID"))?;
    let mut message = Message {
        uid: Uid(uid),
        mod_seq: ModSeq(fields.u64()?),
        body: BodyNumber(fields.u64()?),
        size: fields.u32()?,
        date_unix: fields.u64()?.cast_signed(),
        date_offset: fields.u16()?.cast_signed(),
        saved: fields.u32()?,
        flags: SystemFlags::from_bits(fields.u8()?),
        keywords: KeywordSet::default(),
    };
    let words = fields.u8()?;
    if words > 0 {
        let words: Result<Vec<u64>, Error> = (0..words).map(|_| reader.u64()).collect();
        message.keywords = KeywordSet::from_words(words?);
    }
    Ok(message)
}
