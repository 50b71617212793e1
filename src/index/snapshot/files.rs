//! Files and folders of snapshots: numbering, locking, checksums, and getting things onto the disk in order.

use super::SnapshotError;
use super::manifest::FileSum;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

const LOCK: &str = "writer.lock";
const WRITING: &str = "writing.tmp";
const PREFIX: &str = "snapshot-";
const READ_BYTES: usize = 1 << 20;

/// A folder that is being written or read.
#[derive(Debug)]
pub(super) struct Folder {
    root: PathBuf,
}

/// Lower-case hex of the SHA-256.
pub(super) fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(digest: &[u8]) -> String {
    digest.iter().fold(String::with_capacity(2 * digest.len()), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn failed<'p>(action: &'static str, path: &'p Path) -> impl FnOnce(io::Error) -> SnapshotError + use<'p> {
    move |source| SnapshotError::Io { action, path: path.to_owned(), source }
}

/// Makes the folder and waits until no one else writes or reads there. The lock goes with the file, also when the
/// process is killed.
///
/// The folder above must be there: a data directory that was deleted meanwhile does not come back.
pub(super) fn lock_for_writing(dir: &Path) -> Result<File, SnapshotError> {
    match fs::create_dir(dir) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            return Err(failed("make the folder", dir)(error));
        }
        Ok(()) | Err(_) => {}
    }
    let path = dir.join(LOCK);
    let file = OpenOptions::new()
        .create(true)
        .write(true)
        .truncate(false)
        .open(&path)
        .map_err(failed("open", &path))?;
    file.lock().map_err(failed("lock", &path))?;
    Ok(file)
}

/// Keeps writers from removing what is being read. Without a lock file, or without the right to it, nobody writes.
pub(super) fn lock_for_reading(dir: &Path) -> Result<Option<File>, SnapshotError> {
    let path = dir.join(LOCK);
    let Ok(file) = File::open(&path) else { return Ok(None) };
    file.lock_shared().map_err(failed("lock", &path))?;
    Ok(Some(file))
}

/// Complete snapshots in `dir`, in no order. A missing folder has none.
fn all(dir: &Path) -> Result<Vec<(u64, PathBuf)>, SnapshotError> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed("list", dir)(error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(failed("list", dir))?.path();
        let name = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_prefix(PREFIX));
        // The largest number is nobody's: the next one must exist.
        let number = name.and_then(|digits| digits.parse().ok()).filter(|number| *number < u64::MAX);
        found.extend(number.map(|number| (number, path)));
    }
    Ok(found)
}

pub(super) fn newest(dir: &Path) -> Result<Option<(u64, PathBuf)>, SnapshotError> {
    Ok(all(dir)?.into_iter().max())
}

