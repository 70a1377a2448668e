//! Which commands are held back (RFC 3501 §5.5), and what belongs to whom.

use crate::house::House;
use crate::own_server::MAIL;
use crate::wire::{Wire, command};
use peregrine_client::proto::Response;
use peregrine_client::{Error, Items, Ordering, Settings, all};

/// Earlier, later, and whether the later one waits: cautious, and where the server is trusted.
const PAIRS: &[(&str, &str, bool, bool)] = &[
    // The examples of RFC 3501 §5.5.
    ("FETCH 1 (FLAGS)", "STORE 1 +FLAGS.SILENT (x)", true, false),
    ("FETCH 1 (FLAGS)", "STORE 2 +FLAGS.SILENT (x)", false, false),
    ("NOOP", "STORE 1 +FLAGS.SILENT (x)", true, true),
    ("COPY 1 x", "FETCH 2 (FLAGS)", true, true),
    ("COPY 1 x", "COPY 2 y", true, true),
    ("STORE 1 +FLAGS.SILENT (x)", "COPY 1 x", true, false),
    ("STORE 1 +FLAGS.SILENT (x)", "SEARCH SEEN", true, false),
    // UID commands are no exception: an EXPUNGE may come with them.
    ("UID FETCH 1 (FLAGS)", "FETCH 2 (FLAGS)", true, true),
    ("FETCH 2 (FLAGS)", "UID FETCH 1 (FLAGS)", false, false),
    ("UID FETCH 1 (FLAGS)", "UID FETCH 1 (FLAGS)", false, false),
    ("UID STORE 1 +FLAGS.SILENT (x)", "UID STORE 1 +FLAGS.SILENT (y)", false, false),
    ("UID STORE 1 FLAGS (x)", "UID STORE 1 FLAGS (y)", true, false),
    ("UID STORE 1 FLAGS (x)", "UID STORE 2 FLAGS (y)", false, false),
    ("UID EXPUNGE 1", "UID FETCH 1 (FLAGS)", true, false),
    // Answers that don't say whose they are.
    ("UID SEARCH ALL", "UID SEARCH SEEN", true, false),
    ("UID SEARCH RETURN (ALL) ALL", "UID SEARCH RETURN (ALL) SEEN", false, false),
    ("LIST \"\" *", "LIST \"\" %", true, false),
    ("LIST \"\" *", "LSUB \"\" *", false, false),
    ("STATUS x (MESSAGES)", "STATUS y (MESSAGES)", false, false),
    ("STATUS x (MESSAGES)", "STATUS x (MESSAGES)", true, false),
    // What changes the connection or the mailbox stands alone.
    ("UID FETCH 1 (FLAGS)", "SELECT x", true, true),
    ("SELECT x", "UID FETCH 1 (FLAGS)", true, true),
    ("NOOP", "LOGOUT", true, true),
    ("CREATE x", "APPEND x {1+}\r\nm", true, false),
    ("APPEND x {1+}\r\nm", "APPEND x {1+}\r\nm", false, false),
];

#[test]
fn only_what_must_wait_waits() {
    for (earlier, later, cautious, trusting) in PAIRS {
        let orderings = [(Ordering::Cautious, *cautious), (Ordering::TrustServer, *trusting)];
        for (ordering, waits) in orderings {
            let mut wire = Wire::selected(Settings { ordering, ..Settings::default() });
            let first = wire.sends(command(earlier));
            wire.sent();
            let second = wire.sends(command(later));
            assert_eq!(wire.sent().is_empty(), waits, "{earlier} {later} {ordering:?}");
            // Whatever waited goes out when the other has ended.
            wire.machine.receive(wire.now, format!("t{} OK done\r\n", first.0).as_bytes());
            assert_eq!(wire.sent().is_empty(), !waits, "{earlier} {later} {ordering:?}");
            wire.says(format!("t{} OK done\r\n", second.0));
            wire.ok(second);
        }
    }
}

