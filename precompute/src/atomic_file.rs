//! Files that are there in full or not at all.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use crate::interrupt::on_interrupt;

/// Writes a file under a temporary name beside `path` and renames it when it is complete.
///
/// Folders on the way are made. When `write` fails, or the program is interrupted, the temporary file goes and what was at `path` stays.
pub fn write_atomically<E: From<io::Error>>(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> Result<(), E>,
) -> Result<(), E> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let name = path.file_name().ok_or_else(|| {
        io::Error::new(
            io::ErrorKind::InvalidInput,
            "the path does not end in a file name",
        )
    })?;
    fs::create_dir_all(folder)?;
    // The process id keeps two runs over one working folder from writing into each other's file.
    let temporary = folder.join(format!(
        ".{}.{}.tmp",
        name.to_string_lossy(),
        std::process::id()
    ));
    let _guard = on_interrupt({
        let temporary = temporary.clone();
        move || drop(fs::remove_file(temporary))
    });
    let written = File::create(&temporary).map_err(E::from).and_then(|file| {
        let mut writer = BufWriter::with_capacity(1 << 20, file);
        write(&mut writer)?;
        let file = writer
            .into_inner()
            .map_err(io::IntoInnerError::into_error)?;
        // Without this a crash of the machine could leave the final name on an empty file.
        file.sync_data()?;
        fs::rename(&temporary, path)?;
        Ok(())
    });
    if written.is_err() {
        drop(fs::remove_file(&temporary));
    }
    written
}

/// Writes `bytes` as [`write_atomically`] does.
pub fn write_bytes_atomically(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_atomically(path, |writer| writer.write_all(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    #[test]
    fn a_failed_write_leaves_the_old_content_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("made/on/the/way.txt");
        write_bytes_atomically(&path, b"old").unwrap();
        let failed = write_atomically(&path, |writer| {
            writer.write_all(b"new and half")?;
            Err(io::Error::other("the disk is full"))
        });
        assert_eq!(failed.unwrap_err().to_string(), "the disk is full");
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(names(path.parent().unwrap()), ["way.txt"]);
    }
}
