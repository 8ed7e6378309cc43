//! Objects in a bucket, read with ranged GETs.
//!
//! [`S3Storage`] builds requests and judges answers, the module `exchange` decides when a request is sent again and given up, and a [`Transport`] carries it.
//! In a component that is `wasi:http`, in tests a script.

mod address;
mod exchange;
mod signature;
#[cfg(target_arch = "wasm32")]
mod wasi_transport;

use std::{
    num::NonZeroU64,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use index::Bytes;

use super::{
    Costs, Document, DocumentQuery, MAXIMUM_DOCUMENT_LEN_BYTES, Meter, Piece, Storage,
    StorageError, merge,
};

pub use address::{Addressing, Endpoint, S3Bucket};
pub use signature::Credentials;
#[cfg(target_arch = "wasm32")]
pub use wasi_transport::WasiTransport;

/// How long it is asked whether documents that the asker has are still the current ones.
const RENEWAL_TIMEOUT: Duration = Duration::from_secs(2);

/// As much of an error's document is looked at. It names its code at the start, and the longest, of a signature that does not match, have about 2 kB.
const MAXIMUM_ERROR_LEN_BYTES: u32 = 4096;

/// How long a bucket is waited for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct S3Limits {
    /// For a connection.
    pub connect_timeout: Duration,
    /// For the head of an answer.
    pub first_byte_timeout: Duration,
    /// For all answers of a batch, second attempts included.
    pub total_timeout: Duration,
    /// When an answer is so late, the same is asked once more and the first answer counts.
    pub hedge_after: Option<Duration>,
}

impl Default for S3Limits {
    /// Ten times what a healthy bucket takes far away, and short enough that whoever waits for the answer still does.
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(2),
            first_byte_timeout: Duration::from_secs(5),
            total_timeout: Duration::from_secs(10),
            hedge_after: None,
        }
    }
}

/// A GET request.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct GetRequest {
    /// Whether to use TLS.
    pub secure: bool,
    /// Host and, if it is not the usual one, port.
    pub authority: String,
    /// The path, encoded.
    pub path: String,
    /// The headers that sign it, if it is signed.
    pub signature: Vec<(&'static str, String)>,
    /// The value of the header `range`.
    pub range: Option<String>,
    /// The value of the header `if-none-match`.
    pub if_none_match: Option<String>,
    /// A body that is longer is not what was asked for and is given up one byte later.
    pub maximum_body_len_bytes: u32,
}

impl GetRequest {
    /// How much to read next of an answer of which so much is here; `None` when it is longer than the maximum, for then enough was read.
    ///
    /// Counted in 64 bits: in a component's 32 the byte after the longest range would be the byte 0, and reading nothing never ends.
    #[cfg_attr(
        not(any(target_arch = "wasm32", test)),
        expect(dead_code, reason = "only a component reads from the network")
    )]
    fn next_read_len_bytes(&self, received: &GetResponse) -> Option<NonZeroU64> {
        let maximum = match received.status {
            200..=299 => self.maximum_body_len_bytes,
            _ => MAXIMUM_ERROR_LEN_BYTES,
        };
        let enough = u64::from(maximum) + 1;
        NonZeroU64::new(enough.saturating_sub(received.body.len() as u64))
    }
}

/// What came back.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
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

/// Why nothing came back.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TransportFailure {
    /// What the network says, and nothing of what was sent, since a signature is in that.
    pub what: String,
    /// Whether it may be otherwise the next time.
    pub may_pass: bool,
}

/// Carries requests. Nothing waits but [`Self::wait`].
pub trait Transport {
    /// A request on its way.
    type Exchange;

    /// The time on a clock that only goes forward.
    fn now(&self) -> Duration;

    /// Sends a request.
    fn send(&self, request: &GetRequest) -> Self::Exchange;

    /// Takes in what has arrived: the outcome, when that is all. It is given once.
    fn advance(
        &self,
        exchange: &mut Self::Exchange,
    ) -> Option<Result<GetResponse, TransportFailure>>;

    /// Waits until some of the exchanges can be advanced, or the clock shows `until`; the positions of those that can.
    fn wait(&self, exchanges: &[&Self::Exchange], until: Duration) -> Vec<usize>;
}

