//! `s3s-fs` behind one lock a key, with the reads done here.
//!
//! What it would do wrong by itself, as of 0.14.1: a GET ignores `If-None-Match` and `If-Match`; a conditional PUT checks first
//! and writes later, so that two can both succeed; a GET beside a PUT can pair old bytes with the new entity tag, which a client
//! that revalidates would keep for ever; a suffix range longer than the object fails; bodies are read in pieces of 4 KiB, each
//! with a hop to another thread.

use std::fs::File;
use std::io;
use std::ops;
use std::os::unix::fs::FileExt;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use hyper::header::{CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue};
use s3s::dto::{self, ETag, ETagCondition, StreamingBlob};
use s3s::{S3, S3Error, S3ErrorCode, S3Request, S3Response, S3Result, s3_error};
use s3s_fs::FileSystem;

use super::locks::KeyLocks;

/// A body is read from disk in pieces of this size, the first together with opening the file: an index's reads are one piece.
const PIECE_BYTES: u64 = 1 << 20;

/// The body of a PUT up to this size is received before the key is locked, so that a client that stalls keeps nobody waiting.
/// Larger objects are index files, whose names say their content and which nobody replaces.
const RECEIVE_FIRST_BYTES: i64 = 8 << 20;

/// The objects of a folder.
pub(super) struct ObjectStore {
    files: FileSystem,
    root: PathBuf,
    locks: KeyLocks,
}

impl ObjectStore {
    /// Serves `files`, whose folder is `root`.
    pub(super) fn new(files: FileSystem, root: &Path) -> Self {
        Self {
            files,
            root: root.to_owned(),
            locks: KeyLocks::default(),
        }
    }

    /// What is known about an object. The key must be locked.
    async fn head(
        &self,
        request: S3Request<dto::HeadObjectInput>,
    ) -> S3Result<dto::HeadObjectOutput> {
        // A folder is no object, though s3s-fs answers for it.
        if self
            .object_path(&request.input.bucket, &request.input.key)
            .is_dir()
        {
            return Err(s3_error!(NoSuchKey));
        }
        Ok(self.files.head_object(request).await?.output)
    }

    fn object_path(&self, bucket: &str, key: &str) -> PathBuf {
        self.root.join(bucket).join(key)
    }
}

/// Refuses keys that would be read as a way through the file system.
fn check_key(key: &str) -> S3Result<()> {
    if Path::new(key)
        .components()
        .all(|part| matches!(part, Component::Normal(_)))
    {
        Ok(())
    } else {
        Err(s3_error!(
            InvalidArgument,
            "keys with `.`, `..` or a leading slash are not kept here"
        ))
    }
}

/// Lets a read that names entity tags go on or not: 412 for `If-Match`, 304 for `If-None-Match`. Times are not compared.
fn check_read(
    etag: Option<&ETag>,
    if_match: Option<&ETagCondition>,
    if_none_match: Option<&ETagCondition>,
) -> S3Result<()> {
    let names = |condition: &ETagCondition| match condition {
        ETagCondition::Any => true,
        ETagCondition::ETag(tag) => etag.is_some_and(|etag| etag.weak_cmp(tag)),
    };
    if if_match.is_some_and(|condition| !names(condition)) {
        return Err(s3_error!(PreconditionFailed));
    }
    if if_none_match.is_some_and(names) {
        // An error, since s3s does not look at the status of an output. Its text is not sent: a 304 has no body.
        let etag = etag.and_then(|etag| etag.to_http_header().ok());
        let headers = etag.map(|etag| (ETAG, etag)).into_iter().collect();
        let mut not_modified = S3Error::new(S3ErrorCode::NotModified);
        not_modified.set_headers(headers);
        return Err(not_modified);
    }
    Ok(())
}

/// The bytes that a `Range` header names, or 416 with the object's length.
fn check_range(range: Option<dto::Range>, length: u64) -> S3Result<ops::Range<u64>> {
    let Some(range) = range else {
        return Ok(0..length);
    };
    range
        .check(length)
        .ok()
        .filter(|range| !range.is_empty())
        .ok_or_else(|| {
            let mut error = S3Error::new(S3ErrorCode::InvalidRange);
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/xml"));
            if let Ok(value) = HeaderValue::from_str(&format!("bytes */{length}")) {
                headers.insert(CONTENT_RANGE, value);
            }
            error.set_headers(headers);
            error
        })
}

