#![expect(
    clippy::expect_used,
    reason = "a store that does not keep the contract fails by it"
)]

use aurora_core::time::Timestamp;
use bytes::Bytes;
use futures::{StreamExt as _, stream};

use super::{BlobError, BlobErrorKind, BlobId, BlobKey, BlobStream, Blobs, Incoming};
use crate::files::MediaType;
use crate::workspaces::WorkspaceId;

type Content = Vec<Result<Bytes, BlobError>>;

/// What every store of bytes must do. `part` is how many bytes it writes at once.
///
/// # Panics
/// Where the store does otherwise.
pub async fn blobs_contract(blobs: &dyn Blobs, part: usize) {
    let workspace = WorkspaceId::new(Timestamp::UNIX_EPOCH);
    let key = || BlobKey::new(workspace, BlobId::new(Timestamp::UNIX_EPOCH));
    what_is_put_comes_back(blobs, &key, part).await;
    ranges(blobs, key()).await;
    what_fails_leaves_nothing(blobs, &key, part).await;
    what_is_dropped_leaves_nothing(blobs, key(), part).await;
    absent(blobs, key()).await;
    keys_are_apart(blobs, key()).await;
}

fn pattern(size: usize) -> Bytes {
    (0..=250_u8).cycle().take(size).collect()
}

fn cut(bytes: &Bytes, chunk: usize) -> Content {
    let mut rest = bytes.clone();
    let mut chunks = Vec::new();
    while !rest.is_empty() {
        chunks.push(Ok(rest.split_to(chunk.min(rest.len()))));
    }
    chunks
}

async fn put(blobs: &dyn Blobs, key: &BlobKey, content: Content) -> Result<u64, BlobError> {
    let mut content = stream::iter(content);
    let content: &mut Incoming<'_> = &mut content;
    blobs.put(key, MediaType::Binary, content).await
}

async fn read(stream: BlobStream) -> Bytes {
    let chunks: Vec<Bytes> = stream.map(|chunk| chunk.expect("a chunk")).collect().await;
    chunks.concat().into()
}

fn size(bytes: &Bytes) -> u64 {
    u64::try_from(bytes.len()).expect("a size")
}

async fn what_is_put_comes_back(blobs: &dyn Blobs, key: &(impl Fn() -> BlobKey + Sync), part: usize) {
    let sizes = [0, 1, part - 1, part, part + 1, 2 * part, 2 * part + part / 2];
    for (length, chunk) in sizes
        .into_iter()
        .zip([100, 1, 65_537, part, part / 3, 2 * part + 1, 100_000])
    {
        let (key, bytes) = (key(), pattern(length));
        let stored = put(blobs, &key, cut(&bytes, chunk)).await.expect("put");
        assert_eq!(stored, size(&bytes), "{length} bytes in chunks of {chunk}");
        assert_eq!(blobs.head(&key).await.expect("head"), size(&bytes));
        assert!(blobs.exists(&key).await.expect("exists"));
        let back = read(blobs.get(&key, None).await.expect("get")).await;
        assert!(
            back == bytes,
            "{length} bytes in chunks of {chunk} came back otherwise"
        );
        blobs.delete(&key).await.expect("delete");
    }
}

async fn ranges(blobs: &dyn Blobs, key: BlobKey) {
    let bytes = pattern(10_000);
    put(blobs, &key, cut(&bytes, 4_096)).await.expect("put");
    for range in [0..1, 0..10_000, 9_999..10_000, 5_000..5_100, 9_000..20_000] {
        let back = read(blobs.get(&key, Some(range.clone())).await.expect("get")).await;
        let at = |position: u64| usize::try_from(position.min(10_000)).expect("a position");
        assert!(back == bytes.slice(at(range.start)..at(range.end)), "{range:?}");
    }
    for range in [10_000..10_001, 20_000..30_000, 5..5] {
        let error = blobs
            .get(&key, Some(range.clone()))
            .await
            .err()
            .expect("a refusal");
        assert_eq!(error.kind(), BlobErrorKind::OutOfRange, "{range:?}");
    }
    blobs.delete(&key).await.expect("delete");
}

async fn what_fails_leaves_nothing(blobs: &dyn Blobs, key: &(impl Fn() -> BlobKey + Sync), part: usize) {
    for length in [0, 100, part + 1, 2 * part + 1] {
        let key = key();
        let mut content = cut(&pattern(length), part / 2);
        content.push(Err(BlobError::new(BlobErrorKind::Content)));
        content.push(Ok(pattern(10)));
        let error = put(blobs, &key, content)
            .await
            .expect_err("the failure of the content");
        assert_eq!(
            error.kind(),
            BlobErrorKind::Content,
            "{length} bytes, then a failure"
        );
        assert!(
            !blobs.exists(&key).await.expect("exists"),
            "{length} bytes, then a failure"
        );
        blobs.delete(&key).await.expect("delete");
    }
}

async fn what_is_dropped_leaves_nothing(blobs: &dyn Blobs, key: BlobKey, part: usize) {
    let content = cut(&pattern(2 * part), part);
    let mut content = stream::iter(content).chain(stream::pending());
    let content: &mut Incoming<'_> = &mut content;
    {
        let put = std::pin::pin!(blobs.put(&key, MediaType::Binary, content));
        // It never ends; some turns let it begin.
        let turns = async {
            for _ in 0..1_000 {
                tokio::task::yield_now().await;
            }
        };
        let turns = std::pin::pin!(turns);
        assert!(matches!(
            futures::future::select(put, turns).await,
            futures::future::Either::Right(_)
        ));
    }
    assert!(!blobs.exists(&key).await.expect("exists"));
    blobs.delete(&key).await.expect("delete");
}

async fn absent(blobs: &dyn Blobs, key: BlobKey) {
    assert!(!blobs.exists(&key).await.expect("exists"));
    let head = blobs.head(&key).await.expect_err("nothing there");
    assert_eq!(head.kind(), BlobErrorKind::NotFound);
    for range in [None, Some(0..5)] {
        let get = blobs.get(&key, range).await.err().expect("nothing there");
        assert_eq!(get.kind(), BlobErrorKind::NotFound);
    }
    blobs.delete(&key).await.expect("deleting nothing is no failure");
}

async fn keys_are_apart(blobs: &dyn Blobs, key: BlobKey) {
    let other = BlobKey::new(WorkspaceId::new(Timestamp::UNIX_EPOCH), key.blob);
    put(blobs, &key, cut(&pattern(10), 10)).await.expect("put");
    assert!(
        !blobs.exists(&other).await.expect("exists"),
        "another workspace's"
    );
    blobs.delete(&other).await.expect("delete");
    assert!(blobs.exists(&key).await.expect("exists"));
    blobs.delete(&key).await.expect("delete");
    assert!(!blobs.exists(&key).await.expect("exists"));
}
