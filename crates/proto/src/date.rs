//! `date` and `date-time` (RFC 3501 §9).

use crate::token::{Parsed, Reader, SyntaxError, class};
use crate::write;

/// A day of the calendar, as SEARCH names it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Date {
    /// 0 to 9999.
    pub year: u16,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31, valid in its month.
    pub day: u8,
}

/// A point in time with the zone it was written in (INTERNALDATE).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct DateTime {
    /// Seconds since 1970-01-01 00:00:00 UTC.
    pub unix: i64,
    /// Minutes east of UTC, -1439 to 1439.
    pub offset: i16,
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAY: i64 = 86_400;

impl Date {
    /// The day, if there is such a day in the proleptic Gregorian calendar.
    pub fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        let century = year.is_multiple_of(100);
        let leap = year.is_multiple_of(if century { 400 } else { 4 });
        let days = match month {
            2 => 28 + u8::from(leap),
            4 | 6 | 9 | 11 => 30,
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            _ => return None,
        };
        (year <= 9999 && (1..=days).contains(&day)).then_some(Self { year, month, day })
    }

    /// Days since 1970-01-01.
    pub fn days(self) -> i64 {
        // Years begin in March here, so that the leap day is a year's last.
        let (year, month) = (i64::from(self.year), i64::from(self.month));
        let year = if month <= 2 { year - 1 } else { year };
        let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + i64::from(self.day) - 1;
        365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + day_of_year
            - 719_468
    }

    /// The day so many days after 1970-01-01; the nearest in the years 0 to 9999.
    pub fn from_days(days: i64) -> Self {
        /// Days in 400 years.
        const ERA: i64 = 146_097;
        let days = days.clamp(-719_528, 2_932_896) + 719_468;
        let (era, day) = (days.div_euclid(ERA), days.rem_euclid(ERA));
        let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
        let day_of_year = day - (365 * year + year / 4 - year / 100);
        let shifted = (5 * day_of_year + 2) / 153;
        let month = (shifted + 2) % 12 + 1;
        Self {
            year: (year + era * 400 + i64::from(month <= 2)) as u16,
            month: month as u8,
            day: (day_of_year - (153 * shifted + 2) / 5 + 1) as u8,
        }
    }

    /// `date`, with or without quotes.
    ///
    /// ```abnf
    /// date      = date-text / DQUOTE date-text DQUOTE
    /// date-text = date-day "-" date-month "-" date-year
    /// date-day  = 1*2DIGIT
    /// ```
    pub fn parse(reader: &mut Reader<'_>) -> Parsed<Self> {
        let quoted = reader.accept(b'"');
        let date = Self::parse_text(reader)?;
        if quoted {
            reader.byte(b'"', "a closing quote")?;
        }
        Ok(date)
    }

    fn parse_text(reader: &mut Reader<'_>) -> Parsed<Self> {
        const WHAT: &str = "a date such as 1-Jan-2025";
        let offset = reader.offset();
        let day = digits(reader, 1, 2, WHAT)?;
        reader.byte(b'-', WHAT)?;
        let month = reader
            .rest()
            .get(..3)
            .and_then(|name| {
                MONTHS.iter().position(|month| month.as_bytes().eq_ignore_ascii_case(name))
            })
            .ok_or(SyntaxError::expected(reader.offset(), "a month such as Jan"))?;
        reader.advance(3);
        reader.byte(b'-', WHAT)?;
        let year = digits(reader, 4, 4, "a year of four digits")?;
        Self::new(year, month as u8 + 1, day as u8)
            .ok_or(SyntaxError::wrong(offset, "there is no such day"))
    }

    /// `date-text`, without quotes.
    pub fn write(self, out: &mut Vec<u8>) {
        write::number(out, u64::from(self.day));
        self.write_month_and_year(out);
    }

    fn write_month_and_year(self, out: &mut Vec<u8>) {
        let month = MONTHS[usize::from(self.month.clamp(1, 12)) - 1];
        out.push(b'-');
        out.extend_from_slice(month.as_bytes());
        out.push(b'-');
        two_digits(out, i64::from(self.year / 100));
        two_digits(out, i64::from(self.year % 100));
    }
}

