//! The time axis: linear, but for long stretches in which nothing happens, which are folded.

/// A time axis from 0.0 to 1.0. Times are in microseconds.
#[derive(Clone, Debug)]
pub struct Axis {
    pieces: Vec<Piece>,
}

/// A stretch of the axis with one scale.
#[derive(Clone, Copy, Debug)]
pub struct Piece {
    /// From when.
    pub from: u64,
    /// Until when.
    pub until: u64,
    /// Where it begins.
    pub left: f64,
    /// Where it ends.
    pub right: f64,
    /// It is shown shorter than it was.
    pub folded: bool,
}

/// A marked time.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// Where.
    pub at: f64,
    /// Since the axis' beginning.
    pub label: String,
}

/// A pause is folded where it is longer than this part of the time in which something ran.
const LONG_PAUSE: f64 = 0.25;

/// Width of a folded pause, as a part of that time.
const FOLDED_PAUSE: f64 = 0.05;

/// All folded pauses together, as a part of that time.
const FOLDED_PAUSES: f64 = 0.5;

/// A stretch in which commands run and nothing changes is folded where it is so many times as long
/// as all the rest: else the rest would be a dot.
const LONG_RUN: f64 = 40.0;

/// Width of a folded run, in terms of the rest.
const FOLDED_RUN: f64 = 2.0;

/// Shortest axis, in microseconds: clocks are no finer.
const SHORTEST: u64 = 10;

impl Axis {
    /// `changes` are times at which something happened; `busy` are the stretches in which
    /// something ran.
    #[must_use]
    pub fn new(mut changes: Vec<u64>, mut busy: Vec<(u64, u64)>) -> Self {
        changes.sort_unstable();
        changes.dedup();
        let (Some(&first), Some(&last)) = (changes.first(), changes.last()) else {
            return Self { pieces: vec![Piece::plain(0, SHORTEST)] };
        };
        if last - first < SHORTEST {
            let first = first.min(u64::MAX - SHORTEST);
            return Self { pieces: vec![Piece::plain(first, first + SHORTEST)] };
        }
        busy.sort_unstable();
        let stretches: Vec<Stretch> = stretches(&changes, &busy);
        let busy_time: f64 = stretches.iter().filter(|s| s.busy).map(Stretch::length).sum();
        let pauses = stretches.iter().filter(|s| s.is_long_pause(busy_time)).count().max(1);
        let pause = busy_time * FOLDED_PAUSE.min(FOLDED_PAUSES / pauses as f64);
        let mut widths = Vec::with_capacity(stretches.len());
        for stretch in &stretches {
            let rest = busy_time - stretch.length();
            let width = if stretch.is_long_pause(busy_time) {
                pause
            } else if stretch.busy && rest > 0.0 && stretch.length() > LONG_RUN * rest {
                FOLDED_RUN * rest
            } else {
                stretch.length()
            };
            widths.push(width);
        }
        Self { pieces: pieces(&stretches, &widths) }
    }

    /// The stretches, from left to right.
    #[must_use]
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// When it begins.
    #[must_use]
    pub fn start(&self) -> u64 {
        self.pieces.first().map_or(0, |piece| piece.from)
    }

    /// Where a time lies: from 0.0 to 1.0.
    #[must_use]
    pub fn place(&self, at: u64) -> f64 {
        let number = self.pieces.partition_point(|piece| piece.until < at);
        let Some(piece) = self.pieces.get(number) else { return 1.0 };
        if at <= piece.from {
            return piece.left;
        }
        let part = (at - piece.from) as f64 / (piece.until - piece.from) as f64;
        piece.left + part * (piece.right - piece.left)
    }

    /// About so many round times, none in a folded stretch, none nearer to another than `room`;
    /// and the time behind each fold.
    #[must_use]
    pub fn ticks(&self, count: usize, room: f64) -> Vec<Tick> {
        let start = self.start();
        let plain = || self.pieces.iter().filter(|piece| !piece.folded);
        let scale = plain().map(|piece| (piece.until - piece.from) as f64).sum::<f64>()
            / plain().map(|piece| piece.right - piece.left).sum::<f64>().max(f64::EPSILON);
        let step = round_step(scale / count.max(1) as f64);
        let mut ticks: Vec<Tick> = Vec::new();
        for piece in plain() {
            if ticks.last().is_some_and(|tick| piece.left - tick.at >= room) {
                ticks.push(Tick { at: piece.left, label: duration(piece.from - start) });
            }
            let first = (piece.from - start).div_ceil(step);
            let last = (piece.until - start) / step;
            for number in first..=last {
                let at = self.place(start + number * step);
                if ticks.last().is_none_or(|tick| at - tick.at >= room) {
                    ticks.push(Tick { at, label: duration(number * step) });
                }
            }
        }
        ticks
    }
}

/// A stretch between two changes, or several of one kind.
struct Stretch {
    from: u64,
    until: u64,
    busy: bool,
}

impl Stretch {
    fn length(&self) -> f64 {
        (self.until - self.from) as f64
    }

    fn is_long_pause(&self, busy_time: f64) -> bool {
        !self.busy && busy_time > 0.0 && self.length() > LONG_PAUSE * busy_time
    }
}

