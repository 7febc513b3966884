//! `data:` URLs (RFC 2397), in which media travel within JSON.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

/// `data:<media type>;base64,<bytes>`.
pub(super) fn write(media_type: &str, bytes: &[u8]) -> String {
    format!("data:{media_type};base64,{}", encode(bytes))
}

/// Media type and bytes of a base64 `data:` URL; `None` for anything else.
pub(super) fn read(url: &str) -> Option<(String, Bytes)> {
    let (head, data) = url.strip_prefix("data:")?.split_once(',')?;
    let media_type = head.strip_suffix(";base64")?;
    let media_type = media_type.split(';').next().filter(|name| !name.is_empty());
    let bytes = decode(data)?;
    Some((media_type.unwrap_or("text/plain").to_owned(), bytes))
}

pub(super) fn encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

pub(super) fn decode(text: &str) -> Option<Bytes> {
    STANDARD.decode(text.trim()).ok().map(Bytes::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goes_both_ways_and_refuses_the_rest() {
        let url = write("image/png", b"\x89PNG");
        assert_eq!(url, "data:image/png;base64,iVBORw==");
        assert_eq!(
            read(&url).unwrap(),
            ("image/png".to_owned(), Bytes::from_static(b"\x89PNG"))
        );
        assert_eq!(
            read("data:text/plain;charset=x;base64,YQ==").unwrap().0,
            "text/plain"
        );
        for other in [
            "https://x/y.png",
            "data:image/png,raw",
            "data:image/png;base64,%%%",
        ] {
            assert!(read(other).is_none(), "{other}");
        }
    }
}
