use std::fmt;
use std::fs::File;
use std::future::Future;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{
    Credentials, Region, RequestChecksumCalculation, ResponseChecksumValidation, SharedHttpClient,
};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::{ByteStream, DateTime};
use aws_sdk_s3::types::{ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart};
use aws_smithy_http_client::{Builder as HttpClientBuilder, tls};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use super::{Condition, Content, Object, ObjectInfo, Store, StoreError};
use crate::digest::{hexadecimal, sha256_hex};
use crate::interrupt::on_interrupt;

/// Files from this length on are uploaded in parts, so that a broken connection costs one part.
const MULTIPART_MIN_LEN_BYTES: u64 = 16 << 20;

/// The length of a part; S3 wants at least 5 MiB.
const PART_LEN_BYTES: u64 = 8 << 20;

/// S3 takes no more parts than this, so longer files get longer parts.
const MAX_NUM_PARTS: u64 = 10_000;

/// How many parts of one file are on their way at once; each is held in memory.
const NUM_PARALLEL_PARTS: usize = 4;

/// A key names its content for good, so whoever has read an index file never asks again.
const IMMUTABLE: &str = "public, max-age=31536000, immutable";

/// A document that is replaced is asked for anew each time.
const REVALIDATE: &str = "no-cache";

/// The name under which objects carry their SHA-256. S3's own checksum of a multipart upload is one of its parts, so it could not be compared.
const SHA256_METADATA: &str = "sha256";

/// Which bucket, and where it is when it is not on AWS.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct S3Location {
    /// The bucket.
    pub bucket: String,
    /// The region; a service of one's own takes any.
    pub region: String,
    /// The address of an S3-compatible service, which is then asked path-style; absent: AWS.
    pub endpoint: Option<String>,
    /// The keys to sign with; absent: the usual chain of environment, profile, web identity, container and instance.
    pub access_keys: Option<AccessKeys>,
}

/// Keys to sign requests with.
#[derive(Clone, Eq, PartialEq)]
pub struct AccessKeys {
    /// The public half.
    pub access_key_id: String,
    /// The secret half, which no message ever shows.
    pub secret_access_key: String,
}

impl fmt::Debug for AccessKeys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("AccessKeys")
            .field("access_key_id", &self.access_key_id)
            .finish_non_exhaustive()
    }
}

/// A bucket on S3, or on any service that speaks it.
#[derive(Debug)]
pub struct S3Store {
    client: Client,
    bucket: String,
    endpoint: String,
    runtime: Runtime,
}

