//! One panel, drawn.

use super::super::axis::duration;
use super::super::panel::Panel;
use super::super::rows::{PhaseKind, Row};
use super::super::text::{clock, wrapped};
use super::{escaped, story};
use std::fmt::Write as _;

/// Width of a panel, in pixels.
pub(in super::super) const WIDTH: usize = 1200;

/// Height of the legend with the space below it, in pixels.
pub(in super::super) const HEIGHT_OF_LEGEND: usize = 34;

const ROW: f64 = 26.0;
/// Height of the heading and of the axis.
const TOP: f64 = 62.0;
/// Height of what works or sends.
const BAR: f64 = 14.0;
/// Height of what waits.
const THIN: f64 = 7.0;
/// Space behind the bars: duration, result, notes.
const RIGHT: f64 = 170.0;
/// Width of a character of the fixed font.
const CHARACTER: f64 = 7.3;
/// The narrowest bar that can be seen.
const NARROWEST: f64 = 2.0;
/// Height of a line of the reasons.
const LINE: f64 = 20.0;
/// Characters of a line of the reasons.
const REASON: usize = 165;
/// Longest command that is shown, in characters.
const COMMAND: usize = 42;
/// A waiting bar of this width has room for whom it waits for.
const ROOM: f64 = 96.0;
/// From so many rows on, the axis is drawn below them too.
const MANY: usize = 24;

/// What the colours mean.
pub(in super::super) fn legend() -> String {
    let mut out = String::new();
    let mut left = 0.0;
    for kind in PhaseKind::ALL {
        let class = class(kind);
        let (height, top) = match kind {
            PhaseKind::Waiting => (THIN, 10.0 - THIN / 2.0),
            _ => (BAR, 10.0 - BAR / 2.0),
        };
        let text = format!("{}: {}", kind.word(), kind.sentence());
        let _ = write!(
            out,
            "<rect class=\"{class}\" x=\"{left}\" y=\"{top}\" width=\"26\" height=\"{height}\" \
             rx=\"2\"/><text class=\"muted\" x=\"{}\" y=\"14\">{text}</text>",
            left + 34.0
        );
        left += 34.0 + text.len() as f64 * 6.9 + 20.0;
    }
    out
}

/// A panel as SVG elements, and its height.
pub(in super::super) fn draw(panel: &Panel<'_>, started: &str) -> (String, usize) {
    let picture = Picture::new(panel);
    let mut out = picture.heading(started);
    out.push_str(&picture.grid());
    let _ = write!(out, "<g role=\"list\">");
    for (place, row) in panel.rows.iter().enumerate() {
        out.push_str(&picture.row(place, row));
    }
    out.push_str("</g>");
    out.push_str(&picture.links());
    let (reasons, height) = picture.reasons();
    out.push_str(&reasons);
    (out, height.ceil() as usize)
}

struct Picture<'p, 't> {
    panel: &'p Panel<'t>,
    /// Where commands begin.
    command: f64,
    /// Where bars begin.
    left: f64,
    /// Width of all bars.
    bars: f64,
}

fn class(kind: PhaseKind) -> &'static str {
    kind.word()
}

impl<'p, 't> Picture<'p, 't> {
    fn new(panel: &'p Panel<'t>) -> Self {
        let longest = |text: fn(&Row) -> usize, most: usize| {
            panel.rows.iter().map(|row| text(row)).max().unwrap_or(1).min(most) as f64
        };
        let tag = longest(|row| row.tag.chars().count(), 12) * CHARACTER;
        let command = longest(|row| row.command.chars().count(), COMMAND) * CHARACTER;
        let left = 8.0 + tag + 12.0 + command + 18.0;
        Self { panel, command: 8.0 + tag + 12.0, left, bars: WIDTH as f64 - RIGHT - left }
    }

    fn x(&self, place: f64) -> f64 {
        self.left + place * self.bars
    }

    fn middle(place: usize) -> f64 {
        TOP + ROW * (place as f64 + 0.5)
    }

    fn bottom(&self) -> f64 {
        TOP + ROW * self.panel.rows.len() as f64
    }

