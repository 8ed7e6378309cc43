//! A proxy between functions and their storage.
//!
//! Everything passes through it unchanged, the `Host` header included, which is a part of what is signed; and everything is noted as an [`Exchange`], so that a
//! test can say how many objects a request read and how many of those reads had to wait for each other. [`Proxy::inflict`] makes it do harm to some of the
//! answers, [`Proxy::set_delay`] puts it far away.
//!
//! An answer is received whole before it is sent on: what passes here are ranges of index files, some kilobytes each.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::header::{CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, HeaderValue, RANGE};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

/// What may happen to an answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fault {
    /// The connection is reset before a byte of the answer is sent.
    Reset,
    /// The connection ends in the middle of the body.
    BreakOff,
    /// The object is shorter than anybody thinks: what was asked for is answered up to its middle, in a well-formed answer that says so.
    Truncate,
    /// After the first [`UNHARMED_BYTES`], one bit of every [`CORRUPTION_STEP_BYTES`] is another: a part of a body may be a gap that nobody looks at, and this
    /// hits whatever is looked at.
    Corrupt,
    /// Another text stands where this one does; of the same length, so that only the content says so.
    Replace {
        /// What the storage gave.
        text: &'static str,
        /// What is sent on.
        by: &'static str,
    },
    /// Only this answer takes so long more.
    Delay(Duration),
    /// The storage answers with this status, and with the error's code in XML as S3 does.
    Refuse {
        /// The status.
        status: u16,
        /// The error's code, such as `SlowDown`.
        code: &'static str,
    },
    /// `Content-Range` says that the body comes from one byte further on.
    ShiftContentRange,
    /// The head of the answer comes, and nothing after it.
    Stall,
}

/// The beginning of an object says what it is: a file of another version is not what is meant by a corrupt one.
const UNHARMED_BYTES: usize = 64;

/// No block is shorter with its checksum.
const CORRUPTION_STEP_BYTES: usize = 16;

impl Fault {
    /// The storage has more to do than it can: asking again a little later is right.
    pub const SLOW_DOWN: Self = Self::Refuse {
        status: 503,
        code: "SlowDown",
    };

    /// The clock of whoever asks is wrong.
    pub const CLOCK_SKEW: Self = Self::Refuse {
        status: 403,
        code: "RequestTimeTooSkewed",
    };
}

/// A request and its answer.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The path without the query: the bucket and the key.
    pub path: String,
    /// The header `range`.
    pub range: Option<String>,
    /// The status of what was sent on; `None` for a connection that was reset.
    pub status: Option<u16>,
    /// How long the body was, as the storage gave it.
    pub body_len_bytes: u64,
    /// When the request was there.
    pub started: Instant,
    /// When the answer was sent on.
    pub ended: Instant,
}

/// Exchanges side by side.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trip {
    /// How many there were.
    pub num_exchanges: usize,
    /// How long their bodies were together.
    pub body_len_bytes: u64,
    /// When the first of them was there.
    pub started: Instant,
    /// When the last of them was over.
    pub ended: Instant,
}

/// The round trips that had to be made one after the other: an exchange belongs to the trip after that of the last exchange that was over when it began.
///
/// What is sent side by side must not look as if it waited for each other, so the proxy has to delay answers by longer than it takes to send a batch.
pub fn dependent_trips(exchanges: &[Exchange]) -> Vec<Trip> {
    let mut by_start: Vec<&Exchange> = exchanges.iter().collect();
    by_start.sort_by_key(|exchange| exchange.started);
    let mut trips: Vec<Trip> = Vec::new();
    // Of each trip, when its first exchange was over: what begins later may have waited for it.
    let mut first_ends: Vec<Instant> = Vec::new();
    for exchange in by_start {
        let trip_idx = first_ends.partition_point(|end| *end <= exchange.started);
        if let (Some(trip), Some(end)) = (trips.get_mut(trip_idx), first_ends.get_mut(trip_idx)) {
            trip.num_exchanges += 1;
            trip.body_len_bytes += exchange.body_len_bytes;
            trip.ended = trip.ended.max(exchange.ended);
            *end = exchange.ended.min(*end);
        } else {
            trips.push(Trip {
                num_exchanges: 1,
                body_len_bytes: exchange.body_len_bytes,
                started: exchange.started,
                ended: exchange.ended,
            });
            first_ends.push(exchange.ended);
        }
    }
    trips
}

