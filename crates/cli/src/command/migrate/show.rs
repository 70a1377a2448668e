//! The result of a migration, for people and for programs.

use peregrine_client::migrate::{Migrated, Report, Total, Unlike};
use serde_json::{Value, json};

use crate::output::{self, say};

/// Problems and differences that are listed; of more only the number.
const SHOWN: usize = 20;

/// Digits of a digest in the table, enough to see a difference.
const DIGITS: usize = 12;

/// A table, then what is wrong.
pub fn text(report: &Report, dry_run: bool, summary: &str) {
    let came = if dry_run { "would come" } else { "copied" };
    let header = [
        "mailbox",
        "found",
        came,
        "there already",
        "flags set",
        "failed",
        "octets",
        "octets there",
        "only there",
        "digest",
        "digest there",
        "UIDs",
    ];
    let rows: Vec<_> = report.mailboxes.iter().map(row).collect();
    let told = telling(header.len(), &rows);
    let kept = |cells: Vec<String>| told.iter().map(|at| cells[*at].clone()).collect::<Vec<_>>();
    let header: Vec<&str> = told.iter().map(|at| header[*at]).collect();
    say!("{}", output::table(&header, rows.into_iter().map(kept)));
    say!("{summary}");
    for problem in report.problems.iter().take(SHOWN) {
        let place = output::printable(&problem.place);
        eprintln!("not done: {place}: {}", output::printable(&problem.reason));
    }
    more("not done", report.problem_count);
    for difference in report.differences.iter().take(SHOWN) {
        let mailbox = output::printable(&difference.mailbox);
        let what = output::printable(&unlike(&difference.what));
        eprintln!("differs: {mailbox}, UID {}: {what}", difference.uid);
    }
    more("differs", report.difference_count);
    if report.is_complete() && report.mailboxes.iter().any(|m| m.compared.is_some()) {
        say!("both sides are alike");
    }
}

/// The same, whole, as one object.
pub fn json(report: &Report) {
    let mailboxes = report.mailboxes.iter().map(|m| {
        let compared = m.compared.as_ref().map(|compared| {
            json!({
                "source": total(&compared.source),
                "target": total(&compared.target),
                "only_target": compared.only_target,
                "uids_kept": compared.uids_kept,
            })
        });
        json!({
            "source": m.source.as_str(), "target": m.target.as_str(), "found": m.found,
            "copied": m.copied, "present": m.present, "flags_changed": m.flags_changed,
            "failed": m.failed, "compared": compared,
        })
    });
    let problems = report.problems.iter();
    let problems = problems.map(|one| json!({"place": one.place, "reason": one.reason}));
    let differences = report
        .differences
        .iter()
        .map(|one| json!({"mailbox": one.mailbox, "uid": one.uid, "what": unlike(&one.what)}));
    let whole = json!({
        "complete": report.is_complete(),
        "mailboxes": mailboxes.collect::<Vec<_>>(),
        "problems": problems.collect::<Vec<_>>(),
        "problem_count": report.problem_count,
        "differences": differences.collect::<Vec<_>>(),
        "difference_count": report.difference_count,
    });
    say!("{whole}");
}

/// The columns that tell something: no counts that are 0 everywhere, and of two sides one where they
/// are alike. All twelve are wider than most terminals.
fn telling(columns: usize, rows: &[Vec<String>]) -> Vec<usize> {
    /// What is there already, flags, failures, what is only there.
    const COUNTS: [usize; 4] = [3, 4, 5, 8];
    /// Octets and digest of the target, each with the source's.
    const SIDES: [(usize, usize); 2] = [(7, 6), (10, 9)];
    let tells = |at: &usize| {
        let count = COUNTS.contains(at) && rows.iter().all(|row| matches!(&*row[*at], "0" | ""));
        let side = SIDES.iter().any(|(target, source)| {
            target == at && rows.iter().all(|row| row[*target] == row[*source])
        });
        !count && !side
    };
    (0..columns).filter(tells).collect()
}

fn row(m: &Migrated) -> Vec<String> {
    let mut cells = vec![match m.source == m.target {
        true => m.source.as_str().to_owned(),
        false => format!("{} to {}", m.source.as_str(), m.target.as_str()),
    }];
    let numbers = [m.found, m.copied, m.present, m.flags_changed, m.failed];
    cells.extend(numbers.into_iter().map(output::number));
    match &m.compared {
        Some(compared) => cells.extend([
            output::number(compared.source.octets),
            output::number(compared.target.octets),
            output::number(compared.only_target),
            hexadecimal(&compared.source, DIGITS),
            hexadecimal(&compared.target, DIGITS),
            if compared.uids_kept { "kept" } else { "new" }.to_owned(),
        ]),
        None => cells.extend(std::iter::repeat_n(String::new(), 6)),
    }
    cells
}

fn more(what: &str, count: u64) {
    let more = count.saturating_sub(SHOWN as u64);
    if more > 0 {
        eprintln!("{what}: {} more", output::number(more));
    }
}

fn unlike(what: &Unlike) -> String {
    match what {
        Unlike::Missing => "no message there has these octets".into(),
        Unlike::Date(source, target) => {
            format!("the date is {source} s since 1970, there {target} s")
        }
        Unlike::Flags(source, target) => format!("the flags are ({source}), there ({target})"),
    }
}

fn total(total: &Total) -> Value {
    let digest = total.digest.map(|_| hexadecimal(total, usize::MAX));
    json!({"messages": total.messages, "octets": total.octets, "digest": digest})
}

fn hexadecimal(total: &Total, digits: usize) -> String {
    let all: String = total.digest.iter().flatten().map(|octet| format!("{octet:02x}")).collect();
    all.chars().take(digits).collect()
}

#[cfg(test)]
mod tests {
    use super::telling;

    fn row(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn columns_that_tell_nothing_are_left_out() {
        let alike = row("INBOX 5 5 0 0 0 24 24 0 ab ab new");
        assert_eq!(telling(12, std::slice::from_ref(&alike)), [0, 1, 2, 6, 9, 11]);
        let unlike = row("Work 5 3 1 0 1 24 20 0 ab cd new");
        assert_eq!(telling(12, &[alike, unlike]), [0, 1, 2, 3, 5, 6, 7, 9, 10, 11]);
    }
}
