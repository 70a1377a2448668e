//! APPEND (RFC 3501 §6.3.11).

use super::{Deed, Done, Failure};
use crate::host::Outcome;
use bytes::Bytes;
use peregrine_proto::command::Append;
use peregrine_proto::command::append::Literal;
use peregrine_proto::{Code, DateTime, Status};
use peregrine_store::NewMessage;
use std::io;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::sync::OwnedSemaphorePermit;

const MIB: u32 = 1024 * 1024;

pub(super) async fn run(deed: &Deed, command: Append) -> Done {
    let account = deed.account()?;
    // Held until the message is stored: large ones of all connections together stay bounded.
    let (body, _memory) = body(deed, command.message).await?;
    let message = NewMessage {
        body,
        flags: command.flags.into_vec(),
        date: command.date.unwrap_or_else(now),
    };
    let appended =
        account.append(&command.mailbox, vec![message]).await.map_err(Failure::Target)?;
    let code = Code::AppendUid { uid_validity: appended.uid_validity, uids: appended.uids };
    Ok(Outcome::new(Status::Ok, Some(code), "Kept"))
}

async fn body(
    deed: &Deed,
    message: Literal,
) -> Result<(Bytes, Option<OwnedSemaphorePermit>), Failure> {
    let (id, length) = match message {
        Literal::Inline(body) => return Ok((body, None)),
        Literal::Spooled { id, length } => (id, length),
    };
    let memory = Arc::clone(&deed.link.shared.append_memory);
    let permit = memory.acquire_many_owned(length.div_ceil(MIB).max(1)).await.ok();
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
    Ok((body, permit))
}

/// RFC 3501 §6.3.11: without a date, INTERNALDATE is the time of arrival.
pub(super) fn now() -> DateTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    DateTime { unix: i64::try_from(since.as_secs()).unwrap_or(i64::MAX), offset: 0 }
}
