//! What Maildir and Maildir++ say in names: flags, keywords, dates and folders.
//!
//! The form that Dovecot and Courier write: `cur/1700000000.unique.host,S=123:2,FSa`, subfolders
//! `.A.B` beside `cur`, keywords named in `dovecot-keywords`.

use peregrine_proto::{Flag, Keyword, MailboxName, utf7};

/// The file that names the keywords behind the letters `a` to `z`.
pub(super) const KEYWORDS_FILE: &str = "dovecot-keywords";

/// The file that lists the subscribed folders.
pub(super) const SUBSCRIPTIONS_FILE: &str = "subscriptions";

/// An empty file that marks a subfolder of a Maildir++.
pub(super) const FOLDER_MARK: &str = "maildirfolder";

/// Letters for keywords, `a` to `z`.
const LETTERS: usize = 26;

/// Keyword for `P` (passed on): what clients call it (RFC 5788 registry).
const FORWARDED: &str = "$Forwarded";

/// The keywords of one folder by letter.
#[derive(Clone, Default)]
pub(super) struct KeywordLetters(Vec<Option<Keyword>>);

impl KeywordLetters {
    /// From a `dovecot-keywords` file: lines of an index, a space and a keyword. Lines that are
    /// neither are passed over.
    pub fn parse(text: &str) -> Self {
        let mut letters = Self::default();
        for line in text.lines() {
            let Some((index, name)) = line.split_once(' ') else { continue };
            if let (Ok(index), Some(keyword)) = (index.parse::<usize>(), Keyword::new(name.trim()))
                && index < LETTERS
            {
                letters.0.resize(letters.0.len().max(index + 1), None);
                letters.0[index] = Some(keyword);
            }
        }
        letters
    }

    /// As a `dovecot-keywords` file.
    pub fn write(&self) -> String {
        let named = self.0.iter().enumerate();
        named.filter_map(|(i, k)| Some(format!("{i} {}\n", k.as_ref()?.as_str()))).collect()
    }

    /// The keyword's letter, giving it a new one if need be; none when all are taken.
    pub fn letter(&mut self, keyword: &Keyword) -> Option<char> {
        let known = self.0.iter().position(|k| k.as_ref() == Some(keyword));
        let index = match known.or_else(|| self.0.iter().position(Option::is_none)) {
            Some(index) => index,
            None if self.0.len() < LETTERS => {
                self.0.push(None);
                self.0.len() - 1
            }
            None => return None,
        };
        self.0[index] = Some(keyword.clone());
        Some(char::from(b'a' + u8::try_from(index).ok()?))
    }

    fn keyword(&self, letter: u8) -> Option<&Keyword> {
        self.0.get(usize::from(letter.checked_sub(b'a')?))?.as_ref()
    }
}

/// The flags in a file's name: the letters after `:2,`. Some systems write `;2,` or `!2,`, where
/// a colon cannot stand in a name.
pub(super) fn flags_in_name(name: &str, keywords: &KeywordLetters) -> Vec<Flag> {
    let letters = [":2,", ";2,", "!2,"].iter().find_map(|mark| Some(name.rsplit_once(mark)?.1));
    let mut flags: Vec<Flag> = Vec::new();
    for letter in letters.unwrap_or_default().bytes() {
        let flag = match letter {
            b'D' => Some(Flag::Draft),
            b'F' => Some(Flag::Flagged),
            b'P' => Keyword::new(FORWARDED).map(Flag::Keyword),
            b'R' => Some(Flag::Answered),
            b'S' => Some(Flag::Seen),
            b'T' => Some(Flag::Deleted),
            _ => keywords.keyword(letter).cloned().map(Flag::Keyword),
        };
        if let Some(flag) = flag.filter(|flag| !flags.contains(flag)) {
            flags.push(flag);
        }
    }
    flags
}

/// The letters for flags, in the order of their codes as Maildir asks. Keywords that find no
/// letter are counted.
pub(super) fn letters_for(flags: &[Flag], keywords: &mut KeywordLetters) -> (String, usize) {
    let mut letters: Vec<char> = Vec::new();
    let mut lost = 0;
    for flag in flags {
        match flag {
            Flag::Draft => letters.push('D'),
            Flag::Flagged => letters.push('F'),
            Flag::Answered => letters.push('R'),
            Flag::Seen => letters.push('S'),
            Flag::Deleted => letters.push('T'),
            Flag::Recent => {}
            Flag::Extension(_) => lost += 1,
            Flag::Keyword(keyword) => {
                let passed = keyword.as_str().eq_ignore_ascii_case(FORWARDED);
                letters.extend(passed.then_some('P'));
                match keywords.letter(keyword) {
                    Some(letter) => letters.push(letter),
                    None if passed => {}
                    None => lost += 1,
                }
            }
        }
    }
    letters.sort_unstable();
    (letters.into_iter().collect(), lost)
}

