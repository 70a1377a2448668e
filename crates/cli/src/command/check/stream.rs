//! Connections to the server that is checked: a socket, TLS, a login.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use peregrine_check::ask::Asker;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::failure::Failure;

/// Longest wait for a connection.
const PATIENCE: Duration = Duration::from_secs(15);

/// How the connection is protected.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// TLS from the beginning (RFC 8314).
    Tls,
    /// TLS by STARTTLS (RFC 3501 §6.2.1).
    StartTls,
    /// Not at all.
    None,
}

/// The server.
pub struct Target {
    host: String,
    port: u16,
    security: Security,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

/// Octets both ways, whatever is in between.
pub trait Stream: AsyncRead + AsyncWrite + Unpin {}

impl<S: AsyncRead + AsyncWrite + Unpin> Stream for S {}

impl Target {
    /// A server by `HOST` or `HOST:PORT`; an IPv6 address with a port stands in brackets.
    pub fn new(
        server: &str,
        security: Security,
        certificates: Option<&Path>,
    ) -> Result<Self, Failure> {
        let usual = if security == Security::Tls { 993 } else { 143 };
        let (host, port) = match server.rsplit_once(':') {
            Some((host, port)) if !host.contains(':') || host.ends_with(']') => {
                let port = port.parse();
                let wrong = |_| Failure::Usage(format!("{server} does not end with a port"));
                (host, port.map_err(wrong)?)
            }
            _ => (server, usual),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let tls = match security {
            Security::None => None,
            _ => {
                let name = ServerName::try_from(host.clone());
                let name = name.map_err(|_| Failure::Usage(format!("{host} is no host's name")))?;
                Some((connector(certificates)?, name))
            }
        };
        Ok(Self { host, port, security, tls })
    }

    /// A connection that is logged in, with nothing left to read.
    pub async fn log_in(&self, user: &str, password: &str) -> io::Result<Box<dyn Stream>> {
        let connecting = TcpStream::connect((self.host.as_str(), self.port));
        let stream = tokio::time::timeout(PATIENCE, connecting).await;
        let stream = stream.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
        stream.set_nodelay(true)?;
        let mut stream: Box<dyn Stream> = Box::new(stream);
        if self.security == Security::Tls {
            stream = self.secure(stream).await?;
        }
        let mut asker = Asker::new(stream);
        asker.greeting().await?;
        if self.security == Security::StartTls {
            let answer = asker.ask("STARTTLS").await?;
            if answer.status != peregrine_check::ask::Status::Ok {
                return Err(io::Error::other(format!("STARTTLS: {}", answer.text.text)));
            }
            asker = Asker::new(self.secure(asker.into_stream()).await?);
        }
        asker.log_in(user, password).await?;
        Ok(asker.into_stream())
    }

    async fn secure(&self, stream: Box<dyn Stream>) -> io::Result<Box<dyn Stream>> {
        let Some((connector, name)) = &self.tls else { return Ok(stream) };
        let handshake = connector.connect(name.clone(), stream);
        let secured = tokio::time::timeout(PATIENCE, handshake).await;
        Ok(Box::new(secured.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??))
    }
}

fn connector(certificates: Option<&Path>) -> Result<TlsConnector, Failure> {
    let setup = |error: rustls::Error| Failure::Io("cannot set up TLS", io::Error::other(error));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider);
    let builder = builder.with_safe_default_protocol_versions().map_err(setup)?;
    let config = match certificates {
        None => builder.with_platform_verifier().map_err(setup)?,
        Some(path) => {
            let unreadable = |error| Failure::file(path)(io::Error::other(error));
            let mut roots = RootCertStore::empty();
            for certificate in CertificateDer::pem_file_iter(path).map_err(unreadable)? {
                roots.add(certificate.map_err(unreadable)?).map_err(setup)?;
            }
            builder.with_root_certificates(roots)
        }
    };
    Ok(TlsConnector::from(Arc::new(config.with_no_client_auth())))
}
