//! How many files the process may have open: each connection is one.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Descriptors beside those of connections: the store, listeners, large messages on their way.
const BESIDE: u64 = 256;

/// Takes as many descriptors as the system grants: the default of 1,024 is for programs that use
/// select(2). A sentence where that is too few for so many connections.
pub(super) fn take(connections: u32) -> Option<String> {
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return None };
    let granted = match setrlimit(Resource::RLIMIT_NOFILE, hard, hard) {
        Ok(()) => hard,
        Err(_) => soft,
    };
    (granted < u64::from(connections) + BESIDE).then(|| {
        format!(
            "only {granted} files may be open, which is too few for {connections} connections: \
             raise LimitNOFILE= of the unit (ulimit -n), or lower limits.connections"
        )
    })
}
