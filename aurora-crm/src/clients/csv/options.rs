use super::super::ClientKind;
use super::dialect::Separator;
use super::encoding::Encoding;
use super::field::{Field, Target, fold};

/// What happens to a row whose client is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Duplicates {
    /// The row is passed over.
    #[default]
    Skip,
    /// The client takes what the row holds; an empty cell changes nothing.
    Update,
    /// The row is refused.
    Fail,
}

/// By what a client is known again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Identity {
    /// The CNPJ or CPF, which the database holds unique.
    Document,
    /// What the other system calls it, which the database holds unique for that system.
    ExternalId,
    /// The first e-mail address, without regard to capitals. Several clients may share one: the row is refused then. On
    /// PostgreSQL somebody who makes a client with the same address at the same moment is not seen.
    Email,
}

/// What happens to columns whose header says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum UnknownColumns {
    /// They are left out; the plan lists them.
    #[default]
    Ignore,
    /// They become fields of the workspace's own, as text, under their header in lower case without accents and with `_`
    /// for spaces. One without a letter or digit is left out.
    Custom,
    /// The file is refused.
    Refuse,
}

/// Which events tell others of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum ImportEvents {
    /// One `client.imported` at the end.
    #[default]
    Summary,
    /// That, and `client.created` or `client.updated` for each client, with an audit entry of its own.
    EachClient,
}

/// How a file is read and what becomes of its rows.
///
/// # Examples
/// ```
/// use aurora_crm::clients::csv::{CustomKind, Duplicates, Field, ImportOptions, Target};
///
/// let options = ImportOptions::new()
///     .duplicates(Duplicates::Update)
///     .column("Freguês", Target::Field(Field::LegalName))
///     .column("Limite", Target::Custom { key: "limit".to_owned(), kind: CustomKind::Number });
/// # let _ = options;
/// ```
#[derive(Debug, Clone)]
pub struct ImportOptions {
    pub(super) separator: Option<Separator>,
    pub(super) encoding: Option<Encoding>,
    pub(super) columns: Vec<(String, Target)>,
    pub(super) unknown_columns: UnknownColumns,
    pub(super) duplicates: Duplicates,
    pub(super) identities: Vec<Identity>,
    pub(super) default_kind: ClientKind,
    pub(super) external_system: String,
    pub(super) batch_rows: usize,
    pub(super) events: ImportEvents,
    pub(super) max_issues: usize,
    pub(super) total_bytes: Option<u64>,
}

impl Default for ImportOptions {
    fn default() -> Self {
        Self {
            separator: None,
            encoding: None,
            columns: Vec::new(),
            unknown_columns: UnknownColumns::default(),
            duplicates: Duplicates::default(),
            identities: vec![Identity::Document, Identity::ExternalId],
            default_kind: ClientKind::Company,
            external_system: "csv".to_owned(),
            batch_rows: 500,
            events: ImportEvents::default(),
            max_issues: 10_000,
            total_bytes: None,
        }
    }
}

impl ImportOptions {
    /// Everything is found out from the file, and rows whose client is there already are skipped.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What stands between cells; found out unless told.
    #[must_use]
    pub const fn separator(mut self, separator: Separator) -> Self {
        self.separator = Some(separator);
        self
    }

    /// How characters are written; found out unless told.
    #[must_use]
    pub const fn encoding(mut self, encoding: Encoding) -> Self {
        self.encoding = Some(encoding);
        self
    }

    /// Says where the cells go of the column that has this header, without regard to accents and capitals.
    #[must_use]
    pub fn column(mut self, header: impl AsRef<str>, target: Target) -> Self {
        self.columns.push((fold(header.as_ref()), target));
        self
    }

    /// What happens to columns whose header says nothing.
    #[must_use]
    pub const fn unknown_columns(mut self, what: UnknownColumns) -> Self {
        self.unknown_columns = what;
        self
    }

    /// What happens to a row whose client is there already.
    #[must_use]
    pub const fn duplicates(mut self, what: Duplicates) -> Self {
        self.duplicates = what;
        self
    }

    /// By what a client is known again: document and external id unless told. A CNPJ or CPF that is taken is never
    /// stored twice, also when it is not among them: such a row is refused.
    #[must_use]
    pub fn identities(mut self, identities: impl IntoIterator<Item = Identity>) -> Self {
        self.identities = identities.into_iter().collect();
        self
    }

    /// What a row is that has neither kind nor CNPJ nor CPF; a company unless told.
    #[must_use]
    pub const fn default_kind(mut self, kind: ClientKind) -> Self {
        self.default_kind = kind;
        self
    }

    /// The other system that gives external ids, up to 100 characters; `csv` unless told.
    #[must_use]
    pub fn external_system(mut self, name: impl Into<String>) -> Self {
        self.external_system = name.into();
        self
    }

    /// How many rows a transaction holds, 1 to 1,000; 500 unless told. A batch ends earlier after a megabyte of text.
    #[must_use]
    pub fn batch_rows(mut self, rows: usize) -> Self {
        self.batch_rows = rows.clamp(1, 1_000);
        self
    }

    /// Which events tell others of the import.
    #[must_use]
    pub const fn events(mut self, events: ImportEvents) -> Self {
        self.events = events;
        self
    }

    /// How many issues a report holds, up to 10,000; what is beyond is counted.
    #[must_use]
    pub fn max_issues(mut self, count: usize) -> Self {
        self.max_issues = count.min(10_000);
        self
    }

    /// The size of the file, if it is known, for the progress.
    #[must_use]
    pub const fn total_bytes(mut self, bytes: u64) -> Self {
        self.total_bytes = Some(bytes);
        self
    }

    pub(super) fn told(&self, header: &str) -> Option<&Target> {
        let folded = fold(header);
        self.columns
            .iter()
            .rev()
            .find(|(told, _)| *told == folded)
            .map(|(_, target)| target)
    }

    pub(super) fn knows_by(&self, identity: Identity) -> bool {
        self.identities.contains(&identity)
    }
}

/// The fields that a workspace's own may not hide.
pub(super) fn label(target: &Target) -> String {
    match target {
        Target::Field(field) => Field::as_str(*field).to_owned(),
        Target::Custom { key, .. } => format!("custom.{key}"),
        Target::Ignored => String::new(),
    }
}
