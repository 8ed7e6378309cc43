//! Objects in a bucket, read with ranged GETs.
//!
//! [`S3Storage`] builds requests and judges answers; a [`Transport`] carries them. In a component that is `wasi:http`, in tests a table.

mod address;
mod signature;
#[cfg(target_arch = "wasm32")]
mod wasi_transport;

use std::{
    num::NonZeroU64,
    time::{SystemTime, UNIX_EPOCH},
};

use index::Buffer;

use super::{Document, DocumentQuery, MAXIMUM_DOCUMENT_LEN_BYTES, Piece, Storage, StorageError};

pub use address::{Addressing, Endpoint, S3Bucket};
pub use signature::Credentials;
#[cfg(target_arch = "wasm32")]
pub use wasi_transport::WasiTransport;

/// How long a signed request may be used. It is used at once; the rest is for clocks that differ.
const SIGNATURE_LIFETIME_SECONDS: u32 = 300;

/// A GET request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct GetRequest {
    /// Whether to use TLS.
    pub secure: bool,
    /// Host and, if it is not the usual one, port.
    pub authority: String,
    /// Path and query, encoded.
    pub path_with_query: String,
    /// The value of the header `range`.
    pub range: Option<String>,
    /// The value of the header `if-none-match`.
    pub if_none_match: Option<String>,
    /// A body that is longer is not what was asked for and is given up one byte later.
    pub maximum_body_len_bytes: u32,
}

impl GetRequest {
    /// How much to read next of a body of which so much is here; `None` when it is longer than the maximum, for then enough was read.
    ///
    /// Counted in 64 bits: in a component's 32 the byte after the longest range would be the byte 0, and reading nothing never ends.
    #[cfg_attr(
        not(any(target_arch = "wasm32", test)),
        expect(dead_code, reason = "only a component reads from the network")
    )]
    fn next_read_len_bytes(&self, received_len_bytes: usize) -> Option<NonZeroU64> {
        let enough = u64::from(self.maximum_body_len_bytes) + 1;
        NonZeroU64::new(enough.saturating_sub(received_len_bytes as u64))
    }
}

/// What came back.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct GetResponse {
    /// The status code.
    pub status: u16,
    /// The header `content-range`.
    pub content_range: Option<String>,
    /// The header `etag`.
    pub etag: Option<String>,
    /// The body, cut off one byte after its maximum.
    pub body: Vec<u8>,
}

/// Carries requests.
pub trait Transport {
    /// Sends all requests side by side and waits for all answers; what the network says where there is none.
    fn get_all(&self, requests: &[GetRequest]) -> Vec<Result<GetResponse, String>>;
}

/// A bucket behind a transport.
#[derive(Clone, Debug)]
pub struct S3Storage<T> {
    bucket: S3Bucket,
    transport: T,
}

impl<T: Transport> S3Storage<T> {
    /// Nothing is asked yet.
    pub fn new(bucket: S3Bucket, transport: T) -> Self {
        Self { bucket, transport }
    }

    /// A request for an object as a whole.
    fn request(&self, key: &str, date_time: &str) -> GetRequest {
        let address = self.bucket.address(key);
        // Neither range nor condition is a part of what is signed.
        let path_with_query = match &self.bucket.credentials {
            Some(credentials) => signature::presign(
                &address,
                credentials,
                &self.bucket.region,
                date_time,
                SIGNATURE_LIFETIME_SECONDS,
            ),
            None => address.path,
        };
        GetRequest {
            secure: self.bucket.endpoint.secure,
            authority: address.authority,
            path_with_query,
            range: None,
            if_none_match: None,
            maximum_body_len_bytes: MAXIMUM_DOCUMENT_LEN_BYTES as u32,
        }
    }

    fn piece_request(&self, piece: &Piece, date_time: &str) -> GetRequest {
        let last = piece.offset + u64::from(piece.len_bytes.saturating_sub(1));
        GetRequest {
            range: Some(format!("bytes={}-{last}", piece.offset)),
            maximum_body_len_bytes: piece.len_bytes,
            ..self.request(&piece.key, date_time)
        }
    }

