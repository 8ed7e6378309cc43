use std::{
    fs::File,
    io::{self, ErrorKind, Read, Seek, SeekFrom},
    path::PathBuf,
};

use super::{MAXIMUM_DOCUMENT_LEN_BYTES, Piece, Range, Storage, StorageError};

/// A folder laid out as the bucket is, mounted into the component.
///
/// Useful for: one machine, and indexes that are shipped with the application. Reads are positioned, so a large file costs no more than a small one.
#[derive(Clone, Debug)]
pub struct FilesStorage {
    folder: PathBuf,
}

impl FilesStorage {
    /// The storage in a folder.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
        }
    }

    fn read_piece(&self, piece: &Piece) -> io::Result<Vec<u8>> {
        let mut file = File::open(self.folder.join(&piece.key))?;
        // Memory grows with what is there, not with what a manifest claims.
        let mut bytes = Vec::new();
        if let Some(Range { offset, len_bytes }) = piece.range {
            file.seek(SeekFrom::Start(offset))?;
            file.take(u64::from(len_bytes)).read_to_end(&mut bytes)?;
            if bytes.len() < len_bytes as usize {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        } else {
            let limit = MAXIMUM_DOCUMENT_LEN_BYTES as u64 + 1;
            file.take(limit).read_to_end(&mut bytes)?;
            if MAXIMUM_DOCUMENT_LEN_BYTES < bytes.len() {
                return Err(io::Error::other("it is too long for a document"));
            }
        }
        Ok(bytes)
    }
}

impl Storage for FilesStorage {
    fn read(&self, pieces: &[Piece]) -> Vec<Result<Vec<u8>, StorageError>> {
        let read = |piece: &Piece| {
            self.read_piece(piece).map_err(|error| {
                let key = piece.key.clone();
                match error.kind() {
                    ErrorKind::NotFound => StorageError::Absent { key },
                    ErrorKind::UnexpectedEof => StorageError::TooShort { key },
                    ErrorKind::PermissionDenied => StorageError::Denied { key },
                    _ => StorageError::Unexpected {
                        key,
                        what: error.to_string(),
                    },
                }
            })
        };
        pieces.iter().map(read).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_read_where_they_are_or_refused() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("movies")).unwrap();
        std::fs::write(folder.path().join("movies/a"), "0123456789").unwrap();
        let long = vec![0; MAXIMUM_DOCUMENT_LEN_BYTES + 1];
        std::fs::write(folder.path().join("movies/long"), long).unwrap();
        let storage = FilesStorage::new(folder.path());

        let check = |key: &str, range: Option<(u64, u32)>, expected: &str| {
            let piece = Piece {
                key: key.to_owned(),
                range: range.map(|(offset, len_bytes)| Range { offset, len_bytes }),
            };
            let found = match storage.read(&[piece]).remove(0) {
                Ok(bytes) => String::from_utf8(bytes).unwrap(),
                Err(error) => error.to_string(),
            };
            assert_eq!(found, expected, "{key}");
        };
        check("movies/a", None, "0123456789");
        check("movies/a", Some((3, 4)), "3456");
        check(
            "movies/a",
            Some((8, 4)),
            "movies/a is shorter than its manifest says",
        );
        check(
            "movies/a",
            Some((80, 4)),
            "movies/a is shorter than its manifest says",
        );
        check(
            "movies/a",
            Some((0, u32::MAX)),
            "movies/a is shorter than its manifest says",
        );
        check("movies/b", None, "movies/b is not there");
        check(
            "movies/long",
            None,
            "the storage gives an unexpected answer for movies/long: it is too long for a document",
        );
    }
}
