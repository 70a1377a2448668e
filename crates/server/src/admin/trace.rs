//! What the commands of a session did and why they waited: recorded, laid out, drawn.
//!
//! - [`record`]: the form of a recording, live or in a file; [`Trace`]: the commands in it.
//! - [`panel`]: the layout: which commands share one picture, and its time [`axis`].
//! - [`text`]: drawn in characters; [`live`]: while it goes on; [`svg()`] and [`html()`]:
//!   as a picture and as a page.
//!
//! ```
//! use peregrine_server::admin::trace::{Trace, panel, record, text};
//!
//! let recording = r#"{"peregrine-trace":1,"started":"2026-01-02T03:04:05Z","of":"user ann"}
//! {"at":0,"session":"7","event":"session","user":"ann","from":"192.0.2.1:50000","tls":true}
//! {"at":100,"session":"7","job":1,"event":"arrived","tag":"a","command":"NOOP","octets":6}
//! {"at":100,"session":"7","job":1,"event":"running"}
//! {"at":900,"session":"7","job":1,"event":"done","status":"OK","octets":16}
//! "#;
//! let (header, events) = record::read(recording.as_bytes())?;
//! let trace = Trace::from_events(header, events);
//! let style = text::Style { width: 80, colours: false };
//! for panel in panel::panels(&trace) {
//!     let drawn = text::panel(&panel, &trace.header.started, style);
//!     assert!(drawn.contains("a NOOP ====="), "{drawn}");
//! }
//! # Ok::<(), record::RecordError>(())
//! ```

pub mod axis;
mod html;
pub mod live;
pub mod panel;
pub mod record;
mod rows;
mod svg;
pub mod text;

pub use html::html;
pub use rows::{Phase, PhaseKind, Row, SessionTrace, Trace, Wait};
pub use svg::svg;
