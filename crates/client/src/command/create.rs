//! CREATE (RFC 3501 §6.3.3).

use super::IntoName;
use crate::call::Call;
use crate::client::Client;
use peregrine_proto::CommandBody;
use peregrine_proto::command::Create;
use peregrine_proto::response::list::{SpecialUse, UseAttribute};
use smallvec::SmallVec;

impl Client {
    /// Makes a mailbox, and those above it that are missing.
    pub fn create(&self, mailbox: impl IntoName) -> Call<()> {
        self.create_with(mailbox, SmallVec::new())
    }

    /// As [`create`](Self::create), and tells what it is for (RFC 6154 §3). Needs the capability
    /// CREATE-SPECIAL-USE.
    pub fn create_for(&self, mailbox: impl IntoName, special_use: SpecialUse) -> Call<()> {
        self.create_with(mailbox, [UseAttribute::Use(special_use)].into_iter().collect())
    }

    fn create_with(&self, mailbox: impl IntoName, uses: SmallVec<[UseAttribute; 1]>) -> Call<()> {
        match mailbox.into_name() {
            Ok(mailbox) => self.call(CommandBody::Create(Create { mailbox, uses }), |_| Ok(())),
            Err(error) => Call::answered(Err(error)),
        }
    }
}
