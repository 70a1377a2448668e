//! Sizes and times as people write them: `64 MiB`, `31 min`.

/// `(name, factor)`, largest first. The first of equal factor is the one written.
const SIZES: &[(&str, u64)] = &[
    ("GiB", 1 << 30),
    ("GB", 1_000_000_000),
    ("MiB", 1 << 20),
    ("MB", 1_000_000),
    ("KiB", 1 << 10),
    ("kB", 1_000),
    ("KB", 1_000),
    ("B", 1),
];

const TIMES: &[(&str, u64)] =
    &[("d", 86_400), ("h", 3_600), ("min", 60), ("m", 60), ("s", 1), ("sec", 1)];

/// Octets from `64 MiB`; none without a unit.
pub(super) fn parse_size(text: &str) -> Option<u64> {
    parse(text, SIZES)
}

/// Seconds from `31 min`; none without a unit.
pub(super) fn parse_time(text: &str) -> Option<u64> {
    parse(text, TIMES)
}

/// `64 MiB`.
pub(super) fn write_size(octets: u64) -> String {
    // Powers of two only: a decimal unit beside them would be read as the same thing.
    write(octets, SIZES.iter().filter(|(name, _)| name.ends_with("iB") || *name == "B"))
}

/// `31 min`.
pub(super) fn write_time(seconds: u64) -> String {
    write(seconds, TIMES.iter())
}

fn parse(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok()?;
    let (_, factor) = units.iter().find(|(name, _)| *name == unit.trim())?;
    number.checked_mul(*factor)
}

fn write<'a>(value: u64, units: impl Iterator<Item = &'a (&'static str, u64)>) -> String {
    let mut units = units;
    match units.find(|(_, factor)| value >= *factor && value.is_multiple_of(*factor)) {
        Some((name, factor)) => format!("{} {name}", value / factor),
        None => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_need_a_unit_and_do_not_overflow() {
        let cases = [
            ("64 MiB", Some(64 << 20)),
            ("64MiB", Some(64 << 20)),
            (" 1 kB ", Some(1000)),
            ("7 B", Some(7)),
            ("7", None),
            ("MiB", None),
            ("-1 MiB", None),
            ("1 mib", None),
            ("18446744073709551615 GiB", None),
        ];
        for (text, size) in cases {
            assert_eq!(parse_size(text), size, "{text}");
        }
        assert_eq!(parse_time("31 min"), Some(31 * 60));
        assert_eq!(parse_time("31"), None);
    }

    #[test]
    fn what_is_written_reads_back() {
        for value in [1, 60, 90, 3600, 1860, 86_400] {
            assert_eq!(parse_time(&write_time(value)), Some(value));
            assert_eq!(parse_size(&write_size(value)), Some(value));
        }
        assert_eq!(write_size(64 << 20), "64 MiB");
        assert_eq!(write_time(1860), "31 min");
        assert_eq!(write_size((1 << 32) - 1), "4294967295 B");
    }
}
