//! `peregrine shell` as a script: lines in, replies out.

use super::site::{Site, err, out};

#[test]
fn with_our_server() {
    story(&Site::ours());
    refusals(&Site::ours());
}

#[test]
fn with_dovecot() {
    Site::peer("dovecot.sh").iter().for_each(story);
}

#[test]
fn with_cyrus() {
    Site::peer("cyrus.sh").iter().for_each(story);
}

/// Tags typed and assigned, literals of each kind, IDLE; alike with every server.
fn story(site: &Site) {
    let file = site.path("letter.eml");
    std::fs::write(&file, "Subject: from a file\n\ntext\n").unwrap();
    let file = file.to_str().unwrap();
    let script = format!(
        "append INBOX {{<{file}}}\nmine append INBOX {{}}\nSubject: asked for\n\n..\n.\n\
         append INBOX {{14}}\nSubject: x\r\n\r\n\nselect INBOX\nidle\ndone\n\
         fetch 1:3 body.peek[header.fields (subject)]\nfetch 2 body.peek[text]\n"
    );
    let output = site.run_with(&["shell", "home"], &script);
    let text = out(&output);
    assert!(output.status.success(), "{text}{}", err(&output));
    for wanted in ["a1 OK", "mine OK", "a2 OK", "* 3 EXISTS", "a3 OK", "a4 OK", "a5 OK", "a6 OK"] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
    for wanted in ["Subject: from a file", "Subject: asked for", "Subject: x", "\n.\n"] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
    assert!(text.contains("* BYE") && text.contains("a7 OK"), "it says goodbye: {text}");
    // Everything at once, and each is answered.
    let all = site.run_with(&["shell", "home", "--pipeline"], &"noop\n".repeat(20));
    assert!(out(&all).contains("a20 OK"), "{}", out(&all));
}

fn refusals(site: &Site) {
    // The password is not in what is shown, though the greeting and all replies are.
    let output = site.run_with(&["shell", "home"], "x noop\nselect Absent\n");
    assert_eq!(output.status.code(), Some(1), "a refused command fails the script");
    assert!(out(&output).contains("x OK") && out(&output).contains("a1 NO"), "{}", out(&output));
    assert!(!out(&output).contains("wonderland") && !err(&output).contains("wonderland"));
    // A literal that the server refuses does not hang.
    let output = site.run_with(&["shell", "home"], "append Absent {}\nabc\n.\nnoop\n");
    assert!(out(&output).contains("a2 OK"), "{}", out(&output));
    // Before login nothing is sent by itself.
    let script = "login alice wonderland\nlogout\n";
    let output = site.run_with(&["shell", "home", "--no-login"], script);
    assert!(output.status.success(), "{}", err(&output));
    assert!(out(&output).starts_with("* OK") && out(&output).contains("a1 OK"));
    let file = site.run_with(&["shell", "home"], "append INBOX {<absent.eml}\n");
    assert_eq!(file.status.code(), Some(2));
    let broken = site.run_with(&["shell", "home", "--password-command", "echo wrong"], "noop\n");
    assert_eq!(broken.status.code(), Some(77));
}
