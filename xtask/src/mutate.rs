//! `cargo xtask mutate [NAME…]`: breaks the product on purpose, and a named test must go red.
//!
//! Each file of `tests/mutations` is a fault that somebody could make, and the test that must find
//! it. It is put into a copy of the work tree, `target/mutate/tree`, which has a target folder of its
//! own, so that a fault costs the rebuilding of one crate and what depends on it. Before, every named
//! test must be green there without any fault.

mod run;
mod tree;

pub mod mutation;

use mutation::Mutation;
use run::Ending;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use tree::Tree;

/// What came of one fault.
enum Verdict {
    /// The test went red.
    Found,
    /// The test did not end.
    Hung,
    /// The test is green all the same.
    Survived,
    /// It cannot be judged: why.
    Broken(String),
}

/// Runs the faults with these names, or all of them.
pub fn run(root: &Path, names: &[&str]) -> ExitCode {
    let mutations = match chosen(root, names) {
        Ok(mutations) => mutations,
        Err(error) => {
            eprintln!("mutate: {error}");
            return ExitCode::from(2);
        }
    };
    let tree = Tree::new(root);
    if let Err(error) = tree.refresh(None) {
        eprintln!("mutate: the work tree cannot be copied: {error}");
        return ExitCode::FAILURE;
    }
    let tests: BTreeSet<&str> = mutations.iter().map(|it| it.test.as_str()).collect();
    for test in tests {
        println!("green before: cargo test {test}");
        if !matches!(run::test(&tree, test), Ok(Ending::Green)) {
            eprintln!("mutate: this test is not green without any fault");
            return ExitCode::FAILURE;
        }
    }
    let mut survived = 0;
    println!("\n| fault | what is broken | found by | result |\n|---|---|---|---|");
    for mutation in &mutations {
        let begun = Instant::now();
        let verdict = judge(&tree, mutation);
        survived += usize::from(!matches!(verdict, Verdict::Found | Verdict::Hung));
        print_row(mutation, &verdict, begun.elapsed());
    }
    // The next run begins without a fault.
    let clean = tree.refresh(None);
    println!("\nmutate: {} faults, {survived} not found", mutations.len());
    if survived == 0 && clean.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn chosen(root: &Path, names: &[&str]) -> Result<Vec<Mutation>, String> {
    let all = mutation::all(root).into_iter().map(|(path, read)| {
        read.map_err(|(line, error)| format!("{}:{line}: {error}", path.display()))
    });
    let all = all.collect::<Result<Vec<_>, _>>()?;
    if let Some(name) = names.iter().find(|name| all.iter().all(|it| it.name != **name)) {
        let known: Vec<&str> = all.iter().map(|it| it.name.as_str()).collect();
        return Err(format!("there is no fault {name}; there are {}", known.join(", ")));
    }
    let wanted = |it: &Mutation| names.is_empty() || names.contains(&it.name.as_str());
    Ok(all.into_iter().filter(wanted).collect())
}

fn judge(tree: &Tree, mutation: &Mutation) -> Verdict {
    if let Err(error) = tree.refresh(Some(mutation)) {
        return Verdict::Broken(error);
    }
    match run::test(tree, &mutation.test) {
        Ok(Ending::Red) => Verdict::Found,
        Ok(Ending::Hung) => Verdict::Hung,
        Ok(Ending::Green) => Verdict::Survived,
        Ok(Ending::Unbuilt) => Verdict::Broken("it does not build".into()),
        Err(error) => Verdict::Broken(error.to_string()),
    }
}

fn print_row(mutation: &Mutation, verdict: &Verdict, took: Duration) {
    let result = match verdict {
        Verdict::Found => "red",
        Verdict::Hung => "hung",
        Verdict::Survived => "SURVIVED",
        Verdict::Broken(why) => &format!("BROKEN: {why}"),
    };
    let Mutation { name, what, .. } = mutation;
    let seconds = took.as_secs();
    println!("| {name} | {what} | `{}` | {result}, {seconds} s |", mutation.test_name());
}
