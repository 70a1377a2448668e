//! CREATE (RFC 3501 §6.3.3), with a special use (RFC 6154 §3) and MAILBOXID (RFC 8474).

use super::{Deed, Done, Failure, list};
use crate::host::Outcome;
use peregrine_proto::command::Create;
use peregrine_proto::response::list::{SpecialUse, UseAttribute};
use peregrine_proto::{Code, Status};
use peregrine_store::mailbox_id;

pub(super) async fn run(deed: &Deed, command: Create) -> Done {
    let special_use = special_use(&command.uses)?;
    let account = deed.account()?;
    let made = account.create_for(&command.mailbox, special_use).await?;
    // RFC 8474 §4.1
    let code = mailbox_id(account.id(), made).map(Code::MailboxId);
    let data = list::respelt(deed, &command.mailbox)?;
    Ok(Outcome::new(Status::Ok, code, "Made").with_data(data))
}

/// The one use that a mailbox may have.
fn special_use(uses: &[UseAttribute]) -> Result<Option<SpecialUse>, Failure> {
    let refused = |text| Err(Failure::Refused(Code::UseAttr, text));
    let mut found = None;
    for attribute in uses {
        match attribute {
            // These would show messages of other mailboxes.
            UseAttribute::Use(SpecialUse::All | SpecialUse::Flagged) => {
                return refused("A mailbox that shows messages of all others cannot be made here");
            }
            UseAttribute::Other(_) => return refused("The use is not known"),
            UseAttribute::Use(known) if found.is_some_and(|other| other != *known) => {
                return refused("A mailbox may have one use");
            }
            UseAttribute::Use(known) => found = Some(*known),
        }
    }
    Ok(found)
}