/// A bucket behind a transport.
#[derive(Clone, Debug)]
pub struct S3Storage<T> {
    bucket: S3Bucket,
    limits: S3Limits,
    transport: T,
    random: fn() -> u64,
    meter: Meter,
}

impl<T: Transport> S3Storage<T> {
    /// Nothing is asked yet. `random` gives any number.
    pub fn new(bucket: S3Bucket, limits: S3Limits, transport: T, random: fn() -> u64) -> Self {
        Self {
            bucket,
            limits,
            transport,
            random,
            meter: Meter::default(),
        }
    }

    /// A request for an object as a whole, after another one of the same time.
    fn request(&self, key: &str, date_time: &str, previous: Option<&GetRequest>) -> GetRequest {
        let address = self.bucket.address(key);
        let signature = match (&self.bucket.credentials, previous) {
            (None, _) => Vec::new(),
            // Neither range nor condition is a part of what is signed, so the parts of an object have one signature.
            (Some(_), Some(previous)) if previous.path == address.path => {
                previous.signature.clone()
            }
            (Some(credentials), _) => {
                signature::sign(&address, credentials, &self.bucket.region, date_time)
            }
        };
        GetRequest {
            secure: self.bucket.endpoint.secure,
            authority: address.authority,
            path: address.path,
            signature,
            range: None,
            if_none_match: None,
            maximum_body_len_bytes: MAXIMUM_DOCUMENT_LEN_BYTES as u32,
        }
    }

    /// Sends a request for each question and judges the answers.
    fn ask<Q, A>(
        &self,
        limits: &S3Limits,
        questions: &[Q],
        key: impl Fn(&Q) -> &str,
        adapt: impl Fn(&Q, GetRequest) -> GetRequest,
        judge: impl Fn(&Q, GetResponse) -> Result<A, StorageError>,
    ) -> Vec<Result<A, StorageError>> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let date_time = signature::date_time(now.map_or(0, |duration| duration.as_secs()));
        let mut requests: Vec<GetRequest> = Vec::with_capacity(questions.len());
        for question in questions {
            let request = self.request(key(question), &date_time, requests.last());
            requests.push(adapt(question, request));
        }
        let batch = self
            .meter
            .round_trip(|| exchange::exchange_all(&self.transport, limits, self.random, &requests));
        let len = |outcome: &exchange::Outcome| outcome.as_ref().map_or(0, |it| it.body.len());
        self.meter.add(Costs {
            requests: batch.num_sent,
            second_attempts: batch.num_second_attempts,
            len_bytes: batch.of_requests.iter().map(len).sum::<usize>() as u64,
            ..Costs::default()
        });
        questions
            .iter()
            .zip(batch.of_requests)
            .map(|(question, outcome)| match outcome {
                Ok(response) => judge(question, response),
                Err(failure) => Err(StorageError::Unreachable {
                    reason: failure.what,
                }),
            })
            .collect()
    }
}

impl<T: Transport> Storage for S3Storage<T> {
    fn read(&self, pieces: &[Piece]) -> Vec<Result<Bytes, StorageError>> {
        let spans = merge::merge(pieces);
        let results = self.ask(
            &self.limits,
            &spans,
            |span| &span.piece.key,
            |span, request| part_request(&span.piece, request),
            |span, response| judge_piece(&span.piece, response),
        );
        merge::cut(pieces, &spans, results)
    }

    fn documents(&self, queries: &[DocumentQuery]) -> Vec<Result<Document, StorageError>> {
        // Who has a version of each can go on with those, and need not wait as long as others.
        let mut limits = self.limits;
        if queries.iter().all(|query| query.known_etag.is_some()) {
            limits.total_timeout = limits.total_timeout.min(RENEWAL_TIMEOUT);
        }
        self.ask(
            &limits,
            queries,
            |query| &query.key,
            |query, request| GetRequest {
                if_none_match: query.known_etag.clone(),
                ..request
            },
            judge_document,
        )
    }

    fn costs(&self) -> Costs {
        self.meter.costs()
    }
}

/// The request for an object made one for a part of it.
fn part_request(piece: &Piece, request: GetRequest) -> GetRequest {
    let last = piece.end().saturating_sub(1);
    GetRequest {
        range: Some(format!("bytes={}-{last}", piece.offset)),
        maximum_body_len_bytes: piece.len_bytes,
        ..request
    }
}

