//! A whole run, and how programs are told of it.

use serde_json::{Value, json};

use super::figure::Figure;
use super::rounds::{Plan, Row};

/// A server, as a run names it.
#[derive(Clone, Debug)]
pub struct Server {
    /// By a person.
    pub name: String,
    /// Where it is, and the user.
    pub place: String,
}

/// All that was measured.
#[derive(Clone, Copy, Debug)]
pub struct Run<'r> {
    /// What was asked for.
    pub plan: &'r Plan,
    /// In order; the ceiling is not among them.
    pub servers: &'r [Server],
    /// Each with a cell more than there are servers: the ceiling's.
    pub rows: &'r [Row],
}

impl Run<'_> {
    /// What a measurement is, in words.
    pub fn title(&self, row: &Row) -> String {
        let budget = self.plan.budget;
        row.what.title(budget.connections, budget.messages)
    }

    /// Of the servers, and the ceiling.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.servers.iter().map(|server| server.name.as_str()).chain(["ceiling"])
    }

    /// One object.
    pub fn to_json(self) -> Value {
        let servers = self.servers.iter();
        let servers: Vec<_> =
            servers.map(|one| json!({ "name": one.name, "place": one.place })).collect();
        json!({
            "messages": self.plan.budget.messages,
            "connections": self.plan.budget.connections,
            "rounds": self.plan.rounds,
            "seconds": self.plan.budget.time.as_secs_f64() * self.plan.rounds as f64,
            "servers": servers,
            "measurements": self.rows.iter().map(|row| self.row(row)).collect::<Vec<_>>(),
        })
    }

    fn row(&self, row: &Row) -> Value {
        let unit = row.what.unit();
        let first = row.cells.first().and_then(|cell| cell.as_ref().ok()).copied();
        let cells = self.names().zip(&row.cells).map(|(name, cell)| match cell {
            Ok(figure) => json!({
                "server": name,
                "value": figure.value,
                "p99_ms": figure.p99,
                "ratio": first.map(|first: Figure| figure.ratio(first, unit)),
            }),
            Err(reason) => json!({ "server": name, "error": reason }),
        });
        json!({
            "name": row.what.name(),
            "title": self.title(row),
            "unit": unit.word(),
            "better": if unit.is_time() { "less" } else { "more" },
            "figures": cells.collect::<Vec<_>>(),
        })
    }
}
