//! The password of an account: what its command prints, or what a person types.

use std::io::{self, IsTerminal};
use std::process::Stdio;

use super::Account;
use crate::failure::Failure;
use crate::password;

/// Octets that a command may print; tokens of some providers have several thousand.
const LONGEST: usize = 64 << 10;

/// Whether a password may be read from standard input where that is no terminal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Input {
    /// The command does not read it for anything else.
    Free,
    /// A message or commands come from there.
    Taken,
}

/// The password, or the token.
pub async fn get(account: &Account, input: Input) -> Result<String, Failure> {
    match &account.password_command {
        Some(command) => run(command).await,
        None if input == Input::Taken && !io::stdin().is_terminal() => Err(Failure::Usage(
            "nobody can be asked for the password, since standard input is taken: name a command \
             that prints it (--password-command, or password_command in accounts.toml)"
                .into(),
        )),
        None => password::ask(&account.shown()),
    }
}

/// The first line that a command prints. What it asks or complains of, the person sees.
async fn run(command: &str) -> Result<String, Failure> {
    let failed = |error| Failure::Io("cannot run the password command", error);
    let mut shell = std::process::Command::new("/bin/sh");
    shell.args(["-c", command]).stdin(Stdio::inherit()).stderr(Stdio::inherit());
    // A person may take a while to unlock a keyring.
    let output = tokio::task::spawn_blocking(move || shell.output()).await;
    let output = output.map_err(io::Error::other).and_then(|output| output).map_err(failed)?;
    if !output.status.success() {
        let status = output.status;
        return Err(Failure::Password(format!("the password command failed ({status})")));
    }
    let line = output.stdout.split(|octet| *octet == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    match std::str::from_utf8(line) {
        Ok(line) if !line.is_empty() && line.len() <= LONGEST => Ok(line.to_owned()),
        _ => Err(Failure::Password(
            "the password command printed no password on its first line".to_owned(),
        )),
    }
}