impl S3Store {
    /// Prepares a client; nothing is asked of the bucket yet.
    pub fn connect(location: &S3Location) -> Result<Self, StoreError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .map_err(StoreError::Client)?;
        let client = runtime.block_on(client(location));
        Ok(Self {
            client,
            bucket: location.bucket.clone(),
            endpoint: location
                .endpoint
                .clone()
                .unwrap_or_else(|| "AWS".to_owned()),
            runtime,
        })
    }

    /// Makes the bucket, for a demo or a test on a service that is empty; one that is there already is no error.
    pub fn create_bucket(&self) -> Result<(), StoreError> {
        self.run("create the bucket", &self.bucket, async {
            match self
                .client
                .create_bucket()
                .bucket(&self.bucket)
                .send()
                .await
            {
                Err(error)
                    if matches!(
                        error.code(),
                        Some("BucketAlreadyOwnedByYou" | "BucketAlreadyExists")
                    ) =>
                {
                    Ok(())
                }
                other => other.map(drop),
            }
        })
    }

    fn run<T, E>(
        &self,
        operation: &'static str,
        key: &str,
        request: impl Future<Output = Result<T, SdkError<E>>>,
    ) -> Result<T, StoreError>
    where
        E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
    {
        let answer = self.runtime.block_on(request);
        let endpoint = || self.endpoint.clone();
        answer.map_err(|error| match &error {
            SdkError::DispatchFailure(failure) if failure.is_io() || failure.is_timeout() => {
                StoreError::Unreachable {
                    endpoint: endpoint(),
                    source: Box::new(error),
                }
            }
            SdkError::DispatchFailure(_) => StoreError::NotSent {
                endpoint: endpoint(),
                source: Box::new(error),
            },
            _ if error.code() == Some("NoSuchBucket") => StoreError::NoBucket {
                bucket: self.bucket.clone(),
                endpoint: endpoint(),
            },
            _ => request_error(operation, key, error),
        })
    }

    /// Uploads a file in parts; after a failure or an interrupt nothing of it stays on the store, where it would cost money unseen.
    fn put_in_parts(
        &self,
        key: &str,
        path: &Path,
        len_bytes: u64,
        sha256: &str,
    ) -> Result<(), StoreError> {
        let begun = self.run("begin an upload to", key, async {
            self.client
                .create_multipart_upload()
                .bucket(&self.bucket)
                .key(key)
                .content_type(content_type(key))
                .cache_control(IMMUTABLE)
                .metadata(SHA256_METADATA, sha256)
                .checksum_algorithm(ChecksumAlgorithm::Sha256)
                .send()
                .await
        })?;
        let upload_id = begun.upload_id().unwrap_or_default().to_owned();
        let abort = {
            let request = self
                .client
                .abort_multipart_upload()
                .bucket(&self.bucket)
                .key(key)
                .upload_id(&upload_id);
            let handle = self.runtime.handle().clone();
            // Best effort: what it is called after is reported already, and a lifecycle rule can do the rest.
            move || drop(handle.block_on(request.send()))
        };
        let _guard = on_interrupt(abort.clone());
        let uploaded = self
            .runtime
            .block_on(self.put_parts(key, &upload_id, path, len_bytes, sha256))
            .and_then(|parts| {
                let completed = CompletedMultipartUpload::builder()
                    .set_parts(Some(parts))
                    .build();
                self.run("complete the upload to", key, async {
                    self.client
                        .complete_multipart_upload()
                        .bucket(&self.bucket)
                        .key(key)
                        .upload_id(&upload_id)
                        .multipart_upload(completed)
                        .send()
                        .await
                })
            });
        if uploaded.is_err() {
            abort();
        }
        uploaded.map(drop)
    }

    async fn put_parts(
        &self,
        key: &str,
        upload_id: &str,
        path: &Path,
        len_bytes: u64,
        sha256: &str,
    ) -> Result<Vec<CompletedPart>, StoreError> {
        let file_error = |source| StoreError::File {
            path: path.to_owned(),
            source,
        };
        let file_changed = || StoreError::FileChanged {
            path: path.to_owned(),
        };
        let mut file = File::open(path).map_err(file_error)?;
        let mut hasher = Sha256::new();
        let mut left_bytes = len_bytes;
        let mut on_their_way = JoinSet::new();
        let mut parts = Vec::new();
        for part_number in 1.. {
            if left_bytes == 0 {
                break;
            }
            if NUM_PARALLEL_PARTS <= on_their_way.len()
                && let Some(part) = on_their_way.join_next().await
            {
                parts.push(part.expect("an upload neither panics nor is cancelled")?);
            }
            let mut bytes = vec![0; part_len_bytes(len_bytes).min(left_bytes) as usize];
            left_bytes -= bytes.len() as u64;
            file.read_exact(&mut bytes)
                .map_err(|error| match error.kind() {
                    std::io::ErrorKind::UnexpectedEof => file_changed(),
                    _ => file_error(error),
                })?;
            hasher.update(&bytes);
            let checksum = checksum(&bytes);
            let request = self
                .client
                .upload_part()
                .bucket(&self.bucket)
                .key(key)
                .upload_id(upload_id)
                .part_number(part_number)
                .checksum_sha256(&checksum)
                .body(ByteStream::from(bytes));
            let key = key.to_owned();
            on_their_way.spawn(async move {
                let sent = request.send().await;
                let sent = sent.map_err(|error| request_error("upload a part of", &key, error))?;
                Ok::<_, StoreError>(
                    CompletedPart::builder()
                        .part_number(part_number)
                        .set_e_tag(sent.e_tag().map(str::to_owned))
                        .checksum_sha256(checksum)
                        .build(),
                )
            });
        }
        while let Some(part) = on_their_way.join_next().await {
            parts.push(part.expect("an upload neither panics nor is cancelled")?);
        }
        if hexadecimal(&hasher.finalize()) != sha256 {
            return Err(file_changed());
        }
        parts.sort_by_key(CompletedPart::part_number);
        Ok(parts)
    }
}

