//! A trace as a web page that needs nothing else: no network, no other file.

use super::Trace;
use super::panel;
use super::svg::{self, PATTERNS, STYLE, escaped};
use super::text::clock;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt::Write as _;

const PAGE: &str = include_str!("html/page.css");
const SCRIPT: &str = include_str!("html/page.js");

/// The page. Whatever stands in the trace is escaped; besides, the page forbids all scripts but its
/// own, and everything that would be fetched.
#[must_use]
pub fn html(trace: &Trace) -> String {
    let title = escaped(&svg::title(trace));
    let hash = STANDARD.encode(ring::digest::digest(&ring::digest::SHA256, SCRIPT.as_bytes()));
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
         style-src 'unsafe-inline'; script-src 'sha256-{hash}'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{title}</title>\n<style>\n{STYLE}{PAGE}</style>\n</head>\n<body>\n"
    );
    out.push_str(&header(trace));
    out.push_str("<main>\n");
    for panel in panel::panels(trace) {
        let (drawn, height) = svg::draw(&panel, &trace.header.started);
        let width = svg::WIDTH;
        let label = panel.session.user.as_deref().unwrap_or("not logged in");
        let _ = writeln!(
            out,
            "<section aria-label=\"Commands of {}\"><svg xmlns=\"http://www.w3.org/2000/svg\" \
             class=\"trace\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\">{drawn}</svg></section>",
            escaped(label)
        );
    }
    if trace.commands() == 0 {
        out.push_str("<p>No command came while this was recorded.</p>\n");
    }
    let _ = write!(
        out,
        "</main>\n<aside id=\"details\" aria-live=\"polite\" hidden></aside>\n\
         <script>{SCRIPT}</script>\n</body>\n</html>\n"
    );
    out
}

fn header(trace: &Trace) -> String {
    let lost = match trace.lost {
        0 => String::new(),
        events => format!(
            "<p class=\"lost\">{events} events are missing, because they came faster than they \
             were read: what looks unfinished may have ended.</p>\n"
        ),
    };
    let sessions = trace.sessions.len();
    let plural = if sessions == 1 { "session" } else { "sessions" };
    format!(
        "<header>\n<h1>{}</h1>\n<p>{sessions} {plural}, from {}. A row is a command. Point at one, \
         or walk with Tab and the arrow keys, to see its story and whom it waited for.</p>\n{lost}\
         <form role=\"search\"><label>Find <input type=\"search\" id=\"find\" \
         placeholder=\"tag or command\" autocomplete=\"off\"></label> \
         <output id=\"found\"></output></form>\n\
         <div class=\"legend\"><svg class=\"trace\" width=\"{}\" height=\"{}\" role=\"img\" \
         aria-label=\"Legend\">{PATTERNS}{}</svg></div>\n</header>\n",
        escaped(&svg::title(trace)),
        escaped(&clock(&trace.header.started, 0)),
        svg::WIDTH,
        22,
        svg::legend(),
    )
}
