//! A waterfall in characters, for terminals and files.

use super::axis::{Piece, duration};
use super::panel::Panel;
use super::rows::{PhaseKind, Row};
use jiff::{SignedDuration, Timestamp};
use std::fmt::Write as _;

/// How to draw.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// Characters of a line; 60 to 200 make sense.
    pub width: usize,
    /// Colours and block characters; ASCII alone otherwise.
    pub colours: bool,
}

/// Narrowest drawing, in characters.
const NARROWEST: usize = 60;

/// Characters behind the bars: duration, result, and the numbers of reasons.
const RIGHT: usize = 13 + NOTES;

/// Characters of the numbers of reasons.
const NOTES: usize = 7;

/// Of so many rows that look alike, all are shown; of more, some.
const ALIKE: usize = 8;

const RESET: &str = "\x1b[0m";
const BOLD: &str = "\x1b[1m";
const DIM: &str = "\x1b[2m";
const RED: &str = "\x1b[31m";

impl PhaseKind {
    /// A character, and its colour as an ANSI sequence.
    fn paint(self, colours: bool) -> (char, &'static str) {
        match (self, colours) {
            (Self::Waiting, true) => ('░', "\x1b[33m"),
            (Self::Running, true) => ('█', "\x1b[34m"),
            (Self::Held, true) => ('▒', "\x1b[36m"),
            (Self::Sending, true) => ('█', "\x1b[32m"),
            (Self::Waiting, false) => ('.', ""),
            (Self::Running, false) => ('=', ""),
            (Self::Held, false) => ('-', ""),
            (Self::Sending, false) => ('>', ""),
        }
    }
}

/// What the characters mean, in one line.
#[must_use]
pub fn legend(style: Style) -> String {
    let shown = PhaseKind::ALL.map(|kind| {
        let (character, colour) = kind.paint(style.colours);
        let bar = character.to_string().repeat(2);
        format!("{} {}", painted(&bar, colour), kind.word())
    });
    let fold = if style.colours { '╱' } else { '~' };
    format!("{}   {} a stretch of time left out", shown.join("   "), fold.to_string().repeat(2))
}

/// A panel with its heading. `started` is when the trace began (RFC 3339), for the time of day.
#[must_use]
pub fn panel(panel: &Panel<'_>, started: &str, style: Style) -> String {
    let columns = Columns::new(panel, style);
    let mut out = heading(panel, started, style);
    out.push_str(&columns.scale(panel));
    let mut place = 0;
    while place < panel.rows.len() {
        let run = columns.alike(panel, place);
        let shown = if run > ALIKE { ALIKE / 2 } else { run };
        for row in &panel.rows[place..place + shown] {
            out.push_str(&columns.row(panel, row));
        }
        if run > shown {
            let words = format!("{} more like these", run - shown - 1);
            let _ = writeln!(out, "{}{}", " ".repeat(columns.tag + 1), columns.dim(&words));
            out.push_str(&columns.row(panel, panel.rows[place + run - 1]));
        }
        place += run;
    }
    for (number, reason) in panel.reasons.iter().enumerate() {
        let mark = format!("[{}] ", number + 1);
        let indent = mark.len();
        for (line, words) in wrapped(&reason.sentence(), columns.width - indent).iter().enumerate()
        {
            let mark = if line == 0 { mark.clone() } else { " ".repeat(indent) };
            let line = format!("{mark}{words}");
            let _ = writeln!(out, "{}", columns.dim(&line));
        }
    }
    out
}

fn heading(panel: &Panel<'_>, started: &str, style: Style) -> String {
    let session = panel.session;
    let who = session.user.as_deref().unwrap_or("not logged in");
    let count = panel.rows.len();
    let plural = if count == 1 { "command" } else { "commands" };
    let tls = if session.tls { ", TLS" } else { "" };
    let line = safe(&format!("{who} from {}{tls}, session {}", session.from, session.id));
    let time = clock(started, panel.axis.start());
    let amount = format!("{time}  {count} {plural} in {}", duration(panel.length()));
    match style.colours {
        true => format!("{BOLD}{line}{RESET}\n{DIM}{amount}{RESET}\n"),
        false => format!("{line}\n{amount}\n"),
    }
}

