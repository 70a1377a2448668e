//! `peregrine check-config`: every mistake at once.

use std::path::PathBuf;

use peregrine_server::admin::serve::check_certificate;

use crate::failure::Failure;
use crate::load;
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

/// Runs it.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let config = load(&arguments.dir)?;
    check_certificate(&config).map_err(Failure::Named)?;
    let addresses = |name: &str, list: &[std::net::SocketAddr]| {
        let list: Vec<String> = list.iter().map(ToString::to_string).collect();
        if list.is_empty() { format!("no {name}") } else { format!("{name} {}", list.join(", ")) }
    };
    say!(
        "{} is right: {}, {}",
        arguments.dir.join(peregrine_server::config::FILE_NAME).display(),
        addresses("imap", &config.listeners.imap),
        addresses("imaps", &config.listeners.imaps),
    );
    if config.auth.cleartext_login {
        say!("note: cleartext_login lets passwords cross the network unencrypted");
    }
    Ok(())
}
