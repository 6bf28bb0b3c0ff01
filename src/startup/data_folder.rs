//! The folder of what the process must remember: the private database and generated secrets.
//!
//! Not named by `data_folder`, it is `data` in the working folder, where the user of the private Postgres reaches it,
//! else a folder under `/var/lib/entrepot` that is this working folder's own.

use std::fs::{self, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::unistd::Uid;

use crate::config::{Config, Secret};
use crate::db::embedded::Embedded;

/// A folder that exists and that others cannot list.
#[derive(Clone, Debug)]
pub struct DataFolder(PathBuf);

impl DataFolder {
    /// Makes the folder if it is not there.
    pub fn open(config: &Config) -> io::Result<DataFolder> {
        let folder = match &config.data_folder {
            Some(folder) => folder.clone(),
            None => default_folder()?,
        };
        DataFolder::at(&folder)
    }

    /// The folder of that path. Root's may be passed through, since the private Postgres below runs as another user.
    pub fn at(folder: &Path) -> io::Result<DataFolder> {
        let named = |error: io::Error| io::Error::other(format!("the data folder {}: {error}", folder.display()));
        let mode = if Uid::effective().is_root() { 0o711 } else { 0o700 };
        if !folder.exists() {
            fs::DirBuilder::new().recursive(true).mode(0o755).create(folder).map_err(named)?;
        }
        fs::set_permissions(folder, Permissions::from_mode(mode)).map_err(named)?;
        Ok(DataFolder(fs::canonicalize(folder).map_err(named)?))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The secret of that name, generated and kept (mode 0600) at its first use.
    pub fn secret<E: From<io::Error>>(
        &self,
        name: &str,
        generate: impl FnOnce() -> Result<String, E>,
    ) -> Result<Secret, E> {
        let path = self.0.join(name);
        match fs::read_to_string(&path) {
            Ok(text) => return Ok(Secret::new(text.trim())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(io::Error::other(format!("{}: {error}", path.display())).into()),
        }
        let text = generate()?;
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        file.write_all(text.as_bytes())?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        Ok(Secret::new(text))
    }
}

fn default_folder() -> io::Result<PathBuf> {
    let here = std::env::current_dir()?;
    if Embedded::fits(&here) {
        return Ok(here.join("data"));
    }
    // FNV-1a: the same name for the same working folder, at every start.
    let hash = here
        .as_os_str()
        .as_encoded_bytes()
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    Ok(PathBuf::from(format!("/var/lib/entrepot/{hash:016x}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_generated_once_and_kept_from_others() {
        let parent = tempfile::tempdir().unwrap();
        let folder = DataFolder::at(&parent.path().join("data")).unwrap();
        let first = folder.secret::<io::Error>("word", || Ok("one".to_owned())).unwrap();
        let second = folder.secret::<io::Error>("word", || Ok("two".to_owned())).unwrap();
        assert_eq!((first.reveal(), second.reveal()), ("one", "one"));
        let mode = fs::metadata(folder.path().join("word")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
