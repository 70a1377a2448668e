//! Tasks of the project that are not the product: see [`HELP`].

mod mutate;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What there is.
const HELP: &str = "\
usage:
  cargo xtask tidy                  checks the rules of the house that no compiler checks
  cargo xtask mutate [NAME...]      breaks the product as each file of tests/mutations says (or those
                                    named), in a copy, and wants the test that it names to go red;
                                    ends with 1 if a fault is not found or does not fit any longer
  cargo xtask rfc-index FOLDER      writes the index of RFC sections from the texts in a folder";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["tidy"] => tidy::run(&root()),
        ["mutate", names @ ..] => mutate::run(&root(), names),
        ["rfc-index", folder] => tidy::references::write_index(&root(), Path::new(folder)),
        _ => {
            eprintln!("{HELP}");
            ExitCode::from(2)
        }
    }
}

/// The workspace's root: the folder above this crate.
fn root() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.parent().map(Path::to_path_buf).unwrap_or(here)
}