impl Store for S3Store {
    fn list(&self, prefix: &str) -> Result<Vec<ObjectInfo>, StoreError> {
        let mut objects = self.run("list", prefix, async {
            let mut pages = self
                .client
                .list_objects_v2()
                .bucket(&self.bucket)
                .prefix(prefix)
                .into_paginator()
                .send();
            let mut objects = Vec::new();
            while let Some(page) = pages.next().await {
                objects.extend(page?.contents().iter().map(|object| ObjectInfo {
                    key: object.key().unwrap_or_default().to_owned(),
                    len_bytes: object.size().unwrap_or_default() as u64,
                    modified_s: object.last_modified().map_or(0, DateTime::secs),
                    sha256: None,
                }));
            }
            Ok::<_, SdkError<_>>(objects)
        })?;
        // Compatible services do not all keep the order that AWS promises.
        objects.sort_by(|left, right| left.key.cmp(&right.key));
        Ok(objects)
    }

    fn head(&self, key: &str) -> Result<Option<ObjectInfo>, StoreError> {
        self.run("look up", key, async {
            match self
                .client
                .head_object()
                .bucket(&self.bucket)
                .key(key)
                .send()
                .await
            {
                Ok(object) => Ok(Some(ObjectInfo {
                    key: key.to_owned(),
                    len_bytes: object.content_length().unwrap_or_default() as u64,
                    modified_s: object.last_modified().map_or(0, DateTime::secs),
                    sha256: object
                        .metadata()
                        .and_then(|metadata| metadata.get(SHA256_METADATA))
                        .cloned(),
                })),
                Err(error) if status(&error) == Some(404) => Ok(None),
                Err(error) => Err(error),
            }
        })
    }

    fn get(&self, key: &str) -> Result<Option<Object>, StoreError> {
        let found = self.run("read", key, async {
            match self
                .client
                .get_object()
                .bucket(&self.bucket)
                .key(key)
                .send()
                .await
            {
                Err(error) if error.code() == Some("NoSuchKey") => Ok(None),
                other => other.map(Some),
            }
        })?;
        let Some(object) = found else { return Ok(None) };
        let etag = object.e_tag().unwrap_or_default().to_owned();
        let bytes = self.read_body(key, object.body)?;
        Ok(Some(Object { bytes, etag }))
    }

    fn get_range(&self, key: &str, offset: u64, len_bytes: u64) -> Result<Vec<u8>, StoreError> {
        let Some(last) = (offset + len_bytes).checked_sub(1) else {
            return Ok(Vec::new());
        };
        let object = self.run("read", key, async {
            self.client
                .get_object()
                .bucket(&self.bucket)
                .key(key)
                .range(format!("bytes={offset}-{last}"))
                .send()
                .await
        })?;
        self.read_body(key, object.body)
    }

    fn put_immutable(
        &self,
        key: &str,
        content: Content<'_>,
        sha256: &str,
    ) -> Result<(), StoreError> {
        let bytes = match content {
            Content::Document(bytes) => bytes.to_vec(),
            Content::File(path) => {
                let file_error = |source| StoreError::File {
                    path: path.to_owned(),
                    source,
                };
                let len_bytes = std::fs::metadata(path).map_err(file_error)?.len();
                if MULTIPART_MIN_LEN_BYTES <= len_bytes {
                    return self.put_in_parts(key, path, len_bytes, sha256);
                }
                let bytes = std::fs::read(path).map_err(file_error)?;
                if sha256_hex(&bytes) != sha256 {
                    return Err(StoreError::FileChanged {
                        path: path.to_owned(),
                    });
                }
                bytes
            }
        };
        self.run("write", key, async {
            self.client
                .put_object()
                .bucket(&self.bucket)
                .key(key)
                .content_type(content_type(key))
                .cache_control(IMMUTABLE)
                .metadata(SHA256_METADATA, sha256)
                .checksum_sha256(checksum(&bytes))
                .body(ByteStream::from(bytes))
                .send()
                .await
        })?;
        Ok(())
    }

