//! The line `From ` that begins a message in an mbox (RFC 4155 appendix A).

use peregrine_proto::DateTime;

/// Longest line that is looked at, in octets: a longer one is text.
const LONGEST: usize = 1000;

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// The date of a `From ` line; none where the line is something else.
///
/// ```abnf
/// from-line = "From " sender SP day-name SP month 1*2SP day SP time [SP zone] SP year [SP zone] eol
/// ```
///
/// The sender may be anything, even with spaces or missing. Without a zone the time is UTC.
pub(super) fn parse(line: &[u8]) -> Option<DateTime> {
    let rest = line.strip_prefix(b"From ")?;
    if rest.len() > LONGEST {
        return None;
    }
    let text = String::from_utf8_lossy(rest);
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    let start = words.iter().rposition(|word| DAYS.contains(word))?;
    let mut words = words[start + 1..].iter();
    let month = words.next().and_then(|word| MONTHS.iter().position(|month| month == word))?;
    let day: i8 = words.next()?.parse().ok()?;
    let time = seconds(words.next()?)?;
    let mut year = None;
    let mut minutes_east = 0;
    for word in words {
        match word.parse::<i64>() {
            Ok(number) if year.is_none() && word.len() == 4 && !word.starts_with(['+', '-']) => {
                year = Some(number);
            }
            _ => minutes_east = zone(word)?,
        }
    }
    let time_of_day = jiff::SignedDuration::from_secs(time - i64::from(minutes_east) * 60);
    let day = jiff::civil::date(1970, 1, 1)
        .with()
        .year(i16::try_from(year?).ok()?)
        .month(i8::try_from(month + 1).ok()?)
        .day(day)
        .build()
        .ok()?;
    let midnight = day.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp();
    // Beyond the year 9999 there is nothing.
    let unix = midnight.checked_add(time_of_day).ok()?.as_second();
    Some(DateTime { unix, offset: minutes_east })
}

/// `hh:mm` or `hh:mm:ss`.
fn seconds(time: &str) -> Option<i64> {
    let parts: Vec<i64> = time.split(':').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    let (hour, minute, second) = match parts[..] {
        [hour, minute] => (hour, minute, 0),
        [hour, minute, second] => (hour, minute, second),
        _ => return None,
    };
    let valid = (0..24).contains(&hour) && (0..60).contains(&minute) && (0..61).contains(&second);
    valid.then_some(hour * 3600 + minute * 60 + second)
}

/// Minutes east of UTC. Names other than these are taken for UTC: they are not unique.
fn zone(word: &str) -> Option<i16> {
    let hours = match word {
        "EDT" => -4,
        "EST" | "CDT" => -5,
        "CST" | "MDT" => -6,
        "MST" | "PDT" => -7,
        "PST" => -8,
        "CET" | "MET" | "BST" => 1,
        "CEST" | "MEST" | "EET" => 2,
        _ if word.len() == 5 && word.starts_with(['+', '-']) => {
            let number: i16 = word[1..].parse().ok().filter(|n| *n < 2400 && n % 100 < 60)?;
            let minutes = number / 100 * 60 + number % 100;
            return Some(if word.starts_with('-') { -minutes } else { minutes });
        }
        _ if word.bytes().all(|byte| byte.is_ascii_uppercase()) && word.len() <= 5 => 0,
        _ => return None,
    };
    Some(hours * 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_from_lines() {
        let cases: &[(&str, Option<(i64, i16)>)] = &[
            ("From a@example.org Thu Jan  1 00:00:00 1970\n", Some((0, 0))),
            ("From a@example.org Tue Nov 14 22:13:20 2023\r\n", Some((1_700_000_000, 0))),
            ("From a@example.org Tue Nov 14 23:13:20 2023 +0100\n", Some((1_700_000_000, 60))),
            ("From a Tue Nov 14 17:13:20 EST 2023\n", Some((1_700_000_000, -300))),
            ("From - Thu Feb 29 12:00 2024\n", Some((1_709_208_000, 0))),
            ("From Thu Jan  1 00:00:00 1970\n", Some((0, 0))),
            ("From \"a b\" Mon Tue Nov 14 22:13:20 GMT 2023\n", Some((1_700_000_000, 0))),
            ("From here on it rains\n", None),
            ("From Mon to Fri we work\n", None),
            ("From a@b Tue Nov 32 22:13:20 2023\n", None),
            ("From a@b Tue Nov 14 25:13:20 2023\n", None),
            ("From a@b Tue Nov 14 22:13:20\n", None),
            ("From a@b Tue Nov 14 22:13:20 2023 and then\n", None),
            (">From a@b Thu Jan  1 00:00:00 1970\n", None),
            // Beyond the last time that there is.
            ("From a@b Thu Dec 30 23:59:59 9999 -2300\n", None),
            ("From: a@b Thu Jan  1 00:00:00 1970\n", None),
        ];
        for (line, wanted) in cases {
            let found = parse(line.as_bytes()).map(|date| (date.unix, date.offset));
            assert_eq!(found, *wanted, "{line}");
        }
    }
}
