//! `peregrine shell`: an IMAP terminal.

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use peregrine_client::proto::Response;
use peregrine_client::{Lost, Raw};
use tokio::sync::{mpsc, watch};

use crate::account::secret::Input;
use crate::account::{Account, Method};
use crate::failure::Failure;
use crate::mail::connect::{Access, Whose};
use crate::output;
use crate::shell::paint::{self, Style};
use crate::shell::state::State;
use crate::shell::talk::{self, Heard, Order};
use crate::shell::terminal::Terminal;
use crate::shell::{script, terminal};

/// Type IMAP commands to a server and see its replies.
///
/// You are logged in first, unless --no-login. Where standard input is no terminal, lines are read
/// from it and replies are printed as they are: a script.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  peregrine shell work
  printf 'select INBOX\\nfetch 1:5 flags\\n' | peregrine shell work
  peregrine shell imaps://ann@example.org --no-login

At the prompt, Tab completes, help explains, Ctrl-D ends. A script's exit code is 1 where a command
was refused.")]
pub struct Arguments {
    #[command(flatten)]
    whose: Whose,
    /// Do not log in: for typing LOGIN or AUTHENTICATE oneself.
    #[arg(long)]
    no_login: bool,
    /// Show every line of long replies.
    #[arg(long)]
    full: bool,
    /// In a script, do not wait for a reply before the next command.
    #[arg(long)]
    pipeline: bool,
}

/// Lines of one reply that are shown to a person.
const LINES: usize = 30;

/// Runs it.
pub async fn run(arguments: Arguments) -> Result<(), Failure> {
    let interactive = io::stdin().is_terminal() && io::stdout().is_terminal();
    let style = Style {
        colours: output::colours(&io::stdout()),
        lines: if arguments.full { usize::MAX } else { LINES },
        verbatim: !io::stdout().is_terminal(),
    };
    let input = if interactive { Input::Free } else { Input::Taken };
    let state = Arc::new(State::default());
    let raw = open(&arguments, input, &state, style, interactive).await?;
    state.lock().set_capabilities(raw.capabilities().iter());
    let (reader, writer) = raw.split();
    let (orders, ordered) = mpsc::unbounded_channel();
    let (heard, hears) = mpsc::unbounded_channel();
    let sender = tokio::spawn(talk::send(writer, Arc::clone(&state), ordered, hears));
    let result = match interactive {
        true => at_terminal(reader, &state, orders, heard, style).await,
        false => in_script(reader, &state, orders, heard, style, arguments.pipeline).await,
    };
    sender.abort();
    result
}

/// Connects, shows the greeting and logs in.
async fn open(
    arguments: &Arguments,
    input: Input,
    state: &State,
    style: Style,
    interactive: bool,
) -> Result<Raw, Failure> {
    let account: Account;
    let mut raw;
    if arguments.no_login {
        account = arguments.whose.account()?;
        raw = account.connector()?.connect_raw().await?;
        greet(&raw, style);
    } else {
        let access = arguments.whose.access(input).await?;
        raw = access.connector.connect_raw().await?;
        greet(&raw, style);
        log_in(&mut raw, &access).await?;
        account = access.account;
        if interactive {
            // For completion; a server that refuses it does no harm.
            let listed = raw.ask("names0", "LIST", " \"\" *").await.unwrap_or_default();
            let listed = listed.iter().filter_map(|octets| Response::parse(octets).ok());
            listed.for_each(|response| _ = state.lock().note(&response));
        }
    }
    if interactive {
        let how = if arguments.no_login { "connected to" } else { "logged in to" };
        eprintln!("{how} {}; help explains, Ctrl-D ends", output::printable(&account.shown()));
    }
    Ok(raw)
}

fn greet(raw: &Raw, style: Style) {
    let greeting = raw.greeting();
    put(&paint::response(greeting, Response::parse(greeting).ok().as_ref(), style));
}

async fn log_in(raw: &mut Raw, access: &Access) -> Result<(), Failure> {
    let credentials = access.credentials();
    let result = match access.account.mechanism {
        Method::Auto => raw.log_in("login0", &credentials, None).await,
        Method::Login => raw.login("login0", &credentials).await,
        Method::Mechanism(one) => raw.log_in("login0", &credentials, Some(one)).await,
    };
    result
        .map_err(|error| if error.is_lost() { Failure::Mail(error) } else { Failure::Login(error) })
}

