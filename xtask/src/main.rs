//! Tasks of the project that are not the product: `cargo xtask tidy`, `cargo xtask rfc-index DIR`.

mod tidy;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["tidy"] => tidy::run(&root()),
        ["rfc-index", folder] => tidy::references::write_index(&root(), Path::new(folder)),
        _ => {
            eprintln!("usage: cargo xtask tidy | cargo xtask rfc-index FOLDER-OF-RFC-TEXTS");
            ExitCode::from(2)
        }
    }
}

/// The workspace's root: the folder above this crate.
fn root() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.parent().map(Path::to_path_buf).unwrap_or(here)
}
