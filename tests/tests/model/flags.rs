//! Flags as bits.

use peregrine_proto::Flag;

/// What clients set. The keywords are not known to a mailbox before they are used.
const NAMES: [&str; 11] = [
    "\\Seen",
    "\\Answered",
    "\\Flagged",
    "\\Deleted",
    "\\Draft",
    "$Red",
    "$Blue",
    "$Green",
    "$Late",
    "$Early",
    "$Never",
];
pub const SEEN: u16 = 1;
pub const DELETED: u16 = 8;
pub const ALL: u16 = (1 << NAMES.len()) - 1;
const KEYWORDS: u16 = ALL & !0b1_1111;

/// As told of one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    pub flags: u16,
    pub recent: bool,
}

/// Names as they stand in a list.
pub fn names(flags: u16) -> String {
    let names = NAMES.iter().enumerate().filter(|(bit, _)| flags & (1 << bit) != 0);
    names.map(|(_, name)| *name).collect::<Vec<_>>().join(" ")
}

pub fn bits() -> impl Iterator<Item = u16> {
    (0..NAMES.len()).map(|place| 1 << place)
}

/// The key that finds messages with or without a flag.
pub fn search_key(bit: u16, set: bool) -> String {
    let name = names(bit);
    match (name.strip_prefix('\\'), set) {
        (Some(name), true) => name.to_uppercase(),
        (Some(name), false) => format!("UN{}", name.to_uppercase()),
        (None, true) => format!("KEYWORD {name}"),
        (None, false) => format!("UNKEYWORD {name}"),
    }
}

/// Reads what a server told.
pub fn read(list: &[Flag]) -> Result<Told, String> {
    let mut told = Told { flags: 0, recent: false };
    for flag in list {
        let name = match flag {
            Flag::Recent => {
                told.recent = true;
                continue;
            }
            Flag::Keyword(name) => name.as_str(),
            flag => flag.system_name().unwrap_or("an extension"),
        };
        let place = NAMES.iter().position(|known| known.eq_ignore_ascii_case(name));
        told.flags |= 1 << place.ok_or(format!("nobody has ever set {name}"))?;
    }
    Ok(told)
}

/// The keywords among them.
pub fn keywords(flags: u16) -> u16 {
    flags & KEYWORDS
}