/// A running proxy, gone with the value.
pub struct Proxy {
    runtime: Option<Runtime>,
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    upstream: String,
    client: Client<HttpConnector, Full<Bytes>>,
    behaviour: Mutex<Behaviour>,
    exchanges: Mutex<Vec<Exchange>>,
}

#[derive(Default)]
struct Behaviour {
    delay: Duration,
    rules: Vec<Rule>,
}

struct Rule {
    path_part: String,
    fault: Fault,
    /// How many answers it is still for; `None` for all.
    num_left: Option<usize>,
    num_inflicted: usize,
}

impl Proxy {
    /// Starts a proxy on a free port of the loopback interface, in a thread of its own. `upstream` is the storage's URL without a path; it need not answer yet.
    ///
    /// # Errors
    ///
    /// When the system gives no port or no thread.
    pub fn start(upstream: &str) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("proxy")
            .enable_all()
            .build()?;
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))?;
        let address = listener.local_addr()?;
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let shared = Arc::new(Shared {
            upstream: upstream.to_owned(),
            client: Client::builder(TokioExecutor::new()).build(connector),
            behaviour: Mutex::default(),
            exchanges: Mutex::default(),
        });
        runtime.spawn(accept(listener, Arc::clone(&shared)));
        Ok(Self {
            runtime: Some(runtime),
            address,
            shared,
        })
    }

    /// Its address as a URL without a path: the endpoint to give to the functions.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on every answer takes so long more.
    pub fn set_delay(&self, delay: Duration) {
        self.shared.behaviour().delay = delay;
    }

    /// From now on this happens to every answer about an object whose path has this part. Of several rules the one that was given first holds.
    pub fn inflict(&self, path_part: &str, fault: Fault) {
        self.add_rule(path_part, fault, None);
    }

    /// The same for the next so many answers only.
    pub fn inflict_times(&self, num_answers: usize, path_part: &str, fault: Fault) {
        self.add_rule(path_part, fault, Some(num_answers));
    }

    fn add_rule(&self, path_part: &str, fault: Fault, num_left: Option<usize>) {
        self.shared.behaviour().rules.push(Rule {
            path_part: path_part.to_owned(),
            fault,
            num_left,
            num_inflicted: 0,
        });
    }

    /// Ends all harm, and says to how many answers it was done: a test in which there were none proves nothing.
    pub fn heal(&self) -> usize {
        let rules = std::mem::take(&mut self.shared.behaviour().rules);
        rules.iter().map(|rule| rule.num_inflicted).sum()
    }

    /// What passed since this was last called, in the order of the answers.
    pub fn take_exchanges(&self) -> Vec<Exchange> {
        std::mem::take(&mut self.shared.exchanges())
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Stalled answers would be waited for.
            runtime.shutdown_background();
        }
    }
}

impl Shared {
    fn behaviour(&self) -> MutexGuard<'_, Behaviour> {
        self.behaviour
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn exchanges(&self) -> MutexGuard<'_, Vec<Exchange>> {
        self.exchanges
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The delay of an answer about `path`, and what else happens to it.
    fn lot(&self, path: &str) -> (Duration, Option<Fault>) {
        let mut behaviour = self.behaviour();
        let delay = behaviour.delay;
        let rule = behaviour
            .rules
            .iter_mut()
            .find(|rule| rule.num_left != Some(0) && path.contains(&rule.path_part));
        let fault = rule.map(|rule| {
            rule.num_inflicted += 1;
            rule.num_left = rule.num_left.map(|num_left| num_left - 1);
            rule.fault
        });
        match fault {
            Some(Fault::Delay(further)) => (delay + further, None),
            fault => (delay, fault),
        }
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    // It ends with the runtime, or with the file descriptors, and then the tests that want more connections fail.
    while let Ok((stream, _)) = listener.accept().await {
        let reset = Arc::new(AtomicBool::new(false));
        let connection = Connection {
            stream,
            reset: Arc::clone(&reset),
        };
        let shared = Arc::clone(&shared);
        let service = service_fn(move |request| {
            let (shared, reset) = (Arc::clone(&shared), Arc::clone(&reset));
            async move { exchange(&shared, &reset, request).await }
        });
        tokio::spawn(async move {
            let _ = connection.stream.set_nodelay(true);
            // An error is a fault that was asked for, or a client that went away.
            let _ = http1::Builder::new()
                .serve_connection(TokioIo::new(connection), service)
                .await;
        });
    }
}

/// Why a connection ends without an answer.
#[derive(Debug)]
struct NoAnswer;

impl std::fmt::Display for NoAnswer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("there is to be no answer")
    }
}

