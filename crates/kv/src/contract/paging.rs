//! Scans: order, bounds, pages, both directions.

use std::sync::Arc;

use super::{Outcome, paged};
use crate::{Engine, Key, PAGE_BYTES, Range, Transaction, Value};

pub(super) async fn run(engine: Arc<dyn Engine>) -> Outcome {
    ranges(&*engine).await?;
    page_bytes(&*engine).await?;
    deleted_ranges(&*engine).await
}

/// Order is bytewise; `start` is in, `end` is not; every page size gives the same rows.
async fn ranges(engine: &dyn Engine) -> Outcome {
    let keys: [&[u8]; 8] = [b"", b"\0", b"a", b"a\0", b"ab", b"a\xff", b"b", b"\xff\xff"];
    let mut transaction = Transaction::new();
    for key in keys.iter().rev() {
        transaction.put(*key, *key);
    }
    engine.commit(transaction).await?;
    let snapshot = engine.snapshot().await?;
    for (range, expected) in [
        (Range::all(), &keys[..]),
        (Range::prefix("a"), &keys[2..6]),
        (Range::prefix(&b"\xff"[..]), &keys[7..]),
        (Range::prefix("c"), &[]),
        (Range::new("a", "b"), &keys[2..6]),
        (Range::new("", "a"), &keys[..2]),
        (Range::new("a", "a"), &[]),
        (Range::new("b", "a"), &[]),
        (Range::new(&b"a\0"[..], &b"a\0\0"[..]), &keys[3..4]),
    ] {
        for limit in [1, 2, 3, 7, 8, 9, 1000] {
            let forward = paged(&*snapshot, range.clone(), limit).await?;
            let mut reverse = paged(&*snapshot, range.clone().reversed(), limit).await?;
            reverse.reverse();
            assert_eq!(forward, reverse, "{range:?}, {limit}");
            let found: Vec<&Key> = forward.iter().map(|(key, _)| key).collect();
            assert_eq!(found, expected, "{range:?}, {limit}");
            assert!(forward.iter().all(|(key, value)| key == value));
        }
        let exact = snapshot.scan(range.clone(), expected.len().max(1)).await?;
        assert!(!exact.more, "{range:?}: a full page with nothing behind it is the last");
    }
    Ok(())
}

/// A page ends soon after its size in bytes, and scanning goes on behind it.
async fn page_bytes(engine: &dyn Engine) -> Outcome {
    const ROWS: u8 = 50;
    let value = Value::from(vec![3; 60_000]);
    let mut transaction = Transaction::new();
    for row in 0..ROWS {
        transaction.put(vec![b'p', row], value.clone());
    }
    engine.commit(transaction).await?;
    let snapshot = engine.snapshot().await?;
    let page = snapshot.scan(Range::prefix("p"), usize::MAX).await?;
    let bytes: usize = page.rows.iter().map(|(key, value)| key.len() + value.len()).sum();
    assert!(page.more && (PAGE_BYTES..PAGE_BYTES + 60_002).contains(&bytes), "{bytes}");
    for range in [Range::prefix("p"), Range::prefix("p").reversed()] {
        assert_eq!(paged(&*snapshot, range, usize::MAX).await?.len(), usize::from(ROWS));
    }
    Ok(())
}

/// Deleting a range takes its start, not its end, and what the same transaction put into it.
async fn deleted_ranges(engine: &dyn Engine) -> Outcome {
    let mut transaction = Transaction::new();
    transaction.put("d1", "").put("d2", "").put("d3", "");
    engine.commit(transaction).await?;
    let mut transaction = Transaction::new();
    transaction.put("d15", "").delete_range("d1", "d3").put("d2", "again");
    transaction.delete_range("d3", "d1").delete_range("x", "y");
    engine.commit(transaction).await?;
    let snapshot = engine.snapshot().await?;
    let left = paged(&*snapshot, Range::prefix("d"), 10).await?;
    let expected: [(Key, Value); 2] = [("d2".into(), "again".into()), ("d3".into(), "".into())];
    assert_eq!(left, expected);
    Ok(())
}
