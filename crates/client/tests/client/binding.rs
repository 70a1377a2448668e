//! SCRAM-SHA-256-PLUS against our own server: a login that nobody can pass on (RFC 5802 §6).

use crate::house::House;
use peregrine_client::{Client, Connector, Credentials, Error, Mechanism, Security, Trust};
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore, ServerConfig};
use tokio_rustls::{TlsAcceptor, TlsConnector};

async fn connect(stream: DuplexStream, certificate: CertificateDer<'static>) -> Client {
    let mut connector = Connector::new("localhost", 993, Security::Tls);
    connector.trust = Trust::Certificate(certificate);
    let (client, connection) = connector.connect_over(stream, false).await.unwrap();
    tokio::spawn(connection);
    client
}

#[tokio::test]
async fn a_login_is_bound_to_its_connection() {
    let (house, certificate) = House::secured(|_| {}).await;
    let client = connect(house.stream(), certificate.clone()).await;
    assert!(client.capabilities().has_mechanism("SCRAM-SHA-256-PLUS"));
    let wrong = Credentials::password_of("ann", "wrong");
    let by = Mechanism::ScramSha256Plus;
    assert!(client.authenticate_by(by, &wrong).await.is_err());
    let right = Credentials::password_of("ann", "secret");
    client.authenticate(&right).await.unwrap();
    client.list("*").await.unwrap();
    // Without the binding it goes as well, where the client says that it wants none.
    let client = connect(house.stream(), certificate).await;
    client.authenticate_by(Mechanism::ScramSha256, &right).await.unwrap();
}

/// Somebody with a certificate that the client believes sits between the two, and passes on what he
/// reads, with these changes.
async fn between(
    house: &House,
    real: &CertificateDer<'static>,
    change: fn(String) -> String,
) -> (DuplexStream, CertificateDer<'static>) {
    let (certificate, key) = peregrine_server::tls::self_signed(&["localhost".into()]).unwrap();
    let der = CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![der.clone()], key)
        .unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(real.clone()).unwrap();
    let trusting = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let (ours, theirs) = tokio::io::duplex(1 << 16);
    let server = house.stream();
    tokio::spawn(async move {
        let name = ServerName::try_from("localhost").unwrap();
        let server = TlsConnector::from(Arc::new(trusting)).connect(name, server).await.unwrap();
        let client = TlsAcceptor::from(Arc::new(config)).accept(theirs).await.unwrap();
        let (mut from_server, mut to_server) = tokio::io::split(server);
        let (mut from_client, mut to_client) = tokio::io::split(client);
        let up = tokio::io::copy(&mut from_client, &mut to_server);
        let down = async {
            let mut octets = [0; 4096];
            while let Ok(read @ 1..) = from_server.read(&mut octets).await {
                let text = change(String::from_utf8_lossy(&octets[..read]).into_owned());
                to_client.write_all(text.as_bytes()).await.unwrap();
                to_client.flush().await.unwrap();
            }
        };
        tokio::select! { _ = up => {}, () = down => {} }
    });
    (ours, der)
}

/// Two TLS connections have two bindings: what the man in the middle passes on proves nothing. Nor
/// does it help him to hide that the server can bind (T48).
#[tokio::test]
async fn a_man_in_the_middle_cannot_pass_a_login_on() {
    let (house, real) = House::secured(|_| {}).await;
    let right = Credentials::password_of("ann", "secret");
    let hidden = |text: String| text.replace(" AUTH=SCRAM-SHA-256-PLUS", "");
    for change in [|text| text, hidden] {
        let (stream, certificate) = between(&house, &real, change).await;
        let client = connect(stream, certificate).await;
        let error = client.authenticate(&right).await.unwrap_err();
        let Error::Refused(refusal) = &error else { panic!("{error}") };
        let failed = peregrine_client::proto::Code::AuthenticationFailed;
        assert_eq!(refusal.code, Some(failed));
    }
    // He would have had his way with a password.
    let (stream, certificate) = between(&house, &real, |text| text).await;
    let client = connect(stream, certificate).await;
    client.authenticate_by(Mechanism::Plain, &right).await.unwrap();
}
