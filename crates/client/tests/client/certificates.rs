//! C21: whom TLS believes.

use peregrine_client::{Connector, Security, Trust};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use std::sync::Arc;
use tokio::io::AsyncWriteExt;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{self, ServerConfig};

struct Authority {
    certificate: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).unwrap().der().clone();
        Self { certificate, issuer: Issuer::new(params, key) }
    }

    fn signs(&self, names: &[&str], expired: bool) -> (CertificateDer<'static>, KeyPair) {
        let key = KeyPair::generate().unwrap();
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        if expired {
            params.not_after = rcgen::date_time_ymd(2001, 1, 1);
        }
        let certificate = params.signed_by(&key, &self.issuer).unwrap().der().clone();
        (certificate, key)
    }
}

/// What connecting says to a server with this certificate.
async fn connects(
    (certificate, key): (CertificateDer<'static>, KeyPair),
    host: &str,
    trust: Trust,
) -> Result<(), String> {
    let (ours, theirs) = tokio::io::duplex(1 << 16);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let server = tokio::spawn(async move {
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let Ok(mut stream) = acceptor.accept(theirs).await else { return };
        _ = stream.write_all(b"* PREAUTH [CAPABILITY IMAP4rev1] in\r\n").await;
        _ = stream.flush().await;
        std::future::pending::<()>().await;
    });
    let mut connector = Connector::new(host, 993, Security::Tls);
    connector.trust = trust;
    let result = connector.connect_over(ours, false).await;
    server.abort();
    result.map(drop).map_err(|error| error.to_string())
}

#[tokio::test]
async fn c21_only_the_right_certificate_is_believed() {
    let (ours, other) = (Authority::new(), Authority::new());
    let trust = || Trust::Authorities(vec![ours.certificate.clone()]);
    let good = ours.signs(&["mail.example"], false);
    connects(good, "mail.example", trust()).await.unwrap();
    connects(ours.signs(&["127.0.0.1"], false), "127.0.0.1", trust()).await.unwrap();
    for (certificate, host) in [
        (ours.signs(&["mail.example"], false), "evil.example"),
        (ours.signs(&["mail.example"], true), "mail.example"),
        (other.signs(&["mail.example"], false), "mail.example"),
        (ours.signs(&["127.0.0.2"], false), "127.0.0.1"),
        (ours.signs(&["mail.example"], false), "127.0.0.1"),
    ] {
        let error = connects(certificate, host, trust()).await.unwrap_err();
        assert!(error.starts_with("no secure connection to "), "{error}");
    }
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["mail.example".to_owned()]).unwrap();
    let own = params.self_signed(&key).unwrap().der().clone();
    let pinned = Trust::Certificate(own.clone());
    let another = Trust::Certificate(ours.certificate.clone());
    let again = || (own.clone(), KeyPair::try_from(key.serialize_der()).unwrap());
    assert!(connects(again(), "mail.example", trust()).await.is_err());
    assert!(connects(again(), "mail.example", Trust::Platform).await.is_err());
    let error = connects(again(), "mail.example", another).await.unwrap_err();
    assert!(error.ends_with("the server's certificate is not the one that is trusted"), "{error}");
    connects(again(), "anything.example", pinned).await.unwrap();
}
