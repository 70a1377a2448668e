//! What goes to a terminal or a file: colours only where they are wanted, tables, numbers, and
//! nothing that could drive a terminal.

use std::fmt::Arguments;
use std::io::{self, IsTerminal, Write};

use comfy_table::{CellAlignment, Table, presets};

/// Writes a line to standard output, as `println!` does, but without a panic where nobody reads
/// any more (`peregrine demo | head`).
macro_rules! say {
    ($($text:tt)*) => { $crate::output::line(format_args!($($text)*)) };
}
pub(crate) use say;

/// What [`say`] does.
pub fn line(text: Arguments<'_>) {
    match writeln!(io::stdout().lock(), "{text}") {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            eprintln!("peregrine: cannot write to standard output: {error}");
        }
        _ => {}
    }
}

/// Whether to colour what goes there: a terminal, and the user has not said no
/// (<https://no-color.org>).
pub fn colours(stream: &impl IsTerminal) -> bool {
    stream.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Text without control characters, which could drive a terminal; newlines stay.
pub fn printable(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut safe, c| {
        match c {
            c if c.is_control() && c != '\n' => safe.extend(c.escape_default()),
            c => safe.push(c),
        }
        safe
    })
}

/// The same for long text: tabs stay too.
pub fn printable_text(text: &str) -> String {
    text.split('\t').map(printable).collect::<Vec<_>>().join("\t")
}

/// A table of texts alone.
pub fn text_table(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> Table {
    let mut table = table(header, rows);
    table.column_iter_mut().for_each(|column| {
        column.set_cell_alignment(CellAlignment::Left);
    });
    table
}

/// A table of messages: the last column holds numbers. On a terminal long texts are wrapped.
pub fn message_table(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> Table {
    let mut table = text_table(header, rows);
    if io::stdout().is_terminal() {
        table.set_content_arrangement(comfy_table::ContentArrangement::Dynamic);
    }
    if let Some(last) = table.column_iter_mut().last() {
        last.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// A table: the first column to the left, the others, which are numbers, to the right.
pub fn table(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> Table {
    let mut table = Table::new();
    let preset =
        if io::stdout().is_terminal() { presets::UTF8_HORIZONTAL_ONLY } else { presets::NOTHING };
    table.load_preset(preset);
    table.set_header(header.to_vec());
    for row in rows {
        table.add_row(row.iter().map(|cell| printable(cell)).collect::<Vec<_>>());
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// `1,234,567`.
pub fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 message`, `1,234 messages`, `2 bodies`.
pub fn count(count: u64, one: &str) -> String {
    let many = match one.strip_suffix('y') {
        _ if count == 1 => one.to_owned(),
        Some(stem) => format!("{stem}ies"),
        None if one.ends_with('x') => format!("{one}es"),
        None => format!("{one}s"),
    };
    format!("{} {many}", number(count))
}

/// `12.3 MiB`.
pub fn size(octets: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut value = octets as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    if unit == 0 { format!("{octets} B") } else { format!("{value:.1} {}", UNITS[unit]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_sizes() {
        assert_eq!(number(0), "0");
        assert_eq!(number(999), "999");
        assert_eq!(number(1_234_567), "1,234,567");
        assert_eq!(size(1023), "1023 B");
        assert_eq!(size(1536), "1.5 KiB");
    }

    /// A file name must not clear the screen of whoever reads the report.
    #[test]
    fn control_characters_are_spelt_out() {
        assert_eq!(printable("a\x1b[2J\nb\u{9b}"), "a\\u{1b}[2J\nb\\u{9b}");
    }
}
