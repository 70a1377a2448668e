//! Looking.
use super::Oddity;
use peregrine_proto::Response;

pub(crate) fn inspect(_response: &Response) -> Vec<Oddity> {
    Vec::new()
}
