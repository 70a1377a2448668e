//! TLS from the first byte and by STARTTLS.

use super::dialogue::{Dialogue, local, open, peer, server};
use peregrine_server::tls::{TlsConfig, self_signed};
use peregrine_server::{Options, TlsMode};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::io;
use std::sync::Arc;
use tokio::io::DuplexStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// A certificate for `localhost`, and a client that trusts it.
fn pair() -> (Arc<TlsConfig>, ClientConfig) {
    let (certificate, key) = self_signed(&["localhost".to_owned()]).unwrap();
    let config = TlsConfig::from_pem(certificate.as_bytes(), key.as_bytes()).unwrap();
    (Arc::new(config), trusting(&certificate))
}

fn trusting(certificate: &str) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth()
}

async fn handshake(
    stream: DuplexStream,
    config: &ClientConfig,
) -> io::Result<Dialogue<TlsStream<DuplexStream>>> {
    let name = ServerName::try_from("localhost").unwrap();
    let stream = TlsConnector::from(Arc::new(config.clone())).connect(name, stream).await?;
    Ok(Dialogue::new(stream))
}

fn with(tls: &Arc<TlsConfig>) -> impl FnOnce(&mut Options) {
    let tls = Arc::clone(tls);
    |options| options.tls = Some(tls)
}

#[tokio::test(start_paused = true)]
async fn from_the_first_byte() {
    let (tls, config) = pair();
    let server = server(with(&tls)).await;
    let stream = open(&server, peer("192.0.2.1"), TlsMode::Implicit);
    let mut client = handshake(stream, &config).await.unwrap();
    let greeting = client.line().await;
    assert!(greeting.contains(" AUTH=PLAIN ") && !greeting.contains("STARTTLS"), "{greeting}");
    // T42
    assert!(client.reply("a STARTTLS").await.starts_with("a BAD "));
    assert!(client.reply("b LOGIN ann secret").await.starts_with("b OK "));
    assert!(client.reply("c STARTTLS").await.starts_with("c BAD "));
    assert!(client.ask("d LOGOUT").await[0].starts_with("* BYE "));
    assert_eq!(client.rest().await, "");
}

/// T43: nothing of before TLS counts afterwards. trap-43: the capabilities are others then.
#[tokio::test(start_paused = true)]
async fn starttls_begins_anew() {
    let (tls, config) = pair();
    let server = server(with(&tls)).await;
    let mut client = Dialogue::new(open(&server, peer("192.0.2.1"), TlsMode::StartTls));
    let greeting = client.line().await;
    assert!(greeting.contains(" STARTTLS LOGINDISABLED]"), "{greeting}");
    assert!(client.reply("a LOGIN ann secret").await.starts_with("a NO [PRIVACYREQUIRED]"));
    assert!(client.reply("b STARTTLS").await.starts_with("b OK "));
    let mut client = handshake(client.stream, &config).await.unwrap();
    let told = client.ask("c CAPABILITY").await.join("\n");
    assert!(told.contains(" AUTH=SCRAM-SHA-256") && !told.contains("STARTTLS"), "{told}");
    assert!(client.reply("d STARTTLS").await.starts_with("d BAD "));
    assert!(client.reply("e LOGIN ann secret").await.starts_with("e OK "));
}

/// T41: what is sent behind STARTTLS in the same segment is never a command.
#[tokio::test(start_paused = true)]
async fn nothing_is_smuggled_into_tls() {
    let (tls, config) = pair();
    let server = server(with(&tls)).await;
    for injected in ["a STARTTLS\r\nx NOOP\r\n", "n NOOP\r\na STARTTLS\r\nx LOGIN ann secret\r\n"] {
        let mut client = Dialogue::new(open(&server, peer("192.0.2.1"), TlsMode::StartTls));
        client.line().await;
        client.send(injected).await;
        assert!(client.until("a").await.pop().unwrap().starts_with("a OK "));
        let mut client = handshake(client.stream, &config).await.unwrap();
        let lines = client.ask("b NOOP").await;
        assert!(lines.iter().all(|line| !line.starts_with("x ")), "{lines:?}");
        assert!(lines.last().unwrap().starts_with("b OK "));
    }
}

/// STARTTLS is offered only where it can be used.
#[tokio::test(start_paused = true)]
async fn no_starttls_without_a_certificate() {
    let server = server(|_| {}).await;
    let mut client = Dialogue::new(open(&server, local(), TlsMode::StartTls));
    assert!(!client.line().await.contains("STARTTLS"));
    assert!(client.reply("a STARTTLS").await.starts_with("a BAD "));
    assert!(client.reply("b NOOP").await.starts_with("b OK "));
}

/// T17: a client that offers other protocols is refused, one that offers none is not.
#[tokio::test(start_paused = true)]
async fn alpn_is_strict() {
    let (tls, config) = pair();
    let server = server(with(&tls)).await;
    for (names, accepted) in
        [(&[][..], true), (&["imap"], true), (&["http/1.1"], false), (&["h2", "imap"], true)]
    {
        let mut config = config.clone();
        config.alpn_protocols = names.iter().map(|name| name.as_bytes().to_vec()).collect();
        let stream = open(&server, local(), TlsMode::Implicit);
        assert_eq!(handshake(stream, &config).await.is_ok(), accepted, "{names:?}");
    }
}

