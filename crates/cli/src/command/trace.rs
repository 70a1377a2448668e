//! `peregrine trace`: what the commands of a session do and why they wait, as a waterfall.

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use peregrine_server::admin::socket::client;
use peregrine_server::admin::trace::live::Live;
use peregrine_server::admin::trace::record::{self, Event, Header};
use peregrine_server::admin::trace::text::{self, Style};
use peregrine_server::admin::trace::{self, Trace, panel};
use peregrine_server::sessions::Watched;

use super::serve::Signals;
use crate::failure::Failure;
use crate::output::{self, say};

const EXAMPLE: &str = "\
Example:
  peregrine trace ~/mail --user alice
  peregrine trace ~/mail --user alice --record slow.trace --html slow.html
  peregrine trace --from slow.trace --svg slow.svg

Ctrl-C ends it and writes the files. Passwords and mail are never in a trace; names of mailboxes
and what was searched for are.";

/// Time between two looks whether there is something to draw.
const LOOK: Duration = Duration::from_millis(100);

/// Commands that are kept for a drawing at the end; more would make no picture.
const KEPT: usize = 50_000;

/// A trace shows what people do: only its owner may read the file.
const PRIVATE: u32 = 0o600;

/// Show what a user's commands do, when they wait and for what, one row each.
///
/// A running server tells it through a socket in its folder; it can be recorded and drawn later.
#[derive(clap::Args)]
#[command(after_help = EXAMPLE)]
#[command(group = clap::ArgGroup::new("what").required(true).args(["user", "session", "from"]))]
pub struct Arguments {
    /// The folder that is served.
    #[arg(required_unless_present = "from", conflicts_with = "from")]
    dir: Option<PathBuf>,
    /// All sessions of this user, those that come later too.
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// One session, by the id that it has in the log and in `peregrine sessions`.
    #[arg(long, value_name = "ID")]
    session: Option<String>,
    /// A recording instead of a running server; `-` is standard input.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["record", "seconds"])]
    from: Option<PathBuf>,
    /// Keep it in this file too, for `--from`.
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// At the end, draw it into this file.
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// At the end, draw it into this web page, which needs nothing else.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Print it as it is recorded, one JSON object a line, instead of drawing it.
    #[arg(long)]
    json: bool,
    /// End by itself after so many seconds.
    #[arg(long = "for", value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..))]
    seconds: Option<u32>,
}

/// Runs it.
pub async fn run(arguments: Arguments) -> Result<(), Failure> {
    match (&arguments.dir, &arguments.from) {
        (_, Some(file)) => recorded(file, &arguments),
        (Some(dir), None) => live(dir, &arguments).await,
        (None, None) => Err(Failure::Usage("name the folder that is served".into())),
    }
}

/// How to draw on standard output.
pub fn style() -> Style {
    let terminal = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    let asked = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let width = terminal.or(asked).unwrap_or(80).min(200);
    Style { width, colours: output::colours(&io::stdout()) }
}

fn recorded(file: &Path, arguments: &Arguments) -> Result<(), Failure> {
    let read = match file.as_os_str() == "-" {
        true => record::read(io::stdin().lock()),
        false => {
            let open = File::open(file).map_err(Failure::file(file))?;
            record::read(BufReader::new(open))
        }
    };
    let (header, events) = read.map_err(|error| Failure::file(file)(io::Error::other(error)))?;
    if arguments.json {
        say!("{}", header.to_line());
        events.iter().for_each(|event| say!("{}", event.to_line()));
    }
    let trace = Trace::from_events(header, events);
    if !arguments.json {
        let style = style();
        say!("{}\n", text::legend(style));
        for panel in panel::panels(&trace) {
            say!("{}", text::panel(&panel, &trace.header.started, style));
        }
    }
    tell_lost(trace.lost);
    draw_files(&trace, arguments)
}

