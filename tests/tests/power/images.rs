//! The images that a power cut could leave, each opened by the real code.

use super::disk::{Disk, Fate};
use super::script::{Known, contents, digest, open};
use super::trace::{Event, Recorded};
use peregrine_testkit::model::Random;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

/// As many uncovered changes are tried in each combination.
const ALL: usize = 4;
/// Violations are told in full up to so many.
const TOLD: usize = 3;

/// Where and how often the power is cut.
pub struct Cuts {
    /// Images at each point, at most.
    pub images: usize,
    /// Every how many points.
    pub every: usize,
    /// Ends with the first violation.
    pub until_found: bool,
}

/// What came of it.
#[derive(Default, Debug)]
pub struct Verdict {
    pub points: usize,
    pub images: usize,
    pub violations: Vec<String>,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { points, images, violations } = self;
        write!(f, "{points} crash points, {images} images, {} violations", violations.len())
    }
}

/// Cuts the power at syncs and acknowledgements, and judges the images.
pub async fn judge(recorded: &Recorded, cuts: &Cuts, random: &mut Random) -> Verdict {
    let mut verdict = Verdict::default();
    let mut disk = Disk::new(&recorded.before);
    // What the store held after each acknowledgement so far, and will hold after the next.
    let told = recorded.events.iter().filter_map(|event| match event {
        Event::Acknowledged { contents } => Some(*contents),
        _ => None,
    });
    let told: Vec<u64> = told.collect();
    let (mut acknowledged, mut point) = (0, 0);
    for event in &recorded.events {
        let is_told = matches!(event, Event::Acknowledged { .. });
        acknowledged += usize::from(is_told);
        let is_point = is_told || matches!(event, Event::SyncEnds { .. });
        point += usize::from(is_point && acknowledged > 0);
        if !is_point || acknowledged == 0 || point % cuts.every != 0 {
            disk.play(event);
            continue;
        }
        if cuts.until_found && !verdict.violations.is_empty() {
            break;
        }
        // The sync that ends here is not counted yet: just before its end, most is uncovered.
        verdict.points += 1;
        let allowed = &told[acknowledged - 1..told.len().min(acknowledged + 1)];
        for fates in fates(disk.pending(), cuts.images, random) {
            verdict.images += 1;
            let image = disk.image(&fates, random);
            if let Err(reason) = hold(&image, allowed, random).await {
                let shown = if verdict.violations.len() < TOLD { reason } else { String::new() };
                verdict.violations.push(format!("after {acknowledged} answers: {shown}"));
            }
        }
        disk.play(event);
    }
    verdict
}

/// What becomes of so many changes: all combinations of a few, or else all, none, all but one, one
/// alone, the first of them, and by chance.
fn fates(pending: usize, images: usize, random: &mut Random) -> Vec<Vec<Fate>> {
    let mut all = Vec::new();
    if pending <= ALL {
        let fate =
            |bits: usize, at: usize| if bits >> at & 1 == 1 { Fate::Kept } else { Fate::Dropped };
        all.extend((0..1 << pending).map(|bits| (0..pending).map(|at| fate(bits, at)).collect()));
    } else {
        all.push(vec![Fate::Kept; pending]);
        all.push(vec![Fate::Dropped; pending]);
        for at in 0..pending {
            let (mut one, mut others) = (vec![Fate::Dropped; pending], vec![Fate::Kept; pending]);
            one[at] = Fate::Kept;
            others[at] = Fate::Dropped;
            let first =
                (0..pending).map(|other| if other < at { Fate::Kept } else { Fate::Dropped });
            all.extend([one, others, first.collect()]);
        }
    }
    for _ in 0..if pending == 0 { 0 } else { images } {
        let fate = |random: &mut Random| *random.pick(&[Fate::Kept, Fate::Dropped, Fate::Torn]);
        all.push((0..pending).map(|_| fate(random)).collect());
    }
    while all.len() > images.max(1) {
        let at = random.below(all.len());
        all.swap_remove(at);
    }
    all
}

/// Whether an image opens and holds one of these.
async fn hold(
    image: &BTreeMap<PathBuf, Option<Vec<u8>>>,
    allowed: &[u64],
    random: &mut Random,
) -> Result<(), String> {
    let folder = folder();
    write(folder.path(), image, random).map_err(|error| format!("the image: {error}"))?;
    let store = open(folder.path()).await.map_err(|error| format!("it does not open: {error}"))?;
    let held = contents(&store, &mut Known::default()).await;
    store.close().await;
    let held = held.map_err(|error| format!("it does not read: {error}"))?;
    match allowed.contains(&digest(&held)) {
        true => Ok(()),
        false => Err(format!("it holds what it never held:\n{held}")),
    }
}

/// In memory where there is such a place: images need not survive.
fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    folder.expect("a temporary folder")
}

fn write(
    folder: &Path,
    image: &BTreeMap<PathBuf, Option<Vec<u8>>>,
    random: &mut Random,
) -> std::io::Result<()> {
    for (path, octets) in image {
        // Its folder may be lost, and then it is too.
        let Some(parent) = folder.join(path).parent().map(Path::to_owned) else { continue };
        if !parent.is_dir() {
            continue;
        }
        // The index of the log is written through memory, which no trace sees. After a power cut
        // it may hold anything; whoever opens first makes it anew.
        let is_index = path.to_string_lossy().ends_with("-shm");
        match octets {
            None => std::fs::create_dir(folder.join(path))?,
            Some(_) if is_index => {
                let noise: Vec<u8> = (0..32_768).map(|_| random.below(256) as u8).collect();
                std::fs::write(folder.join(path), noise)?;
            }
            Some(octets) => std::fs::write(folder.join(path), octets)?,
        }
    }
    Ok(())
}
