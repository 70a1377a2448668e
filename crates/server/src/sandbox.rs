//! What a serving process gives up before the first client: root, every capability, files that it
//! does not need, and system calls that no mail server makes. A fault in us then reaches no further
//! than the mail itself.
//!
//! - [`user`]: never as root on a network. [`descriptors`]: as many as there may be.
//! - [`files`]: Landlock: the store may be written, certificate and configuration read, nothing
//!   else; no TCP connection or listener can be opened any more.
//! - [`calls`]: seccomp: no other program, no tracing, no mounts, no sockets but Unix ones.
//!
//! All of it binds the thread that calls [`enter`] and those that it starts later: call it before
//! a runtime has threads, and after the listeners are bound. Only Linux has it; elsewhere nothing
//! is reached, and [`Reached`] says so.

#[cfg(target_os = "linux")]
mod calls;
#[cfg(target_os = "linux")]
mod descriptors;
#[cfg(target_os = "linux")]
mod files;
#[cfg(target_os = "linux")]
mod user;

use crate::config::Config;
#[cfg(target_os = "linux")]
use crate::config::Sandbox;
use std::fmt::{self, Display};
use std::net::SocketAddr;
use std::path::PathBuf;

/// What was reached of what was wished.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Reached {
    /// The user that the process became, where it was root.
    pub became: Option<String>,
    /// The process is still root, without its powers; only loopback is then served.
    pub root: bool,
    /// Files are restricted, by this version of Landlock.
    pub files: Option<u32>,
    /// System calls are filtered.
    pub calls: bool,
    /// What is wrong with the number of files that may be open.
    pub descriptors: Option<String>,
    /// Why something was not reached.
    pub missing: Vec<String>,
}

/// Why a process may not serve.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// Root on a network.
    #[error(
        "peregrine does not serve {address} as root: a fault in it would give the whole machine \
         away. Give the folder to a user of its own, and it is served as that user: \
         chown -R USER {}", folder.display()
    )]
    Root {
        /// What it would have listened on.
        address: SocketAddr,
        /// The folder, which belongs to root.
        folder: PathBuf,
    },
    /// Root could not be given up.
    #[error("cannot become the user {user}, whom the folder belongs to: {source}")]
    Become {
        /// Name or number.
        user: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// `sandbox = "required"`, and something was not reached.
    #[error("the sandbox is required and cannot be had: {0}")]
    Required(String),
}

impl Display for Reached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.files {
            Some(version) => write!(f, "landlock ABI {version}: file system restricted")?,
            None => f.write_str("landlock: off")?,
        }
        f.write_str(if self.calls { "; seccomp: on" } else { "; seccomp: off" })?;
        match &self.missing[..] {
            [] => Ok(()),
            missing => write!(f, " ({})", missing.join("; ")),
        }
    }
}

/// Gives up what serving this configuration does not need; see the module for when to call it.
///
/// # Errors
/// [`SandboxError`]: the process may not serve.
#[cfg(target_os = "linux")]
pub fn enter(config: &Config) -> Result<Reached, SandboxError> {
    let mut reached =
        Reached { descriptors: descriptors::take(config.limits.connections), ..Reached::default() };
    user::leave_root(config, &mut reached)?;
    user::leave_powers(&mut reached);
    if config.server.sandbox == Sandbox::Off {
        reached.missing.push("sandbox is off in the configuration".into());
        return Ok(reached);
    }
    match files::restrict(config) {
        Ok(version) => reached.files = Some(version),
        Err(why) => reached.missing.push(why),
    }
    match calls::restrict() {
        Ok(()) => reached.calls = true,
        Err(why) => reached.missing.push(why),
    }
    if config.server.sandbox == Sandbox::Required && !reached.missing.is_empty() {
        return Err(SandboxError::Required(reached.missing.join("; ")));
    }
    Ok(reached)
}

/// Gives up nothing: this system has no means that we know.
///
/// # Errors
/// [`SandboxError::Required`] where the configuration does not put up with that.
#[cfg(not(target_os = "linux"))]
pub fn enter(config: &Config) -> Result<Reached, SandboxError> {
    let missing = "this system has neither landlock nor seccomp".to_owned();
    match config.server.sandbox {
        crate::config::Sandbox::Required => Err(SandboxError::Required(missing)),
        _ => Ok(Reached { missing: vec![missing], ..Reached::default() }),
    }
}
