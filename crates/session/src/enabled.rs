//! What a client has enabled (RFC 5161), and by which commands (RFC 7162 §3.1).

use peregrine_proto::command::status::StatusItem;
use peregrine_proto::{CommandBody, Encoding};

/// Extensions that change what is told, or how it is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Enabled {
    /// Changes are told with UID and MODSEQ (RFC 7162 §3.2.4).
    pub condstore: bool,
    /// VANISHED is told in EXPUNGE's place (RFC 7162 §3.2.10); never without `condstore`.
    pub qresync: bool,
    /// Names and quoted strings are in UTF-8, and SEARCH names no charset (RFC 6855 §3).
    pub utf8_accept: bool,
    /// RFC 9051 holds, not RFC 3501: ESEARCH is told and RECENT is not, SELECT tells LIST, and names
    /// and quoted strings are in UTF-8.
    pub rev2: bool,
    /// Messages are named by UID only: UIDFETCH and VANISHED in the place of FETCH and EXPUNGE, and
    /// no sequence numbers in commands (RFC 9586).
    pub uid_only: bool,
}

impl Enabled {
    /// What ENABLE turns on once it is answered.
    pub(crate) fn named_by(body: &CommandBody) -> Self {
        let CommandBody::Enable(enable) = body else { return Self::default() };
        let has = |name: &str| enable.capabilities.iter().any(|it| &**it == name);
        let qresync = has("QRESYNC");
        Self {
            condstore: qresync || has("CONDSTORE"),
            qresync,
            utf8_accept: has("UTF8=ACCEPT"),
            rev2: has("IMAP4REV2"),
            uid_only: has("UIDONLY"),
        }
    }

    /// How names and quoted strings stand on the wire.
    pub fn encoding(self) -> Encoding {
        if self.utf8_accept || self.rev2 { Encoding::Utf8 } else { Encoding::SevenBit }
    }

    /// What either has.
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            condstore: self.condstore || other.condstore,
            qresync: self.qresync || other.qresync,
            utf8_accept: self.utf8_accept || other.utf8_accept,
            rev2: self.rev2 || other.rev2,
            uid_only: self.uid_only || other.uid_only,
        }
    }
}

/// Whether it is a *CONDSTORE enabling command* other than ENABLE: whoever sends it understands
/// MODSEQ from then on.
pub(crate) fn enables_condstore(body: &CommandBody) -> bool {
    let counts = |items: &[StatusItem]| items.contains(&StatusItem::HighestModSeq);
    match body {
        CommandBody::Select(select) => {
            select.parameters.condstore || select.parameters.qresync.is_some()
        }
        CommandBody::Examine(examine) => {
            examine.parameters.condstore || examine.parameters.qresync.is_some()
        }
        CommandBody::Status(status) => counts(&status.items),
        CommandBody::List(list) => {
            list.returns.as_ref().is_some_and(|returns| counts(&returns.status))
        }
        CommandBody::Fetch(fetch) => fetch.asks_mod_seq(),
        CommandBody::Store(store) => store.unchanged_since.is_some(),
        CommandBody::Search(search) => search.keys.iter().any(|key| key.asks_mod_seq()),
        CommandBody::Sort(sort) => sort.keys.iter().any(|key| key.asks_mod_seq()),
        CommandBody::Thread(thread) => thread.keys.iter().any(|key| key.asks_mod_seq()),
        _ => false,
    }
}
