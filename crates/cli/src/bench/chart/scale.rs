//! Ratios along a line, by their logarithms.

/// A scale.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    left: f64,
    right: f64,
    /// Logarithms of the smallest and the largest ratio.
    low: f64,
    high: f64,
}

/// Ratios beyond this, in either direction, are drawn as if they were it.
const FURTHEST: f64 = 100_000.0;

impl Scale {
    /// From one place to another, so that all ratios, and 1, are on it.
    pub fn new(left: f64, right: f64, ratios: &[f64]) -> Self {
        let logarithms = ratios.iter().map(|ratio| ratio.clamp(1.0 / FURTHEST, FURTHEST).ln());
        let (low, high) =
            logarithms.fold((0.0_f64, 0.0_f64), |(low, high), one| (low.min(one), high.max(one)));
        // Some room beside the longest bars, and never nothing at all.
        let room = ((high - low) * 0.04).max(0.1);
        Self { left, right, low: low - room, high: high + room }
    }

    /// Where a ratio is.
    pub fn x(&self, ratio: f64) -> f64 {
        let part = (ratio.max(f64::MIN_POSITIVE).ln() - self.low) / (self.high - self.low);
        self.left + part.clamp(0.0, 1.0) * (self.right - self.left)
    }

    /// Whether it is on the scale.
    pub fn holds(&self, ratio: f64) -> bool {
        (self.low..=self.high).contains(&ratio.max(f64::MIN_POSITIVE).ln())
    }

    /// Ratios that are written on it, with their texts; a dozen at most.
    pub fn ticks(&self) -> Vec<(f64, String)> {
        let decades = (self.high - self.low) / std::f64::consts::LN_10;
        let steps: &[f64] = match decades {
            decades if decades < 1.5 => &[1.0, 2.0, 3.0, 5.0],
            decades if decades < 3.0 => &[1.0, 3.0],
            _ => &[1.0],
        };
        let of_decade = |power| steps.iter().map(move |step| step * 10_f64.powi(power));
        let all = (-5..=5).flat_map(of_decade).filter(|ratio| self.holds(*ratio));
        all.map(|ratio| (ratio, text(ratio))).collect()
    }
}

/// `1x`, `1/3`, `100x`.
fn text(ratio: f64) -> String {
    match ratio {
        ratio if ratio >= 1.0 => format!("{}x", crate::output::number(ratio.round() as u64)),
        ratio => format!("{}", Shown(ratio)),
    }
}

struct Shown(f64);

impl std::fmt::Display for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let places = (-self.0.log10()).ceil().max(0.0) as usize;
        write!(f, "{:.places$}x", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_twice_as_good_is_as_far_as_what_is_half_as_good() {
        let scale = Scale::new(0.0, 100.0, &[0.25, 4.0]);
        let middle = scale.x(1.0);
        assert!((middle - 50.0).abs() < 1e-9);
        assert!((scale.x(2.0) - middle - (middle - scale.x(0.5))).abs() < 1e-9);
        assert_eq!((scale.x(1e9), scale.x(0.0)), (100.0, 0.0));
        assert!(scale.holds(4.0) && !scale.holds(10.0));
    }

    #[test]
    fn some_ratios_are_written_on_it() {
        for ratios in [&[1.0][..], &[0.3, 2.5], &[0.01, 700.0], &[f64::INFINITY, 0.0]] {
            let ticks = Scale::new(0.0, 100.0, ratios).ticks();
            assert!((1..=13).contains(&ticks.len()), "{ticks:?}");
            assert!(ticks.iter().any(|(_, text)| text == "1x"), "{ticks:?}");
        }
        assert_eq!([0.3, 0.01, 0.5].map(text), ["0.3x", "0.01x", "0.5x"]);
    }
}