/// Opens a file and reads the first piece of `range`; the stream reads the others as they are asked for.
async fn read_range(path: PathBuf, range: ops::Range<u64>) -> io::Result<StreamingBlob> {
    let first_end = range.end.min(range.start + PIECE_BYTES);
    let first_range = range.start..first_end;
    let (file, first) = tokio::task::spawn_blocking(move || {
        let file = File::open(path)?;
        let first = read_piece(&file, first_range)?;
        io::Result::Ok((file, first))
    })
    .await??;
    if first_end == range.end {
        return Ok(StreamingBlob::from(s3s::Body::from(first)));
    }
    let rest = stream::try_unfold(
        (Arc::new(file), first_end..range.end),
        |(file, range)| async move {
            if range.is_empty() {
                return Ok(None);
            }
            let end = range.end.min(range.start + PIECE_BYTES);
            let (reader, piece) = (Arc::clone(&file), range.start..end);
            let piece = tokio::task::spawn_blocking(move || read_piece(&reader, piece)).await??;
            io::Result::Ok(Some((piece, (file, end..range.end))))
        },
    );
    Ok(StreamingBlob::wrap(
        stream::once(async { Ok(first) }).chain(rest),
    ))
}

fn read_piece(file: &File, range: ops::Range<u64>) -> io::Result<Bytes> {
    let mut bytes = vec![0; (range.end - range.start) as usize];
    file.read_exact_at(&mut bytes, range.start)?;
    Ok(bytes.into())
}

/// Receives a small body whole.
async fn receive(body: &mut Option<StreamingBlob>, length: Option<i64>) -> S3Result<()> {
    if length.is_some_and(|length| length <= RECEIVE_FIRST_BYTES)
        && let Some(stream) = body.take()
    {
        let broken = |error| S3Error::with_source(S3ErrorCode::IncompleteBody, error);
        let pieces: Vec<Bytes> = stream.try_collect().await.map_err(broken)?;
        *body = Some(StreamingBlob::from(s3s::Body::from(pieces.concat())));
    }
    Ok(())
}

#[async_trait::async_trait]
impl S3 for ObjectStore {
    async fn get_object(
        &self,
        mut request: S3Request<dto::GetObjectInput>,
    ) -> S3Result<S3Response<dto::GetObjectOutput>> {
        let input = std::mem::take(&mut request.input);
        check_key(&input.key)?;
        let path = self.object_path(&input.bucket, &input.key);
        let (if_match, if_none_match) = (input.if_match.as_ref(), input.if_none_match.as_ref());

        // Held until the file is open: after that, a PUT replaces the name and leaves the bytes.
        let _reading = self.locks.read(&input.bucket, &input.key).await;
        let head_input = dto::HeadObjectInput {
            bucket: input.bucket.clone(),
            key: input.key.clone(),
            ..Default::default()
        };
        let head = self.head(request.map_input(|_| head_input)).await?;
        check_read(head.e_tag.as_ref(), if_match, if_none_match)?;
        let length = head.content_length.map_or(0, i64::unsigned_abs);
        let range = check_range(input.range, length)?;
        let whole = range == (0..length);
        let body = read_range(path, range.clone())
            .await
            .map_err(S3Error::internal_error)?;
        let mut output = dto::GetObjectOutput {
            accept_ranges: Some("bytes".to_owned()),
            body: Some(body),
            cache_control: input.response_cache_control.or(head.cache_control),
            content_disposition: input
                .response_content_disposition
                .or(head.content_disposition),
            content_encoding: input.response_content_encoding.or(head.content_encoding),
            content_language: input.response_content_language.or(head.content_language),
            content_length: Some((range.end - range.start) as i64),
            content_range: input.range.map(|_| {
                format!(
                    "bytes {}-{}/{length}",
                    range.start,
                    range.end.saturating_sub(1)
                )
            }),
            content_type: input.response_content_type.or(head.content_type),
            e_tag: head.e_tag,
            expires: head.expires,
            last_modified: head.last_modified,
            metadata: head.metadata,
            website_redirect_location: head.website_redirect_location,
            ..Default::default()
        };
        // They are of the whole object.
        if whole {
            output.checksum_crc32 = head.checksum_crc32;
            output.checksum_crc32c = head.checksum_crc32c;
            output.checksum_crc64nvme = head.checksum_crc64nvme;
            output.checksum_sha1 = head.checksum_sha1;
            output.checksum_sha256 = head.checksum_sha256;
        }
        Ok(S3Response::new(output))
    }

