//! Medians of what was measured, and what they say beside another server's.

use std::time::Duration;

use super::measure::Taken;
use super::what::Unit;

/// What is told of one server and one measurement.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Figure {
    /// Things a second, 10^6 octets a second, or milliseconds: as the unit says.
    pub value: f64,
    /// How long one in a hundred takes at least, in milliseconds.
    pub p99: f64,
}

impl Figure {
    /// Of all rounds: the median of the rounds' rates, or of all times. `None` without any.
    pub fn of(unit: Unit, rounds: &[Taken]) -> Option<Self> {
        let mut times: Vec<f64> = rounds.iter().flat_map(|taken| &taken.each).map(ms).collect();
        let p99 = at(&mut times, 0.99)?;
        let scale = if unit == Unit::Megabytes { 1e-6 } else { 1.0 };
        let rate = |taken: &Taken| taken.amount * scale / taken.time.as_secs_f64().max(1e-9);
        let value = match unit {
            Unit::Time => at(&mut times, 0.5)?,
            _ => at(&mut rounds.iter().map(rate).collect::<Vec<_>>(), 0.5)?,
        };
        Some(Self { value, p99 })
    }

    /// How many times as good as another: 2 is twice the rate or half the time.
    pub fn ratio(self, other: Self, unit: Unit) -> f64 {
        let (better, worse) = match unit.is_time() {
            true => (other.value, self.value),
            false => (self.value, other.value),
        };
        better / worse.max(f64::MIN_POSITIVE)
    }
}

fn ms(time: &Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// The value that this part of all values does not exceed.
fn at(values: &mut [f64], part: f64) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let place = (values.len() as f64 * part).ceil() as usize;
    values.get(place.saturating_sub(1)).copied()
}

/// Three digits, or all of a large number: `0.0123`, `12.3`, `12,345`.
pub fn shown(value: f64) -> String {
    match value {
        value if value >= 100.0 => crate::output::number(value.round() as u64),
        value if value >= 10.0 => format!("{value:.1}"),
        value if value >= 1.0 => format!("{value:.2}"),
        value if value >= 0.1 => format!("{value:.3}"),
        value => format!("{value:.4}"),
    }
}

/// `3.9x`.
pub fn times(ratio: f64) -> String {
    match ratio {
        ratio if ratio >= 99.5 => format!("{}x", crate::output::number(ratio.round() as u64)),
        ratio if ratio >= 9.95 => format!("{ratio:.0}x"),
        ratio if ratio >= 0.1 => format!("{ratio:.2}x"),
        ratio => format!("{ratio:.4}x"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(amount: f64, milliseconds: &[u64]) -> Taken {
        let each: Vec<_> = milliseconds.iter().copied().map(Duration::from_millis).collect();
        Taken { amount, time: each.iter().sum(), each }
    }

    #[test]
    fn medians_and_ratios() {
        let rounds = [taken(10.0, &[1000]), taken(30.0, &[1000]), taken(20.0, &[500, 500])];
        let rate = Figure::of(Unit::PerSecond("things"), &rounds).unwrap();
        assert_eq!((rate.value, rate.p99), (20.0, 1000.0));
        let time = Figure::of(Unit::Time, &rounds).unwrap();
        assert_eq!(time.value, 500.0);
        let twice = Figure { value: 2.0 * rate.value, ..rate };
        assert_eq!(twice.ratio(rate, Unit::Megabytes), 2.0);
        assert_eq!(twice.ratio(rate, Unit::Time), 0.5);
        assert_eq!(Figure::of(Unit::Time, &[]), None);
    }

    #[test]
    fn figures_are_short() {
        let texts = [0.01234, 0.1234, 1.234, 12.34, 1234.5].map(shown);
        assert_eq!(texts, ["0.0123", "0.123", "1.23", "12.3", "1,235"]);
        assert_eq!(
            [0.0123, 0.5, 3.94, 12.3, 700.2].map(times),
            ["0.0123x", "0.50x", "3.94x", "12x", "700x"]
        );
    }
}