    fn document_request(&self, query: &DocumentQuery, date_time: &str) -> GetRequest {
        GetRequest {
            if_none_match: query.known_etag.clone(),
            ..self.request(&query.key, date_time)
        }
    }

    /// Sends a request for each question and judges the answers.
    fn ask<Q, A>(
        &self,
        questions: &[Q],
        request: impl Fn(&Q, &str) -> GetRequest,
        judge: impl Fn(&Q, GetResponse) -> Result<A, StorageError>,
    ) -> Vec<Result<A, StorageError>> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let date_time = signature::date_time(now.map_or(0, |duration| duration.as_secs()));
        let requests: Vec<GetRequest> = questions
            .iter()
            .map(|question| request(question, &date_time))
            .collect();
        let responses = self.transport.get_all(&requests);
        questions
            .iter()
            .zip(responses)
            .map(|(question, response)| match response {
                Ok(response) => judge(question, response),
                Err(reason) => Err(StorageError::Unreachable { reason }),
            })
            .collect()
    }
}

impl<T: Transport> Storage for S3Storage<T> {
    fn read(&self, pieces: &[Piece]) -> Vec<Result<Buffer, StorageError>> {
        self.ask(
            pieces,
            |piece, date_time| self.piece_request(piece, date_time),
            judge_piece,
        )
    }

    fn documents(&self, queries: &[DocumentQuery]) -> Vec<Result<Document, StorageError>> {
        self.ask(
            queries,
            |query, date_time| self.document_request(query, date_time),
            judge_document,
        )
    }
}

/// Whether an answer is the part that was asked for.
fn judge_piece(piece: &Piece, response: GetResponse) -> Result<Buffer, StorageError> {
    let unexpected = |what: String| StorageError::Unexpected {
        key: piece.key.clone(),
        what,
    };
    match response.status {
        206 => {}
        200 => {
            let what = "the whole object where a range was asked for";
            return Err(unexpected(what.to_owned()));
        }
        status => return Err(refusal(&piece.key, status)),
    }
    let header = response.content_range.as_deref().unwrap_or_default();
    let wanted_last = piece.offset + u64::from(piece.len_bytes) - 1;
    match content_range(header) {
        Some((first, last)) if first == piece.offset && last < wanted_last => {
            Err(StorageError::TooShort {
                key: piece.key.clone(),
            })
        }
        Some((first, last))
            if (first, last) == (piece.offset, wanted_last)
                && response.body.len() == piece.len_bytes as usize =>
        {
            Ok(Buffer::Owned(response.body))
        }
        _ => Err(unexpected(format!(
            "content-range `{header}` and {} bytes",
            response.body.len()
        ))),
    }
}

/// Whether an answer is a document.
fn judge_document(query: &DocumentQuery, response: GetResponse) -> Result<Document, StorageError> {
    match response.status {
        304 if query.known_etag.is_some() => Ok(Document::Unchanged),
        200 if MAXIMUM_DOCUMENT_LEN_BYTES < response.body.len() => Err(StorageError::Unexpected {
            key: query.key.clone(),
            what: "it is too long for a document".to_owned(),
        }),
        200 => Ok(Document::Read {
            bytes: Buffer::Owned(response.body),
            etag: response.etag,
        }),
        status => Err(refusal(&query.key, status)),
    }
}

/// What a status means that brings nothing.
fn refusal(key: &str, status: u16) -> StorageError {
    let key = key.to_owned();
    match status {
        404 => StorageError::Absent { key },
        401 | 403 => StorageError::Denied { key },
        416 => StorageError::TooShort { key },
        500.. => StorageError::Unreachable {
            reason: format!("it answers with status {status}"),
        },
        _ => StorageError::Unexpected {
            key,
            what: format!("status {status}"),
        },
    }
}