/// T15: a handshake that does not come to its end frees its place.
#[tokio::test(start_paused = true)]
async fn half_a_handshake_ends() {
    let (tls, _) = pair();
    let server = server(with(&tls)).await;
    let mut client = Dialogue::new(open(&server, local(), TlsMode::Implicit));
    client.send([0x16, 3, 1]).await;
    assert_eq!(client.rest().await, "");
}

/// As many handshakes at once as may be; one more waits for its turn, of its own time, and whoever has
/// ended it has no place any more. T15, T59
#[tokio::test(start_paused = true)]
async fn handshakes_at_once_are_bounded() {
    let (tls, config) = pair();
    let server = server(|options| {
        with(&tls)(options);
        options.limits.handshakes = 2;
    })
    .await;
    let secure = async |host| {
        let stream = open(&server, peer(host), TlsMode::Implicit);
        let begun = tokio::time::Instant::now();
        let client = handshake(stream, &config).await;
        (client.ok(), begun.elapsed())
    };
    let half = async |host| {
        let mut client = Dialogue::new(open(&server, peer(host), TlsMode::Implicit));
        client.send([0x16, 3, 1]).await;
        client
    };
    let _first = half("192.0.2.1").await;
    // n: sessions under TLS take no place, however many there are.
    let (one, waited) = secure("198.51.100.1").await;
    let (two, _) = secure("198.51.100.2").await;
    assert!(one.is_some() && two.is_some() && waited.is_zero());
    // n+1: waits until a place is free, and ends in its own ten seconds.
    tokio::time::sleep(std::time::Duration::from_secs(4)).await;
    let _second = half("192.0.2.2").await;
    let (late, waited) = secure("198.51.100.3").await;
    assert!(late.is_some());
    assert_eq!(waited.as_secs(), 6);
    let _third = half("192.0.2.3").await;
    let (late, waited) = secure("198.51.100.4").await;
    assert!(late.is_some());
    assert_eq!(waited.as_secs(), 4);
}

/// A network that lets all its handshakes hang takes turns with the others.
#[tokio::test(start_paused = true)]
async fn handshakes_are_fair_by_network() {
    let (tls, config) = pair();
    let server = server(|options| {
        with(&tls)(options);
        options.limits.handshakes = 1;
    })
    .await;
    let mut hanging = Vec::new();
    for host in 1..=20 {
        let remote = peer(&format!("192.0.2.{host}"));
        let mut client = Dialogue::new(open(&server, remote, TlsMode::Implicit));
        client.send([0x16, 3, 1]).await;
        hanging.push(client);
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    let begun = tokio::time::Instant::now();
    let stream = open(&server, peer("198.51.100.1"), TlsMode::Implicit);
    assert!(handshake(stream, &config).await.is_ok());
    // The first one's ten seconds end eight seconds later; then it is this one's turn, or the next
    // one's of the other network, whose time has nearly ended.
    assert_eq!(begun.elapsed().as_millis(), 8_100);
}

/// T60: whatever name is asked for, there is one certificate, and nothing is kept of the name; and no
/// client is ever told that it may send early data, which could be sent again by others.
#[tokio::test(start_paused = true)]
async fn t60_names_and_early_data() {
    let (tls, mut config) = pair();
    let server = server(with(&tls)).await;
    config.enable_early_data = true;
    let config = Arc::new(config);
    let connect = async |name: String| {
        let stream = open(&server, local(), TlsMode::Implicit);
        let name = ServerName::try_from(name).unwrap();
        TlsConnector::from(Arc::clone(&config)).connect(name, stream).await
    };
    for number in 0..500 {
        let refused = connect(format!("host{number}.example.org")).await.unwrap_err();
        // The one certificate came, and it is for another name.
        assert!(refused.to_string().contains("localhost"), "{refused}");
    }
    let mut client = Dialogue::new(connect("localhost".to_owned()).await.unwrap());
    client.line().await;
    // It has its ticket now.
    assert!(client.reply("a NOOP").await.starts_with("a OK "));
    let name = ServerName::try_from("localhost").unwrap();
    let mut again = rustls::ClientConnection::new(config, name).unwrap();
    assert!(again.early_data().is_none());
}

#[tokio::test(start_paused = true)]
async fn certificates_are_replaced_while_running() {
    let (tls, config) = pair();
    let server = server(with(&tls)).await;
    let mut old = handshake(open(&server, local(), TlsMode::Implicit), &config).await.unwrap();
    let (certificate, key) = self_signed(&["localhost".to_owned()]).unwrap();
    assert!(tls.reload(b"rubbish", key.as_bytes()).is_err());
    tls.reload(certificate.as_bytes(), key.as_bytes()).unwrap();
    assert!(handshake(open(&server, local(), TlsMode::Implicit), &config).await.is_err());
    let config = trusting(&certificate);
    assert!(handshake(open(&server, local(), TlsMode::Implicit), &config).await.is_ok());
    old.line().await;
    assert!(old.reply("a NOOP").await.starts_with("a OK "));
}
