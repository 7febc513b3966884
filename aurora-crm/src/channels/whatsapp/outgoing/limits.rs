//! The limits that Meta documents, in characters unless told otherwise.
//!
//! Source: the pages of each kind below
//! <https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages>, November 2025.

pub(super) const TEXT: usize = 4_096;
pub(super) const CAPTION: usize = 1_024;
/// Not documented; file systems take 255 bytes.
pub(super) const FILENAME: usize = 240;
pub(super) const CALLBACK_DATA: usize = 512;
pub(super) const LINK: usize = 2_000;
/// Of media and of messages: far above any that was seen.
pub(super) const ID: usize = 256;

pub(super) const HEADER: usize = 60;
pub(super) const FOOTER: usize = 60;
pub(super) const BUTTONS_BODY: usize = 1_024;
pub(super) const LIST_BODY: usize = 4_096;
pub(super) const BUTTONS: usize = 3;
pub(super) const BUTTON_TITLE: usize = 20;
pub(super) const BUTTON_ID: usize = 256;
pub(super) const SECTIONS: usize = 10;
pub(super) const SECTION_TITLE: usize = 24;
/// Of all sections together.
pub(super) const ROWS: usize = 10;
pub(super) const ROW_TITLE: usize = 24;
pub(super) const ROW_ID: usize = 200;
pub(super) const ROW_DESCRIPTION: usize = 72;

pub(super) const TEMPLATE_NAME: usize = 512;
pub(super) const TEMPLATE_BUTTONS: usize = 10;
pub(super) const TEMPLATE_PARAMETERS: usize = 100;
/// Of a template's body without header and footer; its parameters cannot be longer than it.
pub(super) const TEMPLATE_TEXT: usize = 32_768;
pub(super) const TEMPLATE_PAYLOAD: usize = 128;

/// Not documented: more than any name or address needs.
pub(super) const LINE: usize = 1_000;
pub(super) const CARDS: usize = 257;
