//! Points in time as text.

use peregrine_client::proto::{Date, DateTime};

/// Year, month and day; hour, minute and second, in the zone that it was written in.
fn fields(time: DateTime) -> (Date, i64) {
    const DAY: i64 = 86_400;
    let local = time.unix.saturating_add(i64::from(time.offset) * 60);
    (Date::from_days(local.div_euclid(DAY)), local.rem_euclid(DAY))
}

/// `2026-11-30 09:05`, for people.
pub fn short(time: DateTime) -> String {
    let (date, second) = fields(time);
    let (hour, minute) = (second / 3600, second / 60 % 60);
    format!("{:04}-{:02}-{:02} {hour:02}:{minute:02}", date.year, date.month, date.day)
}

/// `2026-11-30T09:05:00+01:00` (RFC 3339), for programs.
pub fn rfc3339(time: DateTime) -> String {
    let (date, second) = fields(time);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    let sign = if time.offset < 0 { '-' } else { '+' };
    let (east, of_hour) = (time.offset.unsigned_abs() / 60, time.offset.unsigned_abs() % 60);
    let day = format!("{:04}-{:02}-{:02}", date.year, date.month, date.day);
    format!("{day}T{hour:02}:{minute:02}:{second:02}{sign}{east:02}:{of_hour:02}")
}

/// Now, in UTC.
pub fn now() -> DateTime {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let unix = since.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX));
    DateTime { unix, offset: 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written() {
        let time = DateTime { unix: 1_790_000_000, offset: -90 };
        assert_eq!(short(time), "2026-09-21 12:43");
        assert_eq!(rfc3339(time), "2026-09-21T12:43:20-01:30");
    }
}
