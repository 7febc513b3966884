//! By what a contact is recognised.

use std::collections::BTreeSet;

use super::Contact;
use crate::channels::{Address, AddressKind, ChannelKind};
use crate::clients::words_of_text;
use crate::contacts::Phone;
use crate::error::Error;
use crate::fields::Fields;

/// The longest value of an address, in characters.
const MAX_VALUE: usize = 200;
/// The most addresses that one message names.
const MAX_NAMED: usize = 10;
/// The most addresses that a contact keeps; those that were not seen for longest go.
const MAX_KEPT: usize = 20;
/// The longest name of a contact, in characters; longer ones are cut.
const MAX_NAME: usize = 200;

/// What equal addresses have in common: of a WhatsApp id the number behind it, in Brazil with its ninth digit.
pub(super) fn key(address: &Address) -> String {
    match address.kind {
        AddressKind::WaId => Phone::of_whatsapp_id(&address.value).map_or_else(
            || format!("+{}", address.value),
            |phone| phone.as_str().to_owned(),
        ),
        AddressKind::Bsuid | AddressKind::ParentBsuid | AddressKind::Visitor => address.value.clone(),
    }
}

/// The keys by which a client is recognised to have an address; see `clients::reach`.
pub(super) fn client_keys(address: &Address) -> Option<[String; 2]> {
    let key = key(address);
    match address.kind {
        AddressKind::WaId => Some([format!("wa_id:{key}"), format!("phone:{key}")]),
        AddressKind::Bsuid => Some([format!("bsuid:{key}"), format!("bsuid:{key}")]),
        AddressKind::ParentBsuid | AddressKind::Visitor => None,
    }
}

/// The kind of channel that an address is one of.
pub(super) const fn channel(kind: AddressKind) -> ChannelKind {
    match kind {
        AddressKind::WaId | AddressKind::Bsuid | AddressKind::ParentBsuid => ChannelKind::Whatsapp,
        AddressKind::Visitor => ChannelKind::WebChat,
    }
}

/// Refuses addresses that cannot be somebody's, and tells the kind of channel that they are of.
pub(super) fn check(field: &str, addresses: &[Address]) -> Result<ChannelKind, Error> {
    let mut fields = Fields::default();
    let Some(first) = addresses.first() else {
        fields.refuse(field, "required", "must name an address");
        return fields.finish(ChannelKind::Whatsapp);
    };
    if addresses.len() > MAX_NAMED {
        fields.refuse(
            field,
            "too_many",
            format_args!("must have at most {MAX_NAMED} entries"),
        );
    }
    let kind = channel(first.kind);
    for (index, address) in addresses.iter().take(MAX_NAMED).enumerate() {
        let field = format!("{field}[{index}]");
        fields.line(&field, &address.value, MAX_VALUE);
        let digits =
            |value: &str| (6..=20).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_digit());
        if address.kind == AddressKind::WaId && !digits(&address.value) {
            fields.refuse(&field, "invalid", "a WhatsApp id is 6 to 20 digits");
        }
        if channel(address.kind) != kind {
            fields.refuse(&field, "invalid", "must be of the same channel as the others");
        }
    }
    fields.finish(kind)
}

/// The addresses of a contact once these were seen: they come first, in their order. What no longer fits is given as well.
pub(super) fn seen(contact: &Contact, named: &[Address]) -> (Vec<Address>, Vec<Address>) {
    let mut kept: Vec<Address> = Vec::new();
    let mut gone = Vec::new();
    for address in named.iter().chain(&contact.addresses) {
        let is_known = |known: &Address| known.kind == address.kind && key(known) == key(address);
        if kept.iter().any(is_known) {
            continue;
        }
        if kept.len() < MAX_KEPT {
            kept.push(address.clone());
        } else {
            gone.push(address.clone());
        }
    }
    (kept, gone)
}

/// What a contact calls itself, in one line.
pub(super) fn name(text: Option<&str>) -> Option<String> {
    let plain: String = text?.chars().filter(|c| !c.is_control()).take(MAX_NAME).collect();
    Some(plain.trim().to_owned()).filter(|name| !name.is_empty())
}

/// The words by which a contact is found: those of its name, and its numbers as people say them.
pub(super) fn words(name: Option<&str>, addresses: &[Address]) -> BTreeSet<String> {
    let mut words: BTreeSet<String> = name.map(words_of_text).unwrap_or_default().into_iter().collect();
    let numbers = addresses
        .iter()
        .filter(|address| address.kind == AddressKind::WaId);
    for number in numbers.map(key) {
        let digits = number.trim_start_matches('+');
        let national = digits.strip_prefix("55").unwrap_or_default();
        // as somebody on the spot would say it, and the four digits by which it is remembered
        let local = national.get(2..).unwrap_or_default();
        let last = digits.get(digits.len().saturating_sub(4)..).unwrap_or_default();
        let forms = [digits, national, local, last].into_iter();
        words.extend(forms.filter(|form| !form.is_empty()).map(str::to_owned));
    }
    words
}
