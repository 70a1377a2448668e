//! How far long work is: a bar on a terminal, a line now and then elsewhere. On standard error,
//! so that standard output holds the result alone.

pub mod migration;

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use peregrine_server::admin::import::Progress;
use peregrine_server::admin::verify::Looking;

use crate::output;

/// Time between two lines where there is no terminal.
const LINES: Duration = Duration::from_secs(5);

/// Octets of work, shown as a bar or lines.
pub struct Teller(Course);

/// A bar on a terminal, a line now and then elsewhere.
struct Course {
    bar: Option<ProgressBar>,
    start: Instant,
    last: Instant,
}

impl Course {
    /// With a bar of this form.
    fn new(template: &str) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(0);
            // Only a template with a mistake fails; the default is the next best thing.
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style);
            }
            bar
        });
        let now = Instant::now();
        Self { bar, start: now, last: now }
    }

    /// Brings the bar up to date, or prints a line if it is time; `line` is given the seconds so far.
    fn show(&mut self, bar: impl FnOnce(&ProgressBar), line: impl FnOnce(f64) -> String) {
        match &self.bar {
            Some(shown) => bar(shown),
            None if self.last.elapsed() >= LINES => {
                self.last = Instant::now();
                eprintln!("{}", line(self.start.elapsed().as_secs_f64()));
            }
            None => {}
        }
    }

    /// Takes the bar away, and says how long it took and how fast it was.
    fn finish(self, messages: u64) -> String {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
        let seconds = self.start.elapsed().as_secs_f64().max(0.001);
        let rate = messages as f64 / seconds;
        format!("{} in {seconds:.1} s, {rate:.0}/s", output::count(messages, "message"))
    }
}

/// A bar for so many pipelines; nothing where there is no terminal.
pub fn pipelines(count: u64) -> ProgressBar {
    let bar = ProgressBar::new(count);
    if let Ok(style) = ProgressStyle::with_template("checking {wide_bar} {pos}/{len}, {eta} left") {
        bar.set_style(style);
    }
    bar
}

impl Teller {
    /// For work that is called `verb`, such as "importing".
    pub fn new(verb: &'static str) -> Self {
        let course = Course::new(
            "{prefix} {wide_bar} {bytes}/{total_bytes}, {binary_bytes_per_sec}, {eta} left  {msg}",
        );
        if let Some(bar) = &course.bar {
            bar.set_prefix(verb);
        }
        Self(course)
    }

    /// Shows how far a look at a whole store is.
    pub fn look(&mut self, looking: &Looking<'_>) {
        self.tell(Progress {
            mailbox: looking.user,
            messages: looking.bodies,
            done: looking.done,
            total: looking.total,
        });
    }

    /// Shows where the work is.
    pub fn tell(&mut self, progress: Progress<'_>) {
        let bar = |bar: &ProgressBar| {
            bar.set_length(progress.total);
            bar.set_position(progress.done.min(progress.total));
            let messages = output::count(progress.messages, "message");
            bar.set_message(format!("{messages}, {}", output::printable(progress.mailbox)));
        };
        self.0.show(bar, |elapsed| line(&progress, elapsed));
    }

    /// Prints a line above the bar.
    pub fn above(&self, line: &str) {
        match &self.0.bar {
            Some(bar) => bar.suspend(|| eprintln!("{line}")),
            None => eprintln!("{line}"),
        }
    }

    /// Takes the bar away, and says how long it took and how fast it was.
    pub fn finish(self, messages: u64) -> String {
        self.0.finish(messages)
    }
}

fn line(progress: &Progress<'_>, elapsed: f64) -> String {
    let rate = progress.done as f64 / elapsed;
    let left = progress.total.saturating_sub(progress.done) as f64 / rate.max(1.0);
    format!(
        "{}: {}, {} of {}, {}/s, {left:.0} s left",
        output::printable(progress.mailbox),
        output::count(progress.messages, "message"),
        output::size(progress.done),
        output::size(progress.total),
        output::size(rate as u64),
    )
}
