//! Flags as bits.

use peregrine_proto::Flag;

/// What pipelines set. The keywords are not known to a mailbox before they are used.
const NAMES: [&str; 8] =
    ["\\Seen", "\\Answered", "\\Flagged", "\\Deleted", "\\Draft", "$Red", "$Blue", "$Late"];

/// `\Seen`
pub const SEEN: u16 = 1;
/// `\Deleted`
pub const DELETED: u16 = 8;
/// The flags that every server knows (RFC 3501 §2.3.2).
pub const SYSTEM: u16 = 0b1_1111;
/// All that pipelines set.
pub const ALL: u16 = (1 << NAMES.len()) - 1;

/// Names as they stand in a list.
pub fn names(flags: u16) -> String {
    let names = NAMES.iter().enumerate().filter(|(bit, _)| flags & (1 << bit) != 0);
    names.map(|(_, name)| *name).collect::<Vec<_>>().join(" ")
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

/// Reads what a server told. `\Recent` is left out: it belongs to no command. A flag that no
/// pipeline sets is passed over: servers have their own.
pub fn read(list: &[Flag]) -> u16 {
    list.iter().fold(0, |flags, flag| {
        let name = match flag {
            Flag::Keyword(name) => name.as_str(),
            flag => flag.system_name().unwrap_or_default(),
        };
        let place = NAMES.iter().position(|known| known.eq_ignore_ascii_case(name));
        place.map_or(flags, |place| flags | 1 << place)
    })
}
