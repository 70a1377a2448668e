//! COMPRESS (RFC 4978).

use crate::call::Call;
use crate::client::Client;
use crate::error::{Error, Result};
use peregrine_proto::CommandBody;
use peregrine_proto::command::Compress;

impl Client {
    /// Compresses both directions from here on. [`Settings::compress`](crate::Settings::compress)
    /// does it after each login, where the server can.
    pub fn compress(&self) -> Call<()> {
        if !self.capabilities().has("COMPRESS=DEFLATE") {
            return Call::answered(Err(Error::Unsupported("COMPRESS=DEFLATE")));
        }
        self.call(CommandBody::Compress(Compress), |_| Ok(()))
    }

    /// Compresses where it is wanted and the server can; one that refuses is left in peace.
    pub(super) async fn compress_as_wanted(&self) -> Result<()> {
        if !self.settings().compress || !self.capabilities().has("COMPRESS=DEFLATE") {
            return Ok(());
        }
        match self.compress().await {
            Err(Error::Refused(refusal)) => {
                tracing::debug!(%refusal.text, "not compressed");
                Ok(())
            }
            result => result,
        }
    }
}
