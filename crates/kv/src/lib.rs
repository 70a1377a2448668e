//! Ordered bytes with snapshots and atomic commits, and blobs; the storage engines.
