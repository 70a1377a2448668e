//! ENABLE (RFC 5161): what we don't know is passed over, and nothing that we have needs enabling.

use super::{Deed, Done, wire};
use crate::host::Outcome;
use peregrine_proto::Response;
use peregrine_proto::command::Enable;

pub(super) async fn run(_: &Deed, _: Enable) -> Done {
    let answer = wire(&Response::Enabled(Vec::new()));
    Ok(Outcome::ok("Nothing of that needs enabling here").with_data(answer))
}