/// The time of delivery that a name begins with, in seconds since 1970.
pub(super) fn date_in_name(name: &str) -> Option<i64> {
    let digits = name.bytes().take_while(u8::is_ascii_digit).count();
    let next = name.as_bytes().get(digits);
    // `1700000000.unique.host`; anything else is not a time.
    if next == Some(&b'.') { name[..digits].parse().ok() } else { None }
}

/// The mailbox for a folder `.A.B` of a Maildir++ (its name without the first dot): modified
/// UTF-7, or UTF-8 as Dovecot can be told to write; what is neither is taken as it stands.
pub(super) fn mailbox_of_folder(folder: &str) -> String {
    folder.split('.').map(mailbox_of_level).collect::<Vec<_>>().join("/")
}

/// As [`mailbox_of_folder`], for one level alone, which may have dots.
pub(super) fn mailbox_of_level(level: &str) -> String {
    let level = level.replace(ESCAPED_DOT, ".");
    utf7::decode(level.as_bytes()).ok().flatten().unwrap_or(level)
}

/// The folder for a mailbox, with its first dot; none for INBOX, which is the Maildir itself.
/// A dot within a level, which Maildir++ cannot say, becomes `&AC4-`.
pub(super) fn folder_of_mailbox(name: &MailboxName) -> Option<String> {
    if name.is_inbox() {
        return None;
    }
    let levels = name.as_str().split('/').map(|level| {
        let encoded = utf7::encode(level).unwrap_or_else(|| level.to_owned());
        encoded.replace('.', ESCAPED_DOT)
    });
    Some(format!(".{}", levels.collect::<Vec<_>>().join(".")))
}

/// `.` as if it had to be encoded: no other software writes that, and strict readers of modified
/// UTF-7 refuse it.
const ESCAPED_DOT: &str = "&AC4-";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_come_back_as_they_were() {
        let cases = [
            ("Sent", ".Sent"),
            ("Archive/2025", ".Archive.2025"),
            ("Entwürfe/Ärzte & Co", ".Entw&APw-rfe.&AMQ-rzte &- Co"),
            ("v1.2/notes", ".v1&AC4-2.notes"),
            ("日本語", ".&ZeVnLIqe-"),
            ("INBOX/sub", ".INBOX.sub"),
        ];
        for (mailbox, folder) in cases {
            let name = MailboxName::new(mailbox).unwrap();
            assert_eq!(folder_of_mailbox(&name).as_deref(), Some(folder));
            assert_eq!(mailbox_of_folder(&folder[1..]), mailbox);
        }
        assert_eq!(folder_of_mailbox(&MailboxName::INBOX), None);
        // UTF-8 folders (Dovecot's `:UTF-8`), and what is no modified UTF-7 at all.
        assert_eq!(mailbox_of_folder("Entwürfe"), "Entwürfe");
        assert_eq!(mailbox_of_folder("R&D"), "R&D");
    }

    #[test]
    fn flags_in_names_come_back() {
        let mut letters = KeywordLetters::parse("0 Junk\n1 $Forwarded\nx\n30 Far\n3 NonJunk\n");
        let flags = flags_in_name("1.a.b,S=3:2,PRSTabdz", &letters);
        let names: Vec<String> = flags.iter().map(|f| format!("{f:?}")).collect();
        assert_eq!(names.len(), 6, "{names:?}");
        let (text, lost) = letters_for(&flags, &mut letters);
        assert_eq!((text.as_str(), lost), ("PRSTabd", 0));
        assert!(flags_in_name("1.a.b", &letters).is_empty());
        assert_eq!(flags_in_name("1.a.b;2,S", &letters), [Flag::Seen]);
    }

    /// There are letters for 26 keywords only; more must be told, not written as something else.
    #[test]
    fn the_27th_keyword_is_lost_and_counted() {
        let flags: Vec<Flag> =
            (0..27).map(|i| Flag::Keyword(Keyword::new(&format!("k{i}")).unwrap())).collect();
        let mut letters = KeywordLetters::default();
        let (text, lost) = letters_for(&flags, &mut letters);
        assert_eq!((text.as_str(), lost), ("abcdefghijklmnopqrstuvwxyz", 1));
        assert_eq!(KeywordLetters::parse(&letters.write()).write(), letters.write());
    }

    #[test]
    fn dates_in_names() {
        assert_eq!(date_in_name("1700000000.M1P2.host"), Some(1_700_000_000));
        assert_eq!(date_in_name("1700000000"), None);
        assert_eq!(date_in_name("msg.1700000000"), None);
    }
}
