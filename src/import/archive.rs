//! A ZIP with one FAQ file and its pictures, as `dayi export` and several products write it.

use super::{Import, ImportError, Origin, Preset, format::Format};
use crate::sheet::{Archive, ArchiveError};

pub(super) fn import(
    origin: &Origin<'_>,
    bytes: &[u8],
    preset: Option<Preset>,
) -> Result<Import, ImportError> {
    let failed = |why: ArchiveError| ImportError::unreadable(origin.file, why);
    let mut archive = Archive::open(bytes.to_vec()).map_err(failed)?;
    let (name, format) = the_file(origin.file, archive.names())?;
    let content = archive.read(&name).map_err(failed)?.unwrap_or_default();
    let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
    origin.pictures.borrow_mut().archive = Some((archive, folder));
    super::read(origin, format, &content, preset)
}

/// The file to read: the only one that there is an importer for.
fn the_file(file: &str, names: &[String]) -> Result<(String, Format), ImportError> {
    let is_content = |name: &&String| {
        // What macOS and editors add.
        !name.split('/').any(|part| part.starts_with('.') || part.starts_with("~$") || part == "__MACOSX")
    };
    let importable: Vec<(&String, Format)> = names
        .iter()
        .filter(is_content)
        .filter_map(|name| Some((name, Format::of(name).ok().filter(|format| *format != Format::Zip)?)))
        .collect();
    let not_one = |found| ImportError::NotOneFile { file: file.to_owned(), found };
    match importable.as_slice() {
        [(name, format)] => Ok(((*name).clone(), *format)),
        [] => Err(not_one("no file that can be imported".to_owned())),
        [(first, _), (second, _), ..] => Err(not_one(format!(
            "{} of them, {first} and {second} among them; import them one by one",
            importable.len()
        ))),
    }
}
