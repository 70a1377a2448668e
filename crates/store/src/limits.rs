//! Every bound of this crate, in one place, with its unit and its reason.

use std::time::Duration;

/// Octets of one level of a mailbox name, as most file systems have it: exports must fit there.
pub const MAX_LEVEL: usize = 255;

/// Levels of a mailbox name; deeper ones are accidents, and clients draw trees by recursion.
pub const MAX_LEVELS: usize = 32;

/// Names in one account, so that LIST stays quick and the tree small.
pub const MAX_MAILBOXES: usize = 10_000;

/// Subscriptions of one account; they may name mailboxes that are gone, so they need a bound too.
pub const MAX_SUBSCRIPTIONS: usize = 20_000;

/// Keywords of one mailbox: every one is announced by SELECT and is a bit of each message.
pub const MAX_KEYWORDS: usize = 512;

/// Octets of a keyword.
pub const MAX_KEYWORD: usize = 64;

/// Octets of an account's name: a key holds it whole.
pub const MAX_ACCOUNT_NAME: usize = 240;

/// Octets of one message; a server may allow less.
pub const MAX_MESSAGE: u64 = 1 << 30;

/// Messages in a mailbox, so that counts and sequence numbers fit 32 bits.
pub const MAX_MESSAGES: u32 = 1 << 31;

/// Messages in a row of the store and in a chunk of a view: what one change rewrites.
pub const CHUNK_MESSAGES: usize = 64;

/// Two neighbouring chunks with no more messages together become one.
pub const MERGE_MESSAGES: usize = 32;

/// Chunks in a group of a view, the upper of its two levels.
pub const GROUP_CHUNKS: usize = 64;

/// Above so many octets a body is no row but an object. A row has a byte for its kind and 32 for
/// the hash of the body.
pub const MAX_ROW_BODY: usize = peregrine_kv::MAX_VALUE - 33;

/// Octets of an object under one sum: what is read at least where a part of it is wanted.
pub const SUM_BLOCK: usize = 64 * 1024;

/// Octets of such sums that stay in memory, in one process: those of some 32 GiB of large bodies.
pub const SUMS_MEMORY: u64 = 4 * 1024 * 1024;

/// From so many octets on, a message is parsed and hashed off the async threads.
pub const PARSE_ASIDE: usize = 64 * 1024;

/// Octets that one batch of the writer takes at most (rows and bodies). One operation alone may be
/// longer, up to the engine's own bound.
pub const BATCH_OCTETS: usize = 16 * 1024 * 1024;

/// Operations that one batch of the writer takes at most.
pub const BATCH_OPERATIONS: usize = 1024;

/// Octets of digests that COPY and MOVE write in their own commit, roughly; the others follow in
/// slices, so that no other change waits long for the copy of very many messages.
pub const COPY_DIGEST_OCTETS: usize = 1024 * 1024;

/// The same for RENAME of INBOX, which moves its messages; later ones are made again when they are
/// first read.
pub const RENAME_DIGEST_OCTETS: usize = 16 * 1024 * 1024;

/// Rows that reading digests and bodies asks for at a time, beside the engine's own octet bound.
pub const PAGE_ROWS: usize = 1024;

/// How often a commit is tried again after another process was quicker.
pub const COMMIT_TRIES: usize = 32;

/// Expunges of one mailbox that are remembered for QRESYNC: years for most people, and quick to
/// read. Of older ones a client is told as if it had asked for all that is gone. It may be passed
/// until the reclaiming comes to it.
pub const VANISHED_ROWS: usize = 4096;

/// The same in octets: expunges of very many messages are remembered in 8 octets a range.
pub const VANISHED_OCTETS: usize = 1024 * 1024;

/// How long the writer leaves expunged messages' data alone after the last change, so that
/// reclaiming never delays what a client waits for.
pub const RECLAIM_DELAY: Duration = Duration::from_secs(1);

/// Entries of a garbage row, which then fits a value.
pub const GARBAGE_ENTRIES: usize = 2048;

/// Bodies that one commit of the reclaiming gives back.
pub const RECLAIM_BODIES: usize = 512;

/// How old an object must be that nothing refers to before it is called an orphan: the commit that
/// refers to it comes after it, within seconds.
pub const ORPHAN_AGE: Duration = Duration::from_secs(3600);

/// How long a search may take.
pub const SEARCH_BUDGET: Duration = Duration::from_secs(30);

/// Steps that THREAD takes up the conversations in search of loops: enough for any mail that people
/// write, and a second at most where somebody entangles references on purpose.
pub const MAX_THREAD_STEPS: u64 = 200_000_000;

/// Octets of header texts and sort keys that stay in memory for SEARCH, SORT and THREAD, of all
/// accounts of a process: those of some 300,000 messages.
pub const HEADER_MEMORY: u64 = 192 * 1024 * 1024;

/// Pages of 1024 messages that this is about, for the size of the table.
pub const HEADER_PAGES: usize = 512;

/// Accounts that stay in memory after their last session has ended, in one process.
pub const WARM_ACCOUNTS: usize = 32;

/// Mailboxes of one account that stay in memory after the last session has closed them.
pub const WARM_MAILBOXES: usize = 64;

/// Messages in those mailboxes (some 60 octets of memory each), but for the mailbox used last.
pub const WARM_MESSAGES: u64 = 250_000;

/// How long after a hint of the engine the account is read again: hints of our own commits and of
/// other processes' bursts then cost one read.
pub const REFRESH_DELAY: Duration = Duration::from_millis(10);
