//! Stands in for what `peregrine-proto` will say of a command, until it does.

use peregrine_proto::effects::Effects;
use peregrine_proto::frame::Frame;
use peregrine_proto::{Command, CommandBody, ParseError};

pub(crate) struct States {
    pub not_authenticated: bool,
    pub authenticated: bool,
    pub selected: bool,
}

pub(crate) fn parse(_: &Frame) -> Result<Command, ParseError> {
    Err(ParseError { tag: None, offset: 0, message: "not yet".into(), code: None })
}

pub(crate) fn name(_: &CommandBody) -> &'static str {
    "command"
}

pub(crate) fn effects(_: &CommandBody) -> Effects {
    Effects::default()
}

pub(crate) fn allowed(_: &CommandBody) -> States {
    States { not_authenticated: true, authenticated: true, selected: true }
}
