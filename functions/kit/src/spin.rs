//! Between Spin and [`respond`]: the only module that knows a component.
//!
//! The bindings are used as they are, without the executor of the SDK: reading a request and writing an answer wait for nothing else.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use spin_sdk::{
    http::{Fields, IncomingRequest, Method as SpinMethod, OutgoingResponse, ResponseOutparam},
    key_value::Store,
};
use wasi::{
    io::streams::{OutputStream, StreamError},
    random::random::get_random_u64,
};

use crate::{
    context::Context,
    http::{Method, Request, Response},
    limits::MAXIMUM_BODY_LEN_BYTES,
    server::{Route, respond},
    settings::{IndexSource, Settings, Variables},
    storage::{
        FilesStorage, KeyValue, KeyValueFailure, PageCache, S3Storage, SealedStorage, SharedStore,
        Storage, s3::WasiTransport,
    },
};

/// How much of a body beyond the limit is received and thrown away. A client that sends all before it listens would find the connection closed, and
/// never read why; nobody sends a hundred long histories by mistake.
const MAXIMUM_DISCARDED_LEN_BYTES: u64 = 4 << 20;

/// Answers a request of Spin by a function's routes.
pub fn serve(request: &IncomingRequest, response: ResponseOutparam, routes: &[Route]) {
    let request = read(request);
    let send = |answer: &Response| {
        log_failure(&request, answer);
        // The other end is gone, then, and nobody is left to be told.
        let _ = write(response, &request, answer);
    };
    let settings = match Settings::read(&SpinVariables, SealedStorage::of_this_function()) {
        Ok(settings) => settings,
        Err(problem) => return send(&problem.response()),
    };
    let answer = |context: Context<'_>| respond(&request, routes, &context);
    let from = |storage: &dyn Storage| answer(Context::new(&settings, storage, get_random_u64));
    match &settings.index_source {
        IndexSource::Sealed(sealed) => send(&from(sealed)),
        IndexSource::Files { folder } => send(&from(&FilesStorage::new(folder))),
        IndexSource::S3(s3) => {
            let transport = WasiTransport::new(s3.limits);
            let bucket = S3Storage::new(s3.bucket.clone(), s3.limits, transport, get_random_u64);
            let store = SharedStore::new(&open_default_store, &time_since_1970, s3.bucket.url());
            let pages;
            let storage: &dyn Storage = match s3.block_cache_slots {
                Some(slot_count) => {
                    pages = PageCache::new(&bucket, &store, slot_count);
                    &pages
                }
                None => &bucket,
            };
            let context = Context::new(&settings, storage, get_random_u64);
            send(&answer(context.with_store(&store, s3.pointer_lifetime)));
            store.write();
        }
    }
}

/// The store that needs nothing but its name in the manifest.
fn open_default_store() -> Result<Box<dyn KeyValue>, KeyValueFailure> {
    let store = Store::open_default().map_err(|_| KeyValueFailure)?;
    Ok(Box::new(store))
}

impl KeyValue for Store {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, KeyValueFailure> {
        Self::get(self, key).map_err(|_| KeyValueFailure)
    }

    fn set(&self, key: &str, value: &[u8]) -> Result<(), KeyValueFailure> {
        Self::set(self, key, value).map_err(|_| KeyValueFailure)
    }
}

fn time_since_1970() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}

struct SpinVariables;

impl Variables for SpinVariables {
    fn get(&self, name: &str) -> Option<String> {
        spin_sdk::variables::get(name).ok()
    }
}

fn read(incoming: &IncomingRequest) -> Request {
    let method = match incoming.method() {
        SpinMethod::Get => Method::Get,
        SpinMethod::Head => Method::Head,
        SpinMethod::Post => Method::Post,
        SpinMethod::Options => Method::Options,
        other => Method::new(&other.to_string()),
    };
    let mut request = Request::new(method, &incoming.path_with_query().unwrap_or_default());
    request.headers = incoming
        .headers()
        .entries()
        .into_iter()
        .map(|(name, value)| {
            let value = String::from_utf8_lossy(&value).into_owned();
            (name.to_ascii_lowercase(), value)
        })
        .collect();
    if request.method == Method::Post {
        request.body = read_body(incoming);
    }
    request
}

/// Reads the body, and keeps of a longer one a byte more than is allowed: the refusal needs no more. One that breaks off is as short as it arrived.
fn read_body(incoming: &IncomingRequest) -> Vec<u8> {
    let mut bytes = Vec::new();
    let Ok(body) = incoming.consume() else {
        return bytes;
    };
    let Ok(stream) = body.stream() else {
        return bytes;
    };
    while bytes.len() <= MAXIMUM_BODY_LEN_BYTES {
        match stream.blocking_read((MAXIMUM_BODY_LEN_BYTES + 1 - bytes.len()) as u64) {
            Ok(chunk) => bytes.extend(chunk),
            Err(StreamError::Closed | StreamError::LastOperationFailed(_)) => return bytes,
        }
    }
    let mut num_left = MAXIMUM_DISCARDED_LEN_BYTES;
    while 0 < num_left {
        match stream.blocking_skip(num_left) {
            Ok(num_skipped) => num_left = num_left.saturating_sub(num_skipped),
            Err(_) => break,
        }
    }
    bytes
}

fn write(
    outparam: ResponseOutparam,
    request: &Request,
    answer: &Response,
) -> Result<(), StreamError> {
    let header = |name: &str, value: &str| (name.to_owned(), value.as_bytes().to_vec());
    let mut headers: Vec<_> = answer
        .headers
        .iter()
        .map(|(name, value)| header(name, value))
        .collect();
    // An answer without a body has no length, and that of HEAD would be another's.
    if request.method != Method::Head && !matches!(answer.status, 204 | 304) {
        headers.push(header("content-length", &answer.body.len().to_string()));
    }
    // Names and values are our own, but for an origin that has just come as a header: nothing that a host refuses.
    let headers = Fields::from_list(&headers).unwrap_or_else(|_| Fields::new());
    let outgoing = OutgoingResponse::new(headers);
    let _ = outgoing.set_status_code(answer.status);
    let body = outgoing.body();
    outparam.set(outgoing);
    let Ok(body) = body else {
        return Ok(());
    };
    if let Ok(stream) = body.write() {
        write_all(&stream, &answer.body)?;
    }
    let _ = spin_sdk::http::OutgoingBody::finish(body, None);
    Ok(())
}

fn write_all(stream: &OutputStream, mut bytes: &[u8]) -> Result<(), StreamError> {
    while !bytes.is_empty() {
        let permitted = stream.check_write()?;
        if permitted == 0 {
            stream.subscribe().block();
            continue;
        }
        let (chunk, rest) = bytes.split_at(bytes.len().min(permitted as usize));
        stream.write(chunk)?;
        bytes = rest;
    }
    stream.blocking_flush()
}

/// Whoever runs this reads what went wrong in the component's log, with the same words as the caller.
#[expect(
    clippy::print_stderr,
    reason = "a component's log is its standard error"
)]
fn log_failure(request: &Request, answer: &Response) {
    if 500 <= answer.status {
        let body = String::from_utf8_lossy(&answer.body);
        eprintln!("{} {} -> {body}", request.method, request.path);
    }
}
