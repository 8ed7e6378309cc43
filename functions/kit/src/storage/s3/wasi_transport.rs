use wasi::{
    http::{
        outgoing_handler::handle,
        types::{
            ErrorCode, Fields, FutureIncomingResponse, IncomingBody, IncomingResponse, Method,
            OutgoingRequest, RequestOptions, Scheme,
        },
    },
    io::streams::StreamError,
};

use super::{GetRequest, GetResponse, Transport};

/// Requests in flight at once. A history at its limit asks for some hundreds of blocks, and a service has better clients than one that opens as many connections.
const MAXIMUM_REQUESTS_IN_FLIGHT: usize = 64;

/// The host waits ten minutes where nothing is said.
const CONNECT_TIMEOUT_NANOSECONDS: u64 = 2_000_000_000;
const FIRST_BYTE_TIMEOUT_NANOSECONDS: u64 = 5_000_000_000;
const BETWEEN_BYTES_TIMEOUT_NANOSECONDS: u64 = 5_000_000_000;

/// Carries requests through `wasi:http`.
#[derive(Clone, Copy, Debug)]
pub struct WasiTransport;

impl Transport for WasiTransport {
    fn get_all(&self, requests: &[GetRequest]) -> Vec<Result<GetResponse, String>> {
        let mut responses = Vec::with_capacity(requests.len());
        for requests in requests.chunks(MAXIMUM_REQUESTS_IN_FLIGHT) {
            // All are on their way before the first is waited for, and the host works on all of them meanwhile: together they take as long as the slowest.
            let started: Vec<_> = requests.iter().map(start).collect();
            responses.extend(started.into_iter().zip(requests).map(|(started, request)| {
                started
                    .and_then(|response| wait(&response))
                    .map_err(|error| in_words(&error))
                    .and_then(|response| read(&response, request))
            }));
        }
        responses
    }
}

fn start(request: &GetRequest) -> Result<FutureIncomingResponse, ErrorCode> {
    let headers = Fields::new();
    for (name, value) in [
        ("range", &request.range),
        ("if-none-match", &request.if_none_match),
    ] {
        if let Some(value) = value {
            headers
                .set(&name.to_owned(), &[value.as_bytes().to_vec()])
                .map_err(|_| ErrorCode::HttpProtocolError)?;
        }
    }
    let scheme = if request.secure {
        Scheme::Https
    } else {
        Scheme::Http
    };
    let outgoing = OutgoingRequest::new(headers);
    outgoing
        .set_method(&Method::Get)
        .and_then(|()| outgoing.set_scheme(Some(&scheme)))
        .and_then(|()| outgoing.set_authority(Some(&request.authority)))
        .and_then(|()| outgoing.set_path_with_query(Some(&request.path_with_query)))
        .map_err(|()| ErrorCode::HttpRequestUriInvalid)?;
    let options = RequestOptions::new();
    // A host without one of the time-outs refuses it, and its own holds.
    let _ = options.set_connect_timeout(Some(CONNECT_TIMEOUT_NANOSECONDS));
    let _ = options.set_first_byte_timeout(Some(FIRST_BYTE_TIMEOUT_NANOSECONDS));
    let _ = options.set_between_bytes_timeout(Some(BETWEEN_BYTES_TIMEOUT_NANOSECONDS));
    handle(outgoing, Some(options))
}

fn wait(response: &FutureIncomingResponse) -> Result<IncomingResponse, ErrorCode> {
    loop {
        match response.get() {
            Some(Ok(result)) => return result,
            Some(Err(())) => {
                return Err(ErrorCode::InternalError(Some(
                    "the answer was taken twice".to_owned(),
                )));
            }
            None => response.subscribe().block(),
        }
    }
}

fn read(response: &IncomingResponse, request: &GetRequest) -> Result<GetResponse, String> {
    let headers = response.headers();
    let header = |name: &str| {
        let values = headers.get(&name.to_owned());
        String::from_utf8(values.into_iter().next()?).ok()
    };
    let body = response
        .consume()
        .map_err(|()| "the answer has no body".to_owned())?;
    Ok(GetResponse {
        status: response.status(),
        content_range: header("content-range"),
        etag: header("etag"),
        body: read_body(&body, request)?,
    })
}

fn read_body(body: &IncomingBody, request: &GetRequest) -> Result<Vec<u8>, String> {
    let stream = body
        .stream()
        .map_err(|()| "the body was taken twice".to_owned())?;
    let mut bytes = Vec::new();
    while let Some(len_bytes) = request.next_read_len_bytes(bytes.len()) {
        match stream.blocking_read(len_bytes.get()) {
            Ok(chunk) => bytes.extend(chunk),
            Err(StreamError::Closed) => break,
            Err(StreamError::LastOperationFailed(error)) => return Err(error.to_debug_string()),
        }
    }
    Ok(bytes)
}

/// What an error means to whoever runs the deployment.
fn in_words(error: &ErrorCode) -> String {
    match error {
        ErrorCode::HttpRequestDenied => {
            "the host does not allow it: the endpoint is not among `allowed_outbound_hosts`"
        }
        ErrorCode::ConnectionRefused => "the connection was refused",
        ErrorCode::ConnectionTerminated => "the connection was closed",
        ErrorCode::ConnectionTimeout
        | ErrorCode::ConnectionReadTimeout
        | ErrorCode::ConnectionWriteTimeout
        | ErrorCode::HttpResponseTimeout => "it took too long",
        ErrorCode::DnsError(_)
        | ErrorCode::DnsTimeout
        | ErrorCode::DestinationNotFound
        | ErrorCode::DestinationUnavailable => "there is no such host",
        other => return other.to_string(),
    }
    .to_owned()
}