/// Removes snapshots before `number`. Only for whoever holds the lock. What cannot be removed is left for next time.
pub(super) fn remove_older(dir: &Path, number: u64) {
    for (_, path) in all(dir).unwrap_or_default().into_iter().filter(|(other, _)| *other < number) {
        if let Err(error) = remove(&path) {
            tracing::warn!(path = %path.display(), %error, "cannot remove an old index snapshot");
        }
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// Makes the names in a folder survive a power cut.
fn sync_folder(path: &Path) -> Result<(), SnapshotError> {
    if cfg!(unix) {
        File::open(path).and_then(|folder| folder.sync_all()).map_err(failed("write to the disk", path))?;
    }
    Ok(())
}

impl Folder {
    pub(super) fn existing(root: PathBuf) -> Self {
        Self { root }
    }

    /// An empty folder to write into; what a killed writer left there is removed. Only for whoever holds the lock.
    pub(super) fn start(dir: &Path) -> Result<Self, SnapshotError> {
        let root = dir.join(WRITING);
        remove(&root).map_err(failed("remove", &root))?;
        fs::create_dir(&root).map_err(failed("make the folder", &root))?;
        Ok(Self { root })
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    pub(super) fn damaged(&self, name: &str, reason: String) -> SnapshotError {
        SnapshotError::Damaged { path: self.path(name), reason }
    }

    /// Writes a file through to the disk, part by part.
    pub(super) fn write(
        &self,
        name: &str,
        parts: impl Iterator<Item = Vec<u8>>,
    ) -> Result<FileSum, SnapshotError> {
        let path = self.path(name);
        let (mut digest, mut bytes) = (Sha256::new(), 0);
        let write_all = || {
            let mut file = BufWriter::with_capacity(READ_BYTES, File::create_new(&path)?);
            for part in parts {
                digest.update(&part);
                bytes += part.len() as u64;
                file.write_all(&part)?;
            }
            file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
        };
        write_all().map_err(failed("write", &path))?;
        Ok(FileSum { bytes, sha256: hex(&digest.finalize()) })
    }

    pub(super) fn sync(&self) -> Result<(), SnapshotError> {
        sync_folder(&self.root)
    }

    /// Gives the folder its number: the one moment in which the snapshot comes to be.
    pub(super) fn publish(&self, dir: &Path, number: u64) -> Result<(), SnapshotError> {
        let path = dir.join(format!("{PREFIX}{number:010}"));
        fs::rename(&self.root, &path).map_err(failed("rename the new snapshot to", &path))?;
        sync_folder(dir)
    }

    /// Removes a folder that was not published. A failure is left to the next writer.
    pub(super) fn discard(&self) {
        if let Err(error) = remove(&self.root) {
            tracing::warn!(path = %self.root.display(), %error, "cannot remove an unfinished index snapshot");
        }
    }

    /// A whole file that must be what the manifest says.
    pub(super) fn read(&self, name: &str, sum: &FileSum) -> Result<Vec<u8>, SnapshotError> {
        let mut bytes = Vec::new();
        self.read_parts(name, sum, |part| bytes.extend_from_slice(part))?;
        Ok(bytes)
    }

    /// The same for little-endian `f32`s.
    pub(super) fn read_numbers(&self, name: &str, sum: &FileSum) -> Result<Vec<f32>, SnapshotError> {
        let mut numbers = Vec::new();
        self.read_parts(name, sum, |part| {
            numbers.reserve(part.len() / 4);
            numbers.extend(part.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)));
        })?;
        Ok(numbers)
    }

    /// Hands out parts whose lengths are multiples of four but for the last.
    fn read_parts(
        &self,
        name: &str,
        sum: &FileSum,
        mut take: impl FnMut(&[u8]),
    ) -> Result<(), SnapshotError> {
        let path = self.path(name);
        let mut file = self.open(name)?;
        let length = file.metadata().map_err(failed("read", &path))?.len();
        if length != sum.bytes {
            return Err(self.damaged(name, format!("expected {} bytes, got {length}", sum.bytes)));
        }
        let (mut digest, mut part) = (Sha256::new(), Vec::with_capacity(READ_BYTES));
        loop {
            part.clear();
            let got =
                (&mut file).take(READ_BYTES as u64).read_to_end(&mut part).map_err(failed("read", &path))?;
            if got == 0 {
                break;
            }
            digest.update(&part);
            take(&part);
        }
        if hex(&digest.finalize()) != sum.sha256 {
            return Err(self.damaged(name, "its checksum does not fit the manifest".to_owned()));
        }
        Ok(())
    }

    /// A whole file of at most `most` bytes.
    pub(super) fn read_small(&self, name: &str, most: u64) -> Result<Vec<u8>, SnapshotError> {
        let path = self.path(name);
        let mut bytes = Vec::new();
        let file = self.open(name)?;
        file.take(most + 1).read_to_end(&mut bytes).map_err(failed("read", &path))?;
        if bytes.len() as u64 > most {
            return Err(self.damaged(name, format!("it has more than {most} bytes")));
        }
        Ok(bytes)
    }

    fn open(&self, name: &str) -> Result<File, SnapshotError> {
        use io::ErrorKind::{NotADirectory, NotFound};
        let path = self.path(name);
        match File::open(&path) {
            Ok(file) if file.metadata().is_ok_and(|found| found.is_file()) => Ok(file),
            Ok(_) => Err(self.damaged(name, "it is not a file".to_owned())),
            Err(error) if matches!(error.kind(), NotFound | NotADirectory) => {
                Err(self.damaged(name, "the file is missing".to_owned()))
            }
            Err(error) => Err(failed("open", &path)(error)),
        }
    }
}
