//! Going through rows of which some are damaged: past single ones, and from both sides where there
//! is no way through.

use super::{Damage, Loss};
use crate::Error;
use crate::limits::PAGE_ROWS;
use peregrine_kv::{Key, Range, Snapshot, Value};

/// The rows of a range, a page at a time.
pub(crate) struct Sweep<'s> {
    snapshot: &'s dyn Snapshot,
    rest: Option<Range>,
    /// Why some rows in the middle, or all, could not be come to.
    pub gap: Option<String>,
}

/// A key and its value, or why there is none.
pub(crate) type Row = (Key, Result<Value, peregrine_kv::Error>);

impl<'s> Sweep<'s> {
    pub(crate) fn new(snapshot: &'s dyn Snapshot, range: Range) -> Self {
        Self { snapshot, rest: Some(range), gap: None }
    }

    /// The next rows; `None` at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<Row>>, Error> {
        while let Some(range) = self.rest.take() {
            let survey = self.snapshot.survey(range.clone(), PAGE_ROWS).await?;
            let reverse = range.reverse;
            let behind = match survey.rows.last() {
                Some((last, _)) => range.after(last),
                None => range,
            };
            if let Some(broken) = survey.broken {
                self.gap.get_or_insert_with(|| broken.to_string());
                self.rest = (!reverse).then(|| behind.reversed());
            } else if survey.more {
                self.rest = Some(behind);
            }
            if !survey.rows.is_empty() {
                return Ok(Some(survey.rows));
            }
        }
        Ok(None)
    }
}

/// All rows of a range that can be read, in order; `what` they are, for the words on the others.
pub(crate) async fn all(
    snapshot: &dyn Snapshot,
    range: Range,
    what: &str,
    damage: &mut Vec<Damage>,
) -> Result<Vec<(Key, Value)>, Error> {
    let mut sweep = Sweep::new(snapshot, range);
    let mut rows = Vec::new();
    while let Some(page) = sweep.next().await? {
        for (key, value) in page {
            match value {
                Ok(value) => rows.push((key, value)),
                Err(error) => damage.push(Damage::of(Loss::Settings, format!("{what}: {error}"))),
            }
        }
    }
    if let Some(gap) = sweep.gap {
        damage.push(Damage::of(Loss::Settings, format!("{what}: rows are out of reach: {gap}")));
    }
    rows.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(rows)
}