    async fn head_object(
        &self,
        request: S3Request<dto::HeadObjectInput>,
    ) -> S3Result<S3Response<dto::HeadObjectOutput>> {
        let input = request.input.clone();
        check_key(&input.key)?;
        let _reading = self.locks.read(&input.bucket, &input.key).await;
        let head = self.head(request).await?;
        check_read(
            head.e_tag.as_ref(),
            input.if_match.as_ref(),
            input.if_none_match.as_ref(),
        )?;
        Ok(S3Response::new(head))
    }

    async fn put_object(
        &self,
        mut request: S3Request<dto::PutObjectInput>,
    ) -> S3Result<S3Response<dto::PutObjectOutput>> {
        check_key(&request.input.key)?;
        receive(&mut request.input.body, request.input.content_length).await?;
        let _writing = self
            .locks
            .write(&request.input.bucket, &request.input.key)
            .await;
        self.files.put_object(request).await
    }

    async fn complete_multipart_upload(
        &self,
        request: S3Request<dto::CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<dto::CompleteMultipartUploadOutput>> {
        check_key(&request.input.key)?;
        let _writing = self
            .locks
            .write(&request.input.bucket, &request.input.key)
            .await;
        self.files.complete_multipart_upload(request).await
    }

    async fn copy_object(
        &self,
        request: S3Request<dto::CopyObjectInput>,
    ) -> S3Result<S3Response<dto::CopyObjectOutput>> {
        check_key(&request.input.key)?;
        let _writing = self
            .locks
            .write(&request.input.bucket, &request.input.key)
            .await;
        self.files.copy_object(request).await
    }

    async fn delete_object(
        &self,
        request: S3Request<dto::DeleteObjectInput>,
    ) -> S3Result<S3Response<dto::DeleteObjectOutput>> {
        check_key(&request.input.key)?;
        let _writing = self
            .locks
            .write(&request.input.bucket, &request.input.key)
            .await;
        self.files.delete_object(request).await
    }

    // What needs no lock: it touches no object that a reader may be reading, or it is no single object.

    async fn delete_objects(
        &self,
        request: S3Request<dto::DeleteObjectsInput>,
    ) -> S3Result<S3Response<dto::DeleteObjectsOutput>> {
        self.files.delete_objects(request).await
    }

    async fn create_bucket(
        &self,
        request: S3Request<dto::CreateBucketInput>,
    ) -> S3Result<S3Response<dto::CreateBucketOutput>> {
        self.files.create_bucket(request).await
    }

    async fn delete_bucket(
        &self,
        request: S3Request<dto::DeleteBucketInput>,
    ) -> S3Result<S3Response<dto::DeleteBucketOutput>> {
        self.files.delete_bucket(request).await
    }

    async fn head_bucket(
        &self,
        request: S3Request<dto::HeadBucketInput>,
    ) -> S3Result<S3Response<dto::HeadBucketOutput>> {
        self.files.head_bucket(request).await
    }

    async fn get_bucket_location(
        &self,
        request: S3Request<dto::GetBucketLocationInput>,
    ) -> S3Result<S3Response<dto::GetBucketLocationOutput>> {
        self.files.get_bucket_location(request).await
    }

    async fn list_buckets(
        &self,
        request: S3Request<dto::ListBucketsInput>,
    ) -> S3Result<S3Response<dto::ListBucketsOutput>> {
        self.files.list_buckets(request).await
    }

    async fn list_objects(
        &self,
        request: S3Request<dto::ListObjectsInput>,
    ) -> S3Result<S3Response<dto::ListObjectsOutput>> {
        self.files.list_objects(request).await
    }

    async fn list_objects_v2(
        &self,
        request: S3Request<dto::ListObjectsV2Input>,
    ) -> S3Result<S3Response<dto::ListObjectsV2Output>> {
        self.files.list_objects_v2(request).await
    }

    async fn create_multipart_upload(
        &self,
        request: S3Request<dto::CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<dto::CreateMultipartUploadOutput>> {
        self.files.create_multipart_upload(request).await
    }

    async fn upload_part(
        &self,
        request: S3Request<dto::UploadPartInput>,
    ) -> S3Result<S3Response<dto::UploadPartOutput>> {
        self.files.upload_part(request).await
    }

    async fn list_parts(
        &self,
        request: S3Request<dto::ListPartsInput>,
    ) -> S3Result<S3Response<dto::ListPartsOutput>> {
        self.files.list_parts(request).await
    }

    async fn abort_multipart_upload(
        &self,
        request: S3Request<dto::AbortMultipartUploadInput>,
    ) -> S3Result<S3Response<dto::AbortMultipartUploadOutput>> {
        self.files.abort_multipart_upload(request).await
    }
}
