//! The file of accounts, where passwords come from, and exit codes.

use super::site::{Site, err, out};
use std::os::unix::fs::PermissionsExt;

#[test]
fn accounts_are_added_listed_checked_and_removed() {
    let site = Site::ours();
    let file = site.path("config/peregrine/accounts.toml");
    let before = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("# mine\n{before}")).unwrap();
    let added = site.run(&["account", "add", "work", "--host", "h.example", "--user", "a@b.c"]);
    assert!(out(&added).contains("imaps://a@b.c@h.example:993"), "{}", err(&added));
    let listed = site.json(&["account", "list", "--json"]);
    assert_eq!(listed.len(), 2);
    assert_eq!(listed[1]["name"], "work");
    assert_eq!(listed[1]["security"], "tls");
    assert_eq!(
        site.run(&["account", "add", "work", "--host", "h", "--user", "u"]).status.code(),
        Some(2)
    );
    assert!(site.out(&["account", "check"]).contains("is right: 2 accounts"));
    assert!(site.out(&["account", "check", "home"]).contains("IMAP4REV1"));
    site.out(&["account", "remove", "work"]);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), format!("# mine\n{before}"));
    assert_eq!(site.run(&["account", "remove", "work"]).status.code(), Some(2));
}

/// Whoever repairs the file wants to see all that is wrong with it, with lines and columns.
#[test]
fn mistakes_in_the_file_are_told_at_once() {
    let site = Site::ours();
    let file = site.path("accounts.toml");
    std::fs::write(&file, "[work]\nhots = \"h\"\nuser = \"u\"\nport = 70000\npassword = \"x\"\n")
        .unwrap();
    let mut command = site.command(&["account", "check"]);
    let told = command.env("PEREGRINE_CONFIG", &file).output().unwrap();
    assert_eq!(told.status.code(), Some(78));
    let text = err(&told);
    for wanted in [
        "accounts.toml:2:1",
        "unknown key `hots`",
        "did you mean `host`?",
        "accounts.toml:4:8",
        "a number from 1 to 65535",
        "no password stands in this file",
        "4 mistakes",
    ] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
}

#[test]
fn exit_codes_tell_what_was_wrong() {
    let site = Site::ours();
    for (arguments, code) in [
        (&["mail", "list", "hoem"][..], 2),
        (&["mail", "list", "imaps://a:secret@h"], 2),
        (&["mail", "list", "imap://a@127.0.0.1:1", "--password-command", "echo x"], 69),
        (&["mail", "list", "home", "--password-command", "echo wrong"], 77),
        (&["mail", "list", "home", "--password-command", "exit 3"], 77),
        (&["mail", "read", "home", "INBOX", "7"], 1),
        (&["mail", "list", "home", "Absent"], 1),
        (&["mail", "flag", "home", "INBOX", "x", "--add", "seen"], 2),
    ] {
        let output = site.run(arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", err(&output));
        assert!(!err(&output).contains("secret"), "{}", err(&output));
    }
    assert!(err(&site.run(&["mail", "list", "hoem"])).contains("did you mean `home`?"));
}

/// A password must not be seen in what `--protocol` shows, and may come from standard input.
#[test]
fn passwords_are_read_and_never_shown() {
    let site = Site::ours();
    let listed = site.json(&["account", "list", "--json"]);
    let url = format!("imap://alice@127.0.0.1:{}", listed[0]["port"]);
    let output = site.run_with(&["mail", "list", &url, "--protocol"], "wonderland\n");
    assert!(output.status.success(), "{}", err(&output));
    assert!(
        err(&output).contains("C: ") && err(&output).contains("AUTHENTICATE"),
        "{}",
        err(&output)
    );
    assert!(!err(&output).contains("wonderland") && !err(&output).contains("d29uZGVybGFuZA"));
}

/// Stands in for the program that keeps passwords: by the account's name, in files.
const SECRET_TOOL: &str = r#"#!/bin/sh
for last; do :; done
file="${0%/*}/kept-$last"
case $1 in
    store) cat > "$file" ;;
    lookup) cat "$file" ;;
    clear) rm "$file" ;;
esac
"#;

/// The keyring gets the password on standard input, gives it at each login, and forgets it with the
/// account. Without one nothing is added.
#[test]
fn the_keyring_keeps_a_password() {
    let site = Site::ours();
    let listed = site.json(&["account", "list", "--json"]);
    let port = listed[0]["port"].to_string();
    let bin = site.path("bin");
    std::fs::create_dir(&bin).unwrap();
    let add = ["account", "add", "kept", "--host", "127.0.0.1", "--user", "alice", "--port", &port];
    let add = [&add[..], &["--security", "plain", "--keyring"]].concat();
    let run = |arguments: &[&str], path: &str, input: &str| {
        let mut command = site.command(arguments);
        let folder = site.path("input");
        std::fs::write(&folder, input).unwrap();
        command.env("PATH", path).stdin(std::fs::File::open(folder).unwrap()).output().unwrap()
    };
    let nothing = run(&add, bin.to_str().unwrap(), "wonderland\n");
    assert_eq!(nothing.status.code(), Some(1), "{}", err(&nothing));
    assert!(err(&nothing).contains("libsecret"), "{}", err(&nothing));
    assert_eq!(site.json(&["account", "list", "--json"]).len(), 1);

    let tool = bin.join("secret-tool");
    std::fs::write(&tool, SECRET_TOOL).unwrap();
    std::fs::set_permissions(&tool, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let added = run(&add, &path, "wonderland\n");
    assert!(added.status.success(), "{}", err(&added));
    assert_eq!(std::fs::read_to_string(bin.join("kept-kept")).unwrap(), "wonderland");
    let checked = run(&["account", "check", "kept"], &path, "");
    assert!(out(&checked).contains("logged in"), "{}", err(&checked));
    let removed = run(&["account", "remove", "kept"], &path, "");
    assert!(removed.status.success(), "{}", err(&removed));
    assert!(!bin.join("kept-kept").exists());
}
