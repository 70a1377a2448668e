//! The Date field, read leniently (RFC 5322 §3.3, §4.3), for SENTBEFORE, SENTON and SENTSINCE.

use crate::header::Fields;
use crate::limits::{MAX_DATE, MAX_HEADER};
use crate::token::comment_end;

/// When a message says that it was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SentDate {
    /// Seconds since 1970-01-01T00:00:00Z.
    pub unix_seconds: i64,
    /// The zone's distance from UTC in minutes, east positive.
    pub offset_minutes: i32,
    /// The year as written, in the date's own zone. RFC 3501 §6.4.4 has SENTON and the like
    /// disregard time and zone, so these three are what they compare.
    pub year: u16,
    /// The month, 1 to 12.
    pub month: u8,
    /// The day of the month, 1 to 31.
    pub day: u8,
}

/// The first Date field of a header block (or of a message: reading ends at the blank line).
///
/// ```
/// let sent = peregrine_mime::sent_date(b"Date: Fri, 21 Nov 1997 09:55:06 -0600\r\n\r\n").unwrap();
/// assert_eq!((sent.year, sent.month, sent.day), (1997, 11, 21));
/// assert_eq!((sent.unix_seconds, sent.offset_minutes), (880127706, -360));
/// ```
pub fn sent_date(header: &[u8]) -> Option<SentDate> {
    let block = &header[..header.len().min(MAX_HEADER)];
    let field = Fields::new(block).find(|field| field.is(b"Date"))?;
    read(&field.value[..field.value.len().min(MAX_DATE)])
}

/// The pieces of a date, as they are found.
#[derive(Default)]
struct Pieces {
    year: Option<u16>,
    month: Option<u8>,
    day: Option<u8>,
    time: Option<i64>,
    offset: Option<i32>,
}

/// date-time = [day-of-week ","] date time [CFWS]
/// date = day month year ; time = time-of-day zone
///
/// The pieces are told apart by their looks, not by their places, so dates in the manner of
/// `Fri Nov 21 09:55:06 1997`, `21-Nov-97` and `1997-11-21T09:55:06Z` are read as well.
fn read(value: &[u8]) -> Option<SentDate> {
    let mut pieces = Pieces::default();
    let mut at = 0;
    while let Some(&byte) = value.get(at) {
        let run = |of: fn(&u8) -> bool| {
            let rest = &value[at..];
            &rest[..rest.iter().position(|b| !of(b)).unwrap_or(rest.len())]
        };
        at = match byte {
            b'(' => comment_end(value, at),
            b'0'..=b'9' => {
                let digits = run(u8::is_ascii_digit);
                let end = at + digits.len();
                if value.get(end) == Some(&b':') && pieces.time.is_none() {
                    let (time, end) = time(value, at)?;
                    pieces.time = Some(time);
                    end
                } else {
                    pieces.number(digits);
                    end
                }
            }
            b'+' | b'-' if pieces.time.is_some() && pieces.offset.is_none() => {
                let (offset, end) = numeric_zone(value, at);
                pieces.offset = offset;
                end
            }
            b'a'..=b'z' | b'A'..=b'Z' => {
                let word = run(u8::is_ascii_alphabetic);
                pieces.word(word);
                at + word.len()
            }
            _ => at + 1,
        };
    }
    pieces.finish()
}

impl Pieces {
    fn number(&mut self, digits: &[u8]) {
        let Some(number) = decimal(digits) else { return };
        if self.year.is_none() && digits.len() > 2 {
            // RFC 5322 §4.3: three digits count from 1900.
            self.year = u16::try_from(if digits.len() == 3 { number + 1900 } else { number }).ok();
        } else if self.month.is_none() && self.year.is_some() && self.day.is_none() {
            self.month = u8::try_from(number).ok();
        } else if self.day.is_none() {
            self.day = u8::try_from(number).ok();
        } else if self.year.is_none() {
            // RFC 5322 §4.3: two digits are 2000 to 2049 and 1950 to 1999.
            self.year = u16::try_from(if number < 50 { number + 2000 } else { number + 1900 }).ok();
        }
    }

