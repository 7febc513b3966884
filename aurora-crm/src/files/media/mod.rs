//! What a file is, by its content.

mod sniff;
#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

pub(super) use self::sniff::HEAD_BYTES;

/// What kind of media type it is, for [`MediaType::family`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MediaFamily {
    /// A picture.
    Image,
    /// Sound, such as a voice message.
    Audio,
    /// A film.
    Video,
    /// Text that nothing runs.
    Text,
    /// What an office program or a reader opens.
    Document,
    /// Other files in one.
    Archive,
    /// What a browser may run scripts of.
    Active,
    /// Anything else.
    Other,
}

macro_rules! media_types {
    ($($(#[$doc:meta])* $name:ident $family:ident $text:literal $(or $alias:literal)*;)+) => {
        /// A media type (RFC 6838) that files can have here.
        ///
        /// The list is closed: what a file is served as is never a text that its sender chose.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum MediaType {
            $($(#[$doc])* $name,)+
        }

        impl MediaType {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The name, in lower case and without parameters.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)+
                }
            }

            /// What kind of type it is.
            #[must_use]
            pub const fn family(self) -> MediaFamily {
                match self {
                    $(Self::$name => MediaFamily::$family,)+
                }
            }

            fn from_name(name: &str) -> Option<Self> {
                match name {
                    $($text $(| $alias)* => Some(Self::$name),)+
                    _ => None,
                }
            }
        }
    };
}

media_types! {
    /// PDF.
    Pdf Document "application/pdf" or "application/x-pdf";
    /// PNG.
    Png Image "image/png" or "image/x-png";
    /// JPEG.
    Jpeg Image "image/jpeg" or "image/jpg" or "image/pjpeg";
    /// GIF.
    Gif Image "image/gif";
    /// WebP, in which WhatsApp sends stickers.
    Webp Image "image/webp";
    /// AVIF.
    Avif Image "image/avif";
    /// HEIC and HEIF, in which iPhones keep photographs.
    Heif Image "image/heif" or "image/heic";
    /// BMP.
    Bmp Image "image/bmp" or "image/x-ms-bmp";
    /// TIFF, in which scanners keep pages.
    Tiff Image "image/tiff";
    /// An image of a medical device (DICOM).
    Dicom Image "application/dicom" or "image/dicom";
    /// Ogg, mostly with Opus, in which WhatsApp sends voice messages (RFC 7845 names it so).
    Ogg Audio "audio/ogg" or "audio/opus" or "application/ogg" or "audio/vorbis";
    /// MP3.
    Mp3 Audio "audio/mpeg" or "audio/mp3" or "audio/x-mp3" or "audio/mpeg3";
    /// WAV.
    Wav Audio "audio/wav" or "audio/x-wav" or "audio/vnd.wave" or "audio/wave";
    /// AAC in ADTS.
    Aac Audio "audio/aac" or "audio/x-aac" or "audio/aacp";
    /// AMR, in which old telephones record.
    Amr Audio "audio/amr";
    /// FLAC.
    Flac Audio "audio/flac" or "audio/x-flac";
    /// MPEG-4 with sound alone.
    M4a Audio "audio/mp4" or "audio/x-m4a" or "audio/m4a";
    /// MPEG-4.
    Mp4 Video "video/mp4";
    /// QuickTime.
    QuickTime Video "video/quicktime";
    /// 3GPP.
    ThreeGp Video "video/3gpp";
    /// Matroska with sound alone, in which browsers record.
    WebmAudio Audio "audio/webm";
    /// Matroska for the web.
    Webm Video "video/webm";
    /// Word, from 2007.
    Docx Document "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
    /// Excel, from 2007.
    Xlsx Document "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    /// PowerPoint, from 2007.
    Pptx Document "application/vnd.openxmlformats-officedocument.presentationml.presentation";
    /// OpenDocument text.
    Odt Document "application/vnd.oasis.opendocument.text";
    /// OpenDocument spreadsheet.
    Ods Document "application/vnd.oasis.opendocument.spreadsheet";
    /// OpenDocument presentation.
    Odp Document "application/vnd.oasis.opendocument.presentation";
    /// Word, until 2003.
    Doc Document "application/msword";
    /// Excel, until 2003.
    Xls Document "application/vnd.ms-excel";
    /// PowerPoint, until 2003.
    Ppt Document "application/vnd.ms-powerpoint";
    /// Other files of Microsoft's compound format.
    Ole Document "application/x-ole-storage";
    /// RTF.
    Rtf Document "application/rtf" or "text/rtf";
    /// ZIP.
    Zip Archive "application/zip" or "application/x-zip-compressed" or "application/x-zip";
    /// gzip.
    Gzip Archive "application/gzip" or "application/x-gzip";
    /// RAR.
    Rar Archive "application/vnd.rar" or "application/x-rar-compressed";
    /// 7-Zip.
    SevenZip Archive "application/x-7z-compressed";
    /// Text.
    Text Text "text/plain";
    /// Values separated by commas, semicolons or tabs.
    Csv Text "text/csv" or "application/csv" or "text/x-csv";
    /// JSON.
    Json Text "application/json" or "text/json";
    /// Markdown.
    Markdown Text "text/markdown" or "text/x-markdown";
    /// Contacts.
    Vcard Text "text/vcard" or "text/x-vcard";
    /// Calendar.
    Calendar Text "text/calendar";
    /// HTML, which runs scripts.
    Html Active "text/html" or "application/xhtml+xml";
    /// SVG, which runs scripts.
    Svg Active "image/svg+xml";
    /// XML, which can hold XHTML and style sheets that run scripts.
    Xml Active "application/xml" or "text/xml";
    /// What a machine runs.
    Executable Other "application/x-executable" or "application/vnd.microsoft.portable-executable" or "application/x-msdownload" or "application/x-msdos-program";
    /// Bytes that nothing here recognises.
    Binary Other "application/octet-stream" or "binary/octet-stream";
}

