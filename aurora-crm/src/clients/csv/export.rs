use std::fmt;

use aurora_core::id::{Id, IdKind};
use aurora_core::page::{Cursor, PageRequest};
use futures::Stream;
use tokio::io::{AsyncWrite, AsyncWriteExt as _};

use super::dialect::Separator;
use super::error::CsvError;
use super::field::{Field, Language};
use super::formula::guard;
use super::table::{BYTE_ORDER_MARK, line};
use super::written::cell;
use crate::clients::sql::SqlClients;
use crate::clients::{BlockedClients, ClientFilter, ClientKind};
use crate::context::Context;
use crate::error::Error;
use crate::journal::Record;
use crate::store::{Store, writing};

/// Names an export in the audit log: `exp_` and 32 hexadecimal digits.
pub type ExportId = Id<Export>;

/// How an export's characters are written. Windows-1252 is not among them: it cannot hold every name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum ExportEncoding {
    /// UTF-8 with a byte order mark, without which Excel reads it as Windows-1252.
    #[default]
    Utf8WithMark,
    /// UTF-8 alone.
    Utf8,
    /// UTF-16, the low byte first, with a byte order mark.
    Utf16Le,
}

/// A column of an export.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Column {
    /// A field of the client; [`Field::Cnpj`], [`Field::Cpf`] and [`Field::ExternalId`] are empty where the client has
    /// none, and [`Field::ExternalId`] always is: the other system knows its own.
    Field(Field),
    /// One of the workspace's own fields, under its key.
    Custom(String),
    /// The client's id.
    Id,
    /// When it was made, as RFC 3339 in UTC.
    CreatedAt,
    /// When it was last changed, as RFC 3339 in UTC.
    UpdatedAt,
}

/// What an export writes and how: for Excel where Portuguese is spoken unless told otherwise.
#[derive(Debug, Clone)]
pub struct ExportOptions {
    columns: Vec<Column>,
    separator: Separator,
    encoding: ExportEncoding,
    language: Language,
}

impl Default for ExportOptions {
    /// Everything of a client but its id and times, so that an import of the file makes the same clients.
    fn default() -> Self {
        let left_out = [Field::Document, Field::ExternalId];
        Self {
            columns: Field::all()
                .filter(|field| !left_out.contains(field))
                .map(Column::Field)
                .collect(),
            separator: Separator::Semicolon,
            encoding: ExportEncoding::Utf8WithMark,
            language: Language::Portuguese,
        }
    }
}

impl ExportOptions {
    /// All columns that an import reads, with `;`, UTF-8 with its mark, and Portuguese headers.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes these columns, in this order.
    #[must_use]
    pub fn columns(mut self, columns: impl IntoIterator<Item = Column>) -> Self {
        self.columns = columns.into_iter().collect();
        self
    }

    /// What stands between cells.
    #[must_use]
    pub const fn separator(mut self, separator: Separator) -> Self {
        self.separator = separator;
        self
    }

    /// How characters are written.
    #[must_use]
    pub const fn encoding(mut self, encoding: ExportEncoding) -> Self {
        self.encoding = encoding;
        self
    }

    /// The language of headers, kinds and states.
    #[must_use]
    pub const fn language(mut self, language: Language) -> Self {
        self.language = language;
        self
    }
}

#[derive(Debug)]
enum State {
    /// Nothing was written yet.
    New,
    Page(Option<Cursor>),
    /// The last page was written.
    Written,
    Done,
}

/// A CSV file that is being written, a page of clients at a time.
///
/// A client that is there from the beginning to the end, and whose place in the order does not change, stands in it
/// once, as it was when its page was read. Others may be made, changed and deleted meanwhile: no lock is held.
///
/// The audit log tells that an export was begun before its first byte is handed out, and how many clients it held when
/// it has come to its end. A cell that a spreadsheet would run begins with an apostrophe, which an import takes back.
pub struct Export {
    store: Store,
    repository: SqlClients,
    context: Context,
    filter: ClientFilter,
    /// What is searched for; the filter tells only whether those are found then whose data may not be used.
    words: Option<Vec<String>>,
    options: ExportOptions,
    id: ExportId,
    state: State,
    count: u64,
}

impl IdKind for Export {
    const PREFIX: &'static str = "exp";
}

impl fmt::Debug for Export {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Export")
            .field("id", &self.id)
            .field("count", &self.count)
            .finish_non_exhaustive()
    }
}

impl Export {
    pub(in crate::clients) fn new(
        store: Store,
        repository: SqlClients,
        context: Context,
        filter: ClientFilter,
        options: ExportOptions,
    ) -> Self {
        let id = ExportId::new(store.now());
        Self {
            store,
            repository,
            context,
            filter,
            words: None,
            options,
            id,
            state: State::New,
            count: 0,
        }
    }

    /// Writes what a search for these words finds, in its order, instead of a list.
    pub(in crate::clients) fn searching(mut self, words: Vec<String>, blocked: BlockedClients) -> Self {
        self.words = Some(words);
        self.filter.blocked = blocked;
        self
    }