    fn word(&mut self, word: &[u8]) {
        const MONTHS: [&[u8]; 12] = [
            b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov",
            b"dec",
        ];
        let start = word.get(..3).unwrap_or_default();
        let month = MONTHS.iter().position(|month| start.eq_ignore_ascii_case(month));
        if let (None, Some(month)) = (self.month, month) {
            self.month = Some(month as u8 + 1);
        } else if self.time.is_some() && self.offset.is_none() {
            self.offset = named_zone(word);
        }
    }

    fn finish(self) -> Option<SentDate> {
        let (year, month, day) = (self.year?, self.month?, self.day?);
        if !(1..=9999).contains(&year) || !(1..=days_in_month(year, month)).contains(&day) {
            return None;
        }
        let offset_minutes = self.offset.unwrap_or(0);
        let local = days_since_1970(year, month, day) * 86_400 + self.time.unwrap_or(0);
        let unix_seconds = local - i64::from(offset_minutes) * 60;
        Some(SentDate { unix_seconds, offset_minutes, year, month, day })
    }
}

/// time-of-day = hour ":" minute [":" second] ; as seconds, with the index behind it
fn time(value: &[u8], at: usize) -> Option<(i64, usize)> {
    let mut fields = [0_i64; 3];
    let mut at = at;
    for (place, field) in fields.iter_mut().enumerate() {
        let rest = &value[at..];
        let len = rest.iter().position(|b| !b.is_ascii_digit()).unwrap_or(rest.len());
        *field = i64::from(decimal(&rest[..len])?);
        at += len;
        if place == 2 || value.get(at) != Some(&b':') {
            break;
        }
        at += 1;
    }
    // A fraction of a second, in dates of the ISO kind.
    if value.get(at) == Some(&b'.') {
        at += 1;
        at += value[at..].iter().take_while(|b| b.is_ascii_digit()).count();
    }
    let [hour, minute, second] = fields;
    // 60 is a leap second (RFC 5322 §3.3); it counts as the second before.
    let valid = hour < 24 && minute < 60 && second <= 60;
    valid.then_some((hour * 3600 + minute * 60 + second.min(59), at))
}

/// zone = ("+" / "-") 4DIGIT ; a colon or two digits are read as well
fn numeric_zone(value: &[u8], at: usize) -> (Option<i32>, usize) {
    let mut digits = [0_u32; 4];
    let mut count = 0;
    let mut end = at + 1;
    while let Some(&byte) = value.get(end) {
        match byte {
            b'0'..=b'9' if count < 4 => {
                digits[count] = u32::from(byte - b'0');
                count += 1;
            }
            b':' if count == 2 => {}
            _ => break,
        }
        end += 1;
    }
    let (hours, minutes) = (digits[0] * 10 + digits[1], digits[2] * 10 + digits[3]);
    if count % 2 != 0 || count == 0 || hours > 23 || minutes > 59 {
        return (None, end);
    }
    let offset = (hours * 60 + minutes) as i32;
    (Some(if value[at] == b'-' { -offset } else { offset }), end)
}

/// obs-zone (RFC 5322 §4.3). Military letters were defined the wrong way round, so all but Z count
/// as -0000, as do unknown names.
fn named_zone(word: &[u8]) -> Option<i32> {
    const ZONES: [(&str, i32); 12] = [
        ("gmt", 0),
        ("ut", 0),
        ("utc", 0),
        ("z", 0),
        ("est", -300),
        ("edt", -240),
        ("cst", -360),
        ("cdt", -300),
        ("mst", -420),
        ("mdt", -360),
        ("pst", -480),
        ("pdt", -420),
    ];
    let mut zones = ZONES.iter();
    zones.find(|(name, _)| word.eq_ignore_ascii_case(name.as_bytes())).map(|&(_, offset)| offset)
}

fn decimal(digits: &[u8]) -> Option<u32> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

fn days_in_month(year: u16, month: u8) -> u8 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 => 28 + u8::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    }
}

/// Days from 1970-01-01 in the Gregorian calendar.
fn days_since_1970(year: u16, month: u8, day: u8) -> i64 {
    // Count from March, so that the leap day is the year's last: day 0 is 0000-03-01.
    let (year, month) = (i64::from(year), i64::from(month));
    let (year, from_march) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let day_of_year = (153 * from_march + 2) / 5 + i64::from(day) - 1;
    year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + day_of_year
        - 719_468
}