    fn heading(&self, started: &str) -> String {
        let session = self.panel.session;
        let who = session.user.as_deref().unwrap_or("not logged in");
        let count = self.panel.rows.len();
        let plural = if count == 1 { "command" } else { "commands" };
        let tls = if session.tls { ", TLS" } else { "" };
        format!(
            "<text class=\"title\" x=\"8\" y=\"18\">{}<tspan class=\"muted\" font-weight=\"400\" \
             font-size=\"13\" dx=\"10\">from {}{tls}, session {}</tspan></text>\
             <text class=\"muted time\" x=\"{}\" y=\"18\">{count} {plural} in {}, {}</text>",
            escaped(who),
            escaped(&session.from),
            escaped(&session.id),
            WIDTH - 8,
            duration(self.panel.length()),
            escaped(&clock(started, self.panel.axis.start())),
        )
    }

    fn grid(&self) -> String {
        let mut out = String::new();
        let (top, bottom) = (TOP - 6.0, self.bottom());
        for piece in self.panel.axis.pieces().iter().filter(|piece| piece.folded) {
            let (left, right) = (self.x(piece.left), self.x(piece.right));
            let _ = write!(
                out,
                "<g><title>{} left out</title><rect class=\"fold\" x=\"{left:.1}\" y=\"{top}\" \
                 width=\"{:.1}\" height=\"{:.1}\"/><path class=\"folds\" d=\"M{left:.1} {top}v{h:.1}M{right:.1} {top}v{h:.1}\" \
                 stroke-dasharray=\"2 3\"/></g>",
                duration(piece.until - piece.from),
                right - left,
                bottom - top,
                h = bottom - top,
            );
        }
        for tick in self.panel.axis.ticks(8, 0.075) {
            let x = self.x(tick.at);
            let _ = write!(
                out,
                "<path class=\"grid\" d=\"M{x:.1} {top}V{bottom:.1}\"/>\
                 <text class=\"tick\" x=\"{:.1}\" y=\"{}\">{}</text>",
                x + 3.0,
                TOP - 10.0,
                tick.label
            );
            if self.panel.rows.len() > MANY {
                let _ = write!(
                    out,
                    "<text class=\"tick\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                    x + 3.0,
                    bottom + 13.0,
                    tick.label
                );
            }
        }
        out
    }

    fn row(&self, place: usize, row: &'t Row) -> String {
        let middle = Self::middle(place);
        let waits: Vec<String> = row.waits.iter().map(|wait| wait.behind.to_string()).collect();
        let story = escaped(&story(self.panel, row));
        let mut out = format!(
            "\n<g class=\"row\" role=\"listitem\" tabindex=\"0\" data-job=\"{}\" \
             data-waits=\"{}\" aria-label=\"{story}\"><title>{story}</title>\
             <rect class=\"stripe\" x=\"0\" y=\"{:.1}\" width=\"{WIDTH}\" height=\"{ROW}\" rx=\"3\"/>\
             <text class=\"mono tag\" x=\"8\" y=\"{:.1}\">{}</text>\
             <text class=\"mono\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            row.job,
            waits.join(" "),
            middle - ROW / 2.0,
            middle + 4.0,
            escaped(&cut(&row.tag, 12)),
            self.command,
            middle + 4.0,
            escaped(&cut(&row.command, COMMAND)),
        );
        self.bar(&mut out, row, middle);
        self.right(&mut out, row, middle);
        out.push_str("</g>");
        out
    }

    fn bar(&self, out: &mut String, row: &'t Row, middle: f64) {
        let mut drawn = false;
        for (phase, left, right) in self.panel.bars(row) {
            let thin = phase.kind == PhaseKind::Waiting;
            let height = if thin { THIN } else { BAR };
            let width = (right - left) * self.bars;
            // What is too short to be seen gives way to what is not, but for work itself.
            if width < 0.5 && phase.kind != PhaseKind::Running && row.phases.len() > 1 {
                continue;
            }
            drawn = true;
            let (left, width) = (self.x(left), width.max(NARROWEST));
            let _ = write!(
                out,
                "<rect class=\"{}{}\" x=\"{left:.1}\" y=\"{:.1}\" width=\"{width:.1}\" \
                 height=\"{height}\" rx=\"2\"/>",
                class(phase.kind),
                if row.is_idle() { " idle" } else { "" },
                middle - height / 2.0,
            );
            if thin && width >= ROOM && !row.waits.is_empty() {
                let mut tags: Vec<&str> = row.waits.iter().map(|wait| wait.tag.as_str()).collect();
                tags.dedup();
                let text = escaped(&cut(
                    &format!("waits for {}", tags.join(", ")),
                    (width / 7.0) as usize,
                ));
                let letters = text.chars().count() as f64 * 6.6;
                let _ = write!(
                    out,
                    "<rect class=\"paper\" x=\"{:.1}\" y=\"{:.1}\" width=\"{letters:.1}\" \
                     height=\"{BAR}\" rx=\"3\"/><text class=\"for\" x=\"{:.1}\" y=\"{:.1}\" \
                     textLength=\"{:.1}\" lengthAdjust=\"spacingAndGlyphs\">{text}</text>",
                    left + 10.0,
                    middle - BAR / 2.0,
                    left + 14.0,
                    middle + 4.0,
                    letters - 8.0,
                );
            }
        }
        if !drawn {
            let left = self.x(self.panel.axis.place(row.start));
            let top = middle - BAR / 2.0;
            let _ = write!(
                out,
                "<rect class=\"sending\" x=\"{left:.1}\" y=\"{top:.1}\" \
                 width=\"{NARROWEST}\" height=\"{BAR}\"/>"
            );
        }
        if row.end.is_none() {
            let x = self.x(self.panel.axis.place(row.until(self.panel.end)));
            let _ =
                write!(out, "<path class=\"open\" d=\"M{x:.1} {:.1}l7 7l-7 7z\"/>", middle - 7.0);
        }
    }

