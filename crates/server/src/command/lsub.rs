//! LSUB (RFC 3501 §6.3.9).

use super::list::{attributes, whole_pattern};
use super::{Deed, Done};
use crate::host::Outcome;
use peregrine_proto::MailboxName;
use peregrine_proto::command::Lsub;
use peregrine_proto::response::{ListAttribute, ListData};
use smallvec::{SmallVec, smallvec};
use std::collections::BTreeMap;

pub(super) async fn run(deed: &Deed, command: Lsub) -> Done {
    let pattern = whole_pattern(&command.reference, &command.pattern)?;
    let tree = deed.account()?.tree();
    let mut found = BTreeMap::new();
    for name in tree.subscriptions() {
        if pattern.matches(name) {
            // With the attributes of LIST: programs that see none ask again for each (trap-27).
            found.insert(name.clone(), attributes(&tree, name, tree.get(name)));
        } else if pattern.as_str().contains('%') {
            // A name that `%` keeps out is shown by its parent, which counts as \Noselect here
            // unless it is subscribed itself.
            let parents = std::iter::successors(name.parent(), MailboxName::parent);
            for parent in parents.filter(|parent| pattern.matches(parent)) {
                if !tree.is_subscribed(&parent) {
                    let children = ListAttribute::HasChildren;
                    found.insert(parent, smallvec![ListAttribute::NoSelect, children]);
                }
            }
        }
    }
    let mut out = Vec::new();
    for (name, attributes) in found {
        let separator = Some(MailboxName::SEPARATOR);
        let child_info = SmallVec::new();
        let data = ListData { attributes, separator, mailbox: name, child_info, old_name: None };
        data.write(&mut out, "LSUB", deed.enabled.encoding());
    }
    Ok(Outcome::ok("That is all").with_data(out))
}