impl DateTime {
    /// `date-time`. The day may also be written with one digit and without a space before it,
    /// as some clients do. A leap second counts as the one before it.
    ///
    /// ```abnf
    /// date-time      = DQUOTE date-day-fixed "-" date-month "-" date-year
    ///                  SP time SP zone DQUOTE
    /// date-day-fixed = (SP DIGIT) / 2DIGIT
    /// time           = 2DIGIT ":" 2DIGIT ":" 2DIGIT
    /// zone           = ("+" / "-") 4DIGIT
    /// ```
    pub fn parse(reader: &mut Reader<'_>) -> Parsed<Self> {
        const TIME: &str = "a time such as 23:59:59";
        const ZONE: &str = "a zone such as +0100";
        reader.byte(b'"', "a date and time in quotes")?;
        reader.accept(b' ');
        let date = Date::parse_text(reader)?;
        reader.space()?;
        let at = reader.offset();
        let hour = digits(reader, 2, 2, TIME)?;
        reader.byte(b':', TIME)?;
        let minute = digits(reader, 2, 2, TIME)?;
        reader.byte(b':', TIME)?;
        let second = digits(reader, 2, 2, TIME)?;
        if hour > 23 || minute > 59 || second > 60 {
            return Err(SyntaxError::wrong(at, "there is no such time of day"));
        }
        reader.space()?;
        let at = reader.offset();
        let west = match reader.peek() {
            Some(b'-') => true,
            Some(b'+') => false,
            _ => return reader.expected(ZONE),
        };
        reader.advance(1);
        let zone = digits(reader, 4, 4, ZONE)?;
        if zone > 2359 || zone % 100 > 59 {
            return Err(SyntaxError::wrong(at, "there is no such zone"));
        }
        reader.byte(b'"', "a closing quote")?;
        let minutes = (zone / 100 * 60 + zone % 100) as i16;
        let offset = if west { -minutes } else { minutes };
        let of_day = i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second.min(59));
        Ok(Self { unix: date.days() * DAY + of_day - i64::from(offset) * 60, offset })
    }

    /// The day in the zone it was written in: what SEARCH compares (RFC 3501 §6.4.4).
    pub fn date(self) -> Date {
        Date::from_days(self.local().div_euclid(DAY))
    }

    /// `date-time`, in quotes. Times outside the years 0 to 9999 become the nearest in them.
    pub fn write(self, out: &mut Vec<u8>) {
        let local = self.local();
        let date = Date::from_days(local.div_euclid(DAY));
        let of_day = local.rem_euclid(DAY);
        out.push(b'"');
        if date.day < 10 {
            out.extend_from_slice(&[b' ', b'0' + date.day]);
        } else {
            two_digits(out, i64::from(date.day));
        }
        date.write_month_and_year(out);
        for (before, value) in
            [(b' ', of_day / 3600), (b':', of_day / 60 % 60), (b':', of_day % 60)]
        {
            out.push(before);
            two_digits(out, value);
        }
        let zone = i64::from(self.offset.unsigned_abs());
        out.extend_from_slice(if self.offset < 0 { b" -" } else { b" +" });
        two_digits(out, zone / 60);
        two_digits(out, zone % 60);
        out.push(b'"');
    }

    /// Seconds since 1970-01-01 00:00:00 in the zone's own time, within the years 0 to 9999.
    fn local(self) -> i64 {
        let local = self.unix.saturating_add(i64::from(self.offset) * 60);
        local.clamp(-719_528 * DAY, 2_932_897 * DAY - 1)
    }
}

