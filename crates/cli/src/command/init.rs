//! `peregrine init`: a new server's folder.

use std::path::PathBuf;

use peregrine_server::admin;

use crate::failure::Failure;
use crate::output::say;
use crate::password;

const EXAMPLE: &str = "\
Example:
  peregrine init ~/mail --user alice
  peregrine serve ~/mail

For a script, with the password in a file:
  peregrine init /srv/mail --user alice < password.txt";

/// Make a new server's folder: configuration, certificate, store and first user.
///
/// The password is asked for, or read from standard input where that is no terminal. Nothing that
/// is there already is overwritten.
#[derive(clap::Args)]
#[command(after_help = EXAMPLE)]
pub struct Arguments {
    /// The folder to make; it may exist if it is not a server's yet.
    dir: PathBuf,
    /// Name of the first user.
    #[arg(long, value_name = "NAME")]
    user: String,
}

/// Runs it.
pub async fn run(arguments: Arguments) -> Result<(), Failure> {
    let Arguments { dir, user } = arguments;
    let taken = dir.join(peregrine_server::config::FILE_NAME);
    // Before asking for a password that would be of no use.
    if taken.exists() {
        return Err(admin::AdminError::Exists(taken).into());
    }
    let password = password::ask_new(&user)?;
    admin::init::init(&dir, &user, &password).await?;
    let dir = dir.display();
    say!("{dir} is ready: peregrine.toml, a self-signed certificate, the store, user {user}");
    say!("next: peregrine serve {dir}");
    Ok(())
}
