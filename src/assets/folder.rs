//! [`Assets`]: the folder of pictures in a data directory.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use super::{AssetName, FOLDER, Picture};

/// The pictures of one data directory.
#[derive(Debug, Clone)]
pub struct Assets {
    folder: PathBuf,
}

/// Why a picture could not be written or read.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} {}", path.display())]
pub struct AssetError {
    /// What was being done.
    action: &'static str,
    /// The file or folder.
    path: PathBuf,
    /// What the system said.
    source: io::Error,
}

impl Assets {
    /// The pictures in `data`, the data directory. Their folder in it is made when the first one comes.
    #[must_use]
    pub fn in_data(data: &Path) -> Self {
        Self { folder: data.join(FOLDER) }
    }

    /// The data directory.
    #[must_use]
    pub fn data(&self) -> &Path {
        // The folder is always one inside another.
        self.folder.parent().unwrap_or(&self.folder)
    }

    /// Makes the folder of pictures, and nothing above it: the folder of a space that was deleted while a picture was
    /// on its way must not come back.
    fn make_folder(&self) -> io::Result<()> {
        match fs::create_dir(&self.folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Keeps pictures. When this returns, they survive a loss of power; a picture is there whole or not at all.
    ///
    /// # Errors
    /// When the data directory is not there or cannot be written; those that are kept by then do no harm.
    pub fn keep<'a>(&self, pictures: impl IntoIterator<Item = &'a Picture>) -> Result<(), AssetError> {
        let mut is_new = false;
        for picture in pictures {
            let path = self.folder.join(picture.name().as_str());
            // The name says what is in the file, and only whole files ever get it.
            if path.is_file() {
                continue;
            }
            if !is_new {
                self.make_folder().map_err(|source| failed("create", &self.folder, source))?;
            }
            self.write(picture, &path).map_err(|source| failed("write", &path, source))?;
            is_new = true;
        }
        if is_new {
            for folder in [Some(self.folder.as_path()), self.folder.parent()].into_iter().flatten() {
                sync_folder(folder).map_err(|source| failed("write", folder, source))?;
            }
        }
        Ok(())
    }

    fn write(&self, picture: &Picture, path: &Path) -> io::Result<()> {
        let mut file = tempfile::Builder::new().prefix(".new-").tempfile_in(&self.folder)?;
        file.write_all(picture.bytes())?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        Ok(())
    }

    /// The content of a picture; `None` when it is not there.
    ///
    /// # Errors
    /// When it is there and cannot be read.
    pub fn read(&self, name: &AssetName) -> Result<Option<Vec<u8>>, AssetError> {
        let path = self.folder.join(name.as_str());
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(failed("read", &path, source)),
        }
    }

    /// Whether a picture is there.
    #[must_use]
    pub fn holds(&self, name: &AssetName) -> bool {
        self.folder.join(name.as_str()).is_file()
    }
}

fn failed(action: &'static str, path: &Path, source: io::Error) -> AssetError {
    AssetError { action, path: path.to_owned(), source }
}

/// Makes new names in a folder durable. Windows has no such call, and needs none.
fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
}
