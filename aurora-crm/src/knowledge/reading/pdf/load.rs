//! The objects of a PDF. The library keeps all of them in memory, each many times as large as in the file, and unpacks one
//! stream of them after the other: how many there may be is counted before it does.

use std::cell::Cell;

use lopdf::{DecompressError, Document, Error, LoadOptions, Object, ObjectId};

use super::{too_large, unreadable};
use crate::error::Error as Refused;

/// What one stream of objects or cross-references may be when it is unpacked; programs put 100 or 200 objects into one.
const STREAM: usize = 2 * 1_024 * 1_024;
/// What all streams of objects may be,
const STREAMS: usize = 16 * 1_024 * 1_024;
/// and how many objects there may be in them, or in the rest of the file: each takes some 100 bytes of memory.
pub(super) const OBJECTS: usize = 4_000_000;

thread_local! {
    /// What may still be unpacked, and how many objects there may be in it; `None` once it was too much. The library's filter
    /// can hold nothing itself.
    static LEFT: Cell<Option<(usize, usize)>> = const { Cell::new(None) };
}

/// Reads the objects of a file.
///
/// # Errors
/// `Invalid` for what is no PDF, or goes beyond a limit.
pub(super) fn document(bytes: &[u8]) -> Result<Document, Refused> {
    if objects(bytes) > OBJECTS {
        return Err(too_many());
    }
    let document = load(bytes, false)?;
    if document.page_iter().next().is_some() {
        return Ok(document);
    }
    // As the library does where it is given no filter: a table that leads to no pages may be a damaged one.
    drop(document);
    load(bytes, true)
}

fn load(bytes: &[u8], force_reconstruct: bool) -> Result<Document, Refused> {
    LEFT.set(Some((STREAMS, OBJECTS)));
    let options = LoadOptions {
        filter: Some(within_budget),
        max_decompressed_size: Some(STREAM),
        force_reconstruct,
        ..LoadOptions::default()
    };
    let loaded = Document::load_mem_with_options(bytes, options);
    if LEFT.take().is_none() {
        return Err(too_many());
    }
    loaded.map_err(|error| match error {
        Error::Decompress(DecompressError::MemoryLimitExceeded { .. }) => too_many(),
        _ => unreadable(),
    })
}

fn too_many() -> Refused {
    too_large("it unpacks to too much: to more than 16 MiB or 4,000,000 objects")
}

/// Leaves a stream of objects out that goes beyond what is left, and all that come after it.
fn within_budget(id: ObjectId, object: &mut Object) -> Option<(ObjectId, Object)> {
    let Object::Stream(stream) = &*object else {
        // Out of a stream of objects it is this that is kept.
        return Some((id, object.clone()));
    };
    if stream.dict.has_type(b"ObjStm") {
        let (bytes, objects) = LEFT.get()?;
        match stream.get_plain_content_with_limit(bytes.min(STREAM)) {
            Ok(unpacked) => LEFT.set(
                objects
                    .checked_sub(self::objects(&unpacked))
                    .map(|objects| (bytes - unpacked.len(), objects)),
            ),
            Err(Error::Decompress(DecompressError::MemoryLimitExceeded { .. })) => LEFT.set(None),
            // The library leaves it out.
            Err(_) => {}
        }
        LEFT.get()?;
    }
    // Of what is in the file itself it is only looked at whether there is something.
    Some((id, Object::Null))
}

/// How many objects there can be in this at most: each begins with a delimiter, or is a run of what is neither that nor space.
pub(super) fn objects(bytes: &[u8]) -> usize {
    let mut count = 0;
    let mut is_in_run = false;
    for byte in bytes {
        match byte {
            b'[' | b'<' | b'(' | b'/' => {
                count += 1;
                // The name after a slash is part of it.
                is_in_run = *byte == b'/';
            }
            b']' | b'>' | b')' | b'{' | b'}' | b'%' | b' ' | b'\0' | b'\t' | b'\n' | b'\x0c' | b'\r' => {
                is_in_run = false;
            }
            _ => {
                count += usize::from(!is_in_run);
                is_in_run = true;
            }
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::objects;

    #[test]
    fn objects_are_counted_as_delimiters_and_runs() {
        assert_eq!(objects(b"<< /Kids [1 0 R] >>"), 2 + 1 + 1 + 3);
        assert_eq!(objects(b"////"), 4);
        assert_eq!(objects(b"[[[]]]0 0 (a)"), 3 + 2 + 2);
    }
}