    /// How many clients have been written.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// The next piece of the file, a few hundred rows at most; `None` at its end.
    ///
    /// # Errors
    /// What keeps the database from being read or the audit log from being written: the same piece can be asked for again. Before the
    /// first piece, `Invalid` at the field `text` (code `too_many`) when there is more to find than a search looks at: a file never
    /// holds only a part of it.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, Error> {
        match &self.state {
            State::New => {
                if let Some(words) = &self.words {
                    let whole = self
                        .repository
                        .check_whole(&self.context, words, self.filter.blocked);
                    self.store.run(&self.context, "clients.export", whole).await?;
                }
                self.record(Record::new(
                    "client.export_begun",
                    "export",
                    self.id,
                    self.store.now(),
                ))
                .await?;
                self.state = State::Page(None);
                Ok(Some(self.header()))
            }
            State::Page(cursor) => {
                let request = PageRequest::first(PageRequest::MAX_LIMIT);
                let request = match cursor {
                    Some(cursor) => request.after(cursor.clone()),
                    None => request,
                };
                let page = async {
                    let (repository, context) = (&self.repository, &self.context);
                    match &self.words {
                        Some(words) => {
                            let blocked = self.filter.blocked;
                            repository.search(context, words, blocked, &request).await
                        }
                        None => repository.page(context, &self.filter, &request).await,
                    }
                };
                let page = self.store.run(&self.context, "clients.export", page).await?;
                self.count += u64::try_from(page.items.len()).unwrap_or(u64::MAX);
                self.state = page.next.map_or(State::Written, |next| State::Page(Some(next)));
                let mut piece = Vec::new();
                for client in &page.items {
                    let cells = self.options.columns.iter();
                    let cells = cells.map(|column| guard(cell(client, column, self.options.language)));
                    piece.extend(line(self.options.separator.byte(), cells));
                }
                Ok(Some(self.encode(piece)))
            }
            State::Written => {
                let record = Record::new("client.exported", "export", self.id, self.store.now());
                self.record(record.with("count", self.count)).await?;
                self.state = State::Done;
                Ok(None)
            }
            State::Done => Ok(None),
        }
    }

    /// Writes the whole file, and gives the number of clients.
    ///
    /// # Errors
    /// [`CsvError::Sink`], and what [`next`](Self::next) gives.
    pub async fn write_to<W>(mut self, sink: &mut W) -> Result<u64, CsvError>
    where
        W: AsyncWrite + Unpin + Send + ?Sized,
    {
        while let Some(piece) = self.next().await? {
            sink.write_all(&piece).await.map_err(CsvError::Sink)?;
        }
        sink.flush().await.map_err(CsvError::Sink)?;
        Ok(self.count)
    }

    /// The file as a stream of pieces, for an HTTP body; it ends after an error.
    pub fn into_stream(self) -> impl Stream<Item = Result<Vec<u8>, Error>> + Send {
        futures::stream::unfold(Some(self), |export| async move {
            let mut export = export?;
            match export.next().await {
                Ok(piece) => piece.map(|piece| (Ok(piece), Some(export))),
                Err(error) => Some((Err(error), None)),
            }
        })
    }

    /// Only names of filters are kept, and not what they ask for: that may be a person's.
    async fn record(&self, record: Record) -> Result<(), Error> {
        let asked = serde_json::json!({
            "kind": self.filter.kind.map(ClientKind::as_str),
            "filters": asked(&self.filter, self.words.is_some()),
            "columns": self.options.columns.len(),
        });
        let records = [record.with("filter", asked)];
        let now = self.store.now();
        let work = async {
            writing!(self.store, &self.context, |tx| {
                self.store
                    .record(&mut (&mut *tx).into(), &self.context, now, &records)
                    .await?;
                Ok(())
            })
        };
        self.store.run(&self.context, "clients.export", work).await
    }

    fn header(&self) -> Vec<u8> {
        let language = self.options.language;
        let names = self.options.columns.iter().map(|column| {
            guard(match column {
                Column::Field(field) => field.header(language).to_owned(),
                Column::Custom(key) => key.clone(),
                Column::Id => "_id".to_owned(),
                Column::CreatedAt => "_created_at".to_owned(),
                Column::UpdatedAt => "_updated_at".to_owned(),
            })
        });
        let header = self.encode(line(self.options.separator.byte(), names));
        let mark: &[u8] = match self.options.encoding {
            ExportEncoding::Utf8WithMark => BYTE_ORDER_MARK,
            ExportEncoding::Utf8 => &[],
            ExportEncoding::Utf16Le => &[0xff, 0xfe],
        };
        [mark, &header].concat()
    }

    fn encode(&self, text: Vec<u8>) -> Vec<u8> {
        match self.options.encoding {
            ExportEncoding::Utf8WithMark | ExportEncoding::Utf8 => text,
            ExportEncoding::Utf16Le => String::from_utf8_lossy(&text)
                .encode_utf16()
                .flat_map(u16::to_le_bytes)
                .collect(),
        }
    }
}

/// The names of the filters that are set.
fn asked(filter: &ClientFilter, is_search: bool) -> Vec<&'static str> {
    let set = [
        ("text", is_search),
        ("kind", filter.kind.is_some()),
        ("status", filter.status.is_some()),
        ("owner", filter.owner.is_some()),
        ("tags", !filter.tags.is_empty()),
        ("state", filter.state.is_some()),
        ("city", filter.city.is_some()),
        ("document", filter.document.is_some()),
        ("created_from", filter.created_from.is_some()),
        ("created_before", filter.created_before.is_some()),
        ("updated_from", filter.updated_from.is_some()),
        ("updated_before", filter.updated_before.is_some()),
        ("custom", !filter.custom.is_empty()),
        ("blocked", filter.blocked.are_shown()),
    ];
    set.into_iter()
        .filter_map(|(name, is_set)| is_set.then_some(name))
        .collect()
}
