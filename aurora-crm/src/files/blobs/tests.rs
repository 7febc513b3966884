use std::fs;
use std::path::Path;

use aurora_core::id::Id;
use bytes::Bytes;
use futures::{StreamExt as _, stream};
use sqlx::types::Uuid;

use super::{BlobErrorKind, BlobKey, Blobs as _, ObjectBlobs, blobs_contract};
use crate::files::MediaType;

#[cfg(feature = "s3")]
mod s3;

const PART: usize = 1024 * 1024;

fn key() -> BlobKey {
    BlobKey::new(
        Id::from_uuid(Uuid::from_bytes([0xAB; 16])),
        Id::from_uuid(Uuid::from_bytes([7; 16])),
    )
}

fn left(folder: &Path) -> Vec<String> {
    let mut names = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                names.push(path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    names
}

#[tokio::test]
async fn memory_keeps_the_contract() {
    blobs_contract(&ObjectBlobs::memory(), PART).await;
}

#[tokio::test]
async fn local_disk_keeps_the_contract_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("not/yet/there");
    let blobs = ObjectBlobs::disk(&root).unwrap();
    blobs_contract(&blobs, PART).await;
    // What was dropped is removed by another thread.
    for _ in 0..2_000 {
        if left(&root).is_empty() {
            break;
        }
        tokio::task::spawn_blocking(std::thread::yield_now).await.unwrap();
    }
    assert_eq!(left(&root), Vec::<String>::new());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&root).unwrap().permissions().mode() & 0o777, 0o700);
    }
}

#[tokio::test]
async fn a_place_is_made_of_numbers_alone() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = ObjectBlobs::disk(folder.path()).unwrap();
    let mut content = stream::iter([Ok(Bytes::from_static(b"x"))]);
    blobs.put(&key(), MediaType::Text, &mut content).await.unwrap();
    let place = "abababababababababababababababab/07070707070707070707070707070707";
    assert_eq!(key().to_string(), place);
    assert_eq!(left(folder.path()), [place]);
}

#[tokio::test]
async fn what_a_dead_process_has_left_on_disk_is_deleted_too() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = ObjectBlobs::disk(folder.path()).unwrap();
    let mut content = stream::iter([Ok(Bytes::from(vec![1; 2 * PART])), Ok(Bytes::from(vec![1; PART]))])
        .chain(stream::pending());
    let place = key();
    let mut put = blobs.put(&place, MediaType::Text, &mut content);
    // Until its second part waits, so that the first is on the disk.
    for _ in 0..2_000 {
        assert!(futures::poll!(&mut put).is_pending());
        if !left(folder.path()).is_empty() {
            break;
        }
        tokio::task::spawn_blocking(std::thread::yield_now).await.unwrap();
    }
    assert_eq!(left(folder.path()), [format!("{}#1", key())]);
    // A copy stands for what is there after the process has died, for here the future still lives.
    let after = tempfile::tempdir().unwrap();
    let died = ObjectBlobs::disk(after.path()).unwrap();
    let staged = after.path().join(format!("{}#1", key()));
    fs::create_dir_all(staged.parent().unwrap()).unwrap();
    fs::copy(folder.path().join(format!("{}#1", key())), &staged).unwrap();
    assert!(!died.exists(&key()).await.unwrap());
    died.delete(&key()).await.unwrap();
    assert_eq!(left(after.path()), Vec::<String>::new());
}

#[tokio::test]
async fn failures_show_neither_key_nor_folder() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = ObjectBlobs::disk(folder.path()).unwrap();
    let error = blobs.get(&key(), None).await.err().unwrap();
    assert_eq!(error.kind(), BlobErrorKind::NotFound);
    let shown = format!("{error} {error:?} {blobs:?}");
    assert!(
        !shown.contains("abab") && !shown.contains(folder.path().to_str().unwrap()),
        "{shown}"
    );
    let file = folder.path().join("file");
    fs::write(&file, "x").unwrap();
    let error = ObjectBlobs::disk(&file).err().unwrap();
    assert_eq!(error.kind(), BlobErrorKind::Unavailable);
}
