//! LOGIN, AUTHENTICATE PLAIN and LOGIN: who comes in, and what the others are told.

use super::dialogue::{ann, connect, local, peer, server};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

const FAILED: &str = "NO [AUTHENTICATIONFAILED] User name or password is wrong";

fn plain(authorization: &str, user: &str, password: &str) -> String {
    STANDARD.encode(format!("{authorization}\0{user}\0{password}"))
}

#[tokio::test(start_paused = true)]
async fn everyone_comes_in_with_the_right_password() {
    let server = server(|_| {}).await;
    let in_plain = STANDARD.encode("\0bob\0secret");
    for lines in [
        vec!["a LOGIN bob secret".to_owned()],
        vec!["a LOGIN {3+}\r\nbob {6+}\r\nsecret".to_owned()],
        vec![format!("a AUTHENTICATE PLAIN {in_plain}")],
        vec![format!("a authenticate plain {}", plain("bob", "bob", "secret"))],
        // The store compares names without case, and so is he who he says he is.
        vec![format!("a authenticate plain {}", plain("bob", "BOB", "secret"))],
        vec!["a AUTHENTICATE PLAIN".to_owned(), in_plain.clone()],
        vec!["a AUTHENTICATE LOGIN".to_owned(), STANDARD.encode("bob"), STANDARD.encode("secret")],
        vec![format!("a AUTHENTICATE LOGIN {}", STANDARD.encode("bob")), STANDARD.encode("secret")],
    ] {
        let mut client = connect(&server, local()).await;
        let (last, prompted) = lines.split_last().unwrap();
        for line in prompted {
            client.send(format!("{line}\r\n")).await;
            let prompt = client.line().await;
            // Microsoft's clients want a prompt that is not empty (trap-16).
            let named = !line.contains("LOGIN") || prompt.len() > 2;
            assert!(prompt.starts_with("+ ") && named, "{line}: {prompt}");
        }
        client.send(format!("{last}\r\n")).await;
        let reply = client.line().await;
        // trap-44: what can be done now stands in the tagged reply.
        assert!(reply.starts_with("a OK [CAPABILITY IMAP4rev1 "), "{lines:?}: {reply}");
        assert!(!reply.contains("AUTH=") && !reply.contains("STARTTLS"), "{reply}");
        assert!(client.reply("b NOOP").await.starts_with("b OK"));
    }
}

/// T51: unknown user, wrong password, and names that no user can have get the same words.
/// T50: names that mean something elsewhere are names of nobody.
#[tokio::test(start_paused = true)]
async fn failures_are_told_alike() {
    let server = server(|_| {}).await;
    let long = "x".repeat(1000);
    for user in ["ann", "eve", "%{user}", "*", ")(uid=*", "' OR 1=1--", "a@b@c", &long, "a\u{7f}"] {
        let mut client = connect(&server, local()).await;
        let reply = client.reply(&format!("a LOGIN \"{user}\" wrong")).await;
        assert_eq!(reply, format!("a {FAILED}"), "{user}");
        assert!(client.reply("b NOOP").await.starts_with("b OK"), "{user}");
    }
    // T18: not UTF-8.
    let mut client = connect(&server, local()).await;
    client.send(b"a LOGIN {3+}\r\n\xff\xfe\xfd {2+}\r\n\xc3\x28\r\n").await;
    assert_eq!(client.line().await, format!("a {FAILED}"));
}

/// T47: PLAIN with another user's name, or not of two NULs; T45: what is not base64.
#[tokio::test(start_paused = true)]
async fn malformed_and_foreign_messages() {
    let server = server(|_| {}).await;
    let other = plain("ann", "bob", "secret");
    let cases = [
        (other.as_str(), "a NO [AUTHORIZATIONFAILED] "),
        ("=", "a NO [AUTHENTICATIONFAILED] "),
        ("AA==", "a NO [AUTHENTICATIONFAILED] "),
        ("AABib2IAc2VjcmV0", "a NO [AUTHENTICATIONFAILED] "),
    ];
    for (message, expected) in cases {
        let mut client = connect(&server, local()).await;
        let reply = client.reply(&format!("a AUTHENTICATE PLAIN {message}")).await;
        assert!(reply.starts_with(expected), "{message}: {reply}");
    }
    for message in ["*", "not base64", "AGJvYgBzZWNyZXQ", "AGJvYgBzZWNyZXR=", "\u{e9}"] {
        let mut client = connect(&server, local()).await;
        client.send("a AUTHENTICATE PLAIN\r\n").await;
        assert_eq!(client.line().await, "+ ");
        client.send(format!("{message}\r\nb NOOP\r\n")).await;
        let reply = client.line().await;
        assert!(reply.starts_with("a BAD ") || reply.starts_with("a NO "), "{message}: {reply}");
        assert!(client.until("b").await.pop().unwrap().starts_with("b OK"), "{message}");
    }
}

