//! The subcommands: for each its arguments and what is said about it.

pub mod account;
pub mod backup;
pub mod bench;
pub mod check;
pub mod check_config;
pub mod demo;
pub mod export;
pub mod fetch;
pub mod import;
pub mod init;
pub mod mail;
pub mod migrate;
pub mod repair;
pub mod restore;
pub mod serve;
pub mod sessions;
pub mod shell;
pub mod trace;
pub mod user;
pub mod verify;