/// What waits keeps its place: a third command never overtakes one that it conflicts with, and
/// overtakes one that it does not.
#[test]
fn a_waiting_command_keeps_its_place() {
    let mut wire = Wire::selected(Settings::default());
    let first = wire.sends(command("UID FETCH 1 (FLAGS)"));
    let held = wire.sends(command("UID STORE 1 FLAGS (x)"));
    let behind = wire.sends(command("UID FETCH 1:2 (FLAGS)"));
    let free = wire.sends(command("UID FETCH 3 (FLAGS)"));
    let sent = wire.sent();
    assert!(sent.contains(&format!("t{} ", first.0)) && sent.contains(&format!("t{} ", free.0)));
    assert!(!sent.contains("STORE") && !sent.contains("1:2"), "{sent}");
    wire.machine.receive(wire.now, format!("t{} OK done\r\n", first.0).as_bytes());
    assert_eq!(wire.sent(), format!("t{} UID STORE 1 FLAGS (x)\r\n", held.0));
    // One that is taken back frees those behind it.
    let third = wire.sends(command("UID STORE 2 FLAGS (x)"));
    assert!(wire.machine.withdraw(wire.now, behind));
    assert_eq!(wire.sent(), format!("t{} UID STORE 2 FLAGS (x)\r\n", third.0));
    assert!(!wire.machine.withdraw(wire.now, held));
}

/// Data goes to the commands that asked for it, and to nobody else.
#[test]
fn data_goes_to_whom_it_belongs() {
    let ordering = Ordering::TrustServer;
    let mut wire = Wire::selected(Settings { ordering, ..Settings::default() });
    let flags = wire.sends(command("UID FETCH 1:5 (FLAGS UID)"));
    let body = wire.sends(command("UID FETCH 3:* (BODY.PEEK[] UID)"));
    let one = wire.sends(command("UID SEARCH RETURN (ALL) ALL"));
    let two = wire.sends(command("UID SEARCH RETURN (ALL) SEEN"));
    wire.says("* 3 FETCH (UID 3 FLAGS ())\r\n* 3 FETCH (UID 3 BODY[] \"x\")\r\n");
    // By itself, and without a UID: nobody asked for this.
    wire.says("* 9 FETCH (FLAGS (\\Seen))\r\n");
    wire.says("* 9 FETCH (UID 90 BODY[] \"y\")\r\n* 1 FETCH (UID 2 BODY[] \"z\")\r\n");
    wire.says(format!("* ESEARCH (TAG \"t{}\") UID ALL 7\r\n", two.0));
    wire.says(format!("* ESEARCH (TAG \"t{}\") UID ALL 8\r\n", one.0));
    assert_eq!(wire.data(flags).len(), 1);
    assert_eq!(wire.data(body).len(), 2);
    for (id, found) in [(one, 8), (two, 7)] {
        let data = wire.data(id);
        assert!(matches!(&data[..], [Response::ESearch(_)]), "{data:?}");
        assert!(format!("{data:?}").contains(&format!("({found}, {found})")), "{data:?}");
    }
    // Without a name, it is the oldest one's.
    let older = wire.sends(command("LIST \"\" *"));
    let newer = wire.sends(command("LIST \"\" %"));
    wire.says(format!("* LIST () \"/\" a\r\nt{} OK done\r\n", older.0));
    wire.says(format!("* LIST () \"/\" b\r\nt{} OK done\r\n", newer.0));
    assert_eq!((wire.data(older).len(), wire.data(newer).len()), (1, 1));
}

/// A handle to a mailbox is of no use when another one is selected, also for calls that waited.
#[tokio::test]
async fn numbers_are_never_used_in_another_mailbox() {
    let client = House::new().await.client().await;
    client.append("INBOX", MAIL).await.unwrap();
    let inbox = client.select("INBOX").await.unwrap();
    let before = inbox.fetch(all(), Items::new().flags());
    let sent = client.select("Sent");
    let behind = inbox.fetch(all(), Items::new().flags());
    assert_eq!(before.await.unwrap().len(), 1);
    let sent = sent.await.unwrap();
    let error = behind.await.unwrap_err();
    assert!(matches!(error, Error::MailboxChanged { command: "UID FETCH" }), "{error}");
    assert_eq!(sent.fetch(all(), Items::new()).await.unwrap(), []);
    // A mailbox that cannot be selected leaves none selected (RFC 3501 §6.3.1).
    client.select("nowhere").await.unwrap_err();
    assert!(matches!(sent.expunge().await, Err(Error::MailboxChanged { .. })));
}

#[tokio::test]
async fn an_answer_that_is_too_large_fails_the_call_alone() {
    let house = House::new().await;
    let client = house.connect(Settings { call_memory: 10_000, ..Settings::default() }).await;
    client.login("ann", "secret").await.unwrap();
    client.append("INBOX", "x".repeat(20_000)).await.unwrap();
    let inbox = client.select("INBOX").await.unwrap();
    let error = inbox.fetch(all(), Items::new().body()).await.unwrap_err();
    assert!(matches!(error, Error::TooLarge { limit: 10_000, .. }), "{error}");
    assert_eq!(inbox.fetch(all(), Items::new()).await.unwrap().len(), 1);
}
