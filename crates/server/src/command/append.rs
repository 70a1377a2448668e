//! APPEND (RFC 3501 §6.3.11), of several messages too (RFC 3502).

mod nul;

use super::bound::refused;
use super::{Deed, Done, Failure, list};
use crate::host::Outcome;
use crate::server::APPEND_MEMORY_MIB;
use bytes::Bytes;
use peregrine_mime::header_fields;
use peregrine_proto::command::Append;
use peregrine_proto::command::append::{AppendMessage, Literal};
use peregrine_proto::{Code, DateTime, Encoding, Status};
use peregrine_store::{Appended, NewMessage};
use std::io;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::sync::OwnedSemaphorePermit;

const MIB: u32 = 1024 * 1024;

pub(super) async fn run(deed: &Deed, command: Append) -> Done {
    let account = deed.account()?;
    let Append { mailbox, flags, date, message, binary, more } = command;
    let mut asked = vec![AppendMessage { flags, date, message, binary }];
    asked.extend(more);
    // RFC 9738 §3.1: all of them come in, or none.
    if let Some(limit) = deed.save_limit().filter(|limit| asked.len() > limit.get() as usize) {
        return Err(refused(limit, None));
    }
    let (messages, _memory) = messages(deed, asked).await?;
    let appended = account.append(&mailbox, messages).await.map_err(Failure::Target)?;
    let data = list::respelt(deed, &mailbox)?;
    Ok(Outcome::new(Status::Ok, Some(code(appended)), "Kept").with_data(data))
}

/// APPENDUID (RFC 4315 §3).
pub(super) fn code(appended: Appended) -> Code {
    Code::AppendUid { uid_validity: appended.uid_validity, uids: appended.uids }
}

/// The messages as the store takes them. The permit is to be held until they are stored: large
/// ones of all connections together stay bounded.
pub(super) async fn messages(
    deed: &Deed,
    asked: Vec<AppendMessage>,
) -> Result<(Vec<NewMessage>, Option<OwnedSemaphorePermit>), Failure> {
    // RFC 3502 §6.3.11: a message without octets takes all of them back.
    if asked.iter().any(|one| one.message.length() == 0) {
        return Err(Failure::Refused(Code::Cannot, "An empty message; nothing was added"));
    }
    let spooled = |one: &AppendMessage| match one.message {
        Literal::Inline(_) => 0,
        Literal::Spooled { length, .. } => length.div_ceil(MIB),
    };
    // For all at once, so that no two commands wait for each other.
    let permit = match asked.iter().map(spooled).sum::<u32>() {
        0 => None,
        mib => {
            let memory = Arc::clone(&deed.link.shared.append_memory);
            memory.acquire_many_owned(mib.min(APPEND_MEMORY_MIB as u32)).await.ok()
        }
    };
    let mut messages = Vec::with_capacity(asked.len());
    for AppendMessage { flags, date, message, binary } in asked {
        let mut body = body(deed, message).await?;
        check_header(deed, &body)?;
        if binary && memchr::memchr(0, &body).is_some() {
            body = without_nul(body).await?;
        }
        messages.push(NewMessage { body, flags: flags.into_vec(), date: date.unwrap_or_else(now) });
    }
    Ok((messages, permit))
}

/// RFC 6855 §4: who has not said that it understands UTF-8 in header fields must not add any.
fn check_header(deed: &Deed, message: &[u8]) -> Result<(), Failure> {
    let enabled = deed.enabled.encoding() == Encoding::Utf8;
    let taken = enabled || deed.link.shared.options.eight_bit_headers;
    if taken || header_fields(message).all(|field| field.line.is_ascii()) {
        return Ok(());
    }
    Err(Failure::Refused(
        Code::Cannot,
        "The header has octets beyond ASCII: ENABLE UTF8=ACCEPT first; nothing was added",
    ))
}

async fn body(deed: &Deed, message: Literal) -> Result<Bytes, Failure> {
    let (id, length) = match message {
        Literal::Inline(body) => return Ok(body),
        Literal::Spooled { id, length } => (id, length),
    };
    let body = deed.link.spools.take(id).await.map_err(|error| {
        tracing::error!(%error, "a message that came in could not be kept");
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Failure::Refused(
                Code::OverQuota,
                "No space is left for the message; nothing was added",
            ),
            _ => Failure::Refused(Code::Unavailable, "The message could not be taken in"),
        }
    })?;
    if body.len() as u64 != u64::from(length) {
        return Err(Failure::State("a spooled message has another length"));
    }
    Ok(body)
}

/// RFC 3516 §6: what FETCH BODY tells must have no NUL, and BODYSTRUCTURE must agree with it. So
/// parts with NUL are kept in base64, and all else as it came.
async fn without_nul(body: Bytes) -> Result<Bytes, Failure> {
    const REFUSED: Failure = Failure::Refused(
        Code::UnknownCte,
        "NUL stands where no transfer encoding can hold it; nothing was added",
    );
    let encoded = tokio::task::spawn_blocking(move || nul::encode(&body)).await;
    let encoded = encoded.map_err(|_| Failure::State("encoding a message failed"))?;
    encoded.map(Bytes::from).ok_or(REFUSED)
}

/// RFC 3501 §6.3.11: without a date, INTERNALDATE is the time of arrival.
pub(super) fn now() -> DateTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    DateTime { unix: i64::try_from(since.as_secs()).unwrap_or(i64::MAX), offset: 0 }
}
