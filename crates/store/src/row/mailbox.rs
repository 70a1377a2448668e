//! The row of a name in the tree: what the mailbox is called, not what is in it.

use super::{Reader, put_text};
use crate::{Entry, Error, MailboxId};
use peregrine_proto::response::list::SpecialUse;
use peregrine_proto::{MailboxName, UidValidity};
use std::num::NonZeroU32;

const VERSION: u8 = 1;

/// The stored form of each use; 0 is none.
const USES: [SpecialUse; 7] = [
    SpecialUse::All,
    SpecialUse::Archive,
    SpecialUse::Drafts,
    SpecialUse::Flagged,
    SpecialUse::Junk,
    SpecialUse::Sent,
    SpecialUse::Trash,
];

pub(crate) fn encode(name: &MailboxName, entry: &Entry) -> Vec<u8> {
    let place = entry.special_use.and_then(|wanted| USES.iter().position(|known| *known == wanted));
    let mut row = vec![VERSION];
    row.extend_from_slice(&entry.uid_validity.0.get().to_be_bytes());
    row.push(u8::from(entry.selectable));
    row.push(place.map_or(0, |place| place as u8 + 1));
    put_text(name.as_str(), &mut row);
    row
}

pub(crate) fn decode(id: MailboxId, row: &[u8]) -> Result<(MailboxName, Entry), Error> {
    let mut reader = Reader::new(row, VERSION, "mailbox row")?;
    let uid_validity =
        NonZeroU32::new(reader.u32()?).ok_or_else(|| reader.damaged("UIDVALIDITY"))?;
    let selectable = reader.u8()? != 0;
    let special_use = match reader.u8()? {
        0 => None,
        place => {
            Some(*USES.get(usize::from(place) - 1).ok_or_else(|| reader.damaged("special use"))?)
        }
    };
    let name = MailboxName::new(reader.text()?).map_err(|_| reader.damaged("name"))?;
    reader.end()?;
    Ok((name, Entry { id, uid_validity: UidValidity(uid_validity), selectable, special_use }))
}
