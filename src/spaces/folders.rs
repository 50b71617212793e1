//! Spaces on the disk: made, listed and deleted whole, so that nobody ever sees half of one.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use super::Error;
use crate::{
    faq::SpaceName,
    store::{self, Store},
};

/// Begins the name of a folder that is being deleted. No space has such a name.
const DELETED: &str = ".deleted-";

/// Begins the name of a folder that is being made.
const NEW: &str = ".new-";

/// Whether there is such a space in the data directory `root`. The default one always is.
#[must_use]
pub fn exists(root: &Path, name: &SpaceName) -> bool {
    name.is_default() || name.directory_in(root).join(store::FILE_NAME).is_file()
}

/// The spaces in the data directory `root`: the default one, and the others by name.
///
/// # Errors
/// When a folder is not readable.
pub fn list(root: &Path) -> Result<Vec<SpaceName>, Error> {
    let folder = SpaceName::folder_in(root);
    let mut others = Vec::new();
    match fs::read_dir(&folder) {
        Ok(entries) => {
            for entry in entries {
                let entry = entry.map_err(failed("read", &folder))?;
                let name = entry.file_name().to_str().and_then(|name| name.parse::<SpaceName>().ok());
                others.extend(name.filter(|name| !name.is_default() && exists(root, name)));
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed("read", &folder)(error)),
    }
    others.sort();
    others.insert(0, SpaceName::default());
    Ok(others)
}

/// Makes an empty space. A folder of its name that holds none is what was left of one; it is removed.
///
/// # Errors
/// When there is one of this name, or the folder cannot be written.
pub fn create(root: &Path, name: &SpaceName) -> Result<(), Error> {
    let (folder, directory) = (SpaceName::folder_in(root), name.directory_in(root));
    if exists(root, name) {
        return Err(Error::Exists { name: name.clone() });
    }
    let beside = folder.join(format!("{NEW}{}", uuid::Uuid::now_v7()));
    let make = || -> Result<(), Error> {
        drop(Store::open_or_create(&beside)?);
        remove_leftovers(root, name)?;
        // A space of this name that was made in the meantime is not empty, so the system refuses to replace it.
        fs::rename(&beside, &directory).map_err(failed("create", &directory))?;
        sync(&folder)
    };
    make().inspect_err(|_| {
        // What cannot be removed either is no space, and in nobody's way.
        let _ = fs::remove_dir_all(&beside);
    })
}

/// Makes way for the space `name` where a folder has its name and holds none.
fn remove_leftovers(root: &Path, name: &SpaceName) -> Result<(), Error> {
    let directory = name.directory_in(root);
    if !directory.is_dir() || exists(root, name) {
        return Ok(());
    }
    let aside = aside(root);
    fs::rename(&directory, &aside).map_err(failed("delete", &directory))?;
    // Somebody who made the space in just this moment gets it back.
    if aside.join(store::FILE_NAME).is_file() {
        return fs::rename(&aside, &directory).map_err(failed("create", &directory));
    }
    // The name is free all the same; what stays now goes with the next deletion.
    let _ = fs::remove_dir_all(&aside);
    Ok(())
}

/// A new name for a folder that is to be deleted.
fn aside(root: &Path) -> PathBuf {
    SpaceName::folder_in(root).join(format!("{DELETED}{}", uuid::Uuid::now_v7()))
}

/// Deletes a space and all that is in it.
///
/// # Errors
/// When there is none of this name, it is the default one, or the folder cannot be written.
pub fn delete(root: &Path, name: &SpaceName) -> Result<(), Error> {
    if name.is_default() {
        return Err(Error::DefaultStays);
    }
    if !exists(root, name) {
        return Err(Error::NotFound { name: name.clone() });
    }
    let (folder, directory) = (SpaceName::folder_in(root), name.directory_in(root));
    fs::rename(&directory, aside(root)).map_err(failed("delete", &directory))?;
    sync(&folder)?;
    sweep(&folder)
}

/// Removes what was deleted, also by a run that was interrupted.
fn sweep(folder: &Path) -> Result<(), Error> {
    for entry in fs::read_dir(folder).map_err(failed("read", folder))? {
        let path = entry.map_err(failed("read", folder))?.path();
        let is_deleted =
            path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(DELETED.as_bytes()));
        if is_deleted {
            fs::remove_dir_all(&path).map_err(failed("delete", &path))?;
        }
    }
    Ok(())
}

/// Makes a new name in `folder` survive a loss of power.
fn sync(folder: &Path) -> Result<(), Error> {
    if cfg!(unix) {
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed("write", folder))?;
    }
    Ok(())
}

fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error + use<> {
    let path: PathBuf = path.to_owned();
    move |source| Error::Folder { action, path, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> SpaceName {
        text.parse().unwrap()
    }

    #[test]
    fn spaces_are_listed_from_when_they_are_made_until_they_are_deleted() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(list(root.path()).unwrap(), [SpaceName::default()]);
        create(root.path(), &name("it")).unwrap();
        create(root.path(), &name("hr")).unwrap();
        assert_eq!(list(root.path()).unwrap(), [SpaceName::default(), name("hr"), name("it")]);
        delete(root.path(), &name("hr")).unwrap();
        assert_eq!(list(root.path()).unwrap(), [SpaceName::default(), name("it")]);
        let left = fs::read_dir(SpaceName::folder_in(root.path())).unwrap().count();
        assert_eq!(left, 1, "nothing of the deleted space stays");
    }

    #[test]
    fn a_space_is_neither_made_twice_nor_deleted_when_it_is_not_there() {
        let root = tempfile::tempdir().unwrap();
        create(root.path(), &name("hr")).unwrap();
        assert!(matches!(create(root.path(), &name("hr")), Err(Error::Exists { .. })));
        assert!(matches!(create(root.path(), &SpaceName::default()), Err(Error::Exists { .. })));
        assert!(matches!(delete(root.path(), &name("it")), Err(Error::NotFound { .. })));
        assert!(matches!(delete(root.path(), &SpaceName::default()), Err(Error::DefaultStays)));
        assert_eq!(list(root.path()).unwrap().len(), 2);
    }

    #[test]
    fn a_folder_that_is_no_space_does_not_block_its_name() {
        let root = tempfile::tempdir().unwrap();
        create(root.path(), &name("it")).unwrap();
        let directory = name("hr").directory_in(root.path());
        let picture = directory.join("assets").join("left.png");
        fs::create_dir_all(directory.join("assets")).unwrap();
        fs::write(&picture, "of the space before").unwrap();
        create(root.path(), &name("hr")).unwrap();
        assert_eq!(list(root.path()).unwrap(), [SpaceName::default(), name("hr"), name("it")]);
        assert!(!picture.exists(), "nothing of the space before is in the new one");
        let left = fs::read_dir(SpaceName::folder_in(root.path())).unwrap().count();
        assert_eq!(left, 2, "nor beside it");
        assert!(matches!(create(root.path(), &name("hr")), Err(Error::Exists { .. })));
    }

    #[test]
    fn what_interrupted_runs_left_is_no_space_and_goes_with_the_next_deletion() {
        let root = tempfile::tempdir().unwrap();
        create(root.path(), &name("hr")).unwrap();
        let folder = SpaceName::folder_in(root.path());
        for left in [".deleted-1", ".new-1", "Not A Name"] {
            drop(Store::open_or_create(&folder.join(left)).unwrap());
        }
        assert_eq!(list(root.path()).unwrap().len(), 2);
        delete(root.path(), &name("hr")).unwrap();
        assert!(!folder.join(".deleted-1").exists());
    }
}
