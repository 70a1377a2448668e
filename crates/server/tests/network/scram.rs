//! SCRAM-SHA-256 (RFC 7677) against rsasl's client, and against clients that cheat.

use super::dialogue::{Dialogue, connect, local, server};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rsasl::mechname::Mechname;
use rsasl::prelude::{SASLClient, SASLConfig, Session};
use tokio::io::DuplexStream;

fn client(authorization: Option<&str>, user: &str, password: &str) -> Session {
    let config = SASLConfig::with_credentials(
        authorization.map(str::to_owned),
        user.to_owned(),
        password.to_owned(),
    );
    let name = Mechname::parse(b"SCRAM-SHA-256").unwrap();
    SASLClient::new(config.unwrap()).start_suggested(&[name]).unwrap()
}

/// Runs an exchange to its tagged reply.
async fn run(dialogue: &mut Dialogue<DuplexStream>, mut client: Session) -> String {
    let mut message = Vec::new();
    client.step(None, &mut message).unwrap();
    dialogue.send(format!("a AUTHENTICATE SCRAM-SHA-256 {}\r\n", STANDARD.encode(&message))).await;
    loop {
        let line = dialogue.line().await;
        let Some(challenge) = line.strip_prefix("+ ") else { return line };
        let mut answer = Vec::new();
        // The client refuses a server that does not prove itself.
        client.step(Some(&STANDARD.decode(challenge).unwrap()), &mut answer).unwrap();
        dialogue.send(format!("{}\r\n", STANDARD.encode(answer))).await;
    }
}

#[tokio::test(start_paused = true)]
async fn both_sides_prove_the_password() {
    let server = server(|_| {}).await;
    for (authorization, user, password, expected) in [
        (None, "ann", "secret", "a OK [CAPABILITY "),
        (Some("ann"), "ann", "secret", "a OK [CAPABILITY "),
        (Some("bob"), "ann", "secret", "a NO [AUTHORIZATIONFAILED] "),
        (None, "ann", "wrong", "a NO [AUTHENTICATIONFAILED] "),
        (None, "nobody", "secret", "a NO [AUTHENTICATIONFAILED] "),
        (None, "no,bo=dy", "secret", "a NO [AUTHENTICATIONFAILED] "),
    ] {
        let mut dialogue = connect(&server, local()).await;
        let reply = run(&mut dialogue, client(authorization, user, password)).await;
        assert!(reply.starts_with(expected), "{user} {authorization:?}: {reply}");
    }
}

/// The first challenge for a name.
async fn challenge(dialogue: &mut Dialogue<DuplexStream>, first: &str) -> String {
    // RFC 4959 §3: an empty initial response is written as "=".
    let first = if first.is_empty() { "=".to_owned() } else { STANDARD.encode(first) };
    dialogue.send(format!("a AUTHENTICATE SCRAM-SHA-256 {first}\r\n")).await;
    let line = dialogue.line().await;
    match line.strip_prefix("+ ") {
        Some(challenge) => String::from_utf8(STANDARD.decode(challenge).unwrap()).unwrap(),
        None => line,
    }
}

/// T51: an unknown user's challenge looks like a known one's, the same salt each time.
#[tokio::test(start_paused = true)]
async fn unknown_users_have_a_salt_too() {
    let server = server(|_| {}).await;
    let mut salts = Vec::new();
    for user in ["nobody", "nobody", "ann", "ann", "noBody", "aNn"] {
        let mut dialogue = connect(&server, local()).await;
        let challenge = challenge(&mut dialogue, &format!("n,,n={user},r=abc")).await;
        let (_, rest) = challenge.split_once(",s=").unwrap();
        salts.push(rest.to_owned());
    }
    assert_eq!(salts[0], salts[1]);
    assert_eq!(salts[2], salts[3]);
    // Names have no case, neither those that are there nor the others.
    assert_eq!(salts[4..], [&salts[0][..], &salts[2]]);
    assert_eq!(salts[0].len(), salts[2].len());
    assert_ne!(salts[0], salts[2]);
}

/// T48: forged channel bindings, mandatory extensions, wrong nonces and what is no message fail.
#[tokio::test(start_paused = true)]
async fn cheating_clients_fail() {
    let server = server(|_| {}).await;
    for first in
        ["", "n,,", "n,,n=ann", "p=tls-exporter,,n=ann,r=abc", "n,,m=x,n=ann,r=abc", "n,,r"]
    {
        let mut dialogue = connect(&server, local()).await;
        let reply = challenge(&mut dialogue, first).await;
        assert!(reply.starts_with("a NO [AUTHENTICATIONFAILED] "), "{first}: {reply}");
    }
    let zero = "A".repeat(43) + "=";
    for last in [
        "",
        "c",
        "c=biws",
        "c=biws,r=abc",
        "c=eSws,r=NONCE,p=PROOF",
        "c=biws,r=abc,p=PROOF",
        "c=biws,r=NONCE,p=PROOF",
        "c=biws,r=NONCE,p=AAAA",
        "c=biws,r=NONCE,p=",
        "c=biws,r=NONCE,p=PROOF,",
    ] {
        let mut dialogue = connect(&server, local()).await;
        let challenge = challenge(&mut dialogue, "n,,n=ann,r=abc").await;
        let nonce = challenge.split([',', '=']).nth(1).unwrap();
        let last = last.replace("NONCE", nonce).replace("PROOF", &zero);
        dialogue.send(format!("{}\r\n", STANDARD.encode(&last))).await;
        let reply = dialogue.line().await;
        assert!(reply.starts_with("a NO [AUTHENTICATIONFAILED] "), "{last}: {reply}");
    }
}