/// Whether an answer is the part that was asked for, or as much of it as its object has.
fn judge_piece(piece: &Piece, response: GetResponse) -> Result<Bytes, StorageError> {
    let unexpected = |what: String| StorageError::Unexpected {
        key: piece.key.to_string(),
        what,
    };
    match response.status {
        206 => {}
        200 => {
            let what = "the whole object where a range was asked for";
            return Err(unexpected(what.to_owned()));
        }
        _ => return Err(refusal(&piece.key, &response)),
    }
    let header = response.content_range.as_deref().unwrap_or_default();
    match content_range(header) {
        Some((first, last))
            if first == piece.offset
                && last < piece.end()
                && response.body.len() as u64 == last - first + 1 =>
        {
            Ok(Bytes::from(response.body))
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
            bytes: Bytes::from(response.body),
            etag: response.etag,
        }),
        _ => Err(refusal(&query.key, &response)),
    }
}

/// What an answer means that brings nothing.
fn refusal(key: &str, response: &GetResponse) -> StorageError {
    let key = key.to_owned();
    let document = String::from_utf8_lossy(&response.body);
    match response.status {
        404 => StorageError::Absent { key },
        400..=403 if says_that_clocks_differ(&document) => StorageError::ClocksDiffer,
        400..=403 => match credentials_code(&document) {
            Some(code) => StorageError::WrongCredentials { code },
            None if matches!(response.status, 401 | 403) => StorageError::Denied { key },
            None => StorageError::Unexpected {
                key,
                what: format!("status {}", response.status),
            },
        },
        416 => StorageError::TooShort { key },
        status @ (429 | 500..) => StorageError::Unreachable {
            reason: format!("it answers with status {status}"),
        },
        status => StorageError::Unexpected {
            key,
            what: format!("status {status}"),
        },
    }
}

/// Whether a refusal is one of the time. Some refuse a signature that is too old as any other, but the document names the server's time.
fn says_that_clocks_differ(document: &str) -> bool {
    code(document) == Some("RequestTimeTooSkewed") || document.contains("<ServerTime>")
}

/// The code of a refusal that is one of the credentials. Nothing else of the document is repeated: it names the key, and what was signed.
fn credentials_code(document: &str) -> Option<&'static str> {
    let code = code(document)?;
    [
        "ExpiredToken",
        "InvalidAccessKeyId",
        "InvalidToken",
        "SignatureDoesNotMatch",
        "TokenRefreshRequired",
    ]
    .into_iter()
    .find(|known| *known == code)
}

/// The text of the element `Code`.
fn code(document: &str) -> Option<&str> {
    let (_, rest) = document.split_once("<Code>")?;
    Some(rest.split_once("</Code>")?.0)
}

/// The first and the last byte of `bytes 0-99/1234`.
fn content_range(header: &str) -> Option<(u64, u64)> {
    let (range, _) = header.strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let (first, last) = (first.parse().ok()?, last.parse().ok()?);
    (first <= last).then_some((first, last))
}

