//! `peregrine import`: Maildir, Maildir++ and mbox into a user's mailboxes.

use std::path::PathBuf;

use clap::ValueEnum;
use peregrine_server::admin::import::{Format, ImportOptions, ImportReport, import};
use peregrine_server::admin::user;

use crate::failure::Failure;
use crate::output::say;
use crate::progress::Teller;
use crate::{load, output};

/// Problems that are listed; of more only the number.
const SHOWN: usize = 20;

const EXAMPLE: &str = "\
Example:
  peregrine import ~/mail --user alice ~/Maildir
  peregrine import ~/mail --user alice old.mbox --into Archive/old --dry-run

Flags, keywords and dates come along: from Maildir names and dovecot-keywords, from Status,
X-Status, X-Keywords and X-Mozilla-Status in an mbox. Interrupted? Run it again: a message that is
here with the same octets and date is not taken twice. The server may run meanwhile.";

/// Bring mail in from a Maildir, a Maildir++ or an mbox.
#[derive(clap::Args)]
#[command(after_help = EXAMPLE)]
pub struct Arguments {
    /// The server's folder.
    dir: PathBuf,
    /// Whose mail it becomes.
    #[arg(long, value_name = "NAME")]
    user: String,
    /// A Maildir, an mbox file, or a folder of mbox files.
    source: PathBuf,
    /// The mailbox for the source's own inbox, or for a single mbox; what lies below it goes below.
    /// Else each mailbox keeps its name.
    #[arg(long, value_name = "MAILBOX")]
    into: Option<String>,
    /// What the source is.
    #[arg(long, value_enum, default_value_t = FormatName::Auto)]
    format: FormatName,
    /// Read and compare everything, change nothing.
    #[arg(long)]
    dry_run: bool,
    /// Leave lines that end in LF alone as they are. Else they end in CRLF, as mail does on the
    /// wire.
    #[arg(long)]
    keep_line_ends: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum FormatName {
    /// Look and see.
    Auto,
    /// Maildir or Maildir++.
    Maildir,
    /// mbox: one file, or a folder of them.
    Mbox,
}

/// Runs it.
pub async fn run(arguments: Arguments) -> Result<(), Failure> {
    let config = load(&arguments.dir)?;
    let options = ImportOptions {
        source: arguments.source,
        format: match arguments.format {
            FormatName::Auto => Format::Auto,
            FormatName::Maildir => Format::Maildir,
            FormatName::Mbox => Format::Mbox,
        },
        into: arguments.into,
        dry_run: arguments.dry_run,
        keep_line_ends: arguments.keep_line_ends,
        message_size: config.limits.message_size,
    };
    let store = user::open_store(&config).await?;
    let mut teller = Teller::new("importing");
    let outcome = async {
        let account = user::account(&store, &arguments.user).await?;
        import(&account, &options, &mut |progress| teller.tell(progress)).await
    }
    .await;
    store.close().await;
    let found = outcome.as_ref().map_or(0, |report| report.mailboxes.iter().map(|m| m.found).sum());
    let summary = teller.finish(found);
    let report = outcome?;
    show(&report, options.dry_run, &summary)
}

fn show(report: &ImportReport, dry_run: bool, summary: &str) -> Result<(), Failure> {
    let came = if dry_run { "would come" } else { "imported" };
    let header = ["mailbox", "found", came, "here already", "failed", "before", "now"];
    let rows = report.mailboxes.iter().map(|m| {
        let numbers = [m.found, m.imported, m.present, m.failed, m.before, m.after];
        let cells = numbers.into_iter().map(output::number);
        std::iter::once(m.mailbox.clone()).chain(cells).collect()
    });
    say!("{}", output::table(&header, rows));
    say!("{summary}");
    for problem in report.problems.iter().take(SHOWN) {
        let (place, reason) =
            (output::printable(&problem.place), output::printable(&problem.reason));
        eprintln!("not taken: {place}: {reason}");
    }
    let more = report.problem_count.saturating_sub(SHOWN as u64);
    if more > 0 {
        eprintln!("not taken: {} more", output::number(more));
    }
    if !report.counts_agree(dry_run) {
        eprintln!(
            "the counts differ: a mailbox does not hold what it held before and what came in; \
             this is right only if somebody else changed it meanwhile"
        );
        return Err(Failure::Incomplete);
    }
    if report.problem_count > 0 { Err(Failure::Incomplete) } else { Ok(()) }
}
