//! What people type: sets of UIDs, flags, days, sizes.

use bytes::Bytes;
use peregrine_client::proto::token::Reader;
use peregrine_client::proto::{Date, Flag, Keyword, Section, UidSet};

/// `7`, `3,5:9`, `100:*`.
pub fn uids(text: &str) -> Result<UidSet, String> {
    let source = Bytes::copy_from_slice(text.as_bytes());
    let mut reader = Reader::new(&source);
    match UidSet::parse(&mut reader) {
        Ok(set) if reader.is_at_end() => Ok(set),
        _ => Err("write UIDs such as 7, 3,5:9 or 100:*".to_owned()),
    }
}

/// `seen`, `\Seen`, or a keyword such as `$Forwarded`.
pub fn flag(text: &str) -> Result<Flag, String> {
    let system = [Flag::Answered, Flag::Flagged, Flag::Deleted, Flag::Seen, Flag::Draft];
    let word = text.strip_prefix('\\').unwrap_or(text);
    let names = |flag: &Flag| {
        let name = flag.system_name().and_then(|name| name.strip_prefix('\\'));
        name.is_some_and(|name| name.eq_ignore_ascii_case(word))
    };
    if let Some(flag) = system.into_iter().find(names) {
        return Ok(flag);
    }
    if word.eq_ignore_ascii_case("recent") {
        return Err("the server alone sets \\Recent".to_owned());
    }
    let keyword = Keyword::new(word).ok_or("a flag is a word such as seen or $Forwarded")?;
    Ok(if word == text { Flag::Keyword(keyword) } else { Flag::Extension(keyword) })
}

/// A flag as it is shown: `seen`, `$Forwarded`.
pub fn flag_name(flag: &Flag) -> String {
    match flag {
        Flag::Keyword(keyword) => keyword.as_str().to_owned(),
        Flag::Extension(keyword) => format!("\\{}", keyword.as_str()),
        system => {
            let name = system.system_name().unwrap_or_default();
            name.trim_start_matches('\\').to_ascii_lowercase()
        }
    }
}

/// `2026-11-30`.
pub fn day(text: &str) -> Result<Date, String> {
    let mut parts = text.splitn(3, '-').map(|part| part.parse::<u16>().ok());
    let mut next = || parts.next().flatten();
    let date = next().zip(next()).zip(next()).and_then(|((year, month), day)| {
        Date::new(year, u8::try_from(month).ok()?, u8::try_from(day).ok()?)
    });
    date.ok_or_else(|| "write a day such as 2026-11-30".to_owned())
}

/// `500`, `100k`, `3M`: octets.
pub fn octets(text: &str) -> Result<u64, String> {
    let wrong = || "write a size such as 500, 100k or 3M".to_owned();
    let (digits, unit) = match text.char_indices().next_back() {
        Some((at, 'k' | 'K')) => (&text[..at], 1 << 10),
        Some((at, 'm' | 'M')) => (&text[..at], 1 << 20),
        Some((at, 'g' | 'G')) => (&text[..at], 1 << 30),
        _ => (text, 1),
    };
    digits.parse::<u64>().ok().and_then(|number| number.checked_mul(unit)).ok_or_else(wrong)
}

/// `1.2`: the number of a part.
pub fn part(text: &str) -> Result<Section, String> {
    let wrong = || "write the number of a part such as 1 or 2.1".to_owned();
    let numbers = text.split('.').map(|number| number.parse().ok().filter(|n: &u32| *n > 0));
    let path: Option<_> = numbers.collect();
    match path {
        Some(path) if text.len() <= Section::MAX_PATH => Ok(Section { path, ..Section::default() }),
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_people() {
        assert!(uids("3,5:9").is_ok() && uids("1:*").is_ok());
        assert!(uids("").is_err() && uids("0").is_err() && uids("1 2").is_err());
        assert_eq!(flag("seen"), Ok(Flag::Seen));
        assert_eq!(flag("\\FLAGGED"), Ok(Flag::Flagged));
        assert_eq!(flag_name(&flag("$Forwarded").unwrap()), "$Forwarded");
        assert_eq!(flag_name(&flag("\\Odd").unwrap()), "\\Odd");
        assert!(flag("two words").is_err());
        // As a keyword it would look like the server's own.
        assert!(flag("recent").is_err() && flag("\\Recent").is_err());
        assert!(day("2024-02-29").is_ok() && day("2023-02-29").is_err() && day("1-2").is_err());
        assert_eq!(octets("2k"), Ok(2048));
        assert!(octets("k").is_err() && octets("99999999999999999999").is_err());
        assert_eq!(part("2.1").unwrap().path.as_slice(), [2, 1]);
        assert!(part("2.").is_err() && part("0").is_err());
    }
}
