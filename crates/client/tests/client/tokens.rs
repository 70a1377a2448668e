//! OAUTHBEARER and XOAUTH2 against our own server.

use crate::house::House;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use peregrine_client::proto::Code;
use peregrine_client::{Client, Connector, Credentials, Error, Mechanism, Security, Trust};
use peregrine_server::oauth::{TokenPolicy, Tokens};
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair};
use std::sync::Arc;
use tokio_rustls::rustls::pki_types::CertificateDer;

/// Who makes tokens.
struct Authority(Ed25519KeyPair);

impl Authority {
    fn new() -> Self {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        Self(Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap())
    }

    fn tokens(&self) -> Arc<Tokens> {
        let policy = TokenPolicy {
            issuer: "https://login.example".into(),
            audience: "imap".into(),
            claim: "email".into(),
            domain: Some("example.org".into()),
            scope: Some("mail".into()),
        };
        let x = URL_SAFE_NO_PAD.encode(self.0.public_key());
        let set = format!(r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","x":"{x}"}}]}}"#);
        Arc::new(Tokens::new(policy, &set).unwrap())
    }

    fn token(&self, email: &str, until: u64) -> String {
        let claims = format!(
            r#"{{"iss":"https://login.example","aud":"imap","exp":{until},"email":"{email}"}}"#
        );
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"EdDSA"}"#);
        let signed = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims));
        let signature = self.0.sign(signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

async fn connect(house: &House, certificate: &CertificateDer<'static>) -> Client {
    let mut connector = Connector::new("localhost", 993, Security::Tls);
    connector.trust = Trust::Certificate(certificate.clone());
    let (client, connection) = connector.connect_over(house.stream(), false).await.unwrap();
    tokio::spawn(connection);
    client
}

const FOR_EVER: u64 = 4_102_444_800;

#[tokio::test]
async fn tokens_open_the_mail() {
    let authority = Authority::new();
    let tokens = authority.tokens();
    let (house, certificate) = House::secured(|options| options.oauth = Some(tokens)).await;
    for (user, email, until, expected) in [
        ("ann", "ann@example.org", FOR_EVER, None),
        ("ann@example.org", "ann@example.org", FOR_EVER, None),
        ("ann", "ann@example.org", 1, Some(Code::AuthenticationFailed)),
        ("ann", "ann@example.net", FOR_EVER, Some(Code::AuthenticationFailed)),
        ("nobody", "nobody@example.org", FOR_EVER, Some(Code::AuthenticationFailed)),
        ("bob", "ann@example.org", FOR_EVER, Some(Code::AuthorizationFailed)),
    ] {
        for mechanism in [Mechanism::OAuthBearer, Mechanism::XOAuth2] {
            let token = authority.token(email, until);
            let credentials = Credentials::token_of(user, move || {
                let token = token.clone();
                async move { Ok(token) }
            });
            let client = connect(&house, &certificate).await;
            assert!(client.capabilities().has_mechanism(mechanism.name()));
            let result = client.authenticate_by(mechanism, &credentials).await;
            match (result, expected.clone()) {
                (Ok(()), None) => drop(client.list("*").await.unwrap()),
                (Err(Error::Refused(refusal)), Some(code)) => {
                    assert_eq!(refusal.code, Some(code), "{user} {email}");
                    assert!(refusal.text.contains("\"scope\":\"mail\""), "{}", refusal.text);
                }
                (result, _) => panic!("{user} {email} {mechanism:?}: {result:?}"),
            }
        }
    }
}

/// Without an authority neither is offered.
#[tokio::test]
async fn tokens_are_taken_where_there_is_an_authority() {
    let (house, certificate) = House::secured(|_| {}).await;
    let client = connect(&house, &certificate).await;
    assert!(!client.capabilities().has_mechanism("OAUTHBEARER"));
    let token = Credentials::token_of("ann", || async { Ok("x".to_owned()) });
    let error = client.authenticate_by(Mechanism::OAuthBearer, &token).await.unwrap_err();
    assert!(matches!(&error, Error::Refused(it) if it.code == Some(Code::Cannot)), "{error}");
}
