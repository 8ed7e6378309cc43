use std::time::Duration;

use wasi::{
    clocks::monotonic_clock,
    http::{
        outgoing_handler::handle,
        types::{
            ErrorCode, Fields, FutureIncomingResponse, IncomingBody, IncomingResponse, Method,
            OutgoingRequest, RequestOptions, Scheme,
        },
    },
    io::{
        poll::{Pollable, poll},
        streams::{InputStream, StreamError},
    },
};

use super::{GetRequest, GetResponse, S3Limits, Transport, TransportFailure};

/// How long a body may pause. What it may take altogether is the batch's limit.
const BETWEEN_BYTES_TIMEOUT: Duration = Duration::from_secs(5);

/// Carries requests through `wasi:http`.
#[derive(Clone, Copy, Debug)]
pub struct WasiTransport {
    limits: S3Limits,
}

impl WasiTransport {
    /// A transport that has the host keep these limits, as far as they are its own.
    pub fn new(limits: S3Limits) -> Self {
        Self { limits }
    }
}

/// A request on its way.
#[derive(Debug)]
pub enum Exchange {
    /// Nothing has come back yet.
    Sent(Sent),
    /// The body is coming in.
    Receiving(Receiving),
    /// It was not even sent.
    Refused(TransportFailure),
    /// The outcome was taken.
    Over,
}

/// What hangs on another resource stands before it here, and so is dropped before it, as hosts insist.
#[derive(Debug)]
pub struct Sent {
    arrival: Pollable,
    response: FutureIncomingResponse,
    request: GetRequest,
}

/// As in [`Sent`], the order matters.
#[derive(Debug)]
pub struct Receiving {
    arrival: Pollable,
    stream: InputStream,
    _body: IncomingBody,
    _response: IncomingResponse,
    request: GetRequest,
    received: GetResponse,
}

impl Transport for WasiTransport {
    type Exchange = Exchange;

    fn now(&self) -> Duration {
        Duration::from_nanos(monotonic_clock::now())
    }

    fn send(&self, request: &GetRequest) -> Exchange {
        match start(request, &self.limits) {
            Ok(response) => Exchange::Sent(Sent {
                arrival: response.subscribe(),
                response,
                request: request.clone(),
            }),
            Err(code) => Exchange::Refused(failure(&code)),
        }
    }

    fn advance(&self, exchange: &mut Exchange) -> Option<Result<GetResponse, TransportFailure>> {
        loop {
            let outcome = match exchange {
                Exchange::Sent(sent) => match sent.response.get()? {
                    Ok(Ok(response)) => {
                        match Receiving::new(response, std::mem::take(&mut sent.request)) {
                            Ok(receiving) => {
                                *exchange = Exchange::Receiving(receiving);
                                continue;
                            }
                            Err(failure) => Err(failure),
                        }
                    }
                    Ok(Err(code)) => Err(failure(&code)),
                    Err(()) => Err(broken("the answer was taken twice")),
                },
                Exchange::Receiving(receiving) => receiving.receive()?,
                Exchange::Refused(failure) => Err(failure.clone()),
                Exchange::Over => return None,
            };
            *exchange = Exchange::Over;
            return Some(outcome);
        }
    }

    fn wait(&self, exchanges: &[&Exchange], until: Duration) -> Vec<usize> {
        let is_refused = |exchange: &&Exchange| matches!(exchange, Exchange::Refused(_));
        if let Some(refused) = exchanges.iter().position(is_refused) {
            return vec![refused];
        }
        let clock = monotonic_clock::subscribe_instant(until.as_nanos() as u64);
        let arrivals = exchanges.iter().map(|exchange| match exchange {
            Exchange::Sent(Sent { arrival, .. })
            | Exchange::Receiving(Receiving { arrival, .. }) => arrival,
            // Neither is ever waited for: the one was found above, and the other is taken out when it is over.
            Exchange::Refused(_) | Exchange::Over => &clock,
        });
        let pollables: Vec<&Pollable> = arrivals.chain([&clock]).collect();
        poll(&pollables)
            .into_iter()
            .map(|position| position as usize)
            .filter(|&position| position < exchanges.len())
            .collect()
    }
}