impl std::error::Error for NoAnswer {}

/// Answers one request, and notes it.
async fn exchange(
    shared: &Shared,
    reset: &AtomicBool,
    request: Request<Incoming>,
) -> Result<Response<Answer>, NoAnswer> {
    let started = Instant::now();
    let path = request.uri().path().to_owned();
    let range = request.headers().get(RANGE);
    let range = range.and_then(|range| Some(range.to_str().ok()?.to_owned()));
    let (delay, fault) = shared.lot(&path);
    let received = forward(shared, request).await;
    let body_len_bytes = received
        .as_ref()
        .map_or(0, |response| response.body().len() as u64);
    if !delay.is_zero() {
        wait(delay).await;
    }
    let answer = match (fault, received) {
        // A storage that is away closes connections too, as far as the functions can see.
        (Some(Fault::Reset), _) | (_, Err(NoAnswer)) => Err(NoAnswer),
        (Some(fault), Ok(response)) => Ok(harm(response, fault)),
        (None, Ok(response)) => Ok(response.map(Answer::whole)),
    };
    if answer.is_err() {
        reset.store(true, Ordering::Relaxed);
    }
    shared.exchanges().push(Exchange {
        path,
        range,
        status: answer
            .as_ref()
            .ok()
            .map(|response| response.status().as_u16()),
        body_len_bytes,
        started,
        ended: Instant::now(),
    });
    answer
}

/// Waits as long as is said, and not up to a millisecond longer, as the runtime's own clock does.
async fn wait(delay: Duration) {
    let slept = tokio::task::spawn_blocking(move || std::thread::sleep(delay)).await;
    slept.expect("sleeping does not panic");
}

/// Asks the storage.
async fn forward(shared: &Shared, request: Request<Incoming>) -> Result<Response<Bytes>, NoAnswer> {
    let (mut parts, body) = request.into_parts();
    let path_and_query = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let uri = format!("{}{path_and_query}", shared.upstream);
    parts.uri = uri.parse::<Uri>().map_err(|_| NoAnswer)?;
    let body = body.collect().await.map_err(|_| NoAnswer)?.to_bytes();
    let request = Request::from_parts(parts, Full::new(body));
    let response = shared.client.request(request).await;
    let (parts, body) = response.map_err(|_| NoAnswer)?.into_parts();
    let body = body.collect().await.map_err(|_| NoAnswer)?.to_bytes();
    Ok(Response::from_parts(parts, body))
}

fn harm(mut response: Response<Bytes>, fault: Fault) -> Response<Answer> {
    match fault {
        // Both were seen to before.
        Fault::Reset | Fault::Delay(_) => response.map(Answer::whole),
        Fault::BreakOff => response.map(|body| Answer::half(&body, Rest::Breaks)),
        Fault::Stall => response.map(|body| Answer::none(&body, Rest::NeverComes)),
        Fault::Corrupt => response.map(|body| {
            let mut body = BytesMut::from(&body[..]);
            let hit = body.iter_mut().skip(UNHARMED_BYTES);
            hit.step_by(CORRUPTION_STEP_BYTES)
                .for_each(|byte| *byte ^= 0x10);
            Answer::whole(body.freeze())
        }),
        Fault::Replace { text, by } => response.map(|body| {
            let body = String::from_utf8_lossy(&body).replace(text, by);
            Answer::whole(body.into_bytes().into())
        }),
        Fault::Truncate => {
            let len_bytes = response.body().len() / 2;
            let headers = response.headers_mut();
            headers.insert(CONTENT_LENGTH, HeaderValue::from(len_bytes));
            if let Some((first, _)) = headers.get(CONTENT_RANGE).and_then(range_of) {
                let end = first + len_bytes as u64;
                set_content_range(headers, first, end.saturating_sub(1), end);
            }
            response.map(|body| Answer::whole(body.slice(..len_bytes)))
        }
        Fault::ShiftContentRange => {
            let headers = response.headers_mut();
            if let Some((first, last)) = headers.get(CONTENT_RANGE).and_then(range_of) {
                set_content_range(headers, first + 1, last + 1, last + 2);
            }
            response.map(Answer::whole)
        }
        Fault::Refuse { status, code } => {
            let body = format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>as the test asks</Message></Error>"
            );
            let mut refusal = Response::new(Answer::whole(body.into()));
            *refusal.status_mut() =
                StatusCode::from_u16(status).expect("a test refuses with a status that exists");
            let xml = HeaderValue::from_static("application/xml");
            refusal.headers_mut().insert(CONTENT_TYPE, xml);
            refusal
        }
    }
}

