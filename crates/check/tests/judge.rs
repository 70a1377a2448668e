//! Answers that the judge once took for wrong where they were right, or for right where they were
//! wrong.

use peregrine_check::command::{Command, Form, How, Key, Return, STAR, Set, What};
use peregrine_check::{History, Received, Sent, Server, Verdict, flags, judge};

/// What happened, in order.
struct Talk(History);

impl Talk {
    fn client(&mut self, connection: usize, tag: &str, command: Command) {
        let begun = self.0.tick();
        let sent = Sent { tag: tag.into(), command, begun };
        self.0.connections[connection].commands.push(sent);
    }

    fn server(&mut self, connection: usize, responses: &[&'static str]) {
        for response in responses {
            let received = Received { at: self.0.tick(), octets: (*response).into() };
            self.0.connections[connection].received.push(received);
        }
    }

    fn assert_explained(&self) {
        let verdict = self.verdict();
        assert!(matches!(verdict, Verdict::Explained(_)), "{verdict:#?}");
    }

    fn verdict(&self) -> Verdict {
        let server =
            Server { uid_plus: true, next_by_one: true, replies_in_order: true, excused: false };
        judge(&self.0, server)
    }
}

fn uids(first: u32, last: u32) -> Set {
    Set { uid: true, ranges: vec![(first, last)] }
}

fn append(mailbox: &str, flags: u16) -> Command {
    let (mailbox, token) = (mailbox.into(), "token1x".into());
    Command::Append { mailbox, token, flags, more: Vec::new(), binary: false, waits: false }
}

fn select(name: &str) -> Command {
    Command::Select { name: name.into(), examine: false }
}

/// UID EXPUNGE takes what its client knew when it began. A message with \Deleted that another
/// session brought before, and that is told of while it is in progress, may stay.
#[test]
fn uid_expunge_may_pass_over_what_is_told_meanwhile() {
    let mut talk = Talk(History::new(2));
    talk.client(0, "a1", Command::Create("A".into()));
    talk.server(0, &["a1 OK Made"]);
    talk.client(0, "a2", select("A"));
    talk.server(0, &["* 0 EXISTS", "a2 OK [READ-WRITE] Opened"]);
    talk.client(1, "b1", append("A", flags::DELETED));
    talk.server(1, &["b1 OK [APPENDUID 7 1] Kept"]);
    talk.client(0, "a3", Command::UidExpunge(uids(1, 4)));
    talk.server(0, &["* 1 EXISTS", "a3 OK Expunged"]);
    talk.client(0, "a4", Command::Fetch { set: uids(1, 1), what: What::Peek, since: None });
    talk.server(0, &["* 1 FETCH (UID 1 BODY[TEXT] \"token1x\")", "a4 OK That is all"]);
    talk.client(0, "a5", Command::Noop);
    talk.server(0, &["a5 OK Nothing done"]);
    talk.assert_explained();
}

/// A STORE that comes to a message when it is expunged tells nothing of it: what was told of it
/// before the STORE's reply is another command's answer.
#[test]
fn a_store_tells_nothing_of_what_is_expunged() {
    let mut talk = Talk(History::new(2));
    talk.client(0, "a1", Command::Create("A".into()));
    talk.server(0, &["a1 OK Made"]);
    talk.client(0, "a2", Command::Create("B".into()));
    talk.server(0, &["a2 OK Made"]);
    talk.client(0, "a3", append("A", 0));
    talk.server(0, &["a3 OK [APPENDUID 7 1] Kept"]);
    talk.client(0, "a4", append("A", flags::DELETED));
    talk.server(0, &["a4 OK [APPENDUID 7 2] Kept"]);
    talk.client(0, "a5", select("A"));
    talk.server(0, &["* 2 EXISTS", "a5 OK [READ-WRITE] Opened"]);
    talk.client(1, "b1", select("A"));
    talk.server(1, &["* 2 EXISTS", "b1 OK [READ-WRITE] Opened"]);
    talk.client(0, "a6", Command::Fetch { set: uids(2, 2), what: What::Flags, since: None });
    // Which message `*` is, is not certain: the view changes meanwhile.
    talk.client(0, "a7", Command::UidExpunge(uids(STAR, STAR)));
    let (set, flags) = (uids(1, 2), flags::SEEN);
    talk.client(
        0,
        "a8",
        Command::Store { set, how: How::Replace, flags, silent: false, unchanged: None },
    );
    talk.server(0, &["* 2 FETCH (UID 2 FLAGS (\\Deleted))", "a6 OK That is all"]);
    // So the STORE has not been done when the EXPUNGE is about to be.
    talk.client(1, "b2", Command::Copy { set: uids(1, 1), to: "B".into() });
    talk.server(1, &["b2 OK [COPYUID 8 1 1] Copied"]);
    talk.server(0, &["* 2 EXPUNGE", "a7 OK Expunged"]);
    talk.server(0, &["* 1 FETCH (UID 1 FLAGS (\\Seen))", "a8 OK Stored"]);
    talk.client(1, "b3", select("B"));
    talk.server(1, &["* 1 EXISTS", "b3 OK [READ-WRITE] Opened"]);
    talk.client(1, "b4", Command::Fetch { set: uids(1, 1), what: What::Flags, since: None });
    talk.server(1, &["* 1 FETCH (UID 1 FLAGS ())", "b4 OK That is all"]);
    talk.assert_explained();
}

/// A FETCH by number tells flags as they were, after newer ones were told; by its end the message is
/// expunged, so that nothing more can be told of it than its EXPUNGE, and that behind the reply.
#[test]
fn what_is_expunged_is_not_told_again() {
    let mut talk = Talk(History::new(2));
    talk.client(0, "a1", Command::Create("A".into()));
    talk.server(0, &["a1 OK Made"]);
    talk.client(0, "a2", append("A", flags::DELETED));
    talk.server(0, &["a2 OK [APPENDUID 7 1] Kept"]);
    talk.client(0, "a3", select("A"));
    talk.server(0, &["* 1 EXISTS", "a3 OK [READ-WRITE] Opened"]);
    talk.client(1, "b1", select("A"));
    talk.server(1, &["* 1 EXISTS", "b1 OK [READ-WRITE] Opened"]);
    talk.client(1, "b2", Command::all_flags(false));
    talk.client(1, "b3", Command::Status("A".into()));
    let (set, flags) = (uids(1, 1), flags::SEEN);
    let store = Command::Store { set, how: How::Add, flags, silent: true, unchanged: None };
    talk.client(0, "a4", store);
    talk.server(0, &["a4 OK Stored"]);
    talk.server(1, &["* STATUS A (MESSAGES 1)", "* 1 FETCH (UID 1 FLAGS (\\Deleted \\Seen))"]);
    talk.server(1, &["b3 OK That is all", "* 1 FETCH (UID 1 FLAGS (\\Deleted))"]);
    talk.client(0, "a5", Command::Expunge);
    talk.server(0, &["* 1 EXPUNGE", "a5 OK Expunged"]);
    talk.server(1, &["b2 OK That is all"]);
    talk.client(1, "b4", Command::Noop);
    talk.server(1, &["* 1 EXPUNGE", "b4 OK Nothing done"]);
    talk.assert_explained();
}

/// COPYUID of a message that was gone already.
#[test]
fn what_is_gone_cannot_be_copied() {
    let mut talk = Talk(History::new(1));
    talk.client(0, "a1", Command::Create("A".into()));
    talk.server(0, &["a1 OK Made"]);
    talk.client(0, "a2", Command::Create("B".into()));
    talk.server(0, &["a2 OK Made"]);
    talk.client(0, "a3", append("A", flags::DELETED));
    talk.server(0, &["a3 OK [APPENDUID 7 1] Kept"]);
    talk.client(0, "a4", select("A"));
    talk.server(0, &["* 1 EXISTS", "a4 OK [READ-WRITE] Opened"]);
    talk.client(0, "a5", Command::Expunge);
    talk.server(0, &["* 1 EXPUNGE", "a5 OK Expunged"]);
    talk.client(0, "a6", Command::Copy { set: uids(1, 1), to: "B".into() });
    talk.server(0, &["a6 OK [COPYUID 8 1 1] Copied"]);
    let verdict = talk.verdict();
    assert!(matches!(verdict, Verdict::Wrong(_)), "{verdict:#?}");
}

/// Which messages `$` means is settled when a command that uses it begins. A search behind it that
/// saves anew may be answered before it; but not what uses the new meaning.
#[test]
fn what_is_saved_later_does_not_wait_for_what_uses_the_old() {
    let save = |save| {
        let form = Form::Return(Return { all: true, save, ..Return::default() });
        Command::Search { uid: true, key: Key::All, form }
    };
    let (set, flags) = (Set::saved(true), flags::SEEN);
    let store = Command::Store { set, how: How::Add, flags, silent: true, unchanged: None };
    let begin = |talk: &mut Talk| {
        talk.client(0, "a1", Command::Create("A".into()));
        talk.server(0, &["a1 OK Made"]);
        talk.client(0, "a2", append("A", 0));
        talk.server(0, &["a2 OK [APPENDUID 7 1] Kept"]);
        talk.client(0, "a3", select("A"));
        talk.server(0, &["* 1 EXISTS", "a3 OK [READ-WRITE] Opened"]);
    };
    let mut talk = Talk(History::new(1));
    begin(&mut talk);
    talk.client(0, "a4", store.clone());
    talk.client(0, "a5", save(true));
    talk.server(0, &["* ESEARCH (TAG \"a5\") UID ALL 1", "a5 OK Found", "a4 OK Stored"]);
    talk.assert_explained();
    let mut talk = Talk(History::new(1));
    begin(&mut talk);
    talk.client(0, "a4", save(true));
    talk.client(0, "a5", store);
    talk.client(0, "a6", Command::Fetch { set: uids(1, 1), what: What::Flags, since: None });
    talk.server(0, &["* ESEARCH (TAG \"a4\") UID ALL 1", "a4 OK Found", "a5 OK Stored"]);
    talk.server(0, &["* 1 FETCH (UID 1 FLAGS ())", "a6 OK That is all"]);
    let verdict = talk.verdict();
    assert!(matches!(verdict, Verdict::Wrong(_)), "{verdict:#?}");
}

/// A STORE may have been done and yet tell nothing, where the message was moved away meanwhile and
/// its client has left the mailbox before EXPUNGE could be told.
#[test]
fn a_store_tells_nothing_of_what_is_moved_away() {
    let mut talk = Talk(History::new(3));
    talk.client(0, "a1", Command::Create("A".into()));
    talk.server(0, &["a1 OK Made"]);
    talk.client(0, "a2", Command::Create("B".into()));
    talk.server(0, &["a2 OK Made"]);
    talk.client(0, "a3", append("A", 0));
    talk.server(0, &["a3 OK [APPENDUID 7 1] Kept"]);
    talk.client(0, "a4", select("A"));
    talk.server(0, &["* 1 EXISTS", "a4 OK [READ-WRITE] Opened"]);
    talk.client(1, "b1", select("A"));
    talk.server(1, &["* 1 EXISTS", "b1 OK [READ-WRITE] Opened"]);
    let (set, flags) = (Set::one(false, 1), flags::SEEN);
    let store = Command::Store { set, how: How::Add, flags, silent: false, unchanged: None };
    talk.client(1, "b2", store);
    talk.client(1, "b3", Command::Close);
    talk.client(0, "a5", Command::Move { set: uids(1, 1), to: "B".into() });
    talk.server(0, &["* OK [COPYUID 8 1 1] Moved", "* 1 EXPUNGE", "a5 OK Moved"]);
    talk.server(1, &["b2 OK Stored", "b3 OK Closed"]);
    for (place, name) in ["A", "B"].into_iter().enumerate() {
        let exists = ["* 0 EXISTS", "* 1 EXISTS"][place];
        talk.client(2, ["c1", "c3"][place], select(name));
        talk.server(2, &[exists, ["c1 OK Opened", "c3 OK Opened"][place]]);
    }
    talk.client(2, "c4", Command::Fetch { set: uids(1, 1), what: What::Flags, since: None });
    talk.server(2, &["* 1 FETCH (UID 1 FLAGS (\\Seen))", "c4 OK That is all"]);
    talk.assert_explained();
}

/// A FETCH may tell older flags than were told meanwhile, since it tells the newer ones again before
/// its reply; but not of a message of which EXPUNGE is told before that.
#[test]
fn older_flags_need_not_be_mended_where_the_message_is_expunged() {
    let mut talk = Talk(History::new(2));
    talk.client(0, "a1", Command::Create("A".into()));
    talk.server(0, &["a1 OK Made"]);
    talk.client(0, "a2", append("A", flags::DELETED));
    talk.server(0, &["a2 OK [APPENDUID 7 1] Kept"]);
    talk.client(0, "a3", select("A"));
    talk.server(0, &["* 1 EXISTS", "a3 OK [READ-WRITE] Opened"]);
    talk.client(1, "b1", select("A"));
    talk.server(1, &["* 1 EXISTS", "b1 OK [READ-WRITE] Opened"]);
    talk.client(1, "b2", Command::Fetch { set: uids(1, 1), what: What::Flags, since: None });
    talk.client(1, "b3", Command::Noop);
    let (set, flags) = (uids(1, 1), flags::SEEN);
    let store = Command::Store { set, how: How::Add, flags, silent: true, unchanged: None };
    talk.client(0, "a4", store);
    talk.server(0, &["a4 OK Stored"]);
    talk.server(1, &["* 1 FETCH (UID 1 FLAGS (\\Deleted \\Seen))", "b3 OK Nothing done"]);
    talk.server(1, &["* 1 FETCH (UID 1 FLAGS (\\Deleted))"]);
    talk.client(0, "a5", Command::Expunge);
    talk.server(0, &["* 1 EXPUNGE", "a5 OK Expunged"]);
    talk.server(1, &["* 1 EXPUNGE", "b2 OK That is all"]);
    talk.assert_explained();
}

/// Which mailbox a connection has open is a part of what is true: the one that was deleted, or the one
/// that was made under its name. Two ways to the same mail are not the same way.
#[test]
fn a_mailbox_made_anew_is_not_the_one_that_was_open() {
    let mut talk = Talk(History::new(2));
    talk.client(0, "a1", Command::Create("A".into()));
    talk.server(0, &["a1 OK Made"]);
    // Either may come first, as far as anybody can tell.
    talk.client(1, "b1", select("A"));
    talk.client(0, "a2", Command::Delete("A".into()));
    talk.client(0, "a3", Command::Create("A".into()));
    talk.server(1, &["* 0 EXISTS", "b1 OK [READ-WRITE] Opened"]);
    talk.server(0, &["a2 OK Deleted", "a3 OK Made"]);
    talk.client(0, "a4", append("A", 0));
    talk.server(0, &["a4 OK [APPENDUID 9 1] Kept"]);
    talk.client(1, "b2", Command::Noop);
    talk.server(1, &["* 1 EXISTS", "b2 OK Nothing done"]);
    talk.assert_explained();
}
