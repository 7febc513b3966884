//! Sound in answers.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Deserialize;

use crate::chat::{Media, MediaSource};
use crate::wire::data_url;

/// More sound no answer has: ten minutes at 24 kHz and 16 bits have 29 MB. It becomes an event only when it is whole,
/// so that nobody else would stop it from filling the memory.
const MAX_SOUND: usize = 64 << 20;

/// `audio` of a message, or a fragment of it.
#[derive(Debug, Deserialize)]
pub(super) struct Sound {
    data: Option<String>,
    transcript: Option<String>,
}

impl Sound {
    pub(super) fn transcript(&mut self) -> Option<String> {
        self.transcript.take().filter(|text| !text.is_empty())
    }

    pub(super) fn bytes(&self) -> Option<Bytes> {
        data_url::decode(self.data.as_deref()?).filter(|bytes| !bytes.is_empty())
    }

    /// Adds a fragment to what came before. `Err` when it is none, or there is more than an answer can have.
    pub(super) fn add_to(&self, sound: &mut Vec<u8>) -> Result<(), &'static str> {
        let Some(data) = &self.data else {
            return Ok(());
        };
        if sound.len() + data.len() / 4 * 3 > MAX_SOUND {
            return Err("sound without end");
        }
        let decoded = STANDARD.decode_vec(data.trim(), sound);
        decoded.map_err(|_| "sound is not base64")
    }
}

/// Sound in the form that its first bytes tell; raw samples tell none.
pub(super) fn media(bytes: Bytes) -> Media {
    let media_type = match bytes.get(..4) {
        Some(b"RIFF") => "audio/wav",
        Some(b"fLaC") => "audio/flac",
        Some(b"OggS") => "audio/ogg",
        Some([b'I', b'D', b'3', _]) => "audio/mpeg",
        Some([0xFF, 0xF1 | 0xF9, ..]) => "audio/aac",
        Some([0xFF, 0xE2..=0xFF, ..]) => "audio/mpeg",
        _ => "audio/pcm",
    };
    Media::new(media_type, MediaSource::Bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sound_ends_at_its_limit() {
        let fragment = Sound {
            data: Some("AAAA".to_owned()),
            transcript: None,
        };
        let mut sound = vec![0; MAX_SOUND - 3];
        assert_eq!(fragment.add_to(&mut sound), Ok(()));
        assert_eq!(sound.len(), MAX_SOUND);
        assert_eq!(fragment.add_to(&mut sound), Err("sound without end"));
        assert_eq!(sound.len(), MAX_SOUND, "what was refused is not kept");
    }
}
