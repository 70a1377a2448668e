//! Dates as they are written, and as they should not have been.

use peregrine_mime::limits::MAX_DATE;
use peregrine_mime::{SentDate, sent_date};

fn read(value: &str) -> Option<SentDate> {
    sent_date(format!("X: y\r\nDate: {value}\r\n\r\nDate: 1 Jan 2000 00:00 +0000").as_bytes())
}

#[test]
fn dates() {
    // value, seconds, offset, date in its own zone
    let rows = [
        ("Thu, 1 Jan 1970 00:00:00 +0000", 0, 0, (1970, 1, 1)),
        ("Fri, 21 Nov 1997 09:55:06 -0600", 880_127_706, -360, (1997, 11, 21)),
        ("21 Nov 1997 09:55 -0600", 880_127_700, -360, (1997, 11, 21)),
        ("Tue, 29 Feb 2000 23:59:60 +0000", 951_868_799, 0, (2000, 2, 29)),
        ("Mon, 01 Jan 2024 00:30:00 +0200", 1_704_061_800, 120, (2024, 1, 1)),
        ("1 Jan 1969 00:00:00 +0000", -31_536_000, 0, (1969, 1, 1)),
        // RFC 5322 §4.3: short years, zones by name, comments and blanks between.
        ("21 Nov 97 09:55:06 GMT", 880_106_106, 0, (1997, 11, 21)),
        ("1 Jan 49 00:00:00 UT", 2_493_072_000, 0, (2049, 1, 1)),
        ("1 Jan 104 00:00:00 +0000", 1_072_915_200, 0, (2004, 1, 1)),
        ("Fri, 21 Nov 1997 09(comment):55 : 06 -0600", 880_104_960, 0, (0, 0, 0)),
        ("Fri,21 Nov(x)1997 09:55:06(y)EST", 880_124_106, -300, (1997, 11, 21)),
        ("21 Nov 1997 09:55:06 A", 880_106_106, 0, (1997, 11, 21)),
        ("Fri, 21 Nov 1997 09:55:06 -0600 (CST)", 880_127_706, -360, (1997, 11, 21)),
        // Folded, without zone, without time.
        ("Fri,\r\n 21 Nov 1997\r\n\t09:55:06 +0530", 880_086_306, 330, (1997, 11, 21)),
        ("21 Nov 1997 09:55:06", 880_106_106, 0, (1997, 11, 21)),
        ("21 November 1997", 880_070_400, 0, (1997, 11, 21)),
        // Other orders and marks.
        ("Fri Nov 21 09:55:06 1997", 880_106_106, 0, (1997, 11, 21)),
        ("Fri Nov 21 09:55:06 PST 1997", 880_134_906, -480, (1997, 11, 21)),
        ("21-Nov-1997 09:55:06 -0600", 880_127_706, -360, (1997, 11, 21)),
        ("21-Nov-97 09:55:06 -06:00", 880_127_706, -360, (1997, 11, 21)),
        ("1997-11-21T09:55:06.123Z", 880_106_106, 0, (1997, 11, 21)),
        ("1997-11-21 09:55:06 +01:00", 880_102_506, 60, (1997, 11, 21)),
        // A zone that cannot be counts as none.
        ("21 Nov 1997 09:55:06 +9999", 880_106_106, 0, (1997, 11, 21)),
    ];
    for (value, unix_seconds, offset_minutes, (year, month, day)) in rows {
        if year == 0 {
            // A comment inside the time: no time can be read, the date can.
            assert!(read(value).is_none_or(|sent| (sent.year, sent.month) == (1997, 11)));
            continue;
        }
        let expected = SentDate { unix_seconds, offset_minutes, year, month, day };
        assert_eq!(read(value), Some(expected), "{value:?}");
    }
}

#[test]
fn a_date_is_looked_for_in_the_first_octets() {
    let date = "1 Jan 2000";
    for blanks in [MAX_DATE - 12, MAX_DATE - 11, MAX_DATE - 10] {
        let sent = read(&format!("{}{date}", " ".repeat(blanks)));
        // One blank is in front of the value already; a year cut short is another year.
        let whole = 1 + blanks + date.len() <= MAX_DATE;
        assert_eq!(sent.is_some_and(|sent| sent.year == 2000), whole, "{blanks}");
    }
}

#[test]
fn no_dates() {
    let rows = [
        "",
        "yesterday",
        "32 Jan 2020 00:00:00 +0000",
        "31 Apr 2020 00:00:00 +0000",
        "29 Feb 1900 00:00:00 +0000",
        "0 Jan 2020 00:00:00 +0000",
        "1 Jan 2020 24:00:00 +0000",
        "1 Jan 2020 00:60:00 +0000",
        "1 Jan 0 00:00:00",
        "1 Jan 99999 00:00:00",
        "1 Jan 99999999999999999999 00:00:00",
        "(1 Jan 2020 00:00:00 +0000",
    ];
    for value in rows {
        if value == "1 Jan 0 00:00:00" {
            // Two digits or fewer count from 2000.
            assert_eq!(read(value).map(|sent| sent.year), Some(2000));
            continue;
        }
        assert_eq!(read(value), None, "{value:?}");
    }
    assert_eq!(sent_date(b"Subject: x\r\n\r\nDate: 1 Jan 2000 00:00:00 +0000"), None);
}