/// RFC 3501 §7.1: ALERT is for a person to see; here what the operator wants to be known.
#[tokio::test(start_paused = true)]
async fn the_operators_alert_is_shown_after_login() {
    let server = server(|options| options.alert = Some("Closed tonight".into())).await;
    let plain = format!("b AUTHENTICATE PLAIN {}", plain("", "ann", "secret"));
    for command in ["b LOGIN ann secret", &plain] {
        let mut client = connect(&server, local()).await;
        let refused = client.ask("a LOGIN ann wrong").await;
        assert_eq!(refused.len(), 1, "{refused:?}");
        let told = client.ask(command).await;
        assert_eq!(told[0], "* OK [ALERT] Closed tonight", "{told:?}");
        assert!(told.len() == 2 && told[1].starts_with("b OK [CAPABILITY "), "{told:?}");
        assert_eq!(client.ask("c NOOP").await.len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn unknown_mechanisms_are_named() {
    let server = server(|_| {}).await;
    let mut client = connect(&server, local()).await;
    let reply = client.reply("a AUTHENTICATE CRAM-MD5").await;
    assert!(reply.starts_with("a NO [CANNOT] ") && reply.contains("SCRAM-SHA-256"), "{reply}");
}

/// T44: the right password in clear is refused as well, and not offered.
#[tokio::test(start_paused = true)]
async fn passwords_in_clear_are_refused_from_afar() {
    let server = server(|_| {}).await;
    let mut client = connect(&server, peer("192.0.2.1")).await;
    let told = client.ask("a CAPABILITY").await.join("\n");
    assert!(told.contains(" LOGINDISABLED") && !told.contains("AUTH="), "{told}");
    for command in ["b LOGIN ann secret", "b AUTHENTICATE PLAIN AGFubgBzZWNyZXQ="] {
        let mut client = connect(&server, peer("192.0.2.1")).await;
        let reply = client.reply(command).await;
        assert!(reply.starts_with("b NO [PRIVACYREQUIRED] "), "{reply}");
    }
    let server = super::dialogue::server(|options| options.cleartext_login = true).await;
    let mut client = connect(&server, peer("192.0.2.1")).await;
    assert!(client.reply("a LOGIN ann secret").await.starts_with("a OK"));
}

/// T46: an exchange that is broken off leaves nothing behind that keeps others out.
#[tokio::test(start_paused = true)]
async fn broken_off_exchanges() {
    let server = server(|_| {}).await;
    for _ in 0..500 {
        let mut client = connect(&server, local()).await;
        client.send("a AUTHENTICATE PLAIN\r\n").await;
        assert_eq!(client.line().await, "+ ");
    }
    ann(&server).await;
}

/// The third failure of a connection is its last, and each takes longer than the one before.
#[tokio::test(start_paused = true)]
async fn guessing_is_slow_and_ends() {
    let server = server(|options| options.cleartext_login = true).await;
    let mut client = connect(&server, peer("192.0.2.1")).await;
    let mut seconds = Vec::new();
    for guess in ["a", "b", "c"] {
        let before = tokio::time::Instant::now();
        let reply = client.reply(&format!("{guess} LOGIN ann {guess}")).await;
        assert_eq!(reply, format!("{guess} {FAILED}"));
        seconds.push(before.elapsed().as_secs());
    }
    assert_eq!(seconds, [1, 2, 4]);
    assert!(client.rest().await.starts_with("* BYE "));
}

/// Another case of letters is the same user: who guesses waits as long as with one spelling.
#[tokio::test(start_paused = true)]
async fn guessing_in_other_letters_is_as_slow() {
    let server = server(|_| {}).await;
    let mut seconds = Vec::new();
    for user in ["ann", "ANN", "aNn"] {
        let mut client = connect(&server, local()).await;
        let before = tokio::time::Instant::now();
        let reply = client.reply(&format!("a LOGIN {user} not-{user}")).await;
        assert_eq!(reply, format!("a {FAILED}"));
        seconds.push(before.elapsed().as_secs());
    }
    assert_eq!(seconds, [1, 2, 4]);
}

/// T49: two users at the same time never get each other's mail.
#[tokio::test(start_paused = true)]
async fn users_are_kept_apart() {
    let server = server(|_| {}).await;
    let mut first = ann(&server).await;
    let mut second = connect(&server, local()).await;
    first.send("a CREATE ann-only\r\n").await;
    assert!(second.reply("b LOGIN bob secret").await.starts_with("b OK"));
    assert!(first.until("a").await.pop().unwrap().starts_with("a OK"));
    let listed = second.ask("c LIST \"\" *").await.join("\n");
    assert!(!listed.contains("ann-only"), "{listed}");
}