#[cfg(test)]
pub(super) mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::storage::tests::text_of;

    pub(in crate::storage) fn bucket(credentials: Option<Credentials>) -> S3Bucket {
        S3Bucket {
            endpoint: Endpoint::parse("http://127.0.0.1:9000").unwrap(),
            bucket: "kindred".to_owned(),
            prefix: String::new(),
            region: "us-east-1".to_owned(),
            addressing: Addressing::Path,
            credentials,
        }
    }

    fn credentials() -> Credentials {
        Credentials {
            access_key_id: "key".to_owned(),
            secret_access_key: "secret".to_owned(),
            session_token: Some("token".to_owned()),
        }
    }

    /// Answers every request by a function, at once. Time passes only while nothing is there.
    pub(in crate::storage) struct Immediate<F> {
        answer: F,
        now: Cell<Duration>,
    }

    pub(in crate::storage) fn immediate<F>(answer: F) -> Immediate<F>
    where
        F: Fn(&GetRequest) -> exchange::Outcome,
    {
        let now = Cell::default();
        Immediate { answer, now }
    }

    impl<F: Fn(&GetRequest) -> exchange::Outcome> Transport for Immediate<F> {
        type Exchange = exchange::Outcome;

        fn now(&self) -> Duration {
            self.now.get()
        }

        fn send(&self, request: &GetRequest) -> exchange::Outcome {
            (self.answer)(request)
        }

        fn advance(&self, outcome: &mut exchange::Outcome) -> Option<exchange::Outcome> {
            Some(outcome.clone())
        }

        fn wait(&self, outcomes: &[&exchange::Outcome], until: Duration) -> Vec<usize> {
            if outcomes.is_empty() {
                self.now.set(until);
            }
            (0..outcomes.len()).collect()
        }
    }

    fn always(outcome: exchange::Outcome) -> impl Transport {
        immediate(move |_: &GetRequest| outcome.clone())
    }

    fn storage<T: Transport>(credentials: Option<Credentials>, transport: T) -> S3Storage<T> {
        S3Storage::new(bucket(credentials), S3Limits::default(), transport, || 0)
    }

    /// The only door to the judgement: the bytes as text, or the error's text.
    fn check(range: Option<(u64, u32)>, response: Result<(u16, &str, &str), &str>, expected: &str) {
        let outcome = match response {
            Ok((status, content_range, body)) => Ok(GetResponse {
                status,
                content_range: Some(content_range.to_owned()),
                etag: None,
                body: body.as_bytes().to_vec(),
            }),
            Err(what) => Err(TransportFailure {
                what: what.to_owned(),
                may_pass: false,
            }),
        };
        let storage = storage(None, always(outcome));
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
        for (content_range, body, len_bytes) in [
            ("bytes 0-2/100", "abc", 3),
            ("bytes 5-7/100", "ab", 2),
            ("bytes 5-8/100", "abcd", 4),
            ("bytes 7-5/100", "abc", 3),
            ("bytes 5-18446744073709551615/100", "abc", 3),
            ("", "abc", 3),
        ] {
            let expected = format!(
                "the storage gives an unexpected answer for k: content-range `{content_range}` and {len_bytes} bytes"
            );
            check(Some((5, 3)), Ok((206, content_range, body)), &expected);
        }
        check(
            None,
            Ok((302, "", "")),
            "the storage gives an unexpected answer for k: status 302",
        );
        check(
            None,
            Ok((304, "", "")),
            "the storage gives an unexpected answer for k: status 304",
        );
        for status in [429, 500, 503] {
            let expected =
                format!("the storage cannot be reached (it answers with status {status})");
            check(None, Ok((status, "", "")), &expected);
        }
        check(
            None,
            Err("connection refused"),
            "the storage cannot be reached (connection refused)",
        );
    }

    #[test]
    fn a_refusal_says_what_to_set_right_and_repeats_nothing_secret() {
        let error = |code: &str, more: &str| {
            format!(
                "<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>key secret token</Message>{more}</Error>"
            )
        };
        let skewed = "the clock here and that of the storage differ too much for signed requests: set them right";
        check(
            None,
            Ok((403, "", &error("RequestTimeTooSkewed", ""))),
            skewed,
        );
        let server_time = "<ServerTime>2026-11-21T12:00:00Z</ServerTime>";
        check(
            None,
            Ok((403, "", &error("AccessDenied", server_time))),
            skewed,
        );
        for (status, code) in [
            (403, "InvalidAccessKeyId"),
            (403, "SignatureDoesNotMatch"),
            (400, "ExpiredToken"),
        ] {
            let expected = format!(
                "the storage does not accept the credentials ({code}): look at `s3_access_key_id`, `s3_secret_access_key` and `s3_session_token`"
            );
            check(None, Ok((status, "", &error(code, ""))), &expected);
        }
        check(
            None,
            Ok((403, "", &error("AccessDenied", ""))),
            "the storage denies access to k",
        );
        check(
            None,
            Ok((400, "", &error("secret", ""))),
            "the storage gives an unexpected answer for k: status 400",
        );
    }

    #[test]
    fn a_body_is_read_to_one_byte_after_its_maximum_and_never_by_nothing() {
        let check = |status, maximum_body_len_bytes, received_len_bytes: usize, expected| {
            let request = GetRequest {
                maximum_body_len_bytes,
                ..GetRequest::default()
            };
            let received = GetResponse {
                status,
                body: vec![0; received_len_bytes],
                ..GetResponse::default()
            };
            let next = request.next_read_len_bytes(&received);
            assert_eq!(next.map(NonZeroU64::get), expected);
        };
        check(206, 0, 0, Some(1));
        check(206, 10, 0, Some(11));
        check(206, 10, 10, Some(1));
        check(206, 10, 11, None);
        check(206, 10, 12, None);
        check(206, u32::MAX, 0, Some(1 << 32));
        // An error's document is longer than the part that was asked for.
        check(403, 10, 12, Some(4085));
        check(403, 1 << 20, 4097, None);
    }

    fn piece(offset: u64, len_bytes: u32) -> Piece {
        Piece {
            key: "movies/current.json".into(),
            offset,
            len_bytes,
            object_len_bytes: 1 << 20,
        }
    }

    #[test]
    fn a_request_asks_for_its_range_and_is_signed_only_with_credentials() {
        let request = |credentials| {
            let transport = always(Ok(GetResponse::default()));
            let storage = storage(credentials, transport);
            let piece = piece(10, 5);
            let whole = storage.request(&piece.key, "20261121T120000Z", None);
            let again = storage.request(&piece.key, "20261121T120000Z", Some(&whole));
            assert_eq!(again, whole, "the parts of an object have one signature");
            let other = storage.request("movies/other", "20261121T120000Z", Some(&whole));
            assert_eq!(
                other.signature == whole.signature,
                whole.signature.is_empty()
            );
            part_request(&piece, whole)
        };
        let anonymous = request(None);
        assert_eq!(anonymous.range.as_deref(), Some("bytes=10-14"));
        assert_eq!(anonymous.signature, []);
        let signed = request(Some(credentials()));
        let header = |name| {
            let mut headers = signed.signature.iter();
            headers.find_map(|(other, value)| (*other == name).then_some(value.as_str()))
        };
        assert_eq!(header("x-amz-security-token"), Some("token"));
        let authorization = header("authorization").unwrap();
        let names = "SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token,";
        assert!(authorization.contains(names), "{authorization}");
        assert!(!authorization.contains("secret"));
        // Addresses are written into logs.
        for path in [anonymous.path, signed.path] {
            assert_eq!(path, "/kindred/movies/current.json");
        }
    }

    #[test]
    fn what_costs_is_counted_as_it_was_sent() {
        let transport = immediate(|request: &GetRequest| {
            let range = request.range.as_deref().unwrap_or_default();
            let (first, last) = content_range(&format!("bytes {}/*", &range[6..])).unwrap();
            Ok(GetResponse {
                status: 206,
                content_range: Some(format!("bytes {first}-{last}/9999999")),
                etag: None,
                body: vec![7; (last - first + 1) as usize],
            })
        });
        let storage = storage(None, transport);
        let results = storage.read(&[piece(0, 10), piece(500_000, 10), piece(90, 10)]);
        assert!(
            results
                .iter()
                .all(|result| result.as_deref().is_ok_and(|part| *part == [7; 10]))
        );
        let costs = storage.costs();
        assert_eq!(
            (
                costs.round_trips,
                costs.requests,
                costs.second_attempts,
                costs.len_bytes
            ),
            (1, 2, 0, 110)
        );
    }

    #[test]
    fn a_known_document_is_asked_for_by_its_tag() {
        let transport = immediate(|request: &GetRequest| {
            let is_known = request.if_none_match.as_deref() == Some("\"1\"");
            Ok(GetResponse {
                status: if is_known { 304 } else { 200 },
                etag: Some("\"1\"".to_owned()),
                ..GetResponse::default()
            })
        });
        let storage = storage(None, transport);
        let ask = |known_etag: Option<&str>| {
            let query = DocumentQuery {
                key: "k".to_owned(),
                known_etag: known_etag.map(str::to_owned),
            };
            storage.documents(&[query]).remove(0).unwrap()
        };
        assert_eq!(ask(Some("\"1\"")), Document::Unchanged);
        let read = Document::Read {
            bytes: Bytes::default(),
            etag: Some("\"1\"".to_owned()),
        };
        assert_eq!(ask(Some("\"0\"")), read);
        assert_eq!(ask(None), read);
    }
}
