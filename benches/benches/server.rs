//! The server's figures beside what the machine gives, in one run: `cargo bench --bench server`.
//! Words on the command line choose: `append`, `open`, `bodies`, `idle`, `memory`, `headofline`,
//! `width`, `neighbours`, `simple`, `resync`.

#[path = "server/append.rs"]
mod append;
#[path = "server/bodies.rs"]
mod bodies;
#[path = "server/headofline.rs"]
mod headofline;
#[path = "server/idle.rs"]
mod idle;
#[path = "server/neighbours.rs"]
mod neighbours;
#[path = "server/open.rs"]
mod open;
#[path = "server/resync.rs"]
mod resync;
#[path = "server/simple.rs"]
mod simple;
#[path = "server/width.rs"]
mod width;

use std::io;

fn main() -> io::Result<()> {
    let words: Vec<String> =
        std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    if let Some(role) = simple::role(&words) {
        return role;
    }
    let wanted = |name: &str| words.is_empty() || words.iter().any(|word| word == name);
    if wanted("append") {
        append::run()?;
    }
    if wanted("open") {
        open::run()?;
    }
    if wanted("bodies") {
        bodies::run()?;
    }
    if wanted("idle") {
        idle::notice()?;
    }
    if wanted("memory") {
        idle::memory()?;
    }
    if wanted("headofline") {
        headofline::run()?;
    }
    if wanted("width") {
        width::run()?;
    }
    if wanted("simple") {
        simple::run()?;
    }
    if wanted("resync") {
        resync::run()?;
    }
    if wanted("neighbours") {
        neighbours::run()?;
    }
    Ok(())
}
