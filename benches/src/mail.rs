//! Messages to measure with: plausible, all different, made from a counter.

use std::fmt::Write as _;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// A two-part message of about `octets` (at least 900), the same for the same number.
#[must_use]
pub fn message(number: usize, octets: usize) -> Vec<u8> {
    let mut text = format!(
        "Return-Path: <sender{number}@example.org>\r\n\
         Received: from relay.example.org (relay.example.org [192.0.2.7])\r\n\
         \tby mail.example.net with ESMTPS id {number:08x}; Mon, 2 Feb 2026 08:09:10 +0000\r\n\
         Date: Mon, 2 Feb 2026 08:09:10 +0000\r\n\
         From: \"Sender {number}\" <sender{number}@example.org>\r\n\
         To: Bench <bench@example.net>, Other <other{number}@example.com>\r\n\
         Cc: list@example.org\r\n\
         Subject: Message number {number} about the quarterly figures\r\n\
         Message-ID: <{number}.bench@example.org>\r\n\
         In-Reply-To: <{previous}.bench@example.org>\r\n\
         MIME-Version: 1.0\r\n\
         Content-Type: multipart/alternative; boundary=\"b{number}\"\r\n\r\n\
         --b{number}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n",
        previous = number / 2,
    );
    let tail = format!(
        "\r\n--b{number}\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>{number}</p>\r\n--b{number}--\r\n"
    );
    let mut line = 0usize;
    while text.len() + tail.len() < octets {
        line += 1;
        let _ =
            write!(text, "line {line} of {number}: the figures are as they were, and more.\r\n");
    }
    text.push_str(&tail);
    text.into_bytes()
}

/// Writes an mbox of `count` messages.
///
/// # Errors
/// As the file system says.
pub fn mbox(path: &Path, count: usize, octets: usize) -> io::Result<()> {
    let mut file = BufWriter::new(std::fs::File::create(path)?);
    for number in 0..count {
        file.write_all(b"From sender@example.org Mon Feb  2 08:09:10 2026\n")?;
        file.write_all(&message(number, octets))?;
        file.write_all(b"\n")?;
    }
    file.flush()
}