/// The first and the last byte of `bytes 0-99/1234`.
fn range_of(header: &HeaderValue) -> Option<(u64, u64)> {
    let (range, _) = header
        .to_str()
        .ok()?
        .strip_prefix("bytes ")?
        .split_once('/')?;
    let (first, last) = range.split_once('-')?;
    Some((first.parse().ok()?, last.parse().ok()?))
}

fn set_content_range(headers: &mut hyper::HeaderMap, first: u64, last: u64, object_len_bytes: u64) {
    let value = format!("bytes {first}-{last}/{object_len_bytes}");
    let value = HeaderValue::from_str(&value).expect("digits are allowed in a header");
    headers.insert(CONTENT_RANGE, value);
}

/// The body of an answer: some bytes, and then its end or the lack of one.
struct Answer {
    bytes: Option<Bytes>,
    announced_len_bytes: u64,
    rest: Rest,
}

/// What comes after the bytes of an [`Answer`].
enum Rest {
    /// Nothing: it is whole.
    IsThere,
    /// Nothing, after what is there was sent; and then the connection ends.
    Breaks,
    /// The connection ends now.
    Broken,
    /// Nothing, for ever.
    NeverComes,
}

impl Answer {
    fn whole(bytes: Bytes) -> Self {
        Self {
            announced_len_bytes: bytes.len() as u64,
            bytes: Some(bytes),
            rest: Rest::IsThere,
        }
    }

    fn half(bytes: &Bytes, rest: Rest) -> Self {
        Self {
            announced_len_bytes: bytes.len() as u64,
            bytes: Some(bytes.slice(..bytes.len() / 2)),
            rest,
        }
    }

    fn none(bytes: &Bytes, rest: Rest) -> Self {
        Self {
            announced_len_bytes: bytes.len() as u64,
            bytes: None,
            rest,
        }
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = NoAnswer;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, NoAnswer>>> {
        if let Some(bytes) = self.bytes.take() {
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        match self.rest {
            Rest::IsThere => Poll::Ready(None),
            Rest::Breaks => {
                // What was given so far is sent while this waits, and is dropped if it does not.
                self.rest = Rest::Broken;
                context.waker().wake_by_ref();
                Poll::Pending
            }
            Rest::Broken => Poll::Ready(Some(Err(NoAnswer))),
            Rest::NeverComes => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none() && matches!(self.rest, Rest::IsThere)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.announced_len_bytes)
    }
}

/// A connection that ends with a reset when the flag is set.
struct Connection {
    stream: TcpStream,
    reset: Arc<AtomicBool>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        if self.reset.load(Ordering::Relaxed) {
            // If it fails the connection is closed in order, which no client takes for an answer either.
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trip_begins_when_something_of_the_one_before_is_over() {
        let zero = Instant::now();
        let at = |milliseconds| zero + Duration::from_millis(milliseconds);
        let exchange = |(started, ended)| Exchange {
            path: String::new(),
            range: None,
            status: Some(206),
            body_len_bytes: 10,
            started: at(started),
            ended: at(ended),
        };
        let check = |times: &[(u64, u64)], expected: &[(usize, (u64, u64))]| {
            let exchanges: Vec<Exchange> = times.iter().copied().map(exchange).collect();
            let expected: Vec<Trip> = expected
                .iter()
                .map(|&(num_exchanges, (started, ended))| Trip {
                    num_exchanges,
                    body_len_bytes: 10 * num_exchanges as u64,
                    started: at(started),
                    ended: at(ended),
                })
                .collect();
            assert_eq!(dependent_trips(&exchanges), expected);
        };
        check(&[], &[]);
        check(&[(0, 9), (1, 10), (2, 8)], &[(3, (0, 10))]);
        check(
            &[(0, 9), (1, 10), (11, 20), (12, 19), (20, 30)],
            &[(2, (0, 10)), (2, (11, 20)), (1, (20, 30))],
        );
        // One that hangs does not hide that others were made one after the other meanwhile.
        check(
            &[(0, 50), (0, 10), (11, 20), (21, 30)],
            &[(2, (0, 50)), (1, (11, 20)), (1, (21, 30))],
        );
    }
}
