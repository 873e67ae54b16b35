//! The signing secret of a service that runs on one machine, in a file that it makes itself.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use application::ports::IdGenerator;
use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};

use super::{SecretError, SecretSource, SecretTexts};

/// A secret in a file that only its owner may read. The first [`fetch`](SecretSource::fetch) makes the file,
/// with 384 random bits in Base64; a well-known default does not exist.
pub struct SecretFile {
    path: PathBuf,
    ids: Arc<dyn IdGenerator>,
}

impl SecretFile {
    /// The secret in the file of this path. Its folder must exist.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>, ids: Arc<dyn IdGenerator>) -> Self {
        Self { path: path.into(), ids }
    }
}

#[async_trait]
impl SecretSource for SecretFile {
    async fn fetch(&self) -> Result<SecretTexts, SecretError> {
        let (path, ids) = (self.path.clone(), Arc::clone(&self.ids));
        let text = tokio::task::spawn_blocking(move || read_or_make(&path, ids.as_ref()))
            .await
            .map_err(|_| SecretError("reading was interrupted".to_owned()))?
            .map_err(|error| SecretError(error.to_string()))?;
        Ok(SecretTexts { current: text, previous: None })
    }
}

fn read_or_make(path: &Path, ids: &dyn IdGenerator) -> io::Result<SecretString> {
    match read(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => make(path, ids),
        read => read,
    }
}

/// The file's text; an editor's line break at its end does not belong to it.
fn read(path: &Path) -> io::Result<SecretString> {
    let text: SecretString = fs::read_to_string(path)?.into();
    Ok(text.expose_secret().trim_end_matches(['\r', '\n']).into())
}

/// Makes the file as a whole or not at all: it is written under another name, and gets its own by a hard link,
/// which is refused when somebody else was faster. Then theirs counts.
fn make(path: &Path, ids: &dyn IdGenerator) -> io::Result<SecretString> {
    let draft = path.with_extension(ids.uuid().to_string());
    let result = write(&draft, &new_secret(ids)).and_then(|()| match fs::hard_link(&draft, path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        linked => linked,
    });
    let cleaned = match fs::remove_file(&draft) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        removed => removed,
    };
    result.and(cleaned)?;
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        // The file's name must survive a power cut before anything is signed with its content.
        File::open(folder)?.sync_all()?;
    }
    read(path)
}

fn write(path: &Path, secret: &SecretString) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(secret.expose_secret().as_bytes())?;
    file.sync_all()
}

fn new_secret(ids: &dyn IdGenerator) -> SecretString {
    let mut bytes = [ids.secret(), ids.secret()].concat();
    bytes.truncate(48);
    let text = STANDARD.encode(&bytes);
    zeroize::Zeroize::zeroize(&mut bytes);
    text.into()
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;
    use crate::system::SystemIds;

    fn secret_in(folder: &Path) -> SecretFile {
        SecretFile::new(folder.join("jwt-secret"), Arc::new(SystemIds))
    }

    #[tokio::test]
    async fn a_secret_is_made_once_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let made = secret_in(folder.path()).fetch().await.unwrap().current;
        assert_eq!(STANDARD.decode(made.expose_secret()).unwrap().len(), 48);
        let kept = secret_in(folder.path()).fetch().await.unwrap().current;
        assert_eq!(made.expose_secret(), kept.expose_secret());

        let elsewhere = tempfile::tempdir().unwrap();
        let other = secret_in(elsewhere.path()).fetch().await.unwrap().current;
        assert_ne!(made.expose_secret(), other.expose_secret());
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn only_the_owner_may_read_the_file_and_nothing_lies_beside_it() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().unwrap();
        secret_in(folder.path()).fetch().await.unwrap();
        let files: Vec<_> = fs::read_dir(folder.path()).unwrap().map(Result::unwrap).collect();
        assert_eq!(files.len(), 1);
        assert_eq!(files[0].metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn processes_that_start_together_agree_on_one_secret() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("jwt-secret");
        let secrets: Vec<_> = thread::scope(|scope| {
            let starts: Vec<_> = (0..8).map(|_| scope.spawn(|| make(&path, &SystemIds).unwrap())).collect();
            starts.into_iter().map(|start| start.join().unwrap().expose_secret().to_owned()).collect()
        });
        assert!(secrets.iter().all(|secret| *secret == secrets[0]));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[tokio::test]
    async fn a_line_break_at_the_end_does_not_belong_to_the_secret() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("jwt-secret"), "written by hand, long enough to sign\n").unwrap();
        let secret = secret_in(folder.path()).fetch().await.unwrap().current;
        assert_eq!(secret.expose_secret(), "written by hand, long enough to sign");
    }

    #[tokio::test]
    async fn a_folder_that_does_not_exist_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        assert!(secret_in(&folder.path().join("nowhere")).fetch().await.is_err());
    }
}
