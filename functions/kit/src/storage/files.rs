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
