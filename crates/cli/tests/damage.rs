//! Damaged stores, as an administrator meets them: verify.
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
    drop(server);

    let nothing = site.run(&["verify", "/nonexistent/folder"]);
    assert_eq!(nothing.code, 2, "{nothing:?}");
    let nobody = site.run(&["verify", &site.dir, "--user", "nobody"]);
    assert_eq!(nobody.code, 2, "{nobody:?}");
    assert!(nobody.err.contains("there is no user"), "{nobody:?}");
}
