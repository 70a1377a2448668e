//! What others may hear, and what is written down.

use crate::house::House;
use crate::played::{Played, plain};
use peregrine_client::{
    Connector, Credentials, Error, Line, Log, Mechanism, Security, Settings, Trust,
};
use std::sync::{Arc, Mutex};

#[tokio::test]
async fn a_log_shows_no_secret() {
    let lines = Arc::new(Mutex::new(String::new()));
    let written = Arc::clone(&lines);
    let log = Log::new(move |line| {
        let (who, octets) = match line {
            Line::Sent(octets) => ("C: ", octets),
            Line::Received(octets) => ("S: ", octets),
        };
        let mut written = written.lock().unwrap();
        *written += who;
        *written += &String::from_utf8_lossy(octets);
        *written += "\n";
    });
    let house = House::new().await;
    let settings = Settings { log: Some(log), ..Settings::default() };
    let credentials = Credentials::password_of("ann", "secret");
    for mechanism in [Mechanism::Plain, Mechanism::ScramSha256] {
        let client = house.connect(settings.clone()).await;
        client.authenticate_by(mechanism, &credentials).await.unwrap();
    }
    let client = house.connect(settings.clone()).await;
    client.login("ann", "secret").await.unwrap();
    client.noop().await.unwrap();
    let lines = lines.lock().unwrap();
    for secret in ["secret", "AGFubgBzZWNyZXQ", " ann"] {
        assert!(!lines.contains(secret), "{secret}: {lines}");
    }
    for shown in ["C: LOGIN …", "C: AUTHENTICATE …", "NOOP", "S: * OK"] {
        assert!(lines.contains(shown), "{shown}: {lines}");
    }
    assert!(!format!("{credentials:?}").contains("secret"));
}

#[tokio::test]
async fn passwords_are_not_sent_in_clear() {
    let (ours, mut server) = Played::new();
    tokio::spawn(async move {
        let capabilities = "IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 LOGINDISABLED";
        server.says(format!("* OK [CAPABILITY {capabilities}] hello\r\n")).await;
        assert_eq!(server.line().await, "");
    });
    let (client, connection) = plain().connect_over(ours, false).await.unwrap();
    let driver = tokio::spawn(connection);
    let password = Credentials::password_of("ann", "secret");
    let token = Credentials::token_of("ann", || async { Ok("token".to_owned()) });
    for error in [
        client.login("ann", "secret").await.unwrap_err(),
        client.authenticate(&password).await.unwrap_err(),
        client.authenticate(&token).await.unwrap_err(),
    ] {
        assert!(matches!(error, Error::Unsafe(_)), "{error}");
    }
    driver.abort();
}

/// What a server says when it refuses a token comes with the error.
#[tokio::test]
async fn tokens_are_fetched_and_refusals_are_told() {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    for (mechanism, expected) in [
        (Mechanism::XOAuth2, "user=ann\u{1}auth=Bearer token\u{1}\u{1}"),
        (Mechanism::OAuthBearer, "n,a=ann,\u{1}auth=Bearer token\u{1}\u{1}"),
    ] {
        let (ours, mut server) = Played::new();
        let offered = mechanism.name();
        let greeting = format!("* OK [CAPABILITY IMAP4rev1 AUTH={offered}] hello\r\n");
        tokio::spawn(async move {
            server.says(greeting).await;
            let tag = server.expects(&format!("AUTHENTICATE {offered}")).await;
            server.says("+ \r\n").await;
            assert_eq!(STANDARD.decode(server.line().await).unwrap(), expected.as_bytes());
            server.says(format!("+ {}\r\n", STANDARD.encode("{\"status\":\"401\"}"))).await;
            assert_eq!(server.line().await, "AQ==");
            server.says(format!("{tag} NO [AUTHENTICATIONFAILED] no\r\n")).await;
            server.line().await;
        });
        let (client, connection) = plain().connect_over(ours, true).await.unwrap();
        tokio::spawn(connection);
        let token = Credentials::token_of("ann", || async { Ok("token".to_owned()) });
        let error = client.authenticate(&token).await.unwrap_err().to_string();
        assert!(error.contains("no ({\"status\":\"401\"})"), "{error}");
    }
}

/// STARTTLS with our own server, from the greeting to a login.
#[tokio::test]
async fn tls_begins_with_starttls() {
    let (house, certificate) = House::with_tls().await;
    let mut connector = Connector::new("localhost", 143, Security::StartTls);
    connector.trust = Trust::Certificate(certificate);
    let (client, connection) = connector.connect_over(house.stream(), false).await.unwrap();
    tokio::spawn(connection);
    assert!(client.is_private() && !client.capabilities().has("STARTTLS"));
    let credentials = Credentials::password_of("ann", "secret");
    client.authenticate(&credentials).await.unwrap();
    assert!(!client.list("*").await.unwrap().is_empty());
}