/// The time of day, UTC.
pub(super) fn clock(started: &str, after: u64) -> String {
    let after = SignedDuration::from_micros(i64::try_from(after).unwrap_or(i64::MAX));
    let time = started.parse::<Timestamp>().ok().and_then(|start| start.checked_add(after).ok());
    time.map_or_else(|| "?".to_owned(), |time| time.strftime("%F %T%.3f UTC").to_string())
}

/// How wide each column is.
struct Columns {
    width: usize,
    tag: usize,
    command: usize,
    bars: usize,
    style: Style,
}

impl Columns {
    fn new(panel: &Panel<'_>, style: Style) -> Self {
        let width = style.width.max(NARROWEST);
        let longest = |text: fn(&Row) -> usize| panel.rows.iter().map(|row| text(row)).max();
        let tag = longest(|row| row.tag.chars().count()).unwrap_or(1).min(10);
        let command = longest(|row| row.command.chars().count()).unwrap_or(1);
        let command = command.min((width - tag - RIGHT) * 2 / 5);
        let bars = width - tag - command - RIGHT - 3;
        Self { width, tag, command, bars, style }
    }

    fn dim(&self, text: &str) -> String {
        painted(text, if self.style.colours { DIM } else { "" })
    }

    fn left(&self) -> usize {
        self.tag + self.command + 2
    }

    fn scale(&self, panel: &Panel<'_>) -> String {
        let mut line = vec![' '; self.bars + RIGHT];
        let folded = || panel.axis.pieces().iter().filter(|piece| piece.folded);
        for piece in folded() {
            let (first, last) = (self.column(piece.left) + 1, self.column(piece.right));
            line[first.min(last)..last].fill(self.fold());
        }
        let ticks = panel.axis.ticks(self.bars / 12, 10.0 / self.bars as f64);
        for tick in ticks {
            let at = self.column(tick.at);
            let label: Vec<char> = format!("|{}", tick.label).chars().collect();
            if let Some(room) = line.get_mut(at..at + label.len()) {
                room.copy_from_slice(&label);
            }
        }
        // Of what is narrower than a character, the middle, unless a number stands there.
        for piece in folded() {
            let cell = &mut line[self.column((piece.left + piece.right) / 2.0)];
            if matches!(cell, ' ' | '|') {
                *cell = self.fold();
            }
        }
        let line: String = line.into_iter().collect();
        let line = if self.style.colours { line.replace('|', "╷") } else { line };
        format!("{}{}\n", " ".repeat(self.left()), self.dim(line.trim_end()))
    }

    fn fold(&self) -> char {
        if self.style.colours { '╱' } else { '~' }
    }

    fn column(&self, place: f64) -> usize {
        ((place * self.bars as f64) as usize).min(self.bars - 1)
    }

    fn row(&self, panel: &Panel<'_>, row: &Row) -> String {
        let tag = fitted(&row.tag, self.tag);
        let tag = painted(&tag, if self.style.colours { BOLD } else { "" });
        let command = fitted(&row.command, self.command);
        let time = row.until(panel.end) - row.start;
        let (status, colour) = match row.status.as_deref() {
            None if panel.session.closed.is_some() => ("cut", RED),
            None => ("...", DIM),
            Some("OK") => ("OK", DIM),
            Some(other) => (other, RED),
        };
        let colour = if self.style.colours { colour } else { "" };
        let notes: Vec<String> = panel.notes(row).map(|note| note.to_string()).collect();
        let notes = if notes.is_empty() { String::new() } else { format!("[{}]", notes.join(",")) };
        let status = painted(&format!("{:<3}", fitted(status, status.len().min(3))), colour);
        let line = format!(
            "{tag} {command} {} {:>8} {status} {}",
            self.bar(panel, row),
            duration(time),
            self.dim(fitted(&notes, NOTES).trim_end()),
        );
        format!("{}\n", line.trim_end())
    }

