//! Damaged stores, as an administrator meets them: verify, repair, backup, restore, export.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "damage/site.rs"]
mod site;

use site::Site;

/// Guards: `verify` beside a running server, its exit codes, its JSON.
#[test]
fn verify_looks_beside_a_server_and_names_what_is_damaged() {
    let site = Site::with_mail();
    let server = site.serve();
    let all = site.run(&["verify", &site.dir]);
    assert_eq!(all.code, 0, "{all:?}");
    assert!(all.out.contains("all is well"), "{all:?}");
    assert!(
        server
            .says("a LOGIN alice secret\r\nb STATUS INBOX (MESSAGES)\r\nc LOGOUT\r\n")
            .contains("b OK")
    );
    drop(server);

    let hits = site.damage_body(b"in the third message");
    assert_eq!(hits, 1);
    let found = site.run(&["verify", &site.dir, "--user", "ALICE"]);
    assert_eq!(found.code, 1, "{found:?}");
    assert!(found.out.contains("mail      alice: INBOX: UID 3: "), "{found:?}");
    let found = site.run(&["verify", &site.dir, "--json"]);
    assert_eq!(found.code, 1, "{found:?}");
    let told: serde_json::Value = serde_json::from_str(&found.out).unwrap();
    assert_eq!(told["messages"], 5);
    assert_eq!(told["damage"][0]["uid"], 3, "{told}");
    assert_eq!(told["damage"].as_array().unwrap().len(), 1, "{told}");

    // The message is refused, not its neighbours, and the words are for mail programs.
    let server = site.serve();
    let said = server.says(
        "a LOGIN alice secret\r\nb SELECT INBOX\r\nc UID FETCH 3 BODY.PEEK[]\r\n\
         d UID FETCH 2 BODY.PEEK[]\r\ne LOGOUT\r\n",
    );
    assert!(said.contains("c NO [CORRUPTION]"), "{said}");
    assert!(said.contains("d OK"), "{said}");

    let nothing = site.run(&["verify", "/nonexistent/folder"]);
    assert_eq!(nothing.code, 2, "{nothing:?}");
    let nobody = site.run(&["verify", &site.dir, "--user", "nobody"]);
    assert_eq!(nobody.code, 2, "{nobody:?}");
    assert!(nobody.err.contains("there is no user"), "{nobody:?}");
}

/// Guards: one damaged message, small or large, costs a client that reads the whole mailbox no other;
/// it is told which is missing, and no search leaves one out that it could not look into.
#[test]
fn a_client_gets_all_that_is_not_damaged() {
    let site = Site::with_mail();
    assert_eq!(site.damage_body(b"in the third message"), 1);
    for (large, left) in [(false, [1, 2, 4, 5].as_slice()), (true, &[1, 2, 5])] {
        if large {
            site.damage_object(700_000);
        }
        let server = site.serve();
        let said = server.says(
            "a LOGIN alice secret\r\nb EXAMINE INBOX\r\nc FETCH 1:* (UID BODY.PEEK[])\r\n\
             d FETCH 1:* (UID BODY.PEEK[TEXT]<0.9> ENVELOPE)\r\ne FETCH 1:* (FLAGS ENVELOPE)\r\n\
             f SEARCH BODY \"in the first message\"\r\ng SEARCH SUBJECT third\r\nh LOGOUT\r\n",
        );
        let reply = |tag: &str| {
            let start = format!("{tag} ");
            said.lines().find(|line| line.starts_with(&start)).unwrap().to_owned()
        };
        for uid in 1..=5 {
            let told = said.matches(&format!("(UID {uid} BODY[")).count();
            assert_eq!(told, if left.contains(&uid) { 2 } else { 0 }, "{uid}: {said}");
        }
        assert_eq!(said.matches(" FETCH (FLAGS ").count(), 5, "{said}");
        let text = match large {
            false => "The message with UID 3 is damaged and was left out",
            true => "2 messages are damaged and were left out, first UID 3",
        };
        for tag in ["c", "d"] {
            assert_eq!(reply(tag), format!("{tag} NO [CORRUPTION] {text}"));
        }
        assert!(reply("e").starts_with("e OK "), "nothing damaged is needed: {said}");
        assert!(reply("f").starts_with("f NO [CORRUPTION] "), "{said}");
        assert!(!said.contains("* SEARCH 1\r\n"), "{said}");
        assert!(said.contains("* SEARCH 3\r\ng OK "), "{said}");
        assert!(said.contains("h OK "), "the connection goes on: {said}");
    }
}

