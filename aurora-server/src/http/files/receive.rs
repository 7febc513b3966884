//! A file on its way in: from a body to the domain, which measures, judges and stores it while it passes.

use aurora_crm::Context;
use aurora_crm::ErrorKind;
use aurora_crm::files::{File, FileHash, FileId, FileSubject, NewFile};

use crate::http::extract::{Params, Upload};
use crate::http::problem::{FieldError, Problem, ProblemKind};
use crate::state::AppState;

/// Stores what comes, under a number made beforehand where there is one.
pub(super) async fn file(
    state: &AppState,
    context: &Context,
    mut params: Params,
    mut upload: Upload,
    number: Option<FileId>,
) -> Result<File, Problem> {
    let mut subject = params.take::<FileSubject>("subject", "an id such as cli_…");
    let mut hash = params.take::<FileHash>("sha256", "64 hexadecimal digits");
    params.finish()?;
    let mut errors = Vec::new();
    if let Some(text) = upload.take("subject").filter(|text| !text.is_empty()) {
        match text.parse() {
            Ok(id) => subject = Some(id),
            Err(_) => errors.push(FieldError::new(
                "subject",
                "invalid",
                "must be an id such as cli_…",
            )),
        }
    }
    if let Some(text) = upload.take("sha256").filter(|text| !text.is_empty()) {
        match text.parse() {
            Ok(it) => hash = Some(it),
            Err(_) => errors.push(FieldError::new(
                "sha256",
                "invalid",
                "must be 64 hexadecimal digits",
            )),
        }
    }
    let name = upload.take("name").filter(|name| !name.is_empty());
    if !errors.is_empty() {
        return Err(Problem::new(ProblemKind::Invalid).errors(errors));
    }
    upload.finish_fields()?;
    let mut new = NewFile::new(name.or(upload.name.take()).unwrap_or_default());
    if let Some(text) = upload.media_type.take() {
        new = new.media_type(text);
    }
    if let Some(size) = upload.size {
        new = new.size(size);
    }
    if let Some(hash) = hash {
        new = new.sha256(hash);
    }
    if let Some(subject) = subject {
        new = new.subject(subject);
    }
    if let Some(number) = number {
        new = new.id(number);
    }
    let (content, mut end) = upload.into_parts();
    let files = &state.library.files;
    let stored = files.upload(context, new, content).await;
    let file = match stored {
        Ok(file) => file,
        Err(_) if end.is_too_slow() => return Err(Problem::new(ProblemKind::BodyTimeout)),
        Err(error) => return Err(refused(error)),
    };
    if let Err(problem) = end.check().await {
        // Its sender is told that nothing was taken.
        let _removed = files.delete(context, file.id).await?;
        return Err(problem);
    }
    Ok(file)
}

/// HTTP has statuses of its own for bodies that are too large and for types that are not taken.
fn refused(error: aurora_crm::Error) -> Problem {
    let kind = error
        .fields()
        .iter()
        .find_map(|field| match (field.field.as_str(), field.code) {
            ("content", "too_large") => Some(ProblemKind::BodyTooLarge),
            ("media_type", "not_allowed") => Some(ProblemKind::UnsupportedMediaType),
            _ => None,
        });
    let Some(kind) = kind.filter(|_| error.kind() == ErrorKind::Invalid) else {
        return error.into();
    };
    let errors: Vec<FieldError> = error
        .fields()
        .iter()
        .map(|field| FieldError::new(&field.field, field.code, field.message.clone()))
        .collect();
    let detail = match kind {
        ProblemKind::BodyTooLarge => "the file is larger than this server takes",
        _ => "files of this type are not taken",
    };
    Problem::new(kind).detail(detail).errors(errors).caused_by(error)
}
