//! Changes, one file each.
