//! The figures as a table for people.

use comfy_table::Table;

use super::figure::{Figure, shown, times};
use super::json::Run;
use super::rounds::Row;

/// The table; with the 99th percentiles where there is room for them.
pub fn table(run: &Run<'_>, percentiles: bool) -> Table {
    let mut header = vec!["measured", "unit"];
    for (place, server) in run.servers.iter().enumerate() {
        header.push(&server.name);
        if place > 0 {
            header.push("ratio");
        }
        if percentiles {
            header.push("p99 ms");
        }
    }
    header.push("ceiling");
    let mut table =
        crate::output::table(&header, run.rows.iter().map(|row| cells(run, row, percentiles)));
    if let Some(unit) = table.column_mut(1) {
        unit.set_cell_alignment(comfy_table::CellAlignment::Left);
    }
    table
}

/// Why figures are missing, each once.
pub fn missing(run: &Run<'_>) -> Vec<String> {
    let mut notes = Vec::new();
    for row in run.rows {
        for (server, cell) in run.names().zip(&row.cells) {
            if let Err(reason) = cell {
                notes.push(format!("{server}: {}: {reason}", row.what.name()));
            }
        }
    }
    notes
}

fn cells(run: &Run<'_>, row: &Row, percentiles: bool) -> Vec<String> {
    let unit = row.what.unit();
    let mut cells = vec![run.title(row), unit.word()];
    let (ceiling, servers) = match row.cells.split_last() {
        Some((ceiling, servers)) => (Some(ceiling), servers),
        None => (None, &[][..]),
    };
    let figure = |cell: Option<&Result<Figure, String>>, tell: &dyn Fn(Figure) -> String| {
        cell.and_then(|cell| cell.as_ref().ok()).map_or_else(|| "-".to_owned(), |one| tell(*one))
    };
    let first = servers.first().and_then(|cell| cell.as_ref().ok());
    for (place, cell) in servers.iter().enumerate() {
        cells.push(figure(Some(cell), &|one| shown(one.value)));
        if place > 0 {
            let ratio = |one: Figure| first.map(|first| times(one.ratio(*first, unit)));
            cells.push(figure(Some(cell), &|one| ratio(one).unwrap_or_else(|| "-".to_owned())));
        }
        if percentiles {
            cells.push(figure(Some(cell), &|one| shown(one.p99)));
        }
    }
    cells.push(figure(ceiling, &|one| shown(one.value)));
    cells
}
