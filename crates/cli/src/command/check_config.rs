//! `peregrine check-config`: every mistake at once.

use std::path::PathBuf;

use peregrine_server::admin::serve::{check_certificate, check_keys};
use peregrine_server::config::{self, Config, Sandbox};

use crate::failure::Failure;
use crate::output::say;

const EXAMPLE: &str = "\
Example:
  peregrine check-config ~/mail && systemctl restart peregrine";

/// Check peregrine.toml and the certificate it names; tells every mistake at once.
#[derive(clap::Args)]
#[command(after_help = EXAMPLE)]
pub struct Arguments {
    /// The server's folder.
    dir: PathBuf,
}

/// What a configuration names can be used.
///
/// # Errors
/// [`Failure::Named`].
pub fn named(config: &Config) -> Result<(), Failure> {
    check_certificate(config).and_then(|()| check_keys(config)).map_err(Failure::Named)
}

/// Runs it.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let (config, mistakes) = config::examine(&arguments.dir);
    let certificate = config.as_ref().map(check_certificate).transpose().map_err(Failure::Named);
    let config = match config {
        Some(config) if mistakes.is_empty() => config,
        _ => {
            let mistakes = Failure::Config(mistakes);
            // The certificate is looked at all the same, so that there is one round of mending.
            let Err(certificate) = certificate else { return Err(mistakes) };
            mistakes.tell();
            return Err(certificate);
        }
    };
    certificate?;
    named(&config)?;
    let addresses = |name: &str, list: &[std::net::SocketAddr]| {
        let list: Vec<String> = list.iter().map(ToString::to_string).collect();
        if list.is_empty() { format!("no {name}") } else { format!("{name} {}", list.join(", ")) }
    };
    say!(
        "{} is right: {}, {}",
        arguments.dir.join(config::FILE_NAME).display(),
        addresses("imap", &config.listeners.imap),
        addresses("imaps", &config.listeners.imaps),
    );
    if config.auth.cleartext_login {
        say!("note: cleartext_login lets passwords cross the network unencrypted");
    }
    if config.server.sandbox == Sandbox::Off {
        say!("note: sandbox is off, so a fault in the server reaches all that its user may");
    }
    Ok(())
}
