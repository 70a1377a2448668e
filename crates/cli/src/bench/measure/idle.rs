//! How soon another connection in IDLE is told of a change.

use std::time::Instant;

use super::change::sign;
use super::{Budget, Taken, repeat_part};
use crate::bench::letter;
use crate::bench::site::{Folder, Site};
use crate::bench::wire::{Tag, Wire};
use crate::failure::Failure;

/// Changes in one slice: some servers delay what they tell, so a slice seldom has more.
const MOST: usize = 50;

/// Of a message that arrives.
pub async fn append(site: &mut Site, budget: Budget) -> Result<Taken, Failure> {
    // Empty, so that the count at the end tells which message it was.
    site.empty(Folder::Watched).await?;
    let mut writer = site.take(Folder::Empty).await?;
    let (mut watcher, idle) = watch(site).await?;
    let name = site.name_of(Folder::Watched);
    let message = letter::tiny();
    let taken = repeat_part(budget.time, MOST, async |number| {
        let start = Instant::now();
        let told = async {
            watcher.until_like(|response| exists(response) > Some(number)).await?;
            Ok(start.elapsed())
        };
        tokio::try_join!(told, writer.append(&name, &message)).map(|(told, ())| told)
    });
    let taken = taken.await?;
    leave(watcher, &idle).await?;
    site.keep(writer, Folder::Empty);
    Ok(taken)
}

/// Of a flag that changes.
pub async fn flag(site: &mut Site, budget: Budget) -> Result<Taken, Failure> {
    site.empty(Folder::Watched).await?;
    let name = site.name_of(Folder::Watched);
    let mut writer = site.take(Folder::Empty).await?;
    writer.append(&name, &letter::tiny()).await?;
    writer.ask(&format!("SELECT {name}")).await?;
    let (mut watcher, idle) = watch(site).await?;
    let taken = repeat_part(budget.time, MOST, async |number| {
        let set = sign(number) == '+';
        let command = format!("STORE 1 {}FLAGS.SILENT (\\Flagged)", sign(number));
        let start = Instant::now();
        let told = async {
            watcher.until_like(|response| flagged(response) == Some(set)).await?;
            Ok(start.elapsed())
        };
        tokio::try_join!(told, writer.ask(&command)).map(|(told, _)| told)
    });
    let taken = taken.await?;
    leave(watcher, &idle).await?;
    site.keep(writer, Folder::Watched);
    Ok(taken)
}

/// A connection in IDLE, and the tag of that.
async fn watch(site: &Site) -> Result<(Wire, Tag), Failure> {
    let mut watcher = Wire::connect(&site.access).await?;
    watcher.ask(&format!("SELECT {}", site.name_of(Folder::Watched))).await?;
    let idle = watcher.tag();
    watcher.send(format!("{idle} IDLE\r\n").as_bytes()).await?;
    watcher.until_answered(&idle).await?;
    Ok((watcher, idle))
}

async fn leave(mut watcher: Wire, idle: &str) -> Result<(), Failure> {
    watcher.send(b"DONE\r\n").await?;
    watcher.until(idle).await?;
    watcher.leave().await
}

/// `* 3 EXISTS`.
fn exists(response: &[u8]) -> Option<usize> {
    let digits = response.strip_prefix(b"* ")?.strip_suffix(b" EXISTS")?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// `* 1 FETCH (FLAGS (\Flagged))`, and whether it says so.
fn flagged(response: &[u8]) -> Option<bool> {
    let flags = response.strip_prefix(b"* 1 FETCH ")?;
    let flags = String::from_utf8_lossy(flags);
    flags.contains("FLAGS (").then(|| flags.contains("\\Flagged"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_understood() {
        assert_eq!(exists(b"* 12 EXISTS"), Some(12));
        assert_eq!(exists(b"* OK 12 EXISTS"), None);
        assert_eq!(flagged(b"* 1 FETCH (UID 3 FLAGS (\\Seen \\Flagged))"), Some(true));
        assert_eq!(flagged(b"* 1 FETCH (FLAGS ())"), Some(false));
        assert_eq!(flagged(b"* 2 FETCH (FLAGS ())"), None);
    }
}
