//! Which mailbox of the source goes to which of the target.

use super::engine::Options;
use super::report::Report;
use super::side::{Folder, Target};
use peregrine_proto::MailboxName;
use peregrine_proto::response::list::SpecialUse;

/// A mailbox and where it goes.
#[derive(Debug)]
pub(super) struct Plan {
    pub source: Folder,
    pub target: MailboxName,
    /// Whether the target has it already.
    pub exists: bool,
    /// Whether the target has it subscribed.
    pub subscribed: bool,
    /// What it is to be for when it is made: nothing where the target has a mailbox for that.
    pub special_use: Option<SpecialUse>,
}

/// Finds a mailbox for each of the source's, no two the same.
pub(super) fn plan(
    ours: Vec<Folder>,
    theirs: &[Folder],
    target: &dyn Target,
    options: &Options,
    report: &mut Report,
) -> Vec<Plan> {
    let mut plans: Vec<Plan> = Vec::new();
    for source in ours {
        let path = source.path.join("/");
        let within = |one: &String| {
            path.strip_prefix(one.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        if options.exclude.iter().any(within) {
            continue;
        }
        let same_use = theirs
            .iter()
            .find(|one| one.special_use.is_some() && one.special_use == source.special_use);
        let name = match same_use.filter(|_| options.by_use) {
            Some(same) => Ok(same.name.clone()),
            None => target.name_for(&source.path),
        };
        let name = match name.and_then(|name| free(name, &plans)) {
            Ok(name) => name,
            Err(reason) => {
                report.problem(source.name.as_str(), reason);
                continue;
            }
        };
        let there = theirs.iter().find(|one| one.name == name);
        plans.push(Plan {
            exists: there.is_some(),
            subscribed: there.is_some_and(|one| one.subscribed),
            special_use: source.special_use.filter(|_| same_use.is_none()),
            target: name,
            source,
        });
    }
    plans
}

/// Two mailboxes may want one name, where one has a character that had to be replaced.
fn free(name: MailboxName, plans: &[Plan]) -> Result<MailboxName, String> {
    /// More mailboxes with nearly the same name are an accident.
    const TRIES: usize = 100;
    let taken = |name: &MailboxName| plans.iter().any(|plan| plan.target == *name);
    if !taken(&name) {
        return Ok(name);
    }
    let others =
        (2..TRIES).filter_map(|n| MailboxName::new(&format!("{}-{n}", name.as_str())).ok());
    others.into_iter().find(|name| !taken(name)).ok_or_else(|| "no name is free for it".into())
}
