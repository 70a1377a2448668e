//! Objects: whole or absent, checked, listed in order.

use std::sync::Arc;

use bytes::Bytes;

use super::Outcome;
use crate::{Checked, Engine, Error, ObjectData, ObjectName, Objects};

pub(super) async fn run(engine: Arc<dyn Engine>) -> Outcome {
    let objects = engine.objects();
    for len in [0, 1, 1000, 300_000] {
        whole(objects, len).await?;
    }
    refused(objects).await?;
    listed(objects).await
}

/// What a durable engine keeps; `open` opens the same store.
pub(super) async fn run_durable(open: impl AsyncFn() -> Arc<dyn Engine>) -> Outcome {
    let data = Bytes::from(vec![9; 100_000]);
    let name = ObjectName::of(&data);
    let engine = open().await;
    engine.objects().put(&name, ObjectData::Bytes(data.clone())).await?;
    let left = engine.objects().staging().map(|folder| folder.join("unfinished"));
    if let Some(left) = &left {
        std::fs::write(left, "half")?;
    }
    engine.close().await;
    drop(engine);
    let engine = open().await;
    assert_eq!(engine.objects().read(&name).await?, data);
    assert!(left.is_none_or(|left| !left.exists()), "unfinished files are swept");
    Ok(())
}

async fn whole(objects: &dyn Objects, len: usize) -> Outcome {
    let data: Bytes = (0..len).map(|i| (i % 251) as u8).collect::<Vec<_>>().into();
    let name = ObjectName::of(&data);
    assert!(matches!(objects.read(&name).await, Err(Error::NotFound)));
    assert!(matches!(objects.open(&name).await.err(), Some(Error::NotFound)));
    for _ in 0..2 {
        objects.put(&name, ObjectData::Bytes(data.clone())).await?;
    }
    let folder = objects.staging().map_or_else(std::env::temp_dir, std::path::Path::to_path_buf);
    for folder in [folder, std::env::temp_dir()] {
        let file = tempfile::NamedTempFile::new_in(folder)?.into_temp_path();
        std::fs::write(&file, &data)?;
        objects.put(&name, ObjectData::File(file.to_path_buf())).await?;
        assert!(!file.exists(), "the file has become the object");
    }
    assert_eq!(objects.read(&name).await?, data);

    let reader = objects.open(&name).await?;
    assert_eq!(reader.len(), len as u64);
    for (offset, count) in [(0, 10), (len / 2, len), (len, 1), (len + 5, 1), (0, len)] {
        let end = offset.saturating_add(count).min(len);
        let part = reader.read_at(offset as u64, count).await?;
        assert_eq!(part, data.slice(offset.min(end)..end));
    }
    let mut checked = Checked::new(name, reader);
    let mut streamed = Vec::new();
    while let Some(part) = checked.next(4096).await? {
        streamed.extend_from_slice(&part);
    }
    assert_eq!(streamed, data);

    objects.delete(&name).await?;
    objects.delete(&name).await?;
    assert!(matches!(objects.read(&name).await, Err(Error::NotFound)));
    Ok(())
}

/// Data with another name is no object, and a file with it stays.
async fn refused(objects: &dyn Objects) -> Outcome {
    let name = ObjectName::of(b"one thing");
    let file = tempfile::NamedTempFile::new()?;
    std::fs::write(file.path(), "another")?;
    for data in [ObjectData::Bytes("another".into()), ObjectData::File(file.path().to_path_buf())] {
        let answer = objects.put(&name, data).await;
        assert!(matches!(answer, Err(Error::Invalid(_))), "{answer:?}");
    }
    assert!(file.path().exists());
    assert!(matches!(objects.read(&name).await, Err(Error::NotFound)));
    Ok(())
}

async fn listed(objects: &dyn Objects) -> Outcome {
    let mut names = Vec::new();
    for index in 0..40_u8 {
        let data = Bytes::from(vec![index; usize::from(index)]);
        names.push((ObjectName::of(&data), u64::from(index)));
        objects.put(&ObjectName::of(&data), ObjectData::Bytes(data)).await?;
    }
    names.sort_unstable();
    for limit in [1, 7, 40, 41] {
        let mut found = Vec::new();
        loop {
            let after = found.last().map(|(name, _)| *name);
            let page = objects.list(after.as_ref(), limit).await?;
            assert!(page.objects.len() <= limit);
            found.extend(page.objects.iter().map(|object| (object.name, object.len)));
            if !page.more {
                break;
            }
        }
        assert_eq!(found, names, "{limit}");
    }
    assert!(matches!(objects.list(None, 0).await, Err(Error::Invalid(_))));
    Ok(())
}
