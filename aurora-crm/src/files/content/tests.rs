use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use futures::{StreamExt as _, stream};
use sha2::{Digest as _, Sha256};

use super::{Measured, Refusal, counted, head, verified};
use crate::files::{
    BlobError, BlobErrorKind, BlobKey, BlobStream, Blobs as _, Incoming, MediaType, ObjectBlobs,
};

type Piece = Result<Bytes, std::io::Error>;

fn pieces(texts: &[&'static str]) -> Vec<Piece> {
    texts
        .iter()
        .map(|text| Ok(Bytes::from_static(text.as_bytes())))
        .collect()
}

async fn all(content: &mut Incoming<'_>) -> Result<Vec<u8>, BlobError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = content.next().await {
        bytes.extend(chunk?);
    }
    Ok(bytes)
}

fn hash(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

fn stored(pieces: &[&'static str]) -> BlobStream {
    let pieces: Vec<_> = pieces
        .iter()
        .map(|text| Ok(Bytes::from_static(text.as_bytes())))
        .collect();
    stream::iter(pieces).boxed()
}

#[tokio::test]
async fn what_passes_is_measured_and_hashed() {
    let mut content = Box::pin(stream::iter(pieces(&["ab", "", "c"])));
    let start = head(&mut content).await.unwrap();
    let mut measured = Measured::new(start, content, 3);
    assert_eq!(all(&mut measured).await.unwrap(), b"abc");
    let (size, sum) = measured.finish();
    assert_eq!(size, 3);
    // FIPS 180-2, appendix B.1
    let wanted = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(crate::files::FileHash(sum).to_string(), wanted);
    assert_eq!(wanted.parse(), Ok(crate::files::FileHash(sum)));
}

#[tokio::test]
async fn too_much_is_refused_as_soon_as_it_is_met() {
    let endless = stream::repeat_with(|| Ok::<_, std::io::Error>(Bytes::from_static(&[b'x'; 1_000])));
    let mut measured = Measured::new(Vec::new(), Box::pin(endless), 10_500);
    let error = all(&mut measured).await.unwrap_err();
    assert_eq!(error.kind(), BlobErrorKind::Content);
    assert_eq!(measured.refusal(), Some(Refusal::TooLarge));
    assert_eq!(measured.finish().0, 11_000);
}

#[tokio::test]
async fn a_sender_that_fails_is_told_from_one_that_ends() {
    let mut broken = pieces(&["abc"]);
    broken.push(Err(std::io::Error::other("reset")));
    broken.extend(pieces(&["never seen"]));
    let mut measured = Measured::new(Vec::new(), Box::pin(stream::iter(broken)), 100);
    assert_eq!(
        all(&mut measured).await.unwrap_err().kind(),
        BlobErrorKind::Content
    );
    assert_eq!(measured.refusal(), Some(Refusal::Broken));
    assert!(measured.next().await.is_none());
}

#[tokio::test]
async fn stored_bytes_that_are_not_what_was_sent_never_come_to_their_end() {
    let right = hash(b"abcdef");
    let read = |pieces: &[&'static str]| verified(stored(pieces), 6, right);
    let good: Vec<_> = read(&["abc", "def"]).map(Result::unwrap).collect().await;
    assert_eq!(good.concat(), b"abcdef");
    for wrong in [
        &["abc", "deg"][..],
        &["abc"],
        &["abc", "defg"],
        &["abcdef", "g"],
        &[],
    ] {
        let items: Vec<_> = read(wrong).collect().await;
        let arrived: usize = items.iter().flatten().map(Bytes::len).sum();
        assert!(arrived < 6, "{wrong:?} gave {arrived} bytes");
        let last = items.last().unwrap().as_ref().unwrap_err();
        assert_eq!(last.kind(), BlobErrorKind::Corrupt, "{wrong:?}");
    }
    let empty: Vec<_> = verified(stored(&[]), 0, hash(b"")).collect().await;
    assert!(empty.is_empty());
}

#[tokio::test]
async fn a_range_has_as_many_bytes_as_were_asked_for() {
    let good: Vec<_> = counted(stored(&["ab", "c"]), 3)
        .map(Result::unwrap)
        .collect()
        .await;
    assert_eq!(good.concat(), b"abc");
    for wrong in [&["ab"][..], &["ab", "cd"]] {
        let items: Vec<_> = counted(stored(wrong), 3).collect().await;
        assert_eq!(
            items.last().unwrap().as_ref().unwrap_err().kind(),
            BlobErrorKind::Corrupt
        );
    }
}

/// Memory that is counted while anybody holds it.
struct Held(Arc<AtomicUsize>, &'static [u8]);

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        self.1
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.fetch_sub(self.1.len(), Ordering::Relaxed);
    }
}

#[tokio::test]
async fn two_hundred_megabytes_pass_in_constant_memory() {
    const CHUNK: usize = 256 * 1024;
    const TOTAL: usize = 200 * 1024 * 1024;
    let folder = tempfile::tempdir().unwrap();
    let blobs = ObjectBlobs::disk(folder.path()).unwrap();
    let key = BlobKey::new(
        aurora_core::id::Id::from_uuid(sqlx::types::Uuid::nil()),
        aurora_core::id::Id::from_uuid(sqlx::types::Uuid::max()),
    );
    let bytes: &'static [u8] = &[0x5A; CHUNK];
    let (live, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (counter, peak) = (live.clone(), most.clone());
    let content = stream::iter(0..TOTAL / CHUNK).map(move |_| {
        let now = counter.fetch_add(CHUNK, Ordering::Relaxed) + CHUNK;
        peak.fetch_max(now, Ordering::Relaxed);
        Ok::<_, std::io::Error>(Bytes::from_owner(Held(counter.clone(), bytes)))
    });
    let mut content = Box::pin(content);
    let start = head(&mut content).await.unwrap();
    let mut measured = Measured::new(start, content, u64::MAX);
    let size = blobs.put(&key, MediaType::Binary, &mut measured).await.unwrap();
    assert_eq!(size, u64::try_from(TOTAL).unwrap());
    let (size, _) = measured.finish();
    let held = most.load(Ordering::Relaxed);
    assert!(held <= 3 * 1024 * 1024, "{held} bytes were held at once");
    assert_eq!(live.load(Ordering::Relaxed), 0, "all of it is let go");

    // Not hashed once more, which takes a build without optimisation as long as all else.
    let mut back = counted(blobs.get(&key, None).await.unwrap(), size);
    let (mut read, mut largest) = (0, 0);
    while let Some(chunk) = back.next().await {
        let chunk = chunk.unwrap();
        read += chunk.len();
        largest = largest.max(chunk.len());
    }
    assert_eq!(read, TOTAL);
    assert!(largest <= 1024 * 1024, "{largest}");
}
