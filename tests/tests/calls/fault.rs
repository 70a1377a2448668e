//! Which calls can fail, and how.

use std::fmt;

/// One kind of call.
pub struct Series {
    /// The call's name.
    pub call: &'static str,
    /// Only calls on this file of the store, so that faults of one file do not hide another's.
    pub file: Option<&'static str>,
    /// What strace makes of it.
    pub errors: &'static [&'static str],
}

/// The log of the rows, the rows, and the log's index.
const LOG: Option<&str> = Some("rows.sqlite-wal");
const ROWS: Option<&str> = Some("rows.sqlite");
const INDEX: Option<&str> = Some("rows.sqlite-shm");

const READ: &[&str] = &["error=EIO"];
/// The last one: nothing was written, and no error either.
const WRITE: &[&str] = &["error=EIO", "error=ENOSPC", "retval=0"];
const CHANGE: &[&str] = &["error=EIO", "error=ENOSPC"];
const OPEN: &[&str] = &["error=EIO", "error=ENOSPC", "error=EMFILE"];

/// Every call with which the store reads or changes files.
pub const SERIES: [Series; 25] = [
    of("pwrite64", LOG, WRITE),
    of("pread64", LOG, READ),
    of("fdatasync", LOG, CHANGE),
    of("ftruncate", LOG, CHANGE),
    of("pwrite64", ROWS, WRITE),
    of("pread64", ROWS, READ),
    of("fdatasync", ROWS, CHANGE),
    of("ftruncate", ROWS, CHANGE),
    of("fcntl", ROWS, &["error=EIO", "error=ENOLCK"]),
    of("mmap", ROWS, &["error=ENOMEM"]),
    of("pwrite64", INDEX, WRITE),
    of("ftruncate", INDEX, CHANGE),
    of("fcntl", INDEX, &["error=EIO", "error=ENOLCK"]),
    of("mmap", INDEX, &["error=ENOMEM"]),
    of("openat", None, OPEN),
    of("newfstatat", None, READ),
    of("statx", None, READ),
    of("read", None, READ),
    of("getdents64", None, READ),
    of("write", None, WRITE),
    of("fsync", None, CHANGE),
    of("rename", None, CHANGE),
    of("mkdir", None, CHANGE),
    of("flock", None, &["error=EIO", "error=ENOLCK"]),
    of("utimensat", None, CHANGE),
];

const fn of(
    call: &'static str,
    file: Option<&'static str>,
    errors: &'static [&'static str],
) -> Series {
    Series { call, file, errors }
}

/// Files may not become longer than so many octets.
#[derive(Clone, Copy)]
pub struct Size {
    pub octets: u64,
}

/// What goes wrong in one run.
pub enum Fault {
    /// A call's `when`-th time, counted from 1 in each thread.
    Call { series: &'static Series, error: &'static str, when: u32 },
    /// Each write beyond a size is cut there, and the next one fails.
    Size(Size),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call { series, error, when } => {
                let file = series.file.unwrap_or("any file");
                write!(f, "{}:{when} of {file}, {error}", series.call)
            }
            Self::Size(Size { octets }) => write!(f, "files of {octets} octets"),
        }
    }
}
