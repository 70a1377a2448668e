//! G5: a panic anywhere in the server is seen, though the server survives it.

use std::sync::{Mutex, Once, PoisonError};

/// The thread, and what was said.
static SEEN: Mutex<Vec<(String, String)>> = Mutex::new(Vec::new());

/// From now on every panic is noted.
pub fn count() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let report = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
            seen.push((thread(), info.to_string()));
            drop(seen);
            report(info);
        }));
    });
}

/// Panics of this test's thread, which its server runs on, and of threads for blocking work, which
/// bear no test's name.
pub fn seen() -> Vec<String> {
    let seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    let ours = |name: &str| name == thread() || !name.contains("::");
    seen.iter().filter(|(name, _)| ours(name)).map(|(_, text)| text.clone()).collect()
}

fn thread() -> String {
    std::thread::current().name().unwrap_or_default().to_owned()
}
