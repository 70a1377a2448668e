//! Logging in: STARTTLS, SASL and user names. More of it, with TLS and SCRAM from the client's
//! side, stands with the server's own tests.

use super::attack::{Attack, run};
use super::client::Client;
use super::ground::{Ground, Stage};
use Stage::{Greeted, LoggedIn};
use peregrine_server::TlsMode;
use peregrine_server::tls::{TlsConfig, self_signed};
use std::sync::Arc;
use std::time::Duration;

async fn with_tls() -> Ground {
    let (certificate, key) = self_signed(&["localhost".to_owned()]).unwrap();
    let tls = TlsConfig::from_pem(certificate.as_bytes(), key.as_bytes()).unwrap();
    Ground::with(|options| options.tls = Some(Arc::new(tls))).await
}

/// What stands behind STARTTLS in clear is dropped or goes into the handshake, which fails: it is
/// never answered.
#[tokio::test(start_paused = true)]
async fn t41_starttls_injection() {
    let ground = with_tls().await;
    for (octets, replies) in [
        ("a STARTTLS\r\nx NOOP\r\n", vec!["a OK"]),
        ("a STARTTLS\nx NOOP\n", vec!["a OK"]),
        (
            "n NOOP\r\na STARTTLS\r\nx LOGIN alice wonderland\r\ny CREATE Harm\r\n",
            vec!["n OK", "a OK"],
        ),
        ("a STARTTLS\r\nx LOGIN {5+}\r\nalice {10+}\r\nwonderland\r\n", vec!["a OK"]),
        ("a STARTTLS\r\nb STARTTLS\r\n", vec!["a OK"]),
    ] {
        for cut in 1..=octets.len() {
            let mut client = Client::new(ground.open("192.0.2.1", TlsMode::StartTls));
            let greeting = client.response().await;
            assert!(greeting.contains("STARTTLS LOGINDISABLED]"), "{greeting}");
            for reply in &replies {
                if *reply == replies[0] {
                    client.send(&octets[..cut]).await;
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    client.send(&octets[cut..]).await;
                }
                let told = client.response().await;
                assert!(told.starts_with(reply), "{octets:?} cut at {cut}: {told}");
            }
            client.send("zz NOOP\r\n").await;
            // Whatever TLS says of it, nothing is an answer.
            let rest = client.octets().await;
            let answers = |tag: &str| rest.windows(tag.len()).any(|part| part == tag.as_bytes());
            assert!(!["OK ", "BAD ", "NO "].iter().any(|word| answers(word)), "{octets:?}");
            // No more than so many new connections a minute.
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }
    ground.end_unharmed().await;
}

#[tokio::test(start_paused = true)]
async fn t42_starttls_where_it_cannot_be() {
    let ground = with_tls().await;
    run(
        &ground,
        [
            Attack::new("T42 none", Greeted, "a STARTTLS\r\n", ["a BAD"]),
            Attack::new("T42 after login", LoggedIn, "a STARTTLS\r\nb NOOP\r\n", ["a BAD", "b OK"]),
            Attack::new(
                "T42 in SASL",
                Greeted,
                "a AUTHENTICATE PLAIN\r\nb STARTTLS\r\n",
                ["+", "a BAD"],
            ),
            Attack::new("T42 argument", Greeted, "a STARTTLS now\r\n", ["a BAD"]),
        ],
    )
    .await;
    ground.end_unharmed().await;
}

#[tokio::test(start_paused = true)]
async fn t44_passwords_in_clear() {
    let ground = with_tls().await;
    for command in [
        "a LOGIN alice wonderland",
        "a LOGIN alice wrong",
        "a AUTHENTICATE PLAIN AGFsaWNlAHdvbmRlcmxhbmQ=",
        "a AUTHENTICATE PLAIN",
        "a AUTHENTICATE LOGIN",
    ] {
        let mut client = Client::new(ground.open("192.0.2.1", TlsMode::StartTls));
        let greeting = client.response().await;
        assert!(
            greeting.contains("LOGINDISABLED") && !greeting.contains("AUTH=PLAIN"),
            "{greeting}"
        );
        let reply = client.reply(command).await;
        assert!(reply.starts_with("a NO [PRIVACYREQUIRED] "), "{command}: {reply}");
        assert!(client.reply("b SELECT INBOX").await.starts_with("b BAD "));
    }
    ground.end_unharmed().await;
}

/// One attempt fails, the connection goes on, and nobody comes in.
#[tokio::test(start_paused = true)]
async fn t45_t47_broken_plain() {
    let ground = Ground::new().await;
    let mut attacks = Vec::new();
    for (message, reply) in [
        ("", "a NO"),
        ("=", "a BAD"),
        ("!!!!", "a BAD"),
        ("AGFsaWNlAHdvbmRlcmxhbmQ", "a BAD"),
        ("AGFsaWNlAHdvbmRlcmxhbmR=", "a BAD"),
        ("AGFsaWNlAHdvbmRlcmxhbmQ= ", "a BAD"),
        ("AGFsaWNlAHdvbmRlcmxhbmQ==", "a BAD"),
        // One, three and four NULs.
        ("YWxpY2UAd29uZGVybGFuZA==", "a NO [AUTHENTICATIONFAILED]"),
        ("AGFsaWNlAHdvbmRlcmxhbmQA", "a NO [AUTHENTICATIONFAILED]"),
        ("AABhbGljZQB3b25kZXJsYW5k", "a NO [AUTHENTICATIONFAILED]"),
        ("AABhbGljZQB3b25kZXJsYW5kAA==", "a NO [AUTHENTICATIONFAILED]"),
        // bob's name, alice's password.
        ("Ym9iAGFsaWNlAHdvbmRlcmxhbmQ=", "a NO [AUTHORIZATIONFAILED]"),
        ("*", "a BAD"),
    ] {
        let octets = format!("a AUTHENTICATE PLAIN\r\n{message}\r\nb NOOP\r\n");
        attacks.push(Attack::new("T47", Greeted, octets, ["+", reply, "b OK"]));
    }
    run(&ground, attacks).await;
    ground.end_unharmed().await;
}

#[tokio::test(start_paused = true)]
async fn t45_t47_t48_broken_exchanges() {
    let ground = Ground::new().await;
    run(
        &ground,
        [
            Attack::new(
                "T47 IR",
                Greeted,
                "a AUTHENTICATE PLAIN =\r\nb NOOP\r\n",
                ["a NO", "b OK"],
            ),
            Attack::new(
                "T47 IR",
                Greeted,
                "a AUTHENTICATE PLAIN !\r\nb NOOP\r\n",
                ["a BAD", "b OK"],
            ),
            Attack::new("T47 none", Greeted, "a AUTHENTICATE X\r\nb NOOP\r\n", ["a NO", "b OK"]),
            // `n,,m=1,n=alice,r=x`; channel binding that was not offered; a wrong proof.
            Attack::new(
                "T48 m=",
                Greeted,
                "a AUTHENTICATE SCRAM-SHA-256 biwsbT0xLG49YWxpY2Uscj14\r\nb NOOP\r\n",
                ["a NO [AUTHENTICATIONFAILED]", "b OK"],
            ),
            Attack::new(
                "T48 p=",
                Greeted,
                "a AUTHENTICATE SCRAM-SHA-256 cD10bHMtdW5pcXVlLCxuPWFsaWNlLHI9eA==\r\nb NOOP\r\n",
                ["a NO [AUTHENTICATIONFAILED]", "b OK"],
            ),
            Attack::new(
                "T48 final",
                Greeted,
                "a AUTHENTICATE SCRAM-SHA-256 biwsbj1hbGljZSxyPXg=\r\nYz1iaXdzLHI9eCxwPUFBQUE=\r\n",
                ["+", "a NO [AUTHENTICATIONFAILED]"],
            ),
            Attack::new(
                "T45 1 MB",
                Greeted,
                format!("a AUTHENTICATE PLAIN\r\n{}\r\nx CREATE Harm\r\n", "QUFB".repeat(1 << 18)),
                ["+", "* BYE"],
            ),
            Attack::new(
                "T45 8 KB",
                Greeted,
                format!("a AUTHENTICATE PLAIN\r\n{}\r\n", "QUFB".repeat(2048)),
                ["+", "a NO [AUTHENTICATIONFAILED]"],
            ),
        ],
    )
    .await;
    ground.end_unharmed().await;
}

/// Nothing stays behind of an exchange that was broken off, and no place is lost.
#[tokio::test(start_paused = true)]
async fn t46_broken_off() {
    let ground = Ground::new().await;
    for _ in 0..500 {
        let mut client = ground.client(Greeted).await;
        client.send("a AUTHENTICATE PLAIN\r\n").await;
        assert_eq!(client.response().await, "+ ");
        client.send("*\r\n").await;
        assert!(client.response().await.starts_with("a BAD "));
        client.send("b AUTHENTICATE PLAIN\r\nAGFs").await;
        drop(client);
    }
    ground.client(LoggedIn).await.close().await;
    ground.end_unharmed().await;
}

/// Two users at once, on connections that come and go: each sees what is hers or his.
#[tokio::test(start_paused = true)]
async fn t49_two_users() {
    let ground = Ground::new().await;
    for turn in 0..50 {
        let mut alice = ground.client(Greeted).await;
        let mut bob = ground.client(Greeted).await;
        alice.send("a LOGIN alice wonderland\r\na2 LIST \"\" Canary\r\n").await;
        bob.send("a LOGIN bob builder\r\na2 LIST \"\" Canary\r\n").await;
        assert_eq!(alice.until("a2").await.len(), 3, "{turn}");
        assert_eq!(bob.until("a2").await.len(), 2, "{turn}");
        alice.close().await;
        bob.close().await;
    }
    let mut client = ground.client(Greeted).await;
    for (user, password) in [("alice", "builder"), ("bob", "wonderland"), ("BOB", "wonderland")] {
        let reply = client.reply(&format!("a LOGIN {user} {password}")).await;
        assert!(reply.starts_with("a NO [AUTHENTICATIONFAILED] "), "{user}: {reply}");
    }
    ground.end_unharmed().await;
}

#[tokio::test(start_paused = true)]
async fn t50_names_that_mean_something_elsewhere() {
    let ground = Ground::new().await;
    let long = "x".repeat(3000);
    for user in [
        "%{user}",
        "*",
        ")(uid=*",
        "' OR 1=1--",
        "a@b@c",
        "../alice",
        "alice ",
        " alice",
        "alice/",
        "alice%00",
        "${jndi:x}",
        "$(id)",
        "alice\\\\",
        &long,
    ] {
        let octets = format!("a LOGIN \"{user}\" wonderland\r\nb NOOP\r\n");
        let replies = ["a NO [AUTHENTICATIONFAILED] User name or password is wrong", "b OK"];
        run(&ground, [Attack::new("T50", Greeted, octets, replies)]).await;
    }
    ground.end_unharmed().await;
}
