//! Which commands speak in sequence numbers: those that a client gives up by ENABLE UIDONLY
//! (RFC 9586 §3).

use crate::CommandBody;
use crate::command::search::SearchKey;
use crate::command::select::SelectParameters;

impl CommandBody {
    /// Whether it names messages by sequence number, or asks for answers that do so: every form
    /// without UID, also with `$`; a sequence set among search keys; and the sequence match data
    /// of QRESYNC.
    pub fn names_sequence_numbers(&self) -> bool {
        let keyed = |uid: bool, keys: &[SearchKey]| {
            !uid || keys.iter().any(SearchKey::names_sequence_numbers)
        };
        match self {
            Self::Fetch(fetch) => !fetch.messages.is_uid(),
            Self::Store(store) => !store.messages.is_uid(),
            Self::Copy(copy) => !copy.messages.is_uid(),
            Self::Move(r#move) => !r#move.messages.is_uid(),
            Self::Replace(replace) => !replace.old.is_uid(),
            Self::Search(search) => keyed(search.uid, &search.keys),
            Self::Sort(sort) => keyed(sort.uid, &sort.keys),
            Self::Thread(thread) => keyed(thread.uid, &thread.keys),
            Self::Select(select) => matches_sequence(&select.parameters),
            Self::Examine(examine) => matches_sequence(&examine.parameters),
            _ => false,
        }
    }
}

fn matches_sequence(parameters: &SelectParameters) -> bool {
    parameters.qresync.as_ref().is_some_and(|resync| resync.matching.is_some())
}

#[cfg(test)]
mod tests {
    use crate::Command;
    use crate::frame::Frame;

    #[test]
    fn only_uid_forms_are_left() {
        for (text, names) in [
            ("FETCH 1 FLAGS", true),
            ("FETCH $ FLAGS", true),
            ("UID FETCH 1 FLAGS", false),
            ("UID FETCH $ FLAGS", false),
            ("STORE 1 +FLAGS (\\Seen)", true),
            ("UID STORE 1 +FLAGS (\\Seen)", false),
            ("COPY 1 x", true),
            ("UID COPY 1 x", false),
            ("MOVE 1 x", true),
            ("UID MOVE 1 x", false),
            ("REPLACE 1 x {1}\r\nx", true),
            ("UID REPLACE 1 x {1}\r\nx", false),
            ("SEARCH ALL", true),
            ("UID SEARCH ALL", false),
            ("UID SEARCH $ UID 1:*", false),
            ("UID SEARCH 1:*", true),
            ("UID SEARCH NOT (ALL OR SEEN 1)", true),
            ("SORT (DATE) UTF-8 ALL", true),
            ("UID SORT (DATE) UTF-8 ALL", false),
            ("UID SORT (DATE) UTF-8 *", true),
            ("THREAD REFERENCES UTF-8 ALL", true),
            ("UID THREAD REFERENCES UTF-8 UID 1", false),
            ("UID THREAD REFERENCES UTF-8 1", true),
            ("EXPUNGE", false),
            ("UID EXPUNGE 1", false),
            ("SELECT x (QRESYNC (1 2 1:4))", false),
            ("SELECT x (QRESYNC (1 2 1:4 (1 3)))", true),
            ("EXAMINE x (QRESYNC (1 2 (1 3)))", true),
        ] {
            let frame = Frame::new(format!("a {text}").into());
            let command = Command::parse(&frame).unwrap();
            assert_eq!(command.body.names_sequence_numbers(), names, "{text}");
        }
    }
}
