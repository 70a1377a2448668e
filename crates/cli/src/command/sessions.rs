//! `peregrine sessions` and `peregrine kick`: who is connected, and ending a session.

use std::path::PathBuf;

use peregrine_server::admin::socket::{SessionLine, client};

use crate::failure::Failure;
use crate::output::{self, say};

/// List who is connected, the oldest first: since when, from where, and what runs.
#[derive(clap::Args)]
#[command(after_help = "Example: peregrine sessions ~/mail")]
pub struct Arguments {
    /// The folder that is served.
    dir: PathBuf,
    /// For scripts: one object a line with `session`, `user`, `from`, `tls`, `since`, `running`.
    #[arg(long)]
    json: bool,
}

/// End a session: its client is told BYE and may connect again.
#[derive(clap::Args)]
#[command(after_help = "Example: peregrine kick ~/mail 65a0f31200000c")]
pub struct KickArguments {
    /// The folder that is served.
    dir: PathBuf,
    /// The session, as `peregrine sessions` and the log call it.
    session: String,
}

/// Lists them.
pub async fn run(arguments: &Arguments) -> Result<(), Failure> {
    let sessions = client::sessions(&arguments.dir).await?;
    if arguments.json {
        for session in &sessions {
            say!("{}", serde_json::json!(session));
        }
        return Ok(());
    }
    let row = |line: SessionLine| {
        let user = line.user.unwrap_or_else(|| "(not logged in)".to_owned());
        let tls = if line.tls { "yes" } else { "no" };
        vec![line.session, user, line.from, tls.to_owned(), line.since, line.running.join(", ")]
    };
    let header = ["session", "user", "from", "TLS", "since", "running"];
    say!("{}", output::table(&header, sessions.into_iter().map(row)));
    Ok(())
}

/// Ends one.
pub async fn kick(arguments: &KickArguments) -> Result<(), Failure> {
    client::end(&arguments.dir, &arguments.session).await?;
    say!("ended {}", output::printable(&arguments.session));
    Ok(())
}
