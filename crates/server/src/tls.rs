//! TLS by rustls: certificates that can be replaced while running, and self-signed ones for the
//! first start.
//!
//! TLS 1.2 and 1.3 only; no 0-RTT, no renegotiation, no client certificates. Which name a client
//! asks for (SNI) changes nothing and is not remembered.

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// The protocol's name in ALPN (RFC 7595 registry). A client that offers names without this one
/// is refused: it means to speak something else (cross-protocol attacks).
const ALPN: &[u8] = b"imap";

/// TLS 1.3 tickets for each handshake. Mail clients reconnect seldom and each ticket is kept.
const TICKETS: usize = 1;

/// A certificate with its key, ready for handshakes.
pub struct TlsConfig {
    current: ArcSwap<ServerConfig>,
}

/// Why a certificate or key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// No certificate could be read.
    #[error("the certificate file cannot be read: {0}")]
    Certificate(String),
    /// No key could be read.
    #[error("the key file cannot be read: {0}")]
    Key(String),
    /// They do not belong together, or are of a kind that is not known.
    #[error("certificate and key cannot be used: {0}")]
    Unusable(#[from] rustls::Error),
    /// A self-signed certificate could not be made.
    #[error("cannot make a certificate: {0}")]
    Generate(#[from] rcgen::Error),
}

impl TlsConfig {
    /// Reads a certificate chain and its key, both in PEM.
    ///
    /// # Errors
    /// [`TlsError`] where one of them cannot be read or they do not belong together.
    pub fn from_pem(certificates: &[u8], key: &[u8]) -> Result<Self, TlsError> {
        Ok(Self { current: ArcSwap::new(server_config(certificates, key)?) })
    }

    /// Replaces certificate and key for all later handshakes; sessions go on.
    ///
    /// # Errors
    /// As [`TlsConfig::from_pem`]; the old ones then stay.
    pub fn reload(&self, certificates: &[u8], key: &[u8]) -> Result<(), TlsError> {
        self.current.store(server_config(certificates, key)?);
        Ok(())
    }

    /// Shakes hands within `limit`.
    pub(crate) async fn accept<S>(&self, stream: S, limit: Duration) -> io::Result<TlsStream<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let acceptor = TlsAcceptor::from(self.current.load_full());
        match tokio::time::timeout(limit, acceptor.accept(stream)).await {
            Ok(result) => result,
            Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "TLS handshake took too long")),
        }
    }
}

/// What ties a login to one TLS connection (RFC 9266 §2).
pub(crate) type ChannelBinding = [u8; 32];

/// The channel binding `tls-exporter`. Only of TLS 1.3: before, it is sound only with extended master
/// secrets and without renegotiation (RFC 9266 §4.2).
pub(crate) fn binding<S>(stream: &TlsStream<S>) -> Option<ChannelBinding> {
    let (_, session) = stream.get_ref();
    if session.protocol_version() != Some(rustls::ProtocolVersion::TLSv1_3) {
        return None;
    }
    let empty: &[u8] = &[];
    session.export_keying_material([0; 32], b"EXPORTER-Channel-Binding", Some(empty)).ok()
}

/// A certificate for these host names and addresses, signed by its own key, and that key: both in
/// PEM. Clients will ask their user whether to trust it.
///
/// # Errors
/// [`TlsError::Generate`] for a name that is none.
pub fn self_signed(names: &[String]) -> Result<(String, String), TlsError> {
    let mut parameters = rcgen::CertificateParams::new(names.to_vec())?;
    parameters.distinguished_name = rcgen::DistinguishedName::new();
    let common = names.first().map_or("localhost", String::as_str);
    parameters.distinguished_name.push(rcgen::DnType::CommonName, common);
    let key = rcgen::KeyPair::generate()?;
    let certificate = parameters.self_signed(&key)?;
    Ok((certificate.pem(), key.serialize_pem()))
}

fn server_config(certificates: &[u8], key: &[u8]) -> Result<Arc<ServerConfig>, TlsError> {
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(certificates)
        .collect::<Result<_, _>>()
        .map_err(|error| TlsError::Certificate(error.to_string()))?;
    if chain.is_empty() {
        return Err(TlsError::Certificate("it holds no certificate in PEM".into()));
    }
    let key =
        PrivateKeyDer::from_pem_slice(key).map_err(|error| TlsError::Key(error.to_string()))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![ALPN.to_vec()];
    config.send_tls13_tickets = TICKETS;
    Ok(Arc::new(config))
}
