//! The messages: each made from its number alone, so that it can be made again and compared.

use peregrine_testkit::model::Random;

/// The flags that are given and taken.
pub const FLAGS: [&str; 5] = ["\\Answered", "\\Flagged", "\\Seen", "$Forwarded", "ledger"];

/// A message in whole. Some are larger than what lies in a row of the store, and some are equal
/// but for their header.
pub fn message(number: u64) -> Vec<u8> {
    let mut random = Random::new(number);
    let size = match random.below(40) {
        0 => 90_000 + random.below(50_000),
        1..10 => 4_000 + random.below(10_000),
        _ => random.below(600),
    };
    let mut message = format!(
        "Message-ID: <{number}@ledger>\r\nSubject: {}\r\nFrom: <a@example.org>\r\n\r\n",
        subject(number)
    )
    .into_bytes();
    let line: Vec<u8> = (0..70).map(|_| b'a' + random.below(26) as u8).chain(*b"\r\n").collect();
    message.extend(line.iter().cycle().take(size));
    message
}

/// The number of a message, from its octets.
pub fn number(message: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(message.strip_prefix(b"Message-ID: <")?.get(..20)?).ok()?;
    text.split('@').next()?.parse().ok()
}

/// One of a few words, for SEARCH.
pub fn subject(number: u64) -> &'static str {
    ["anchor", "beacon", "cradle", "dinghy"][number as usize % 4]
}

/// When it arrived: as INTERNALDATE is written.
pub fn date(number: u64) -> String {
    let (day, minute, second) = (1 + number % 28, number % 60, number / 7 % 60);
    format!("\"{day:>2}-Mar-2024 10:{minute:02}:{second:02} +0100\"")
}
