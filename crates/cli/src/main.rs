//! The binary `peregrine`: arguments in, library calls, words out.
//!
//! - `command`: one file for each subcommand.
//! - `account`: whom to connect to; `mail`: what servers tell, decoded. Neither prints.
//! - `bench`: measuring servers.
//! - `migrate`: the two ends of `peregrine migrate`.
//! - `shell`: the interactive terminal.
//! - `failure`: what can go wrong, and the exit code that tells a script which it was.
//! - `password`: asking for one; `progress`: bars; `output`: colours, tables, what is safe to
//!   print; `logging`: the log.
//!
//! Nothing here does what a user of the library would want: that is
//! `peregrine_server::admin` and `peregrine_client`.

mod account;
mod bench;
mod command;
mod failure;
mod logging;
mod mail;
mod migrate;
mod output;
mod password;
mod progress;
mod shell;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use command::{
    account as account_command, backup, bench as bench_command, check, check_config, demo, export,
    fetch, import, init, mail as mail_command, migrate as migrate_command, repair, restore, serve,
    sessions, shell as shell_command, trace, user, verify,
};
use failure::Failure;

/// Ends `--help`: what scripts need to know.
const EXIT_CODES: &str = "\
Exit codes:
  0   all went well
  1   it failed, or something had to be left out or is damaged (the output says what)
  2   the command line makes no sense, or verify could not look
  69  the server cannot be reached, or the connection broke
  77  the login was refused, or there is no password
  78  peregrine.toml, accounts.toml or what they name has mistakes

A first server:
  peregrine init ~/mail --user alice
  peregrine serve ~/mail

Or only look around: peregrine demo

Mail on any other server:
  peregrine account add work --host imap.example.org --user ann@example.org
  peregrine mail list work INBOX";

/// An IMAP mail server, and tools for mail on any IMAP server.
#[derive(Parser)]
#[command(name = "peregrine", version, after_help = EXIT_CODES, max_term_width = 100)]
#[command(arg_required_else_help = true, disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Init(init::Arguments),
    Serve(serve::Arguments),
    Trace(trace::Arguments),
    Sessions(sessions::Arguments),
    Kick(sessions::KickArguments),
    Demo(demo::Arguments),
    User(user::Arguments),
    Import(import::Arguments),
    Export(export::Arguments),
    Verify(verify::Arguments),
    Repair(repair::Arguments),
    Backup(backup::Arguments),
    Restore(restore::Arguments),
    Migrate(migrate_command::Arguments),
    Check(check::Arguments),
    CheckConfig(check_config::Arguments),
    Account(account_command::Arguments),
    Mail(mail_command::Arguments),
    Fetch(fetch::Arguments),
    Shell(shell_command::Arguments),
    Bench(bench_command::Arguments),
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Init(arguments) => wait(init::run(arguments)),
        // Before there are threads: what it gives up binds those that come later.
        Command::Serve(arguments) => serve::run(arguments),
        Command::Trace(arguments) => wait(trace::run(arguments)),
        Command::Sessions(arguments) => wait(sessions::run(&arguments)),
        Command::Kick(arguments) => wait(sessions::kick(&arguments)),
        Command::Demo(arguments) => wait(demo::run(arguments)),
        Command::User(arguments) => wait(user::run(arguments)),
        Command::Import(arguments) => wait(import::run(arguments)),
        Command::Export(arguments) => wait(export::run(arguments)),
        Command::Verify(arguments) => wait(verify::run(arguments)),
        Command::Repair(arguments) => wait(repair::run(arguments)),
        Command::Backup(arguments) => wait(backup::run(arguments)),
        Command::Restore(arguments) => wait(restore::run(arguments)),
        Command::Migrate(arguments) => wait(migrate_command::run(arguments)),
        Command::Check(arguments) => wait(check::run(arguments)),
        Command::CheckConfig(arguments) => check_config::run(&arguments),
        Command::Account(arguments) => wait(account_command::run(arguments)),
        Command::Mail(arguments) => wait(mail_command::run(arguments)),
        Command::Fetch(arguments) => wait(fetch::run(arguments)),
        Command::Shell(arguments) => wait(shell_command::run(arguments)),
        Command::Bench(arguments) => wait(bench_command::run(arguments)),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.tell();
            failure.exit_code()
        }
    }
}

/// Runs a subcommand that waits for things.
fn wait(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Runtime::new();
    runtime.map_err(|error| Failure::Io("cannot begin threads", error))?.block_on(work)
}

/// What most subcommands begin with.
fn load(folder: &std::path::Path) -> Result<peregrine_server::config::Config, Failure> {
    peregrine_server::config::load(folder).map_err(Failure::Config)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    /// What follows the options is written with its line breaks: a line that is wider than the help
    /// is broken once more, in the middle.
    #[test]
    fn help_is_no_wider_than_it_is_shown() {
        let mut commands = vec![Arguments::command()];
        while let Some(command) = commands.pop() {
            let text = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            for line in text.lines() {
                assert!(line.chars().count() <= 100, "{}: {line}", command.get_name());
            }
            commands.extend(command.get_subcommands().cloned());
        }
    }
}