    /// How many rows from this place on look alike: the same command with the same result and
    /// notes, each beginning and ending at most a character from where the one before it does.
    fn alike(&self, panel: &Panel<'_>, place: usize) -> usize {
        // "UID FETCH" is one name.
        let name = |row: &'_ Row| {
            let skip = if row.command.starts_with("UID ") { 4 } else { 0 };
            row.command[skip..].find(' ').map_or(row.command.len(), |end| skip + end)
        };
        let ends = |row: &Row| {
            let (start, until) = (row.start, row.until(panel.end));
            [start, until].map(|at| self.column(panel.axis.place(at)))
        };
        let same = |pair: &&[&Row]| {
            let &&[a, b] = pair else { return false };
            let [left, right] = [ends(a), ends(b)];
            a.command[..name(a)] == b.command[..name(b)]
                && a.status == b.status
                && panel.notes(a).eq(panel.notes(b))
                && left.iter().zip(right).all(|(a, b)| a.abs_diff(b) <= 1)
        };
        panel.rows[place..].windows(2).take_while(same).count() + 1
    }

    /// Every phase that there was is one character at least; where several fall on one, the one
    /// that took longest there is seen.
    fn bar(&self, panel: &Panel<'_>, row: &Row) -> String {
        let mut cells: Vec<Option<(PhaseKind, f64)>> = vec![None; self.bars];
        for (phase, left, right) in panel.bars(row) {
            let (first, last) = (self.column(left), self.column(right));
            for (place, cell) in cells.iter_mut().enumerate().take(last + 1).skip(first) {
                let from = left.max(place as f64 / self.bars as f64);
                let until = right.min((place + 1) as f64 / self.bars as f64);
                let part = until - from;
                if cell.is_none_or(|(_, other)| part > other) && (part > 0.0 || cell.is_none()) {
                    *cell = Some((phase.kind, part));
                }
            }
        }
        let crossed = |piece: &&Piece| {
            piece.folded && row.start <= piece.from && row.until(panel.end) >= piece.until
        };
        let folds: Vec<usize> = panel
            .axis
            .pieces()
            .iter()
            .filter(crossed)
            .map(|piece| self.column((piece.left + piece.right) / 2.0))
            .collect();
        let mut out = String::new();
        let mut colour = "";
        for (place, cell) in cells.iter().enumerate() {
            let (mut character, mut wanted) = match cell {
                Some((kind, _)) => kind.paint(self.style.colours),
                None => (' ', ""),
            };
            // Only what goes on through a fold is marked there.
            if cell.is_some() && folds.contains(&place) {
                character = self.fold();
                wanted = if self.style.colours { DIM } else { "" };
            }
            if wanted != colour {
                out.push_str(if colour.is_empty() { "" } else { RESET });
                out.push_str(wanted);
                colour = wanted;
            }
            out.push(character);
        }
        out.push_str(if colour.is_empty() { "" } else { RESET });
        out
    }
}

fn painted(text: &str, colour: &str) -> String {
    if colour.is_empty() || text.is_empty() {
        text.to_owned()
    } else {
        format!("{colour}{text}{RESET}")
    }
}

/// Exactly so many characters.
fn fitted(text: &str, width: usize) -> String {
    let text = safe(text);
    match text.char_indices().nth(width) {
        None => format!("{text:<width$}"),
        Some(_) => {
            let cut: String = text.chars().take(width.saturating_sub(1)).collect();
            format!("{cut}…")
        }
    }
}

/// A recording is somebody's file: nothing in it may drive a terminal.
fn safe(text: &str) -> String {
    let harmless = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    text.chars().map(harmless).collect()
}

pub(super) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in safe(text).split(' ') {
        let fits = |line: &String| line.chars().count() + word.chars().count() < width;
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if fits(line) => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
