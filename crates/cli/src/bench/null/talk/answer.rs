//! What the null peer answers to one command.

use std::sync::atomic::Ordering;

use super::Talk;
use crate::bench::site::LARGE;

/// What a mailbox is like, by how its name ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Folder {
    Small,
    Large,
    Watched,
    Other,
}

impl Folder {
    /// By its name, as it is written in a command.
    pub fn of(name: &str) -> Self {
        match name.trim_matches('"').rsplit('-').next() {
            Some("small") => Self::Small,
            Some("large") => Self::Large,
            Some(word) if word.starts_with("watched") => Self::Watched,
            _ => Self::Other,
        }
    }
}

impl Talk {
    /// Answers anything but FETCH and IDLE. Gives the code of the tagged reply.
    pub(super) fn other(&mut self, tag: &str, word: &str, rest: &str) -> String {
        let all = self.shared.canned.messages;
        let name = rest.split(' ').next().unwrap_or_default();
        let untagged = match word {
            "LOGIN" => {
                return "[CAPABILITY IMAP4rev1 LITERAL+ IDLE UIDPLUS ESEARCH NAMESPACE] ".into();
            }
            "SELECT" | "EXAMINE" => {
                self.selected = Folder::of(name);
                let count = match self.selected {
                    Folder::Small => all,
                    Folder::Large => LARGE,
                    Folder::Watched => self.shared.watched.load(Ordering::Relaxed),
                    Folder::Other => 0,
                };
                format!(
                    "* FLAGS (\\Answered \\Flagged \\Seen)\r\n* {count} EXISTS\r\n* 0 RECENT\r\n\
                     * OK [UIDVALIDITY 1] so\r\n* OK [UIDNEXT {}] so\r\n",
                    count + 1
                )
            }
            "STATUS" => format!("* STATUS {name} (MESSAGES 0 UNSEEN 0)\r\n"),
            "SEARCH" if rest.starts_with("RETURN") => {
                format!("* ESEARCH (TAG \"{tag}\") UID ALL 1:{all}\r\n")
            }
            "SEARCH" => "* SEARCH 1 2 3\r\n".to_owned(),
            "NAMESPACE" => "* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n".to_owned(),
            "LOGOUT" => {
                self.over = true;
                "* BYE gone\r\n".to_owned()
            }
            _ => {
                self.change(word, name, rest);
                String::new()
            }
        };
        self.out.extend_from_slice(untagged.as_bytes());
        String::new()
    }

    fn change(&self, word: &str, name: &str, rest: &str) {
        match (word, Folder::of(name), self.selected) {
            ("APPEND", Folder::Watched, _) => self.shared.arrived(),
            ("DELETE", Folder::Watched, _) => self.shared.watched.store(0, Ordering::Relaxed),
            ("STORE", _, Folder::Watched) => {
                let flags = if rest.contains('+') { "\\Flagged" } else { "" };
                self.shared.tell(format!("* 1 FETCH (FLAGS ({flags}))\r\n"));
            }
            _ => {}
        }
    }

    /// Answers FETCH of all but bodies.
    pub(super) fn fetch(&mut self, rest: &str) {
        let (set, items) = rest.split_once(' ').unwrap_or((rest, ""));
        let canned = &self.shared.canned;
        if set != "1:*" {
            let line = format!("* {set} FETCH (UID {set} FLAGS (\\Seen))\r\n");
            self.out.extend_from_slice(line.as_bytes());
        } else if items.contains("ENVELOPE") {
            self.out.extend_from_slice(&canned.envelopes);
        } else {
            self.out.extend_from_slice(&canned.flags);
        }
    }
}
