//! Root and its powers: given up, or the process does not serve.

use super::{Reached, SandboxError};
use crate::config::Config;
use caps::CapSet;
use nix::sys::prctl;
use nix::sys::resource::{Resource, setrlimit};
use nix::unistd::{Gid, Uid, User, getuid, initgroups, setgroups, setresgid, setresuid};
use std::ffi::CString;
use std::io;
use std::os::unix::fs::MetadataExt;

/// Becomes the owner of the folder, where the process is root. Where root owns it, it may be served
/// on loopback alone: for trying things out, in a container for instance.
pub(super) fn leave_root(config: &Config, reached: &mut Reached) -> Result<(), SandboxError> {
    if !getuid().is_root() {
        return Ok(());
    }
    // While it can be done: it takes a capability, and limits what could ever be had again.
    if let Err(error) = caps::clear(None, CapSet::Bounding) {
        reached.missing.push(format!("the bounding set of capabilities stays: {error}"));
    }
    // What cannot be read belongs to nobody that we could become.
    let owner =
        std::fs::metadata(&config.folder).map_or((0, 0), |folder| (folder.uid(), folder.gid()));
    let (uid, gid) = (Uid::from_raw(owner.0), Gid::from_raw(owner.1));
    if uid.is_root() {
        let listeners = config.listeners.imap.iter().chain(&config.listeners.imaps);
        return match listeners.into_iter().find(|address| !address.ip().is_loopback()) {
            Some(address) => {
                Err(SandboxError::Root { address: *address, folder: config.folder.clone() })
            }
            None => {
                reached.root = true;
                Ok(())
            }
        };
    }
    // No entry in the list of users is no hindrance: numbers are what counts.
    let entry = User::from_uid(uid).ok().flatten();
    let name = entry.as_ref().map_or_else(|| uid.to_string(), |entry| entry.name.clone());
    become_user(uid, gid, entry)
        .map_err(|source| SandboxError::Become { user: name.clone(), source })?;
    reached.became = Some(name);
    Ok(())
}

/// Groups first: a user that is not root may not change them.
fn become_user(uid: Uid, gid: Gid, entry: Option<User>) -> io::Result<()> {
    match entry {
        Some(entry) => {
            initgroups(&CString::new(entry.name)?, entry.gid)?;
            setresgid(entry.gid, entry.gid, entry.gid)?;
        }
        None => {
            setgroups(&[gid])?;
            setresgid(gid, gid, gid)?;
        }
    }
    setresuid(uid, uid, uid)?;
    // All three ids are gone, or else somebody else could take them back.
    match getuid() == uid
        && setresuid(Uid::from_raw(0), Uid::from_raw(0), Uid::from_raw(0)).is_err()
    {
        true => Ok(()),
        false => Err(io::Error::other("the system did not let go of root")),
    }
}

/// Drops every capability (the ports are bound by now), and lets no memory reach a disk or another
/// process of this user: it holds passwords and keys.
pub(super) fn leave_powers(reached: &mut Reached) {
    for set in [CapSet::Ambient, CapSet::Inheritable, CapSet::Effective, CapSet::Permitted] {
        if let Err(error) = caps::clear(None, set) {
            reached.missing.push(format!("capabilities stay: {error}"));
        }
    }
    let hidden = setrlimit(Resource::RLIMIT_CORE, 0, 0).and_then(|()| prctl::set_dumpable(false));
    if let Err(error) = hidden {
        reached.missing.push(format!("core dumps stay: {error}"));
    }
    if let Err(error) = prctl::set_no_new_privs() {
        reached.missing.push(format!("new privileges may be had: {error}"));
    }
}
