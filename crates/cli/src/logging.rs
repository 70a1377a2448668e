//! The log: on standard error, in the form that the configuration asks for.

use peregrine_server::config::{Log, LogFormat, LogLevel};
use tracing::level_filters::LevelFilter;

use crate::output;

/// Begins to log. A second call has no effect.
pub fn start(log: Log) {
    let level = match log.level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    let builder = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(std::io::stderr)
        .with_ansi(output::colours(&std::io::stderr()));
    // An error only says that there is a log already.
    let _ = match log.format {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => builder.json().try_init(),
    };
}
