//! Runs one test in the copy.

use super::tree::Tree;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A test that takes longer hangs: the slowest takes a minute.
const PATIENCE: Duration = Duration::from_secs(600);

/// How it ended.
pub enum Ending {
    Green,
    Red,
    Hung,
    /// It was not even built.
    Unbuilt,
}

/// Builds and runs the test that `words` name, as after `cargo test`.
///
/// # Errors
/// Where cargo cannot be started.
pub fn test(tree: &Tree, words: &str) -> std::io::Result<Ending> {
    let cargo = |more: &[&str]| {
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
        command.arg("test").arg("--quiet").args(words.split(' ')).args(more);
        command.current_dir(&tree.copy).env("CARGO_TARGET_DIR", &tree.target);
        // Of this xtask, not of what it runs.
        command.env_remove("CARGO_MANIFEST_DIR").stdin(Stdio::null()).stdout(Stdio::null());
        command
    };
    if !cargo(&["--no-run"]).status()?.success() {
        return Ok(Ending::Unbuilt);
    }
    let child = cargo(&[]).stderr(Stdio::null()).spawn()?;
    wait(child)
}

fn wait(mut child: Child) -> std::io::Result<Ending> {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        if let Some(status) = child.try_wait()? {
            return Ok(if status.success() { Ending::Green } else { Ending::Red });
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill()?;
    child.wait()?;
    Ok(Ending::Hung)
}