    fn put_if(&self, key: &str, document: &[u8], condition: &Condition) -> Result<(), StoreError> {
        let request = self
            .client
            .put_object()
            .bucket(&self.bucket)
            .key(key)
            .content_type(content_type(key))
            .cache_control(REVALIDATE)
            .checksum_sha256(checksum(document))
            .body(ByteStream::from(document.to_vec()));
        let request = match condition {
            Condition::Absent => request.if_none_match("*"),
            Condition::Unchanged { etag } => request.if_match(etag),
        };
        let written = self.run("write", key, async {
            match request.send().await {
                Ok(_) => Ok(true),
                // 404: the object that should be unchanged is gone; 409: another conditional write is being decided at this moment.
                Err(error)
                    if status(&error) == Some(412)
                        || matches!(
                            error.code(),
                            Some("NoSuchKey" | "ConditionalRequestConflict")
                        ) =>
                {
                    Ok(false)
                }
                Err(error) => Err(error),
            }
        })?;
        if written {
            Ok(())
        } else {
            Err(StoreError::ConditionFailed {
                key: key.to_owned(),
            })
        }
    }

    fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.run("delete", key, async {
            self.client
                .delete_object()
                .bucket(&self.bucket)
                .key(key)
                .send()
                .await
        })?;
        Ok(())
    }
}

impl S3Store {
    fn read_body(&self, key: &str, body: ByteStream) -> Result<Vec<u8>, StoreError> {
        let bytes = self.runtime.block_on(body.collect());
        let bytes = bytes.map_err(|error| StoreError::Request {
            operation: "read",
            key: key.to_owned(),
            source: Box::new(error),
        })?;
        Ok(bytes.to_vec())
    }
}

async fn client(location: &S3Location) -> Client {
    let http_client: SharedHttpClient = HttpClientBuilder::new()
        .tls_provider(tls::Provider::Rustls(
            tls::rustls_provider::CryptoMode::Ring,
        ))
        .build_https();
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(5))
        .read_timeout(Duration::from_mins(1))
        .build();
    let mut loader = aws_config::from_env()
        .http_client(http_client)
        .timeout_config(timeouts)
        .region(Region::new(location.region.clone()));
    if let Some(endpoint) = &location.endpoint {
        loader = loader.endpoint_url(endpoint);
    }
    if let Some(keys) = &location.access_keys {
        let AccessKeys {
            access_key_id,
            secret_access_key,
        } = keys.clone();
        let provider = "the caller's keys";
        loader = loader.credentials_provider(Credentials::new(
            access_key_id,
            secret_access_key,
            None,
            None,
            provider,
        ));
    }
    let config = aws_sdk_s3::config::Builder::from(&loader.load().await)
        .force_path_style(location.endpoint.is_some())
        // We send the checksum where we want one. The SDK's own extra, CRC32 in a trailer, is refused by several compatible services; and told not to send that,
        // it sends none of an algorithm that is named either, but the name, which S3 refuses without a checksum.
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
        .build();
    Client::from_conf(config)
}

/// The SHA-256 of a body as S3 takes it, to refuse what was damaged on the way (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html>).
fn checksum(body: &[u8]) -> String {
    BASE64_STANDARD.encode(Sha256::digest(body))
}

fn part_len_bytes(file_len_bytes: u64) -> u64 {
    file_len_bytes.div_ceil(MAX_NUM_PARTS).max(PART_LEN_BYTES)
}