impl Piece {
    fn plain(from: u64, until: u64) -> Self {
        Self { from, until, left: 0.0, right: 1.0, folded: false }
    }
}

fn stretches(changes: &[u64], busy: &[(u64, u64)]) -> Vec<Stretch> {
    let mut next = 0;
    let mut busy_until = 0;
    let between = |pair: &[u64]| {
        while next < busy.len() && busy[next].0 <= pair[0] {
            busy_until = busy_until.max(busy[next].1);
            next += 1;
        }
        Stretch { from: pair[0], until: pair[1], busy: busy_until > pair[0] }
    };
    changes.windows(2).map(between).collect()
}

/// Neighbours of one scale become one piece.
fn pieces(stretches: &[Stretch], widths: &[f64]) -> Vec<Piece> {
    let total: f64 = widths.iter().sum();
    let mut pieces: Vec<Piece> = Vec::new();
    let mut left = 0.0;
    for (stretch, width) in stretches.iter().zip(widths) {
        let right = left + width / total;
        let folded = *width < stretch.length();
        match pieces.last_mut() {
            Some(last) if !last.folded && !folded => {
                last.until = stretch.until;
                last.right = right;
            }
            _ => {
                pieces.push(Piece { from: stretch.from, until: stretch.until, left, right, folded })
            }
        }
        left = right;
    }
    if let Some(last) = pieces.last_mut() {
        last.right = 1.0;
    }
    pieces
}

/// 1, 2 or 5 times a power of ten, at least the given one.
fn round_step(at_least: f64) -> u64 {
    let mut power = 1_u64;
    while power < 1_000_000_000_000_000_000 {
        for factor in [1, 2, 5] {
            if (power * factor) as f64 >= at_least {
                return power * factor;
            }
        }
        power *= 10;
    }
    power
}

/// A time span for people, in at most eight characters: `0`, `870 µs`, `41.2 ms`, `3.20 s`,
/// `12 min`.
#[must_use]
pub fn duration(micros: u64) -> String {
    let value = micros as f64;
    let (value, unit) = match micros {
        0 => return "0".to_owned(),
        1..1_000 => return format!("{micros} µs"),
        1_000..1_000_000 => (value / 1e3, "ms"),
        1_000_000..600_000_000 => (value / 1e6, "s"),
        _ => return format!("{:.0} min", value / 60e6),
    };
    let digits = if value < 9.995 { 2 } else { usize::from(value < 99.95) };
    let text = format!("{value:.digits$}");
    let text =
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{text} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_short() {
        for (micros, wanted) in [
            (0, "0"),
            (7, "7 µs"),
            (999, "999 µs"),
            (1_000, "1 ms"),
            (2_130, "2.13 ms"),
            (41_234, "41.2 ms"),
            (999_999, "1000 ms"),
            (3_200_000, "3.2 s"),
            (100_000_000, "100 s"),
            (660_000_000, "11 min"),
        ] {
            assert_eq!(duration(micros), wanted);
        }
    }

    /// One pause of an hour must not leave two bursts of a millisecond without room.
    #[test]
    fn a_long_pause_is_folded() {
        const HOUR: u64 = 3_600_000_000;
        let axis =
            Axis::new(vec![0, 1_000, HOUR, HOUR + 1_000], vec![(0, 1_000), (HOUR, HOUR + 1_000)]);
        let folded: Vec<bool> = axis.pieces().iter().map(|piece| piece.folded).collect();
        assert_eq!(folded, [false, true, false]);
        assert!(axis.place(1_000) > 0.45 && axis.place(HOUR) < 0.55);
        assert_eq!((axis.place(0), axis.place(HOUR + 1_000)), (0.0, 1.0));
    }

    /// What is long in comparison is shown in proportion, unless nothing else could be seen.
    #[test]
    fn only_an_overwhelming_run_is_folded() {
        let run = |long: u64| Axis::new(vec![0, 1_000, long], vec![(0, long), (0, 1_000)]);
        assert_eq!(run(40_000).pieces().len(), 1);
        assert!(run(60_000).pieces()[1].folded);
    }

    #[test]
    fn ticks_are_round_and_have_room() {
        let axis = Axis::new(vec![0, 41_000], vec![(0, 41_000)]);
        let labels: Vec<String> = axis.ticks(5, 0.1).into_iter().map(|tick| tick.label).collect();
        assert_eq!(labels, ["0", "10 ms", "20 ms", "30 ms", "40 ms"]);
    }

    /// Whatever a file says, nothing divides by zero or leaves the axis.
    #[test]
    fn degenerate_axes_hold() {
        for axis in [
            Axis::new(vec![], vec![]),
            Axis::new(vec![5], vec![(5, 5)]),
            Axis::new(vec![u64::MAX], vec![]),
            Axis::new(vec![0, u64::MAX], vec![]),
            Axis::new(vec![0, u64::MAX], vec![(0, u64::MAX)]),
        ] {
            for at in [0, 5, 1 << 40, u64::MAX] {
                let place = axis.place(at);
                assert!((0.0..=1.0).contains(&place), "{axis:?} {at} {place}");
            }
            assert!(axis.ticks(6, 0.05).len() <= 21);
        }
    }
}
