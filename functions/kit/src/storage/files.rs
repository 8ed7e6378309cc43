use std::{
    fs::File,
    io::{self, ErrorKind, Read, Seek, SeekFrom},
    path::PathBuf,
};

use index::Bytes;

use super::{
    Costs, Document, DocumentQuery, MAXIMUM_DOCUMENT_LEN_BYTES, Meter, Piece, Storage, StorageError,
};

/// A folder laid out as the bucket is, mounted into the component.
///
/// Useful for: one machine, and indexes that are shipped with the application. Reads are positioned, so a large file costs no more than a small one.
#[derive(Clone, Debug)]
pub struct FilesStorage {
    folder: PathBuf,
    meter: Meter,
}

impl FilesStorage {
    /// The storage in a folder.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            meter: Meter::default(),
        }
    }

    fn read_piece(&self, piece: &Piece) -> io::Result<Vec<u8>> {
        let mut file = File::open(self.folder.join(&*piece.key))?;
        file.seek(SeekFrom::Start(piece.offset))?;
        // Memory grows with what is there, not with what a manifest claims.
        let mut bytes = Vec::new();
        file.take(u64::from(piece.len_bytes))
            .read_to_end(&mut bytes)?;
        if bytes.len() < piece.len_bytes as usize {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        Ok(bytes)
    }

    fn read_document(&self, key: &str) -> io::Result<Vec<u8>> {
        let limit = MAXIMUM_DOCUMENT_LEN_BYTES as u64 + 1;
        let mut bytes = Vec::new();
        File::open(self.folder.join(key))?
            .take(limit)
            .read_to_end(&mut bytes)?;
        if MAXIMUM_DOCUMENT_LEN_BYTES < bytes.len() {
            return Err(io::Error::other("it is too long for a document"));
        }
        Ok(bytes)
    }
}

impl Storage for FilesStorage {
    fn read(&self, pieces: &[Piece]) -> Vec<Result<Bytes, StorageError>> {
        let read = |piece: &Piece| match self.read_piece(piece) {
            Ok(bytes) => Ok(Bytes::from(bytes)),
            Err(error) => Err(failure(&piece.key, &error)),
        };
        self.meter.round_trip(|| pieces.iter().map(read).collect())
    }

    /// Files have no entity tags: a document is read anew each time.
    fn documents(&self, queries: &[DocumentQuery]) -> Vec<Result<Document, StorageError>> {
        let read = |query: &DocumentQuery| match self.read_document(&query.key) {
            Ok(bytes) => Ok(Document::Read {
                bytes: Bytes::from(bytes),
                etag: None,
            }),
            Err(error) => Err(failure(&query.key, &error)),
        };
        self.meter.round_trip(|| queries.iter().map(read).collect())
    }

    fn costs(&self) -> Costs {
        self.meter.costs()
    }
}

fn failure(key: &str, error: &io::Error) -> StorageError {
    let key = key.to_owned();
    match error.kind() {
        ErrorKind::NotFound => StorageError::Absent { key },
        ErrorKind::UnexpectedEof => StorageError::TooShort { key },
        ErrorKind::PermissionDenied => StorageError::Denied { key },
        _ => StorageError::Unexpected {
            key,
            what: error.to_string(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::tests::text_of;

    #[test]
    fn pieces_are_read_where_they_are_or_refused() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("movies")).unwrap();
        std::fs::write(folder.path().join("movies/a"), "0123456789").unwrap();
        let long = vec![0; MAXIMUM_DOCUMENT_LEN_BYTES + 1];
        std::fs::write(folder.path().join("movies/long"), long).unwrap();
        let storage = FilesStorage::new(folder.path());

        let check = |key: &str, range: Option<(u64, u32)>, expected: &str| {
            assert_eq!(text_of(&storage, key, range), expected, "{key}");
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
