//! How far a migration is, counted in messages.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use peregrine_client::migrate::{Progress, Step};

use crate::output;

/// Time between two lines where there is no terminal.
const LINES: Duration = Duration::from_secs(5);

/// A bar or lines.
pub struct Counter {
    bar: Option<ProgressBar>,
    start: Instant,
    last: Instant,
}

impl Counter {
    /// Begins.
    pub fn new() -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(0);
            let template = "{prefix} {wide_bar} {human_pos}/{human_len} messages, {per_sec}, \
                            {eta} left  {msg}";
            // Only a template with a mistake fails; the default is the next best thing.
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style);
            }
            bar
        });
        let now = Instant::now();
        Self { bar, start: now, last: now }
    }

    /// Shows where the work is.
    pub fn tell(&mut self, progress: Progress<'_>) {
        let step = match progress.step {
            Step::Looking => "looking at",
            Step::Copying => "copying",
            Step::Comparing => "comparing",
        };
        match &self.bar {
            Some(bar) => {
                bar.set_length(progress.total);
                bar.set_position(progress.messages);
                bar.set_prefix(step);
                let mailbox = output::printable(progress.mailbox);
                bar.set_message(format!("{}, {mailbox}", output::size(progress.octets)));
            }
            None if self.last.elapsed() >= LINES => {
                self.last = Instant::now();
                let elapsed = self.start.elapsed().as_secs_f64();
                let rate = progress.messages as f64 / elapsed;
                let left = progress.total.saturating_sub(progress.messages) as f64 / rate.max(0.1);
                eprintln!(
                    "{step} {}: {} of {} messages, {rate:.0}/s, {left:.0} s left",
                    output::printable(progress.mailbox),
                    output::number(progress.messages),
                    output::number(progress.total),
                );
            }
            None => {}
        }
    }

    /// Takes the bar away, and says how long it took and how fast it was.
    pub fn finish(self, messages: u64) -> String {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
        let seconds = self.start.elapsed().as_secs_f64().max(0.001);
        let rate = messages as f64 / seconds;
        format!("{} messages in {seconds:.1} s, {rate:.0}/s", output::number(messages))
    }
}
