//! The Date field, read leniently (RFC 5322 §3.3 and §4.3).

/// When a message says that it was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SentDate {
    /// Seconds since 1970-01-01T00:00:00Z.
    pub unix_seconds: i64,
    /// The zone's distance from UTC in minutes, east positive.
    pub offset_minutes: i32,
    /// The year as written, in the date's own zone.
    pub year: u16,
    /// The month, 1 to 12.
    pub month: u8,
    /// The day of the month, 1 to 31.
    pub day: u8,
}

/// The Date field of a header block (or of a message: reading ends at the blank line).
pub fn sent_date(header: &[u8]) -> Option<SentDate> {
    let _ = header;
    None
}