fn start(request: &GetRequest, limits: &S3Limits) -> Result<FutureIncomingResponse, ErrorCode> {
    let headers = Fields::new();
    let range = request.range.as_ref().map(|value| ("range", value));
    let condition = request.if_none_match.as_ref();
    let condition = condition.map(|value| ("if-none-match", value));
    let signature = request.signature.iter().map(|(name, value)| (*name, value));
    for (name, value) in signature.chain(range).chain(condition) {
        headers
            .set(&name.to_owned(), &[value.as_bytes().to_vec()])
            .map_err(|_| ErrorCode::HttpProtocolError)?;
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
        .and_then(|()| outgoing.set_path_with_query(Some(&request.path)))
        .map_err(|()| ErrorCode::HttpRequestUriInvalid)?;
    let options = RequestOptions::new();
    let nanoseconds = |duration: Duration| Some(duration.as_nanos() as u64);
    // A host without one of the time-outs refuses it, and its own holds: ten minutes as a rule, so that the batch's limit comes first.
    let _ = options.set_connect_timeout(nanoseconds(limits.connect_timeout));
    let _ = options.set_first_byte_timeout(nanoseconds(limits.first_byte_timeout));
    let _ = options.set_between_bytes_timeout(nanoseconds(BETWEEN_BYTES_TIMEOUT));
    handle(outgoing, Some(options))
}

impl Receiving {
    /// The head of an answer is there, and its body comes in from here on.
    fn new(response: IncomingResponse, request: GetRequest) -> Result<Self, TransportFailure> {
        let headers = response.headers();
        let header = |name: &str| {
            let values = headers.get(&name.to_owned());
            String::from_utf8(values.into_iter().next()?).ok()
        };
        let received = GetResponse {
            status: response.status(),
            content_range: header("content-range"),
            etag: header("etag"),
            body: Vec::new(),
        };
        drop(headers);
        let body = response
            .consume()
            .map_err(|()| broken("the answer has no body"))?;
        let stream = body
            .stream()
            .map_err(|()| broken("the body was taken twice"))?;
        Ok(Self {
            arrival: stream.subscribe(),
            stream,
            _body: body,
            _response: response,
            request,
            received,
        })
    }

    /// Takes in what is there of the body; the whole answer, once that is all.
    fn receive(&mut self) -> Option<Result<GetResponse, TransportFailure>> {
        while let Some(len_bytes) = self.request.next_read_len_bytes(&self.received) {
            match self.stream.read(len_bytes.get()) {
                Ok(chunk) if chunk.is_empty() => return None,
                // Most bodies are one.
                Ok(chunk) if self.received.body.is_empty() => self.received.body = chunk,
                Ok(chunk) => self.received.body.extend(chunk),
                Err(StreamError::Closed) => break,
                Err(StreamError::LastOperationFailed(_)) => {
                    return Some(Err(TransportFailure {
                        what: "the answer broke off".to_owned(),
                        may_pass: true,
                    }));
                }
            }
        }
        Some(Ok(std::mem::take(&mut self.received)))
    }
}

fn broken(what: &str) -> TransportFailure {
    TransportFailure {
        what: what.to_owned(),
        may_pass: false,
    }
}

/// What an error means to whoever runs the deployment. A host that cannot tell why a connection broke calls it an error of the protocol, or of its own.
fn failure(code: &ErrorCode) -> TransportFailure {
    let (what, may_pass) = match code {
        ErrorCode::HttpRequestDenied => (
            "the host does not allow it: the endpoint is not among `allowed_outbound_hosts`",
            false,
        ),
        ErrorCode::ConnectionRefused => ("the connection was refused", false),
        ErrorCode::ConnectionTerminated
        | ErrorCode::HttpProtocolError
        | ErrorCode::HttpResponseIncomplete => ("the connection was closed", true),
        ErrorCode::InternalError(_) => ("the host failed to carry the request", true),
        ErrorCode::ConnectionTimeout
        | ErrorCode::ConnectionReadTimeout
        | ErrorCode::ConnectionWriteTimeout
        | ErrorCode::HttpResponseTimeout => ("it took too long", false),
        ErrorCode::DnsError(_)
        | ErrorCode::DnsTimeout
        | ErrorCode::DestinationNotFound
        | ErrorCode::DestinationUnavailable => ("there is no such host", false),
        other => return broken(&other.to_string()),
    };
    TransportFailure {
        what: what.to_owned(),
        may_pass,
    }
}
