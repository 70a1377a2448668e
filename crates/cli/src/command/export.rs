//! `peregrine export`: a user's mail as a Maildir++.

use std::path::PathBuf;

use peregrine_server::admin::export::{ExportReport, export};
use peregrine_server::admin::user;

use crate::failure::Failure;
use crate::output::say;
use crate::progress::Teller;
use crate::{load, output};

const EXAMPLE: &str = "\
Example:
  peregrine export ~/mail --user alice /backup/alice

The folder is a Maildir++ that Dovecot, mutt and peregrine import read: flags in the names, dates
as the files' times, keywords in dovecot-keywords, subscriptions. Run it again to add what is new;
messages that were deleted since stay in the folder. The server may run meanwhile. What is damaged
is left out and listed, and the exit code is 1.";

/// Write a user's mail into a Maildir++.
#[derive(clap::Args)]
#[command(after_help = EXAMPLE)]
pub struct Arguments {
    /// The server's folder.
    dir: PathBuf,
    /// Whose mail.
    #[arg(long, value_name = "NAME")]
    user: String,
    /// The Maildir++ to make or to add to.
    target: PathBuf,
}

/// Runs it.
pub async fn run(arguments: Arguments) -> Result<(), Failure> {
    let config = load(&arguments.dir)?;
    let store = user::open_store(&config).await?;
    let mut teller = Teller::new("exporting");
    let outcome = async {
        let account = user::account(&store, &arguments.user).await?;
        let mut tell =
            |progress: peregrine_server::admin::import::Progress<'_>| teller.tell(progress);
        export(&account, &arguments.user, &arguments.target, &mut tell).await
    }
    .await;
    store.close().await;
    let messages =
        outcome.as_ref().map_or(0, |report| report.mailboxes.iter().map(|m| m.messages).sum());
    let summary = teller.finish(messages);
    show(&outcome?, &summary)
}

fn show(report: &ExportReport, summary: &str) -> Result<(), Failure> {
    let header = ["mailbox", "messages", "written", "there already", "in the folder now"];
    let rows = report.mailboxes.iter().map(|m| {
        let cells = [m.messages, m.written, m.present, m.after].into_iter().map(output::number);
        std::iter::once(m.mailbox.clone()).chain(cells).collect()
    });
    say!("{}", output::table(&header, rows));
    say!("{summary}");
    for problem in &report.problems {
        let (place, reason) =
            (output::printable(&problem.place), output::printable(&problem.reason));
        eprintln!("note: {place}: {reason}");
    }
    if report.damaged > 0 {
        eprintln!("{} were left out, because they are damaged", output::number(report.damaged));
        Err(Failure::Incomplete)
    } else if report.counts_agree() {
        Ok(())
    } else {
        eprintln!("the counts differ: run it again");
        Err(Failure::Incomplete)
    }
}
