//! What a path asks for: in this dialect it names the model and the method.

/// What is asked of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Method {
    /// An answer in one piece.
    GenerateContent,
    /// An answer while it is being written.
    StreamGenerateContent,
    /// How many tokens a request has.
    CountTokens,
    /// One vector.
    EmbedContent,
    /// Several vectors.
    BatchEmbedContents,
}

impl Method {
    /// Whether the answer is a stream.
    #[must_use]
    pub const fn is_streaming(self) -> bool {
        matches!(self, Self::StreamGenerateContent)
    }
}

/// The model and the method of a path such as `/v1beta/models/smart:generateContent`; `None` for another one.
///
/// The name of the model may itself hold slashes and colons, escaped or not.
#[must_use]
pub fn decode_path(path: &str) -> Option<(String, Method)> {
    let (_, rest) = path.split_once("/models/")?;
    let (model, method) = rest.rsplit_once(':')?;
    let method = match method {
        "generateContent" => Method::GenerateContent,
        "streamGenerateContent" => Method::StreamGenerateContent,
        "countTokens" => Method::CountTokens,
        "embedContent" => Method::EmbedContent,
        "batchEmbedContents" => Method::BatchEmbedContents,
        _ => return None,
    };
    let model = unescaped(model)?;
    (!model.is_empty()).then_some((model, method))
}

fn unescaped(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
            let (high, low) = (digit(bytes.next())?, digit(bytes.next())?);
            out.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            out.push(byte);
        }
    }
    String::from_utf8(out).ok()
}
