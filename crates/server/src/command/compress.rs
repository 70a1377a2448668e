//! COMPRESS (RFC 4978).

use super::{Deed, Done, Failure};
use crate::host::{Outcome, Transition};
use peregrine_proto::Code;
use peregrine_proto::command::Compress;

pub(super) async fn run(deed: &Deed, _: Compress) -> Done {
    if !deed.link.begin_compression() {
        // RFC 4978 §3: NO with this code where the same mechanism is active already. TLS never
        // compresses here: rustls has no compression.
        let text = "DEFLATE is active already, by an earlier COMPRESS";
        return Err(Failure::Refused(Code::CompressionActive, text));
    }
    Ok(Outcome::ok("DEFLATE begins now").with_transition(Transition::Compressed))
}
