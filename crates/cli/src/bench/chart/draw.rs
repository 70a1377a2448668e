//! The parts of a chart as SVG elements.

use std::fmt::Write as _;

use super::scale::Scale;
use super::{LEFT, MARGIN, TOP, WIDTH, base, escaped};
use crate::bench::figure::{Figure, shown, times};
use crate::bench::json::Run;
use crate::bench::rounds::Row;

const BAR: f64 = 11.0;
const STEP: f64 = 16.0;
/// Between measurements.
const GAP: f64 = 14.0;
/// There are so many colours; further servers begin anew.
const COLOURS: usize = 6;

/// What is drawn, and where.
pub struct Chart<'r> {
    pub run: &'r Run<'r>,
    pub scale: Scale,
    /// One server, beside the ceiling.
    pub alone: bool,
}

impl Chart<'_> {
    /// Of a measurement.
    pub fn height(&self) -> f64 {
        self.run.servers.len().max(2) as f64 * STEP + GAP
    }

    /// What it is, and whose the colours are.
    pub fn heading(&self) -> String {
        let budget = self.run.plan.budget;
        let first = self.run.servers.first().map_or("", |server| &server.name);
        let what = match self.alone {
            true => "as a part of what the measuring itself can reach".to_owned(),
            false => format!("compared with {}", escaped(first)),
        };
        let mut out = format!(
            "<text class=\"title\" x=\"{MARGIN}\" y=\"38\">IMAP servers, {what}</text>\n\
             <text class=\"muted\" x=\"{MARGIN}\" y=\"58\">Longer to the right is better, whatever \
             is measured; logarithmic. {} messages of 8 KiB, {} connections at most, medians of {} \
             rounds.</text>\n",
            crate::output::number(budget.messages as u64),
            budget.connections,
            self.run.plan.rounds,
        );
        let mut left = MARGIN;
        for (place, server) in self.run.servers.iter().enumerate() {
            let colour = place % COLOURS;
            let _ = writeln!(
                out,
                "<rect class=\"s{colour}\" x=\"{left}\" y=\"72\" width=\"12\" height=\"12\" rx=\"2\"/>\
                 <text x=\"{}\" y=\"82.5\">{}</text>",
                left + 18.0,
                escaped(&server.name)
            );
            left += 18.0 + server.name.chars().count() as f64 * 7.6 + 22.0;
        }
        if !self.alone {
            let _ = writeln!(
                out,
                "<path class=\"ceiling\" d=\"M{} 72v12\"/><text x=\"{}\" y=\"82.5\">ceiling of the \
                 measuring itself, where it is near</text>",
                left + 6.0,
                left + 18.0
            );
        }
        out
    }

    /// The ratios, as lines from the top to here.
    pub fn grid(&self, bottom: f64) -> String {
        let mut out = String::new();
        for (ratio, text) in self.scale.ticks() {
            let x = self.scale.x(ratio);
            let class = if ratio == 1.0 && !self.alone { "one" } else { "grid" };
            let _ = writeln!(
                out,
                "<path class=\"{class}\" d=\"M{x:.1} {}V{bottom:.1}\"/>\
                 <text class=\"tick\" x=\"{x:.1}\" y=\"{}\">{text}</text>",
                TOP - 8.0,
                TOP - 13.0
            );
        }
        out
    }

    /// A measurement.
    pub fn row(&self, row: &Row, top: f64, out: &mut String) {
        let unit = row.what.unit();
        let _ = writeln!(
            out,
            "<text x=\"{MARGIN}\" y=\"{:.1}\">{}</text>\
             <text class=\"small\" x=\"{MARGIN}\" y=\"{:.1}\">{}</text>",
            top + 10.0,
            escaped(&self.run.title(row)),
            top + 25.0,
            escaped(&unit.word()),
        );
        let base = base(row, self.alone);
        for (place, (server, cell)) in self.run.servers.iter().zip(&row.cells).enumerate() {
            let (y, colour) = (top + place as f64 * STEP, place % COLOURS);
            let ratio = cell.as_ref().ok().and_then(|one| Some(one.ratio(base?, unit)));
            let figure = cell.as_ref().map_or_else(|_| "none".to_owned(), |one| shown(one.value));
            let beside = ratio.map(times).unwrap_or_default();
            if let Some(ratio) = ratio {
                let from = if self.alone { LEFT } else { self.scale.x(1.0) };
                let (left, width) = span(from, self.scale.x(ratio));
                let _ = writeln!(
                    out,
                    "<rect class=\"s{colour}\" x=\"{left:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" \
                     height=\"{BAR}\" rx=\"2\"><title>{}: {figure} {}, {beside}</title></rect>",
                    escaped(&server.name),
                    escaped(&unit.word()),
                );
            }
            let _ = write!(
                out,
                "<text class=\"figure\" x=\"{}\" y=\"{:.1}\">{figure}</text>\
                 <text class=\"ratio\" x=\"{}\" y=\"{:.1}\">{beside}</text>",
                WIDTH - MARGIN - 66.0,
                y + 9.5,
                WIDTH - MARGIN,
                y + 9.5,
            );
        }
        self.ceiling(row, top, base, out);
    }

    /// A mark where the ceiling is, if that is within the picture.
    fn ceiling(&self, row: &Row, top: f64, base: Option<Figure>, out: &mut String) {
        let ceiling = row.cells.last().and_then(|cell| cell.as_ref().ok());
        let (Some(ceiling), Some(base), false) = (ceiling, base, self.alone) else { return };
        let ratio = ceiling.ratio(base, row.what.unit());
        if self.scale.holds(ratio) {
            let height = self.run.servers.len() as f64 * STEP - (STEP - BAR);
            let x = self.scale.x(ratio);
            let _ = writeln!(out, "<path class=\"ceiling\" d=\"M{x:.1} {top:.1}v{height:.1}\"/>");
        }
    }
}

/// Left end and width of a bar; one that would be nothing is seen all the same.
fn span(from: f64, to: f64) -> (f64, f64) {
    const NARROWEST: f64 = 3.0;
    let width = (to - from).abs().max(NARROWEST);
    (if to < from { from - width } else { from }, width)
}
