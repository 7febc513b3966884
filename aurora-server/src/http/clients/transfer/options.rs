//! How a file is read, as parameters of an address say it.

use aurora_crm::clients::ClientKind;
use aurora_crm::clients::csv::{
    CustomKind, Duplicates, Encoding, Field, Identity, ImportEvents, ImportOptions, Separator, Target,
    UnknownColumns,
};

use super::chosen;
use crate::http::extract::Params;

/// More errors nobody mends by hand; what is beyond is counted.
const MOST_ERRORS: usize = 1_000;
const COLUMN: &str = "a header, = and where its cells go: a field such as legal_name, custom.<key>, \
                      custom.<key>:number, :date or :boolean, or ignore";
const IDENTITIES: &str = "document, external_id or email, or several of them with commas between";

pub(super) const SEPARATORS: [(&str, Separator); 3] = [
    ("semicolon", Separator::Semicolon),
    ("comma", Separator::Comma),
    ("tab", Separator::Tab),
];
pub(super) const ENCODINGS: [(&str, Encoding); 4] = [
    ("utf-8", Encoding::Utf8),
    ("utf-16le", Encoding::Utf16Le),
    ("utf-16be", Encoding::Utf16Be),
    ("windows-1252", Encoding::Windows1252),
];

pub(super) fn of(params: &mut Params) -> ImportOptions {
    let mut options = ImportOptions::new().max_issues(MOST_ERRORS);
    if let Some(it) = chosen(params, "separator", "semicolon, comma or tab", &SEPARATORS) {
        options = options.separator(it);
    }
    if let Some(it) = chosen(
        params,
        "encoding",
        "utf-8, utf-16le, utf-16be or windows-1252",
        &ENCODINGS,
    ) {
        options = options.encoding(it);
    }
    let words = [
        ("skip", Duplicates::Skip),
        ("update", Duplicates::Update),
        ("fail", Duplicates::Fail),
    ];
    if let Some(it) = chosen(params, "duplicates", "skip, update or fail", &words) {
        options = options.duplicates(it);
    }
    let words = [
        ("ignore", UnknownColumns::Ignore),
        ("custom", UnknownColumns::Custom),
        ("refuse", UnknownColumns::Refuse),
    ];
    if let Some(it) = chosen(params, "unknown_columns", "ignore, custom or refuse", &words) {
        options = options.unknown_columns(it);
    }
    let words = [
        ("summary", ImportEvents::Summary),
        ("each_client", ImportEvents::EachClient),
    ];
    if let Some(it) = chosen(params, "events", "summary or each_client", &words) {
        options = options.events(it);
    }
    if let Some(kind) = params.take::<ClientKind>("default_kind", "company or person") {
        options = options.default_kind(kind);
    }
    if let Some(system) = params.take::<String>("external_system", "the name of a system") {
        options = options.external_system(system);
    }
    if let Some(text) = params.take::<String>("identities", IDENTITIES) {
        let known: Vec<Option<Identity>> = text.split(',').map(identity).collect();
        if known.contains(&None) {
            params.refuse("identities", IDENTITIES);
        }
        options = options.identities(known.into_iter().flatten());
    }
    for text in params.every("column") {
        match column(&text) {
            Some((header, target)) => options = options.column(header, target),
            None => params.refuse("column", COLUMN),
        }
    }
    options
}

fn identity(text: &str) -> Option<Identity> {
    match text.trim() {
        "document" => Some(Identity::Document),
        "external_id" => Some(Identity::ExternalId),
        "email" => Some(Identity::Email),
        _ => None,
    }
}

/// `Freguês=legal_name`, `Limite=custom.limit:number`, `Obs=ignore`. A header may hold `=` itself.
fn column(text: &str) -> Option<(&str, Target)> {
    let (header, target) = text.rsplit_once('=')?;
    if target == "ignore" {
        return Some((header, Target::Ignored));
    }
    let Some(custom) = target.strip_prefix("custom.") else {
        return field(target).map(|field| (header, Target::Field(field)));
    };
    let (key, kind) = custom.rsplit_once(':').unwrap_or((custom, "text"));
    let kind = match kind {
        "text" => CustomKind::Text,
        "number" => CustomKind::Number,
        "date" => CustomKind::Date,
        "boolean" => CustomKind::Boolean,
        _ => return None,
    };
    let key = key.to_owned();
    ((1..=64).contains(&key.len())).then_some((header, Target::Custom { key, kind }))
}

/// A field by its name.
pub(super) fn field(name: &str) -> Option<Field> {
    Field::all().find(|field| field.as_str() == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_told_by_header_and_target() {
        assert_eq!(
            column("Freguês=legal_name"),
            Some(("Freguês", Target::Field(Field::LegalName)))
        );
        assert_eq!(column("a=b=ignore"), Some(("a=b", Target::Ignored)));
        let limit = Target::Custom {
            key: "limit".to_owned(),
            kind: CustomKind::Number,
        };
        assert_eq!(column("Limite=custom.limit:number"), Some(("Limite", limit)));
        for wrong in ["", "Freguês", "x=nothing", "x=custom.", "x=custom.a:money", "x="] {
            assert_eq!(column(wrong), None, "{wrong}");
        }
    }
}
