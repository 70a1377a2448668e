//! How far a migration is, counted in messages.

use indicatif::ProgressBar;
use peregrine_client::migrate::{Progress, Step};

use super::Course;
use crate::output;

/// Messages, shown as a bar or lines.
pub struct Counter(Course);

impl Counter {
    /// Begins.
    pub fn new() -> Self {
        Self(Course::new(
            "{prefix} {wide_bar} {human_pos}/{human_len} messages, {per_sec}, {eta} left  {msg}",
        ))
    }

    /// Shows where the work is.
    pub fn tell(&mut self, progress: Progress<'_>) {
        let step = match progress.step {
            Step::Looking => "looking at",
            Step::Copying => "copying",
            Step::Comparing => "comparing",
        };
        let mailbox = output::printable(progress.mailbox);
        let bar = |bar: &ProgressBar| {
            bar.set_length(progress.total);
            bar.set_position(progress.messages);
            bar.set_prefix(step);
            bar.set_message(format!("{}, {mailbox}", output::size(progress.octets)));
        };
        self.0.show(bar, |elapsed| {
            let rate = progress.messages as f64 / elapsed;
            let left = progress.total.saturating_sub(progress.messages) as f64 / rate.max(0.1);
            format!(
                "{step} {mailbox}: {} of {}, {rate:.0}/s, {left:.0} s left",
                output::number(progress.messages),
                output::count(progress.total, "message"),
            )
        });
    }

    /// Takes the bar away, and says how long it took and how fast it was.
    pub fn finish(self, messages: u64) -> String {
        self.0.finish(messages)
    }
}
