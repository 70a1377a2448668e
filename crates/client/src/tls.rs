//! TLS: whom to believe, and the handshake.

use crate::error::ConnectError;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_platform_verifier::BuilderVerifierExt;
use std::io;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Whose certificates are believed. There is no way to believe any.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum Trust {
    /// Those whom the operating system trusts.
    #[default]
    Platform,
    /// These authorities alone.
    Authorities(Vec<CertificateDer<'static>>),
    /// This very certificate alone, whatever name and dates it bears: for servers with a
    /// self-signed one, known beforehand.
    Certificate(CertificateDer<'static>),
}

/// RFC 9266: what ties a login to this TLS connection.
pub(crate) type ChannelBinding = [u8; 32];

/// Begins TLS on a stream that is connected to `host`.
pub(crate) async fn handshake<S>(
    stream: S,
    name: &str,
    trust: &Trust,
) -> Result<(TlsStream<S>, Option<ChannelBinding>), Failure>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let server = ServerName::try_from(name.to_owned())
        .map_err(|_| Failure::Setup(ConnectError::Name(name.to_owned())))?;
    let config = config(trust).map_err(|error| Failure::Setup(ConnectError::Setup(error)))?;
    let connector = TlsConnector::from(Arc::new(config));
    let stream = connector.connect(server, stream).await;
    let stream = stream.map_err(|error| Failure::Handshake(explained(error, trust)))?;
    let binding = binding(&stream);
    Ok((stream, binding))
}

pub(crate) enum Failure {
    Setup(ConnectError),
    Handshake(io::Error),
}

/// A certificate that is not the expected one, in words for who expected it.
fn explained(error: io::Error, trust: &Trust) -> io::Error {
    use rustls::CertificateError::ApplicationVerificationFailure;
    use rustls::Error::InvalidCertificate;
    let cause = error.get_ref().and_then(|cause| cause.downcast_ref());
    match (cause, trust) {
        (Some(InvalidCertificate(ApplicationVerificationFailure)), Trust::Certificate(_)) => {
            io::Error::new(error.kind(), "the server's certificate is not the one that is trusted")
        }
        _ => error,
    }
}

/// Only of TLS 1.3, where it is sound without more (RFC 9266 §4.2).
fn binding<S>(stream: &TlsStream<S>) -> Option<ChannelBinding> {
    let (_, session) = stream.get_ref();
    if session.protocol_version() != Some(rustls::ProtocolVersion::TLSv1_3) {
        return None;
    }
    let empty: &[u8] = &[];
    let label = b"EXPORTER-Channel-Binding";
    session.export_keying_material([0; 32], label, Some(empty)).ok()
}

fn config(trust: &Trust) -> Result<ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let text = |error: rustls::Error| error.to_string();
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(text)?;
    let builder = match trust {
        Trust::Platform => builder.with_platform_verifier().map_err(text)?,
        Trust::Authorities(authorities) => {
            let mut roots = RootCertStore::empty();
            for authority in authorities {
                roots.add(authority.clone()).map_err(text)?;
            }
            builder.with_root_certificates(roots)
        }
        Trust::Certificate(certificate) => {
            let verifier = Exactly { certificate: certificate.clone(), provider };
            builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier))
        }
    };
    let mut config = builder.with_no_client_auth();
    // RFC 7301, registered by RFC 8314's errata; against answers of another protocol's server.
    config.alpn_protocols = vec![b"imap".to_vec()];
    Ok(config)
}

/// Believes one certificate; that the peer holds its key is verified as always.
#[derive(Debug)]
struct Exactly {
    certificate: CertificateDer<'static>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Exactly {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if *end_entity == self.certificate {
            return Ok(ServerCertVerified::assertion());
        }
        Err(rustls::CertificateError::ApplicationVerificationFailure.into())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
