//! How each command with arguments is written, for those who type by hand and left something out.

/// Name and form, by name. Words in capitals are written as they are.
const FORMS: [(&[u8], &str); 24] = [
    (b"APPEND", "APPEND mailbox (\\Seen) \"date\" {octets}"),
    (b"AUTHENTICATE", "AUTHENTICATE mechanism"),
    (b"COPY", "COPY 1:3 mailbox"),
    (b"CREATE", "CREATE mailbox"),
    (b"DELETE", "DELETE mailbox"),
    (b"ENABLE", "ENABLE capability"),
    (b"EXAMINE", "EXAMINE mailbox"),
    (b"FETCH", "FETCH 1:3 (FLAGS ENVELOPE)"),
    (b"ID", "ID (\"name\" \"value\"), or ID NIL"),
    (b"LIST", "LIST \"\" pattern"),
    (b"LOGIN", "LOGIN name password"),
    (b"LSUB", "LSUB \"\" pattern"),
    (b"MOVE", "MOVE 1:3 mailbox"),
    (b"RENAME", "RENAME mailbox mailbox"),
    (b"REPLACE", "REPLACE 1 mailbox (\\Draft) {octets}"),
    (b"SEARCH", "SEARCH UNSEEN FROM name"),
    (b"SELECT", "SELECT mailbox"),
    (b"SORT", "SORT (REVERSE DATE) UTF-8 UNSEEN"),
    (b"STATUS", "STATUS mailbox (MESSAGES UNSEEN)"),
    (b"STORE", "STORE 1:3 +FLAGS (\\Seen)"),
    (b"SUBSCRIBE", "SUBSCRIBE mailbox"),
    (b"THREAD", "THREAD REFERENCES UTF-8 ALL"),
    (b"UID", "UID FETCH 1:3 (FLAGS ENVELOPE)"),
    (b"UNSUBSCRIBE", "UNSUBSCRIBE mailbox"),
];

/// How a command is written; `None` where it has no arguments or is not known.
pub(crate) fn form(name: &[u8]) -> Option<&'static str> {
    FORMS.iter().find(|(known, _)| name.eq_ignore_ascii_case(known)).map(|(_, form)| *form)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Command;
    use crate::frame::Frame;

    /// What is given as an example must itself be right.
    #[test]
    fn forms_can_be_read() {
        for (name, form) in FORMS {
            let example = match name {
                b"APPEND" => "APPEND mailbox (\\Seen) \" 1-Jan-2026 10:00:00 +0000\" {1}\r\nx",
                b"REPLACE" => "REPLACE 1 mailbox (\\Draft) {1}\r\nx",
                b"ID" => "ID (\"name\" \"value\")",
                _ => form,
            };
            let frame = Frame { text: format!("a {example}").into(), spooled: <_>::default() };
            assert!(Command::parse(&frame).is_ok(), "{example}");
        }
    }
}
