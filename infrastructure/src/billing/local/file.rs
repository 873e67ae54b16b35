//! The books in a file, so that they outlive the process.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, ErrorKind, Read, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::books::Books;

const FILE: &str = "billing.json";
const DRAFT: &str = "billing.json.draft";
const LOCK: &str = "billing.lock";

/// What is written here. Goes up when an older file cannot be read as it is any more.
const FORMAT: u32 = 2;

/// Largest file, in bytes: full books have about a third of it.
const LARGEST: u64 = 64 * 1024 * 1024;

/// Why the books cannot be opened. The file stays as it is.
#[derive(Debug, thiserror::Error)]
pub enum OpenBooksError {
    /// Another process works on them.
    #[error("another process uses {}", .0.display())]
    InUse(PathBuf),
    /// The folder or the file cannot be used.
    #[error("{} cannot be used: {error}", path.display())]
    Unusable {
        /// Which one.
        path: PathBuf,
        /// What the operating system said.
        error: io::Error,
    },
    /// Something else is in the file, or a part is missing.
    #[error(
        "{} does not hold the books of the local billing provider ({problem}); put back what was in it, or move it away \
         to begin with empty ones",
        path.display()
    )]
    Broken {
        /// Which file.
        path: PathBuf,
        /// What is wrong, without anything of the content.
        problem: String,
    },
}

/// The file of the books. Nobody else works on it meanwhile.
pub(super) struct BooksFile {
    folder: PathBuf,
    /// The claim ends with the process, however that ends.
    _lock: File,
}

#[derive(Serialize)]
struct Written<'a> {
    format: u32,
    books: &'a Books,
}

#[derive(Deserialize)]
struct Format {
    format: u32,
}

#[derive(Deserialize)]
struct Content {
    books: Books,
}

impl BooksFile {
    /// Opens the books in a folder that exists; empty ones when there are none yet.
    pub(super) fn open(folder: &Path) -> Result<(Self, Books), OpenBooksError> {
        let (path, lock_path) = (folder.join(FILE), folder.join(LOCK));
        let lock = private().create(true).truncate(false).write(true).open(&lock_path);
        let lock = lock.map_err(|error| OpenBooksError::Unusable { path: lock_path.clone(), error })?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => OpenBooksError::InUse(path.clone()),
            TryLockError::Error(error) => OpenBooksError::Unusable { path: lock_path, error },
        })?;
        let books = match File::open(&path).and_then(read) {
            Ok(text) => parse(&text).map_err(|problem| OpenBooksError::Broken { path, problem })?,
            Err(error) if error.kind() == ErrorKind::NotFound => Books::default(),
            Err(error) => return Err(OpenBooksError::Unusable { path, error }),
        };
        Ok((Self { folder: folder.to_owned(), _lock: lock }, books))
    }

    /// Writes the books, as a whole or not at all: once this returns, they survive a power cut, and when it fails, those
    /// from before do.
    pub(super) fn save(&self, books: &Books) -> io::Result<()> {
        let text = serde_json::to_vec(&Written { format: FORMAT, books })?;
        if u64::try_from(text.len()).is_ok_and(|length| length > LARGEST) {
            return Err(too_large());
        }
        let draft = self.folder.join(DRAFT);
        let mut file = private().create(true).truncate(true).write(true).open(&draft)?;
        file.write_all(&text)?;
        file.sync_all()?;
        fs::rename(&draft, self.folder.join(FILE))?;
        File::open(&self.folder)?.sync_all()
    }
}

/// Whoever knows the secret of a payment can confirm it.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn read(file: File) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut text)?;
    if u64::try_from(text.len()).is_ok_and(|length| length <= LARGEST) { Ok(text) } else { Err(too_large()) }
}

fn too_large() -> io::Error {
    io::Error::new(ErrorKind::FileTooLarge, format!("it has more than {} MiB", LARGEST / 1024 / 1024))
}

fn parse(text: &[u8]) -> Result<Books, String> {
    // Where it is, and not what is there, which may be a secret.
    let place = |error: serde_json::Error| format!("line {}, column {}", error.line(), error.column());
    let Format { format } = serde_json::from_slice(text).map_err(place)?;
    if format != FORMAT {
        return Err(format!("it has format {format}, and this service reads format {FORMAT}"));
    }
    let Content { books } = serde_json::from_slice(text).map_err(place)?;
    Ok(books)
}