/// The first and the last byte of `bytes 0-99/1234`.
fn content_range(header: &str) -> Option<(u64, u64)> {
    let (range, _) = header.strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    Some((first.parse().ok()?, last.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::tests::text_of;

    fn bucket(credentials: Option<Credentials>) -> S3Bucket {
        S3Bucket {
            endpoint: Endpoint::parse("http://127.0.0.1:9000").unwrap(),
            bucket: "kindred".to_owned(),
            prefix: String::new(),
            region: "us-east-1".to_owned(),
            addressing: Addressing::Path,
            credentials,
        }
    }

    /// Gives every request the same answer.
    struct Always(Result<GetResponse, String>);

    impl Transport for Always {
        fn get_all(&self, requests: &[GetRequest]) -> Vec<Result<GetResponse, String>> {
            requests.iter().map(|_| self.0.clone()).collect()
        }
    }

    /// The only door to the judgement: the bytes as text, or the error's text.
    fn check(range: Option<(u64, u32)>, response: Result<(u16, &str, &str), &str>, expected: &str) {
        let response = response
            .map(|(status, content_range, body)| GetResponse {
                status,
                content_range: Some(content_range.to_owned()),
                etag: None,
                body: body.as_bytes().to_vec(),
            })
            .map_err(str::to_owned);
        let storage = S3Storage::new(bucket(None), Always(response));
        assert_eq!(text_of(&storage, "k", range), expected);
    }

    #[test]
    fn only_what_was_asked_for_is_taken() {
        check(Some((5, 3)), Ok((206, "bytes 5-7/100", "abc")), "abc");
        check(None, Ok((200, "", "abc")), "abc");
        check(None, Ok((404, "", "")), "k is not there");
        check(None, Ok((403, "", "")), "the storage denies access to k");
        check(
            Some((5, 3)),
            Ok((416, "", "")),
            "k is shorter than its manifest says",
        );
        check(
            Some((5, 3)),
            Ok((206, "bytes 5-6/7", "ab")),
            "k is shorter than its manifest says",
        );
        check(
            Some((5, 3)),
            Ok((200, "", "the whole object")),
            "the storage gives an unexpected answer for k: the whole object where a range was asked for",
        );
        check(
            Some((5, 3)),
            Ok((206, "bytes 0-2/100", "abc")),
            "the storage gives an unexpected answer for k: content-range `bytes 0-2/100` and 3 bytes",
        );
        check(
            Some((5, 3)),
            Ok((206, "bytes 5-7/100", "ab")),
            "the storage gives an unexpected answer for k: content-range `bytes 5-7/100` and 2 bytes",
        );
        check(
            None,
            Ok((302, "", "")),
            "the storage gives an unexpected answer for k: status 302",
        );
        check(
            None,
            Ok((503, "", "")),
            "the storage cannot be reached (it answers with status 503)",
        );
        check(
            None,
            Err("connection refused"),
            "the storage cannot be reached (connection refused)",
        );
    }

    #[test]
    fn a_body_is_read_to_one_byte_after_its_maximum_and_never_by_nothing() {
        let check = |maximum_body_len_bytes, received_len_bytes, expected| {
            let request = GetRequest {
                secure: false,
                authority: String::new(),
                path_with_query: String::new(),
                range: None,
                if_none_match: None,
                maximum_body_len_bytes,
            };
            let next = request.next_read_len_bytes(received_len_bytes);
            assert_eq!(next.map(NonZeroU64::get), expected);
        };
        check(0, 0, Some(1));
        check(10, 0, Some(11));
        check(10, 10, Some(1));
        check(10, 11, None);
        check(10, 12, None);
        check(u32::MAX, 0, Some(1 << 32));
    }

    #[test]
    fn a_request_asks_for_its_range_and_is_signed_only_with_credentials() {
        let piece = Piece {
            key: "movies/current.json".to_owned(),
            offset: 10,
            len_bytes: 5,
        };
        let request = |credentials| {
            let transport = Always(Err(String::new()));
            S3Storage::new(bucket(credentials), transport).piece_request(&piece, "20261121T120000Z")
        };
        let anonymous = request(None);
        assert_eq!(anonymous.range.as_deref(), Some("bytes=10-14"));
        assert_eq!(anonymous.path_with_query, "/kindred/movies/current.json");
        let signed = request(Some(Credentials {
            access_key_id: "key".to_owned(),
            secret_access_key: "secret".to_owned(),
            session_token: None,
        }));
        assert!(signed.path_with_query.contains("&X-Amz-Signature="));
    }
}