    fn right(&self, out: &mut String, row: &'t Row, middle: f64) {
        let base = WIDTH as f64 - RIGHT;
        let time = duration(row.until(self.panel.end) - row.start);
        let y = middle + 4.0;
        let _ = write!(
            out,
            "<text class=\"mono time\" x=\"{:.1}\" y=\"{y:.1}\">{time}</text>",
            base + 76.0
        );
        let cut_off = self.panel.session.closed.is_some();
        let (class, status) = match row.status.as_deref() {
            None if cut_off => ("bad", "cut"),
            None => ("muted", "…"),
            Some("OK") => ("muted", "OK"),
            Some(other) => ("bad", other),
        };
        let _ = write!(
            out,
            "<text class=\"mono {class}\" x=\"{:.1}\" y=\"{y:.1}\">{}</text>",
            base + 86.0,
            escaped(&cut(status, 4))
        );
        for (place, note) in self.panel.notes(row).take(3).enumerate() {
            out.push_str(&badge(base + 124.0 + 19.0 * place as f64, middle, note));
        }
    }

    /// From the end of what was waited for to the beginning of what waited.
    fn links(&self) -> String {
        let mut out = String::from("<g>");
        for reason in &self.panel.reasons {
            let Some(from) = self.panel.row_of(reason.behind) else { continue };
            let end = self.panel.rows[from].until(self.panel.end);
            let x = self.x(self.panel.axis.place(end));
            let top = Self::middle(from) + BAR / 2.0;
            for waiter in &reason.waiters {
                let Some(to) = self.panel.row_of(waiter.job) else { continue };
                let bottom = Self::middle(to) - BAR / 2.0;
                let _ = write!(
                    out,
                    "<g class=\"tie\" data-from=\"{}\" data-to=\"{}\"><title>{}</title>\
                     <path class=\"link\" d=\"M{x:.1} {top:.1}V{:.1}\"/>\
                     <path class=\"head\" d=\"M{:.1} {:.1}h7l-3.5 6z\"/>\
                     <circle class=\"knot\" cx=\"{x:.1}\" cy=\"{top:.1}\" r=\"2.5\"/></g>",
                    reason.behind,
                    waiter.job,
                    escaped(&reason.sentence()),
                    bottom - 4.0,
                    x - 3.5,
                    bottom - 5.0,
                );
            }
        }
        out.push_str("</g>");
        out
    }

    fn reasons(&self) -> (String, f64) {
        let mut out = String::new();
        let mut y = self.bottom() + 14.0;
        if self.panel.rows.len() > MANY {
            y += 12.0;
        }
        for (number, reason) in self.panel.reasons.iter().enumerate() {
            out.push_str(&badge(16.0, y, number + 1));
            for line in wrapped(&reason.sentence(), REASON) {
                let _ = write!(
                    out,
                    "<text class=\"muted\" x=\"32\" y=\"{:.1}\">{}</text>",
                    y + 4.5,
                    escaped(&line)
                );
                y += LINE;
            }
        }
        (out, y)
    }
}

fn badge(x: f64, y: f64, number: usize) -> String {
    format!(
        "<circle class=\"note\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"8\"/>\
         <text class=\"number\" x=\"{x:.1}\" y=\"{:.1}\">{number}</text>",
        y + 3.5
    )
}

/// At most so many characters.
fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some(_) => text.chars().take(most.saturating_sub(1)).chain(['…']).collect(),
    }
}
