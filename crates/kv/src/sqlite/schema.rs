//! The file: its tables, its settings, and what is checked before it is trusted.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::{SqliteOptions, checkpoint};
use crate::Error;

/// Bytes of a page, for new files. SQLite keeps a row of `row` in its tree page up to a quarter of
/// a page and gives a longer one an overflow page of its own. At 4 KiB that is 1,002 bytes, so each
/// row between that and [`LARGE`](super::row::LARGE) cost a page more in the log and in the file;
/// at 8 KiB all of them stay. 16 KiB write more for every small row that lands in a random page.
pub(super) const PAGE_SIZE: u32 = 8192;

/// How long one process waits for another's transaction. Ours last milliseconds.
const BUSY: Duration = Duration::from_secs(20);
/// Before this version a reset of the write-ahead log could race with a checkpoint and lose
/// commits (fixed in 3.51.3).
const OLDEST_SQLITE: i32 = 3_051_003;
/// Written into the file's header, so that it is not taken for another program's ("PGkv").
const APPLICATION: i32 = 0x5047_6b76;
/// The version of the tables below.
const VERSION: i32 = 1;
/// Page cache of the writer, in KiB: it holds the upper tree pages and those changed lately; others
/// are read from the mapping. Not more, since SQLite looks at every page in it at the end of each
/// transaction that splits tree pages: 64 MiB cost each commit a third of a millisecond.
const WRITER_CACHE_KIB: i64 = 8 * 1024;
/// What one transaction may change, in KiB, before its pages go to the log ahead of the commit, to
/// be written again and summed again when they change again. More than a group has.
const WRITER_SPILL_KIB: i64 = 64 * 1024;
/// Page cache of a reader, in KiB; most pages are read from the mapping instead.
const READER_CACHE_KIB: i64 = 2 * 1024;
/// Bytes of the file that may be mapped into memory. Only address space is spent.
const MMAP: i64 = 1 << 40;
/// The write-ahead log is cut back to this many bytes when it grew beyond, for instance because
/// a snapshot was held for long. Below, it keeps its size: overwriting is cheaper to sync.
const WAL_KEEP: i64 = 256 * 1024 * 1024;

/// `row` has the keys in order. A large value is in `large`, and its row has only the checksum.
const TABLES: &str = "
    CREATE TABLE row (
        key BLOB NOT NULL PRIMARY KEY,
        value BLOB NOT NULL,
        large INTEGER
    ) WITHOUT ROWID;
    CREATE TABLE large (id INTEGER PRIMARY KEY, value BLOB NOT NULL);
";

/// The connection that writes; makes the file if there is none.
pub(super) fn open_writer(file: &Path, options: &SqliteOptions) -> Result<Connection, Error> {
    if rusqlite::version_number() < OLDEST_SQLITE {
        let version = rusqlite::version();
        return Err(Error::Engine(format!("SQLite {version} may lose commits; 3.51.3 is needed")));
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
    let mut connection = open(file, flags, WRITER_CACHE_KIB)?;
    connection.pragma_update(None, "page_size", PAGE_SIZE)?;
    let mode: String =
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
    if mode != "wal" {
        return Err(Error::Engine(format!("the file cannot have a write-ahead log, only {mode}")));
    }
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    connection.pragma_update(None, "journal_size_limit", WAL_KEEP)?;
    create(&mut connection)?;
    checkpoint::prepare(&mut connection, file)?;
    let page: u32 = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
    // Not before: growing the log lives on spilling.
    connection.pragma_update(None, "cache_spill", WRITER_SPILL_KIB * 1024 / i64::from(page))?;
    if let Some(bytes) = options.max_bytes {
        let pages = i64::try_from(bytes.div_ceil(page.into())).unwrap_or(i64::MAX);
        connection.pragma_update(None, "max_page_count", pages)?;
    }
    Ok(connection)
}

/// A connection that moves the log into the file.
pub(super) fn open_mover(file: &Path) -> Result<Connection, Error> {
    let connection = open(file, OpenFlags::SQLITE_OPEN_READ_WRITE, READER_CACHE_KIB)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    Ok(connection)
}

/// A connection that only reads.
pub(super) fn open_reader(file: &Path) -> Result<Connection, Error> {
    open(file, OpenFlags::SQLITE_OPEN_READ_ONLY, READER_CACHE_KIB)
}

/// A commit that changes nothing.
pub(super) fn touch(writer: &Connection) -> Result<(), Error> {
    Ok(writer.pragma_update(None, "user_version", VERSION)?)
}

fn open(file: &Path, flags: OpenFlags, cache_kib: i64) -> Result<Connection, Error> {
    // Each connection is used by one thread at a time, which is what NO_MUTEX asks for.
    let connection = Connection::open_with_flags(file, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY)?;
    // The last one to close would else delete the log, and the next start had to grow it again.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.pragma_update(None, "cache_size", -cache_kib)?;
    connection.pragma_update(None, "mmap_size", MMAP)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    // Each page is looked at as it is read, so that a damaged one is an error more often and leads
    // astray less often.
    connection.pragma_update(None, "cell_size_check", true)?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(connection)
}

fn create(connection: &mut Connection) -> Result<(), Error> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if marks(&transaction)? == (0, 0) {
        transaction.execute_batch(TABLES)?;
        transaction.pragma_update(None, "application_id", APPLICATION)?;
        transaction.pragma_update(None, "user_version", VERSION)?;
    } else {
        expect_ours(&transaction)?;
    }
    Ok(transaction.commit()?)
}

/// The file is a store of this version.
pub(super) fn expect_ours(connection: &Connection) -> Result<(), Error> {
    match marks(connection)? {
        (APPLICATION, VERSION) => Ok(()),
        (APPLICATION, other) => {
            Err(Error::Engine(format!("the store has version {other}, not {VERSION}")))
        }
        _ => Err(Error::corrupt("the file is not a store of this program")),
    }
}

/// The application and the version that the file's header names.
fn marks(connection: &Connection) -> Result<(i32, i32), Error> {
    let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
    Ok((number("application_id")?, number("user_version")?))
}
