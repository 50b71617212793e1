//! `dayi export`: the data directory to a file that can be edited and imported again.

use std::{
    error::Error,
    fs,
    io::{self, IsTerminal, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use super::{Outcome, output};
use crate::{
    assets::{AssetName, Assets},
    config::Config,
    export::{self, Format},
    store::Store,
};

/// Writes the FAQ of the data directory as CSV, XLSX, JSON Lines or Markdown.
///
/// `dayi index` reads the file back to the same entries. Pictures are written into a folder `assets` beside the
/// file, or with it into one archive when the file's name ends in .zip.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  dayi export --format xlsx -o faq.xlsx
  dayi export --format markdown -o faq.zip     with the pictures in one archive
  dayi export --format jsonl | jq .question")]
pub(super) struct Args {
    /// Kind of the file
    #[arg(long)]
    format: Format,
    /// The file; without it, the FAQ is printed without its pictures
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(super) fn run(args: &Args, config: &Config) -> Outcome {
    let entries = Store::open(&config.data)?.entries()?;
    let content = export::export(&entries, args.format)?;
    let unanswered = entries.iter().filter(|entry| entry.answer.is_empty()).count();
    if unanswered > 0 && !args.format.keeps_unanswered() {
        output::note(format_args!(
            "note: {unanswered} entries have no answer; an import of this file will leave them out, one of jsonl will not"
        ));
    }
    let names = export::pictures(&entries);
    let assets = Assets::in_data(&config.data);
    let mut pictures = Vec::with_capacity(names.len());
    for name in &names {
        match assets.read(name)? {
            Some(bytes) => pictures.push((name, bytes)),
            None => output::note(format_args!("note: the picture {name} is missing in the data directory")),
        }
    }
    match &args.output {
        None => print(args.format, &content, pictures.len())?,
        Some(path) => {
            write(path, args.format, &content, &pictures)?;
            output::note(format_args!(
                "{}: {} entries, {} pictures",
                path.display(),
                entries.len(),
                pictures.len()
            ));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn print(format: Format, content: &[u8], pictures: usize) -> Result<(), Box<dyn Error>> {
    let mut stdout = io::stdout().lock();
    if format == Format::Xlsx && stdout.is_terminal() {
        return Err("a workbook is no text; name a file with --output".into());
    }
    stdout.write_all(content)?;
    if pictures > 0 {
        output::note(format_args!("note: {pictures} pictures are left out; name a file with --output"));
    }
    Ok(())
}

fn write(
    path: &Path,
    format: Format,
    content: &[u8],
    pictures: &[(&AssetName, Vec<u8>)],
) -> Result<(), Box<dyn Error>> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let is_archive = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("zip"));
    let packed = if is_archive {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let name = format!("{stem}.{}", format.extension());
        let pictures = pictures.iter().map(|(name, bytes)| (*name, bytes.clone()));
        Some(export::pack(&name, content, pictures)?)
    } else {
        for (name, bytes) in pictures {
            let picture = folder.join(name.reference());
            let written = picture.parent().map_or(Ok(()), fs::create_dir_all);
            written
                .and_then(|()| fs::write(&picture, bytes))
                .map_err(|error| format!("cannot write {}: {error}", picture.display()))?;
        }
        None
    };
    // Whole or not at all: the file may replace an export that somebody still needs.
    let mut file =
        new_file(folder).map_err(|error| format!("cannot write into {}: {error}", folder.display()))?;
    file.write_all(packed.as_deref().unwrap_or(content))?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| format!("cannot write {}: {}", path.display(), error.error))?;
    Ok(())
}

/// A file that others may read, like any that is saved: a temporary one is for its owner alone otherwise.
fn new_file(folder: &Path) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder)
}
