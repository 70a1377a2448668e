//! Objects that no account names.

use super::{Damage, Loss};
use crate::Error;
use crate::limits::{ORPHAN_AGE, PAGE_ROWS};
use peregrine_kv::{Engine, ObjectName};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::SystemTime;

/// Notes the objects that are not among those that were named, but for young ones: the commit that
/// names them may be on its way.
pub(super) async fn check(
    engine: &Arc<dyn Engine>,
    named: &BTreeSet<ObjectName>,
    damage: &mut Vec<Damage>,
) -> Result<(), Error> {
    let now = SystemTime::now();
    let mut after = None;
    loop {
        let page = engine.objects().list(after.as_ref(), PAGE_ROWS).await?;
        for object in &page.objects {
            let age = now.duration_since(object.put_at).unwrap_or_default();
            if age >= ORPHAN_AGE && !named.contains(&object.name) {
                let what =
                    format!("object {} ({} octets) belongs to no message", object.name, object.len);
                damage.push(Damage::of(Loss::Nothing, what));
            }
        }
        match page.objects.last() {
            Some(last) if page.more => after = Some(last.name),
            _ => return Ok(()),
        }
    }
}
