//! The desktop's keyring, through `secret-tool`, which comes with the library of the Secret Service: a
//! password is handed to it on standard input, and its own command reads it at each login.

use std::io::{self, Write};
use std::process::{Command, Output, Stdio};

use crate::failure::Failure;

const TOOL: &str = "secret-tool";

/// Keeps an account's password. The command that prints it again is the account's
/// `password_command`.
///
/// # Errors
/// [`Failure::Work`] where the tool is missing, or there is no keyring that it can open.
pub fn keep(name: &str, password: &str) -> Result<String, Failure> {
    let label = format!("--label=Peregrine: {name}");
    let output = run(&["store", &label, "service", "peregrine", "account", name], password)?;
    match output.status.success() {
        true => Ok(lookup(name)),
        false => {
            let words = String::from_utf8_lossy(&output.stderr);
            let words = crate::output::printable(words.trim()).to_string();
            Err(Failure::Work(format!("the keyring did not take the password: {words}")))
        }
    }
}

/// Forgets an account's password, if this is the command that [`keep`] gave for it.
///
/// # Errors
/// As there.
pub fn forget(name: &str, password_command: Option<&str>) -> Result<(), Failure> {
    if password_command == Some(&*lookup(name)) {
        run(&["clear", "service", "peregrine", "account", name], "")?;
    }
    Ok(())
}

/// An account's name needs no quotes: it has letters, digits, `-`, `_` and `.` alone.
fn lookup(name: &str) -> String {
    format!("{TOOL} lookup service peregrine account {name}")
}

fn run(arguments: &[&str], input: &str) -> Result<Output, Failure> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => Failure::Work(format!(
            "there is no {TOOL}: it is in the package libsecret-tools or libsecret; or use \
             --password-command"
        )),
        _ => Failure::Work(format!("{TOOL} does not run: {error}")),
    };
    let mut tool = Command::new(TOOL);
    tool.args(arguments).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut tool = tool.spawn().map_err(failed)?;
    if let Some(mut stdin) = tool.stdin.take() {
        // A tool that does not read says at its end why.
        let _ = stdin.write_all(input.as_bytes());
    }
    tool.wait_with_output().map_err(failed)
}
