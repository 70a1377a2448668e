//! Landlock: which files may be read and written, and that no TCP socket is bound or connected.

use crate::admin::socket;
use crate::config::Config;
use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, LandlockStatus,
    RestrictionStatus, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetError, RulesetStatus,
    Scope, make_bitflags, path_beneath_rules,
};
use std::path::{Path, PathBuf};

/// What is restricted, as far as the kernel knows it: what this version has. A later one may
/// restrict things that nobody has tried with this code.
const ABI: ABI = ABI::V6;

/// What the system's libraries read while running: the time zone, random numbers, how many cores
/// there are, the host's name. What is not there is passed over.
const SYSTEM: &[&str] = &[
    "/usr/share/zoneinfo",
    "/etc/localtime",
    "/etc/timezone",
    "/dev/urandom",
    "/dev/random",
    "/dev/null",
    "/proc/self",
    "/proc/sys/kernel/hostname",
    "/sys/fs/cgroup",
    "/sys/devices/system/cpu",
    "/etc/hostname",
];

/// Restricts this thread and those that it starts; tells the version of Landlock.
///
/// # Errors
/// A sentence: this kernel cannot do it.
pub(super) fn restrict(config: &Config) -> Result<u32, String> {
    // They must be there to be named in a rule.
    let _ = std::fs::create_dir_all(&config.store.path);
    let admin = socket::prepare(&config.folder).ok();
    let written: Vec<PathBuf> = admin.into_iter().chain([config.store.path.clone()]).collect();
    let status = apply(&written, &read(config)).map_err(|error| format!("landlock: {error}"))?;
    match (status.ruleset, status.landlock) {
        (RulesetStatus::NotEnforced, _) => Err("landlock: not in this kernel".into()),
        (_, LandlockStatus::Available { effective_abi, .. }) => Ok(effective_abi as u32),
        _ => Err("landlock: not in this kernel".into()),
    }
}

/// Folders that are read again while running. SIGHUP reads certificate and keys, which are replaced
/// by renaming: a rule for the file alone would go with the old one. A link is followed now, as
/// certbot keeps a link to a file of another folder.
fn read(config: &Config) -> Vec<PathBuf> {
    let mut folders = vec![config.folder.clone()];
    let keys = config.oauth.as_ref().map(|oauth| &oauth.keys);
    for file in [&config.tls.certificate, &config.tls.key].into_iter().chain(keys) {
        let places = [Some(file.clone()), file.canonicalize().ok()];
        folders
            .extend(places.iter().flatten().filter_map(|file| file.parent().map(Path::to_owned)));
    }
    folders.extend(SYSTEM.iter().map(PathBuf::from));
    folders
}

fn apply(written: &[PathBuf], read: &[PathBuf]) -> Result<RestrictionStatus, RulesetError> {
    let reading = make_bitflags!(AccessFs::{ReadFile | ReadDir});
    let writing = make_bitflags!(AccessFs::{
        ReadFile | ReadDir | WriteFile | Truncate | RemoveDir | RemoveFile | MakeDir | MakeReg
            | MakeSock | Refer
    });
    let mut ruleset = Ruleset::default()
        // Without it a rename to another folder is refused, and large messages are stored by one.
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::Refer)?
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(ABI))?
        .handle_access(AccessNet::from_all(ABI))?;
    let scopes = scopes();
    if !scopes.is_empty() {
        ruleset = ruleset.scope(scopes)?;
    }
    ruleset
        .create()?
        .add_rules(path_beneath_rules(read, reading))?
        .add_rules(path_beneath_rules(written, writing))?
        .restrict_self()
}

/// Signals to others are refused, and abstract Unix sockets of others, unless the service manager
/// listens on one.
fn scopes() -> BitFlags<Scope> {
    let abstract_manager = std::env::var_os("NOTIFY_SOCKET")
        .is_some_and(|path| path.as_encoded_bytes().starts_with(b"@"));
    match abstract_manager {
        true => Scope::Signal.into(),
        false => Scope::from_all(ABI),
    }
}
