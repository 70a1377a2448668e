//! One deed for each command: from its fields to the store, and back to an outcome.
//!
//! A deed runs only where the session has found its command legal, and never at the same time as
//! one that it conflicts with. It answers with an outcome; it may send blocks before that.

mod append;
mod authenticate;
mod bound;
mod capability;
mod check;
mod close;
mod compress;
mod copy;
mod create;
mod delete;
mod enable;
mod examine;
mod expunge;
mod failure;
mod fetch;
mod id;
mod idle;
mod list;
mod login;
mod logout;
mod lsub;
mod r#move;
mod namespace;
mod noop;
mod rename;
mod replace;
mod search;
mod select;
mod sort;
mod starttls;
mod status;
mod store;
mod subscribe;
mod thread;
mod unauthenticate;
mod unselect;
mod unsubscribe;

pub(crate) use failure::Failure;

use crate::connection::{Link, Slot};
use crate::host::{Context, Outcome, Selected};
use futures_util::future::{BoxFuture, FutureExt};
use peregrine_proto::{CommandBody, Response, Tag, Uid};
use peregrine_session::Enabled;
use peregrine_store::Account;
use std::sync::Arc;

/// What a command may use.
pub(crate) struct Deed {
    /// The connection.
    pub(crate) link: Arc<Link>,
    /// Where blocks, prompts and lines pass.
    pub(crate) slot: Arc<Slot>,
    /// The client's tag, for answers that name it.
    pub(crate) tag: Tag,
    /// The connection's state as this command sees it.
    pub(crate) context: Context,
    /// What the client has enabled.
    pub(crate) enabled: Enabled,
}

/// How a command ends: an outcome, or a failure that becomes one.
type Done = Result<Outcome, Failure>;

impl Deed {
    /// Who is logged in.
    fn account(&self) -> Result<&Account, Failure> {
        self.context.account().ok_or(Failure::State("a command that needs a login ran without"))
    }

    /// The selected mailbox.
    fn selected(&self) -> Result<&Selected, Failure> {
        self.context.selected().ok_or(Failure::State("a command that needs a mailbox ran without"))
    }

    /// Whether \Recent is told of a message: RFC 9051 has no such flag.
    fn is_recent(&self, uid: Uid) -> bool {
        let selected = self.context.selected().filter(|_| !self.enabled.rev2);
        selected.is_some_and(|selected| selected.view.recent(uid))
    }

    /// The selected mailbox, to be changed.
    fn selected_for_change(&self) -> Result<&Selected, Failure> {
        let selected = self.selected()?;
        if selected.read_only {
            return Err(Failure::ReadOnly);
        }
        Ok(selected)
    }
}

/// Runs a command. Each future has its own size, so that a waiting IDLE is no larger than it needs
/// to be.
pub(crate) fn run(deed: Deed, body: CommandBody) -> BoxFuture<'static, Box<Outcome>> {
    macro_rules! boxed {
        ($module:ident, $command:expr) => {
            async move {
                let done = $module::run(&deed, $command).await;
                Box::new(done.unwrap_or_else(|failure| failure.told(&deed.link)))
            }
            .boxed()
        };
    }
    match body {
        CommandBody::Capability(command) => boxed!(capability, command),
        CommandBody::Noop(command) => boxed!(noop, command),
        CommandBody::Logout(command) => boxed!(logout, command),
        CommandBody::StartTls(command) => boxed!(starttls, command),
        CommandBody::Authenticate(command) => boxed!(authenticate, command),
        CommandBody::Compress(command) => boxed!(compress, command),
        CommandBody::Unauthenticate(command) => boxed!(unauthenticate, command),
        CommandBody::Login(command) => boxed!(login, command),
        CommandBody::Select(command) => boxed!(select, command),
        CommandBody::Examine(command) => boxed!(examine, command),
        CommandBody::Create(command) => boxed!(create, command),
        CommandBody::Delete(command) => boxed!(delete, command),
        CommandBody::Rename(command) => boxed!(rename, command),
        CommandBody::Subscribe(command) => boxed!(subscribe, command),
        CommandBody::Unsubscribe(command) => boxed!(unsubscribe, command),
        CommandBody::List(command) => boxed!(list, command),
        CommandBody::Lsub(command) => boxed!(lsub, command),
        CommandBody::Status(command) => boxed!(status, command),
        CommandBody::Check(command) => boxed!(check, command),
        CommandBody::Close(command) => boxed!(close, command),
        CommandBody::Unselect(command) => boxed!(unselect, command),
        CommandBody::Expunge(command) => boxed!(expunge, command),
        CommandBody::Idle(command) => boxed!(idle, command),
        CommandBody::Namespace(command) => boxed!(namespace, command),
        CommandBody::Id(command) => boxed!(id, command),
        CommandBody::Enable(command) => boxed!(enable, command),
        CommandBody::Store(command) => boxed!(store, command),
        CommandBody::Copy(command) => boxed!(copy, command),
        CommandBody::Move(command) => boxed!(r#move, command),
        CommandBody::Append(command) => boxed!(append, command),
        CommandBody::Replace(command) => boxed!(replace, command),
        CommandBody::Fetch(command) => boxed!(fetch, &command),
        CommandBody::Search(command) => boxed!(search, command),
        CommandBody::Sort(command) => boxed!(sort, command),
        CommandBody::Thread(command) => boxed!(thread, command),
    }
}

/// One response as it stands on the wire.
fn wire(response: &Response) -> Vec<u8> {
    let mut out = Vec::new();
    response.write(&mut out);
    out
}