fn content_type(key: &str) -> &'static str {
    match key.rsplit_once('.') {
        Some((_, "json")) => "application/json",
        _ => "application/octet-stream",
    }
}

fn status<E>(error: &SdkError<E>) -> Option<u16> {
    error
        .raw_response()
        .map(|response| response.status().as_u16())
}

/// What the store answered instead of doing what was asked.
#[derive(Debug, thiserror::Error)]
#[error("the store answers {status} {code}: {message}")]
struct Refusal {
    status: u16,
    code: String,
    message: String,
}

fn request_error<E>(operation: &'static str, key: &str, error: SdkError<E>) -> StoreError
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    // The SDK says "service error" and hides the rest in its debug form.
    let source = match status(&error) {
        Some(status) => Box::new(Refusal {
            status,
            code: error.code().unwrap_or("without a code").to_owned(),
            message: error.message().unwrap_or("no message").to_owned(),
        }) as Box<dyn std::error::Error + Send + Sync>,
        None => Box::new(error),
    };
    StoreError::Request {
        operation,
        key: key.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store_at(endpoint: String) -> S3Store {
        let location = S3Location {
            bucket: "films".to_owned(),
            region: "us-east-1".to_owned(),
            endpoint: Some(endpoint),
            access_keys: Some(AccessKeys {
                access_key_id: "test".to_owned(),
                secret_access_key: "test".to_owned(),
            }),
        };
        S3Store::connect(&location).unwrap()
    }

    /// A server that answers one request so, and gives what it was asked. The second one is where it is.
    fn answering(answer: String) -> (std::thread::JoinHandle<String>, String) {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let answering = std::thread::spawn(move || {
            use std::io::Write;
            let (mut connection, _) = listener.accept().unwrap();
            let mut request = [0; 8192];
            let len = connection.read(&mut request).unwrap();
            connection.write_all(answer.as_bytes()).unwrap();
            String::from_utf8_lossy(&request[..len]).into_owned()
        });
        (answering, endpoint)
    }

    #[test]
    fn a_store_that_is_not_there_and_a_bucket_that_is_not_there_are_named() {
        let body = "<Error><Code>NoSuchBucket</Code><Message>no</Message></Error>";
        let len = body.len();
        let (answering, endpoint) = answering(format!(
            "HTTP/1.1 404 Not Found\r\ncontent-length: {len}\r\nconnection: close\r\n\r\n{body}"
        ));
        let list = || {
            let store = store_at(endpoint.clone());
            store.list("").unwrap_err().to_string()
        };
        assert_eq!(list(), format!("there is no bucket `films` at {endpoint}"));
        answering.join().unwrap();
        assert_eq!(list(), format!("cannot reach {endpoint}"));
    }

    #[test]
    fn what_is_written_has_its_checksum_beside_it() {
        let (answering, endpoint) = answering(
            "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_owned(),
        );
        let store = store_at(endpoint);
        store.put_if("key", b"abc", &Condition::Absent).unwrap();
        let request = answering.join().unwrap();
        // The first example of FIPS 180-2.
        let checksum = "x-amz-checksum-sha256: ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=\r\n";
        assert!(request.contains(checksum), "{request}");
        // S3 refuses the name of an algorithm without a checksum.
        assert!(
            !request.contains("x-amz-sdk-checksum-algorithm"),
            "{request}"
        );
    }

    #[test]
    fn parts_are_as_long_as_the_number_of_parts_asks() {
        assert_eq!(part_len_bytes(MULTIPART_MIN_LEN_BYTES), PART_LEN_BYTES);
        let longest_with_short_parts = PART_LEN_BYTES * MAX_NUM_PARTS;
        assert_eq!(part_len_bytes(longest_with_short_parts), PART_LEN_BYTES);
        let longer = longest_with_short_parts + 1;
        assert_eq!(part_len_bytes(longer), PART_LEN_BYTES + 1);
        assert!(longer.div_ceil(part_len_bytes(longer)) <= MAX_NUM_PARTS);
    }
}