async fn live(dir: &Path, arguments: &Arguments) -> Result<(), Failure> {
    let of = match (&arguments.user, &arguments.session) {
        (Some(user), _) => Watched::User(user.clone()),
        (None, Some(session)) => Watched::Session(session.clone()),
        (None, None) => return Err(Failure::Usage("name a user or a session".into())),
    };
    let mut signals = Signals::new().map_err(|e| Failure::Io("cannot wait for signals", e))?;
    let mut server = client::trace(dir, of).await?;
    greet(dir, server.header(), arguments).await;
    let mut watch = Watch::new(server.header().clone(), arguments)?;
    let end = arguments.seconds.map(|seconds| Duration::from_secs(seconds.into()));
    let mut look = tokio::time::interval(LOOK);
    loop {
        tokio::select! {
            event = server.next() => match event? {
                Some(event) => watch.take(event)?,
                None => break,
            },
            _ = look.tick() => {
                watch.draw(false);
                if end.is_some_and(|end| watch.start.elapsed() >= end) {
                    break;
                }
            }
            () = signals.end() => break,
        }
    }
    watch.draw(true);
    tell_lost(watch.live.trace().lost);
    draw_files(watch.live.trace(), arguments)
}

/// Says what is watched, and where nothing can be seen yet: the name may be misspelt.
async fn greet(dir: &Path, header: &Header, arguments: &Arguments) {
    let of = output::printable(&header.of);
    let absent = match (&arguments.user, client::sessions(dir).await) {
        (Some(_), Ok(sessions)) => {
            let here = |user: &String| header.of == format!("user {user}");
            !sessions.iter().any(|session| session.user.as_ref().is_some_and(here))
        }
        _ => false,
    };
    match absent {
        true => eprintln!("watching {of}, who is not connected now; Ctrl-C ends it"),
        false => eprintln!("watching {of}; Ctrl-C ends it"),
    }
}

/// A trace that goes on, and where it goes.
struct Watch {
    live: Live,
    started: String,
    start: Instant,
    style: Style,
    json: bool,
    record: Option<(PathBuf, File)>,
    keep: bool,
}

impl Watch {
    fn new(header: Header, arguments: &Arguments) -> Result<Self, Failure> {
        let record = match &arguments.record {
            Some(path) => Some((path.clone(), create(path)?)),
            None => None,
        };
        let keep = arguments.svg.is_some() || arguments.html.is_some();
        let (style, json) = (style(), arguments.json);
        if !json {
            say!("{}\n", text::legend(style));
        }
        let started = header.started.clone();
        let first = header.to_line();
        let start = Instant::now();
        let live = Live::new(header, keep);
        let mut watch = Self { live, started, start, style, json, record, keep };
        watch.write(&first)?;
        Ok(watch)
    }

    fn take(&mut self, event: Event) -> Result<(), Failure> {
        self.write(&event.to_line())?;
        self.live.add(event);
        if self.keep && self.live.trace().commands() > KEPT {
            self.keep = false;
            self.live.forget();
            eprintln!("more than {KEPT} commands: the drawing will have the newest only");
        }
        Ok(())
    }

    fn write(&mut self, line: &str) -> Result<(), Failure> {
        if self.json {
            say!("{line}");
        }
        if let Some((path, file)) = &mut self.record {
            let written = writeln!(file, "{line}");
            written.map_err(Failure::file(path))?;
        }
        Ok(())
    }

    fn draw(&mut self, all: bool) {
        let now = u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX);
        let (json, started, style) = (self.json, &self.started, self.style);
        self.live.draw(now, all, |panel| {
            if !json {
                say!("{}", text::panel(panel, started, style));
            }
        });
    }
}

fn draw_files(trace: &Trace, arguments: &Arguments) -> Result<(), Failure> {
    let write = |path: &Path, drawing: String| {
        let written = create(path)?.write_all(drawing.as_bytes());
        written.map_err(Failure::file(path))?;
        eprintln!("written: {}", path.display());
        Ok::<(), Failure>(())
    };
    if let Some(path) = &arguments.svg {
        write(path, trace::svg(trace))?;
    }
    if let Some(path) = &arguments.html {
        write(path, trace::html(trace))?;
    }
    Ok(())
}

fn tell_lost(events: u64) {
    if events > 0 {
        eprintln!("note: {} events are missing: they came too fast", output::number(events));
    }
}

fn create(path: &Path) -> Result<File, Failure> {
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(PRIVATE).open(path);
    file.map_err(Failure::file(path))
}