async fn at_terminal(
    reader: peregrine_client::RawReader,
    state: &Arc<State>,
    orders: mpsc::UnboundedSender<Order>,
    heard: mpsc::UnboundedSender<Heard>,
    style: Style,
) -> Result<(), Failure> {
    let failed = |error| Failure::Io("the terminal fails", io::Error::other(error));
    let mut terminal = Terminal::new(Arc::clone(state), history_path(), style).map_err(failed)?;
    let mut printer = terminal.printer().map_err(failed)?;
    let (close, closed) = watch::channel(false);
    let (receiving, ended) = (Arc::clone(state), Arc::clone(state));
    let receiver = tokio::spawn(async move {
        let show = |octets: &Bytes, parsed: Option<&Response>| {
            _ = printer.print(paint::response(octets, parsed, style));
        };
        let tell = |one: Heard| _ = heard.send(one);
        let lost = talk::receive(reader, receiving, show, tell).await;
        let asked_for = ended.lock().leaving;
        let end = match lost {
            Some(lost) => format!("the connection broke: {lost}"),
            None => "the server has closed the connection".to_owned(),
        };
        if !asked_for {
            _ = printer.print(output::printable(&format!("{end}; Enter ends\n")));
        }
        _ = close.send(true);
    });
    let prompting = tokio::task::spawn_blocking(move || terminal.run(&orders, closed));
    prompting.await.map_err(|error| failed_thread(&error))?;
    receiver.abort();
    Ok(())
}

async fn in_script(
    reader: peregrine_client::RawReader,
    state: &Arc<State>,
    orders: mpsc::UnboundedSender<Order>,
    heard: mpsc::UnboundedSender<Heard>,
    style: Style,
    pipeline: bool,
) -> Result<(), Failure> {
    let (told, mut hears) = mpsc::unbounded_channel();
    let receiving = Arc::clone(state);
    let receiver = tokio::spawn(async move {
        let show = |octets: &Bytes, parsed: Option<&Response>| {
            put(&paint::response(octets, parsed, style));
        };
        let tell = |one: Heard| {
            _ = heard.send(one.clone());
            _ = told.send(one);
        };
        talk::receive(reader, receiving, show, tell).await
    });
    let script_state = Arc::clone(state);
    let reading = tokio::task::spawn_blocking(move || {
        let mut lines = script::Input(io::stdin().lock());
        let read = script::run(&mut lines, &script_state, &orders, &mut hears, pipeline);
        if !script_state.lock().closed && !script_state.lock().leaving {
            let (tag, name) = (script_state.lock().new_tag(), "LOGOUT".to_owned());
            let parts = vec![talk::Part::Text(name.clone())];
            _ = orders.send(Order::Command { tag, name, parts });
        }
        (read, orders)
    });
    let (read, orders) = reading.await.map_err(|error| failed_thread(&error))?;
    let lost = match tokio::time::timeout(terminal::GOODBYE, receiver).await {
        Ok(ended) => ended.map_err(|error| failed_thread(&error))?,
        Err(_) => None,
    };
    drop(orders);
    read.map_err(Failure::Usage)?;
    if let Some(lost) = lost.filter(|lost| !matches!(lost, Lost::Closed)) {
        return Err(Failure::Io("the connection broke", io::Error::other(lost)));
    }
    if state.lock().failed { Err(Failure::Incomplete) } else { Ok(()) }
}

fn failed_thread(error: &tokio::task::JoinError) -> Failure {
    Failure::Io("a part of the shell ended", io::Error::other(error.to_string()))
}

fn put(text: &str) {
    let mut out = io::stdout().lock();
    // Nobody reads any more: then there is nothing to be said.
    _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// `peregrine/shell_history` in the folder for state (XDG Base Directory Specification).
fn history_path() -> Option<PathBuf> {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    let state = variable("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || variable("HOME").map(|home| PathBuf::from(home).join(".local/state"));
    let folder = state.or_else(home)?.join("peregrine");
    std::fs::create_dir_all(&folder).ok()?;
    Some(folder.join("shell_history"))
}
