//! The figures as a picture: for each measurement a bar a server, as long as the logarithm of its
//! ratio to the first.

mod draw;
mod scale;

use self::draw::Chart;
use self::scale::Scale;
use super::figure::Figure;
use super::json::Run;
use super::rounds::Row;

const STYLE: &str = include_str!("chart/style.css");

/// Pixels of the picture, and of what is in it.
const WIDTH: f64 = 1040.0;
const MARGIN: f64 = 28.0;
/// Where bars may begin and end.
const LEFT: f64 = 300.0;
const RIGHT: f64 = 850.0;
/// Title and legend.
const TOP: f64 = 118.0;

/// A picture that needs nothing else: every text in it is escaped, nothing is fetched or run.
pub fn svg(run: &Run<'_>) -> String {
    let chart =
        Chart { run, scale: Scale::new(LEFT, RIGHT, &ratios(run)), alone: run.servers.len() == 1 };
    let (mut rows, mut top) = (String::new(), TOP);
    for row in run.rows {
        chart.row(row, top, &mut rows);
        top += chart.height();
    }
    let height = top + MARGIN;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"bench\" role=\"img\" width=\"{WIDTH}\" \
         height=\"{height}\" viewBox=\"0 0 {WIDTH} {height}\">\n<title>peregrine bench</title>\n\
         <style>\n{STYLE}</style>\n<rect class=\"paper\" width=\"100%\" height=\"100%\"/>\n\
         {}{}{rows}</svg>\n",
        chart.heading(),
        chart.grid(top),
    )
}

/// The cell that all others of a row are compared to: the first server's, or the ceiling where
/// there is one server alone.
fn base(row: &Row, alone: bool) -> Option<Figure> {
    let cell = if alone { row.cells.last() } else { row.cells.first() };
    cell.and_then(|cell| cell.as_ref().ok()).copied()
}

/// Of all servers in all rows; the ceiling's are none.
fn ratios(run: &Run<'_>) -> Vec<f64> {
    let alone = run.servers.len() == 1;
    let row = |row: &Row| {
        let base = base(row, alone);
        let servers = row.cells.iter().take(run.servers.len()).flatten();
        let ratio = |one: &Figure| Some(one.ratio(base?, row.what.unit()));
        servers.filter_map(ratio).collect::<Vec<_>>()
    };
    run.rows.iter().flat_map(row).collect()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