fn digits(reader: &mut Reader<'_>, least: usize, most: usize, what: &'static str) -> Parsed<u16> {
    let mut ahead = *reader;
    let digits = ahead.run(class::DIGIT);
    if !(least..=most).contains(&digits.len()) {
        return reader.expected(what);
    }
    *reader = ahead;
    Ok(digits.iter().fold(0, |value, digit| value * 10 + u16::from(digit - b'0')))
}

fn two_digits(out: &mut Vec<u8>, value: i64) {
    out.extend_from_slice(&[b'0' + (value / 10 % 10) as u8, b'0' + (value % 10) as u8]);
}

#[cfg(test)]
mod tests {
    use super::{Date, DateTime};
    use crate::token::Reader;
    use bytes::Bytes;

    fn read(text: &str) -> Option<DateTime> {
        let bytes = Bytes::copy_from_slice(text.as_bytes());
        DateTime::parse(&mut Reader::new(&bytes)).ok()
    }

    fn written(time: DateTime) -> String {
        let mut out = Vec::new();
        time.write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn known_times_both_ways() {
        for (text, unix, offset) in [
            ("\" 1-Jan-1970 00:00:00 +0000\"", 0, 0),
            ("\"17-Jul-1996 02:44:25 -0700\"", 837_596_665, -420),
            ("\"29-Feb-2024 23:59:59 +0530\"", 1_709_231_399, 330),
            ("\" 1-Jan-0000 00:00:00 +0000\"", -62_167_219_200, 0),
            ("\"31-Dec-9999 23:59:59 -2359\"", 253_402_300_799 + 1439 * 60, -1439),
        ] {
            let time = DateTime { unix, offset };
            assert_eq!(read(text), Some(time), "{text}");
            assert_eq!(written(time), text);
        }
    }

    #[test]
    fn days_of_one_digit_are_taken_in_each_form() {
        let right = read("\" 1-Jan-2025 10:00:00 +0000\"");
        assert!(right.is_some());
        assert_eq!(read("\"01-Jan-2025 10:00:00 +0000\""), right);
        assert_eq!(read("\"1-jan-2025 10:00:00 +0000\""), right);
        assert_eq!(read("\"31-Dec-2016 23:59:60 +0000\""), read("\"31-Dec-2016 23:59:59 +0000\""));
    }

    #[test]
    fn times_that_are_none_are_refused() {
        for wrong in [
            "\"29-Feb-2023 00:00:00 +0000\"",
            "\"31-Apr-2023 00:00:00 +0000\"",
            "\" 0-Jan-2023 00:00:00 +0000\"",
            "\" 1-Jan-2023 24:00:00 +0000\"",
            "\" 1-Jan-2023 00:60:00 +0000\"",
            "\" 1-Jan-2023 00:00:61 +0000\"",
            "\" 1-Jan-2023 00:00:00 +2400\"",
            "\" 1-Jan-2023 00:00:00 +0060\"",
            "\" 1-Jan-23 00:00:00 +0000\"",
            "\" 1-Jan-2023 00:00:00\"",
            "\" 1-Foo-2023 00:00:00 +0000\"",
            "\" 1-Jan-2023 00:00:00 +0000",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn every_day_of_ten_thousand_years_comes_back() {
        let mut days = Date { year: 0, month: 1, day: 1 }.days();
        for year in 0..=9999 {
            for month in 1..=12 {
                for date in (1..=31).filter_map(|day| Date::new(year, month, day)) {
                    assert_eq!((date.days(), Date::from_days(days)), (days, date));
                    days += 1;
                }
            }
        }
    }

    #[test]
    fn times_beyond_the_calendar_are_cut() {
        assert_eq!(
            written(DateTime { unix: i64::MAX, offset: 60 }),
            "\"31-Dec-9999 23:59:59 +0100\""
        );
        assert_eq!(
            written(DateTime { unix: i64::MIN, offset: -60 }),
            "\" 1-Jan-0000 00:00:00 -0100\""
        );
    }
}
