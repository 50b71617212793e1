//! `POST /v1/import` and `GET /v1/export`: the FAQ as a file, in and out.

use std::sync::Arc;

use axum::{
    Json,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    export::{self, Format},
    faq::Entry,
    http::{
        access::Access,
        blocking::blocking,
        extract::{Binary, QueryParams, Upload},
        problem::{FieldError, Problem},
    },
    import::{self, Diff, Import, ImportReport, Options, Preset},
    store::{ImportCounts, Store},
};

/// How the file is to be read.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct ImportQuery {
    /// Name of the file: its extension says what it is. Importing a file of the same name again updates its entries and
    /// removes those that it no longer has, unless a part of it could not be used. Entries that were edited or deleted
    /// here stay so while the file says of them what it said before.
    #[param(example = "faq.xlsx")]
    file: String,
    /// Which product wrote it; without it, its columns tell, and a file that could be of two is refused.
    #[param(value_type = Option<String>)]
    preset: Option<Preset>,
    /// Take the file's word also for entries that were edited or deleted here since.
    #[serde(default)]
    #[param(default = false)]
    overwrite: bool,
    /// Say what would happen, and change nothing.
    #[serde(default)]
    #[param(default = false)]
    dry_run: bool,
}

/// What an import did, or would do.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct ImportBody {
    /// Whether nothing was changed.
    dry_run: bool,
    /// The version of the FAQ that holds the file; missing for a dry run.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u64>,
    /// How many entries were added, changed and removed.
    counts: ImportCounts,
    /// What was left out and what deserves a look.
    report: ImportReport,
    /// Which entries they are.
    #[serde(flatten)]
    diff: Diff,
    /// The rows that could not be used, with the reason, as CSV to be repaired in the file they came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    failed_rows: Option<String>,
}

/// Bring a file into the FAQ: the file itself is the body.
///
/// Markdown, Word, HTML, CSV, TSV, XLSX, JSON, JSON Lines, or a ZIP of one with its pictures.
#[utoipa::path(post, path = "/v1/import", tag = "files", params(ImportQuery),
    request_body(content = inline(Binary), content_type = "application/octet-stream"),
    responses((status = 200, body = ImportBody), Problem)
)]
pub(in crate::http) async fn import(
    access: Access,
    QueryParams(query): QueryParams<ImportQuery>,
    Upload(bytes): Upload,
) -> Result<Json<ImportBody>, Problem> {
    let assets = access.space().assets().clone();
    let data = assets.data().to_owned();
    let mut import = blocking(move || {
        let options = Options { preset: query.preset, data: Some(&data), ..Options::default() };
        import::import_bytes(&query.file, &bytes, &options)
    })
    .await?
    .map_err(|error| Problem::unusable(&error))?;
    if import.entries.is_empty() {
        return Err(nothing_found(&import));
    }
    let file = import.report.file.clone();
    import.keep_ids(&access.space().editor().read(move |store| store.entries_of_file(&file)).await?);
    let import = Arc::new(import);
    let file = import.file_entries(query.overwrite);
    let compared = file.clone();
    let diff = access.space().editor().read(move |store| import::diff(store, &compared)).await?;
    let failed_rows = failed_rows(&import)?;
    let (counts, version) = if query.dry_run {
        (ImportCounts::from(&diff), None)
    } else {
        let pictures = import.clone();
        // Before the entries: none may ever refer to a picture that is not there.
        blocking(move || assets.keep(&pictures.pictures)).await?.map_err(|error| Problem::fault(&error))?;
        let (committed, counts) = access.space().editor().import(file, access.actor().to_string()).await?;
        (counts, Some(committed.version))
    };
    let report = import.report.clone();
    Ok(Json(ImportBody { dry_run: query.dry_run, version, counts, report, diff, failed_rows }))
}

/// An empty file is more likely a mistake than a wish to remove all of its entries.
fn nothing_found(import: &Import) -> Problem {
    let issues = import.report.issues.iter().map(ToString::to_string);
    let errors =
        std::iter::once("no entry was found in the file, so nothing is changed".to_owned()).chain(issues);
    Problem::invalid(errors.map(|detail| FieldError { pointer: String::new(), detail }).collect())
}

fn failed_rows(import: &Import) -> Result<Option<String>, Problem> {
    if import.report.failed == 0 {
        return Ok(None);
    }
    let mut csv = Vec::new();
    import::write_failed(std::iter::once(import), &mut csv).map_err(|error| Problem::fault(&error))?;
    Ok(Some(String::from_utf8_lossy(&csv).into_owned()))
}

/// What to export.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct ExportQuery {
    /// Kind of the file.
    format: Format,
    /// Pack the pictures of the answers beside it into one ZIP.
    #[serde(default)]
    #[param(default = false)]
    pictures: bool,
}

/// The whole FAQ as a file, which an import reads back to the same entries.
#[utoipa::path(get, path = "/v1/export", tag = "files", params(ExportQuery), responses(
    (status = 200, description = "The file", content_type = "application/octet-stream", body = inline(Binary)),
    (status = 400, description = "Not readable", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "This kind of file cannot hold the FAQ", body = Problem,
     content_type = "application/problem+json"),
))]
pub(in crate::http) async fn export(
    access: Access,
    QueryParams(ExportQuery { format, pictures }): QueryParams<ExportQuery>,
) -> Result<Response, Problem> {
    let entries = access.space().editor().read(Store::entries).await?;
    let assets = access.space().assets().clone();
    let (bytes, extension, media_type) = blocking(move || {
        let file = export::export(&entries, format).map_err(|error| unfit(&error))?;
        if !pictures {
            return Ok((file, format.extension(), format.media_type()));
        }
        let packed = pack(&entries, format, &file, &assets)?;
        Ok::<_, Problem>((packed, "zip", "application/zip"))
    })
    .await??;
    let name = format!("attachment; filename=\"faq.{extension}\"");
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(media_type)),
        (header::CONTENT_DISPOSITION, HeaderValue::from_str(&name).map_err(|error| Problem::fault(&error))?),
    ];
    Ok((headers, bytes).into_response())
}

fn unfit(error: &export::ExportError) -> Problem {
    Problem::invalid(vec![FieldError { pointer: "/format".to_owned(), detail: error.to_string() }])
}

fn pack(
    entries: &[Entry],
    format: Format,
    file: &[u8],
    assets: &crate::assets::Assets,
) -> Result<Vec<u8>, Problem> {
    let names = export::pictures(entries);
    let mut pictures = Vec::with_capacity(names.len());
    for name in &names {
        // One that was lost is missing in the service too; the rest is worth having.
        if let Some(bytes) = assets.read(name).map_err(|error| Problem::fault(&error))? {
            pictures.push((name, bytes));
        }
    }
    let name = format!("faq.{}", format.extension());
    export::pack(&name, file, pictures).map_err(|error| Problem::fault(&error))
}