impl MediaType {
    /// Whether a browser may run scripts that a file of this type holds: HTML, SVG and XML.
    ///
    /// Such a file is to be served as an attachment; see [`Disposition`](super::Disposition).
    #[must_use]
    pub const fn is_active(self) -> bool {
        matches!(self.family(), MediaFamily::Active)
    }

    /// What the beginning of a file shows. 8 KiB tell all that can be told; fewer bytes are for shorter files.
    #[must_use]
    pub fn of_content(head: &[u8]) -> Self {
        sniff::sniff(head)
    }

    /// The type of a file whose sender declares one and whose content shows `self`; `None` when they contradict.
    ///
    /// The content wins. A declared type stays where it says more than the content can (a `.docx` is a ZIP, a CSV is
    /// text), and it is replaced where it says less or nothing that is known here. Nothing active passes under another
    /// name, and nothing passes as active that is not.
    #[must_use]
    pub fn agree(self, declared: Option<Self>) -> Option<Self> {
        match declared {
            None | Some(Self::Binary) => Some(self),
            Some(declared) if declared == self || self.may_be(declared) => Some(declared),
            Some(declared) if declared.may_be(self) => Some(self),
            Some(_) => None,
        }
    }

    /// Whether content that shows `self` can be of the type `other`, which says more.
    const fn may_be(self, other: Self) -> bool {
        match self {
            Self::Zip => matches!(
                other,
                Self::Docx | Self::Xlsx | Self::Pptx | Self::Odt | Self::Ods | Self::Odp
            ),
            Self::Ole => matches!(other, Self::Doc | Self::Xls | Self::Ppt),
            Self::Mp4 => matches!(other, Self::M4a | Self::QuickTime | Self::ThreeGp),
            Self::Webm => matches!(other, Self::WebmAudio),
            Self::Text => matches!(
                other,
                Self::Csv | Self::Json | Self::Markdown | Self::Vcard | Self::Calendar
            ),
            // Guesses from a few bytes, all of them harmless.
            Self::Json => matches!(other, Self::Csv | Self::Text | Self::Markdown),
            Self::Csv => matches!(other, Self::Text | Self::Json | Self::Markdown),
            Self::Xml => matches!(other, Self::Svg | Self::Html),
            _ => false,
        }
    }
}

impl fmt::Display for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text is no media type that files can have here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a media type that is known here")]
pub struct UnknownMediaType;

impl FromStr for MediaType {
    type Err = UnknownMediaType;

    /// Takes other usual names of a type too; parameters such as `; charset=utf-8` are passed over.
    fn from_str(text: &str) -> Result<Self, UnknownMediaType> {
        let name = text.split(';').next().unwrap_or_default().trim();
        Self::from_name(&name.to_ascii_lowercase()).ok_or(UnknownMediaType)
    }
}

aurora_core::serde_as_text!(MediaType);