/// Guards: `repair` does nothing while a server runs, says first what it does, keeps the damaged
/// store, and leaves one in order.
#[test]
fn repair_asks_and_leaves_a_store_in_order() {
    let site = Site::with_mail();
    let server = site.serve();
    let busy = site.run(&["repair", &site.dir, "--yes"]);
    assert_eq!(busy.code, 1, "{busy:?}");
    assert!(busy.err.contains("in use"), "{busy:?}");
    drop(server);
    let well = site.run(&["repair", &site.dir, "--yes"]);
    assert_eq!((well.code, well.out.contains("all is well")), (0, true), "{well:?}");

    assert_eq!(site.damage_body(b"in the third message"), 1);
    let asked = site.run(&["repair", &site.dir]);
    assert_eq!(asked.code, 2, "{asked:?}");
    let dry = site.run(&["repair", &site.dir, "--dry-run"]);
    assert!(dry.out.contains("lost   alice: INBOX: UID 3: "), "{dry:?}");
    assert!(dry.out.contains("subject \"The third\""), "{dry:?}");
    assert_eq!(site.run(&["verify", &site.dir]).code, 1, "a dry run changes nothing");
    let done = site.run(&["repair", &site.dir, "--yes"]);
    assert_eq!(done.code, 1, "{done:?}");
    let verified = site.run(&["verify", &site.dir]);
    assert_eq!(verified.code, 0, "{verified:?}");
    let server = site.serve();
    let said = server.says(
        "a LOGIN alice secret\r\nb SELECT INBOX\r\nc UID FETCH 1:* (UID BODY.PEEK[HEADER.FIELDS (SUBJECT)])\r\n\
         d LOGOUT\r\n",
    );
    assert!(said.contains("* 4 EXISTS") && said.contains("fifth"), "{said}");
    assert!(said.contains("[UIDNEXT 100006]"), "no UID is given out twice: {said}");
    assert!(said.contains("UID 4 ") && !said.contains("UID 3 "), "{said}");
    let kept = std::fs::read_dir(&site.dir).unwrap().map(|entry| entry.unwrap().path());
    let kept: Vec<_> = kept.filter(|path| path.to_string_lossy().contains("damaged-")).collect();
    assert_eq!(kept.len(), 1);
    assert!(std::fs::read_to_string(kept[0].join("lost-messages.txt")).unwrap().contains("UID 3"));
}

/// Guards: a backup beside a server, everything and parts of it restored.
#[test]
fn a_backup_is_taken_and_restored() {
    let site = Site::with_mail();
    let (kept, new) = (site.beside("kept"), site.beside("new"));
    let server = site.serve();
    let taken = site.run(&["backup", &site.dir, &kept]);
    assert_eq!(taken.code, 0, "{taken:?}");
    assert!(taken.out.contains("backup 1: 1 user, 5 bodies, 5 of them new"), "{taken:?}");
    let taken = site.run(&["backup", &site.dir, &kept, "--incremental"]);
    assert!(taken.out.contains("backup 2: 1 user, 5 bodies, 0 of them new"), "{taken:?}");
    let listed = site.run(&["restore", &kept, "--list"]);
    assert!(listed.code == 0 && listed.out.contains("alice"), "{listed:?}");
    let back =
        ["restore", &kept, &site.dir, "--user", "alice", "--mailbox", "INBOX", "--as", "Before"];
    let restored = site.run(&back);
    assert_eq!(restored.code, 0, "{restored:?}");
    let message =
        ["restore", &kept, &site.dir, "--user", "alice", "--mailbox", "INBOX", "--uid", "2"];
    let restored = site.run(&message);
    assert_eq!(restored.code, 0, "{restored:?}");
    let said = server.says(
        "a LOGIN alice secret\r\nb STATUS Before (MESSAGES UIDNEXT)\r\nc STATUS INBOX (MESSAGES)\r\nd LOGOUT\r\n",
    );
    assert!(said.contains("Before (MESSAGES 5 UIDNEXT 6)"), "{said}");
    assert!(said.contains("INBOX (MESSAGES 6)"), "{said}");
    drop(server);

    let there = site.run(&["restore", &kept, &site.dir, "--user", "alice"]);
    assert_eq!(there.code, 1, "{there:?}");
    let restored = site.run(&["restore", &kept, &new]);
    assert_eq!(restored.code, 0, "{restored:?}");
    let verified = site.run(&["verify", &new]);
    assert!(verified.out.contains("5 messages"), "{verified:?}");
    assert_eq!(verified.code, 0, "{verified:?}");
}

/// Guards: one damaged message keeps none of the others from being exported.
#[test]
fn export_goes_on_past_damage() {
    let site = Site::with_mail();
    assert_eq!(site.damage_body(b"in the third message"), 1);
    let target = site.beside("out");
    let exported = site.run(&["export", &site.dir, "--user", "alice", &target]);
    assert_eq!(exported.code, 1, "{exported:?}");
    assert!(exported.err.contains("INBOX: left out: UID 3"), "{exported:?}");
    let files: usize = ["cur", "new"]
        .iter()
        .map(|part| std::fs::read_dir(format!("{target}/{part}")).unwrap().count())
        .sum();
    assert_eq!(files, 4);
}
