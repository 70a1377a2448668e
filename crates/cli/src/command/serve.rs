//! `peregrine serve`: the server, until a signal ends it.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;

use peregrine_server::Bound;
use peregrine_server::admin::AdminError;
use peregrine_server::admin::serve::{self, Serving};
use peregrine_server::config::{Config, Sandbox};
use peregrine_server::sandbox::{self, Reached};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::failure::Failure;
use crate::output::say;
use crate::{load, logging, wait};

const EXAMPLE: &str = "\
Example:
  peregrine serve ~/mail
  peregrine serve ~/mail --imap 127.0.0.1:2143 --imaps 0.0.0.0:993

Try it by hand:
  nc 127.0.0.1 1143
  a LOGIN alice PASSWORD
  b SELECT INBOX

SIGTERM and SIGINT end it when what is under way is done; SIGHUP reads certificate and keys again.";

/// Serve the mail in a folder.
///
/// Prints one line when it is ready. On other addresses than loopback a password is taken only
/// under TLS, unless peregrine.toml says otherwise.
#[derive(clap::Args)]
#[command(after_help = EXAMPLE)]
pub struct Arguments {
    /// The folder that `peregrine init` made.
    dir: PathBuf,
    /// Listen here in clear (with STARTTLS), instead of where peregrine.toml says. Repeatable.
    #[arg(long, value_name = "ADDR:PORT", value_parser = address)]
    imap: Vec<SocketAddr>,
    /// Listen here with TLS, instead of where peregrine.toml says. Repeatable.
    #[arg(long, value_name = "ADDR:PORT", value_parser = address)]
    imaps: Vec<SocketAddr>,
    /// Do not confine the process; for finding out whether that is in your way.
    #[arg(long)]
    no_sandbox: bool,
}

/// Runs it. Before the runtime begins, since what is given up binds later threads only.
pub fn run(arguments: Arguments) -> Result<(), Failure> {
    let mut config = load(&arguments.dir)?;
    if arguments.no_sandbox {
        config.server.sandbox = Sandbox::Off;
    }
    if !arguments.imap.is_empty() {
        config.listeners.imap = arguments.imap;
    }
    if !arguments.imaps.is_empty() {
        config.listeners.imaps = arguments.imaps;
    }
    super::check_config::named(&config)?;
    logging::start(config.log);
    let bound = serve::bind(&config)?;
    let reached = sandbox::enter(&config).map_err(AdminError::from)?;
    tell(&reached);
    wait(serve_on(bound, config, &reached))
}

/// Says in the log what the process has given up.
fn tell(reached: &Reached) {
    tracing::info!("{reached}");
    if let Some(few) = &reached.descriptors {
        tracing::warn!("{few}");
    }
    if let Some(user) = &reached.became {
        tracing::info!(user, "no longer root");
    }
    if reached.root {
        tracing::warn!(
            "running as root, though without its powers; give the folder to a user of its own \
             before others than this machine are served"
        );
    }
}

async fn serve_on(bound: Vec<Bound>, config: Config, reached: &Reached) -> Result<(), Failure> {
    // Before listening, so that a signal right after the ready line is not the end of it all.
    let mut signals = Signals::new().map_err(|e| Failure::Io("cannot wait for signals", e))?;
    let serving = serve::serve_on(bound, config).await?;
    ready(&serving);
    while let Wish::Reload = signals.next().await {
        match serving.reload_certificate() {
            Ok(()) => tracing::info!("certificate read again"),
            Err(error) => {
                tracing::error!(%error, "the old certificate stays");
                if reached.files.is_some() {
                    tracing::error!(
                        "if the file has moved to another folder: the sandbox allows those of the \
                         start only, so restart"
                    );
                }
            }
        }
        if let Err(error) = serving.reload_keys() {
            tracing::error!(%error, "the old keys for access tokens stay");
        }
    }
    notify("STOPPING=1");
    tracing::info!("ending; a second signal ends at once");
    tokio::select! {
        () = serving.shutdown() => Ok(()),
        () = signals.end() => Err(Failure::Incomplete),
    }
}

/// What a signal asks for.
enum Wish {
    Reload,
    End,
}

/// The signals that are listened to.
pub struct Signals {
    hang_up: Signal,
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// Takes them over from now on.
    pub fn new() -> std::io::Result<Self> {
        Ok(Self {
            hang_up: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Waits for SIGINT or SIGTERM.
    pub async fn end(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }

    async fn next(&mut self) -> Wish {
        tokio::select! {
            _ = self.hang_up.recv() => Wish::Reload,
            _ = self.interrupt.recv() => Wish::End,
            _ = self.terminate.recv() => Wish::End,
        }
    }
}

/// Names are not looked up: what is listened on must not depend on a name server.
fn address(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse().map_err(|_| "give an IP address and a port, such as 127.0.0.1:1143 or [::]:143")
}

/// The one line that scripts wait for.
fn ready(serving: &Serving) {
    let addresses: Vec<String> =
        serving.addresses().map(|(name, address)| format!("{name} {address}")).collect();
    say!("ready: {}", addresses.join(", "));
    // Whoever waits for the line may have put a pipe there. If nobody reads it, that is no harm.
    let _ = std::io::stdout().flush();
    notify("READY=1");
}

/// Tells systemd how the service is, where it has asked to know (sd_notify(3)).
fn notify(state: &str) {
    #[cfg(target_os = "linux")]
    if let Some(path) = std::env::var_os("NOTIFY_SOCKET") {
        use std::os::linux::net::SocketAddrExt;
        use std::os::unix::ffi::OsStrExt;
        use std::os::unix::net::{SocketAddr, UnixDatagram};
        let address = match path.as_bytes().strip_prefix(b"@") {
            Some(name) => SocketAddr::from_abstract_name(name),
            None => SocketAddr::from_pathname(&path),
        };
        let sent = address
            .and_then(|address| UnixDatagram::unbound()?.send_to_addr(state.as_bytes(), &address));
        if let Err(error) = sent {
            tracing::warn!(%error, "cannot tell the service manager: {state}");
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = state;
}
