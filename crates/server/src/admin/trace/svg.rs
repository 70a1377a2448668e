//! Waterfalls as SVG: one picture of its own, or the pictures of a page.

mod picture;

use super::Trace;
use super::panel::{self, Panel};
use super::rows::PhaseKind;
pub(super) use picture::{HEIGHT_OF_LEGEND, WIDTH, draw, legend};
use std::fmt::Write as _;

/// The colours and letters of all drawings; light and dark.
pub(super) const STYLE: &str = include_str!("svg/style.css");

/// Patterns that drawings refer to by name.
pub(super) const PATTERNS: &str = "<defs>\
<pattern id=\"waits\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" \
patternTransform=\"rotate(45)\"><path d=\"M0 0V6\" style=\"stroke:var(--waiting);stroke-width:3;\
opacity:.45\"/></pattern>\
<pattern id=\"folded\" width=\"5\" height=\"5\" patternUnits=\"userSpaceOnUse\" \
patternTransform=\"rotate(30)\"><path d=\"M0 0V5\" style=\"stroke:var(--grid);stroke-width:2\"/>\
</pattern></defs>";

/// Space around and between panels, in pixels.
const MARGIN: usize = 24;

/// A whole trace as one picture, which needs nothing else: every text in it is escaped, and nothing
/// is fetched or run.
#[must_use]
pub fn svg(trace: &Trace) -> String {
    let mut content = String::new();
    let mut top = MARGIN + HEIGHT_OF_LEGEND + MARGIN / 2;
    for panel in panel::panels(trace) {
        let (drawn, height) = draw(&panel, &trace.header.started);
        let _ = writeln!(content, "<g transform=\"translate({MARGIN} {top})\">{drawn}</g>");
        top += height + MARGIN;
    }
    let (width, height) = (WIDTH + 2 * MARGIN, top);
    let title = escaped(&title(trace));
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"trace\" role=\"img\" \
         width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n{PATTERNS}\n\
         <rect class=\"paper\" width=\"100%\" height=\"100%\"/>\n\
         <g transform=\"translate({MARGIN} {MARGIN})\">{}</g>\n{content}</svg>\n",
        legend(),
    )
}

/// What a drawing is called.
pub(super) fn title(trace: &Trace) -> String {
    let commands = trace.commands();
    let plural = if commands == 1 { "command" } else { "commands" };
    format!("Trace of {}: {commands} {plural}", trace.header.of)
}

/// What a command did, in one sentence, for those who cannot see the bars, and for details.
pub(super) fn story(panel: &Panel<'_>, row: &super::Row) -> String {
    use super::axis::duration;
    let mut story = format!("{} {}", row.tag, row.command);
    let arrival = duration(row.start.saturating_sub(panel.axis.start()));
    let early = if row.early { "was there before the trace" } else { "arrived at" };
    let _ = write!(story, "\n{early} {arrival}");
    for kind in PhaseKind::ALL {
        let phases = row.phases_until(row.until(panel.end)).filter(|phase| phase.kind == kind);
        let time: u64 = phases.map(|phase| phase.until - phase.from).sum();
        if time > 0 {
            let _ = write!(story, ", {} {}", kind.word(), duration(time));
        }
    }
    match &row.status {
        Some(status) => {
            let _ =
                write!(story, ", {status} after {}", duration(row.until(panel.end) - row.start));
            let _ = write!(story, "; {} octets in, {} out", row.octets_in, row.octets_out);
        }
        None => story.push_str(", not ended"),
    }
    for wait in &row.waits {
        let _ = write!(story, "\nwaited for {}: {}", wait.tag, wait.why);
    }
    story
}

/// Text for an element or an attribute, whatever somebody put into a recording.
pub(super) fn escaped(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut safe, character| {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            '\n' => safe.push_str("&#10;"),
            // XML has no control characters, and none of U+FFFE and U+FFFF.
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => safe.push('\u{fffd}'),
            c => safe.push(c),
        }
        safe
    })
}
