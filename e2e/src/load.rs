//! Asks a server from many connections at once.
//!
//! The loop is closed: each connection sends its next request when the answer to the one before is there. A client that is told to come back later
//! (503 with `Retry-After`) does so. All of it runs in one thread, since the processors are to be the server's.

use std::cell::{Cell, RefCell};
use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::future::join_all;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{CONTENT_TYPE, HOST, HeaderMap, RETRY_AFTER};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::LocalSet;

/// A request to send.
#[derive(Clone, Debug)]
pub struct Ask {
    /// The method.
    pub method: Method,
    /// Path and query.
    pub path: String,
    /// The body, as JSON.
    pub body: Bytes,
}

impl Ask {
    /// A GET.
    pub fn get(path: impl Into<String>) -> Self {
        Self {
            method: Method::GET,
            path: path.into(),
            body: Bytes::new(),
        }
    }

    /// A POST of a JSON document.
    pub fn post(path: impl Into<String>, body: impl Into<Bytes>) -> Self {
        Self {
            method: Method::POST,
            path: path.into(),
            body: body.into(),
        }
    }
}

/// An answer, whole.
#[derive(Debug)]
pub struct Answer {
    /// The place of its request in [`Load::asks`].
    pub ask_idx: usize,
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// When the request was sent.
    pub started: Instant,
    /// From there until the last byte of the answer.
    pub latency: Duration,
}

/// What to ask, and how.
#[derive(Clone, Debug)]
pub struct Load<'a> {
    /// The server.
    pub address: SocketAddr,
    /// What is asked, in turns; not empty.
    pub asks: &'a [Ask],
    /// How many connections ask at once.
    pub num_connections: usize,
    /// For how long. Every connection asks at least once.
    pub duration: Duration,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Report {
    /// How long each request took that was answered with a status below 400, shortest first.
    pub latencies: Vec<Duration>,
    /// How many requests were told to come back later: 503 with `Retry-After`.
    pub num_refused: usize,
    /// How many had no answer, or another.
    pub num_failed: usize,
    /// What the first of those was.
    pub first_failure: Option<String>,
    /// How long it took altogether.
    pub elapsed: Duration,
}

impl Report {
    /// How many requests were answered a second.
    pub fn answers_per_second(&self) -> f64 {
        self.latencies.len() as f64 / self.elapsed.as_secs_f64()
    }

    /// The time within which this share of the requests was answered; zero when none was.
    pub fn latency_within(&self, share: f64) -> Duration {
        let last = self.latencies.len().saturating_sub(1);
        let position = (last as f64 * share).round() as usize;
        self.latencies.get(position).copied().unwrap_or_default()
    }

    /// What came of both, one after the other.
    #[must_use]
    pub fn and(mut self, later: Self) -> Self {
        self.latencies.extend(later.latencies);
        self.latencies.sort_unstable();
        Self {
            latencies: self.latencies,
            num_refused: self.num_refused + later.num_refused,
            num_failed: self.num_failed + later.num_failed,
            first_failure: self.first_failure.or(later.first_failure),
            elapsed: self.elapsed + later.elapsed,
        }
    }

    fn add(&mut self, answer: &Answer) {
        let status = answer.status;
        if status.as_u16() < 400 {
            self.latencies.push(answer.latency);
        } else if retry_after(answer).is_some() {
            self.num_refused += 1;
        } else {
            let text = String::from_utf8_lossy(&answer.body);
            self.add_failure(format!("{status} {text}"));
        }
    }

    fn add_failure(&mut self, what: String) {
        self.num_failed += 1;
        self.first_failure.get_or_insert(what);
    }
}

/// Asks for as long as the load says, and shows every answer to `look`. What is under way at the end is waited for.
///
/// # Errors
///
/// Only when this machine gives no thread: a server that does not answer is in the report.
pub fn run(load: &Load<'_>, look: impl FnMut(&Answer)) -> io::Result<Report> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let started = Instant::now();
    let state = State {
        next_ask: Cell::new(0),
        until: started + load.duration,
        report: RefCell::default(),
        look: RefCell::new(look),
    };
    runtime.block_on(LocalSet::new().run_until(async {
        let connections = (0..load.num_connections).map(|_| ask_until_the_end(load, &state));
        join_all(connections).await;
    }));
    let mut report = state.report.into_inner();
    report.elapsed = started.elapsed();
    report.latencies.sort_unstable();
    Ok(report)
}

/// What all connections share.
struct State<F> {
    next_ask: Cell<usize>,
    until: Instant,
    report: RefCell<Report>,
    look: RefCell<F>,
}

/// What one connection does. A connection that breaks is a failure, and another takes its place.
async fn ask_until_the_end<F: FnMut(&Answer)>(load: &Load<'_>, state: &State<F>) {
    let mut connection = None;
    let mut has_asked = false;
    while !has_asked || Instant::now() < state.until {
        has_asked = true;
        let sender = match connection.take() {
            Some(sender) => sender,
            None => match connect(load.address).await {
                Ok(sender) => sender,
                Err(error) => {
                    state.report.borrow_mut().add_failure(error.to_string());
                    // Nobody listens; asking at once again would only burn time.
                    tokio::time::sleep(PAUSE_AFTER_FAILURE).await;
                    continue;
                }
            },
        };
        let ask_idx = state.next_ask.get();
        state.next_ask.set((ask_idx + 1) % load.asks.len());
        match ask(sender, load, ask_idx).await {
            Ok((answer, sender)) => {
                state.report.borrow_mut().add(&answer);
                (state.look.borrow_mut())(&answer);
                connection = sender;
                if let Some(pause) = retry_after(&answer) {
                    tokio::time::sleep(pause).await;
                }
            }
            Err(error) => state.report.borrow_mut().add_failure(error.to_string()),
        }
    }
}

/// How long a client waits that found nobody.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_millis(20);

async fn connect(address: SocketAddr) -> Result<SendRequest<Full<Bytes>>, Box<dyn Error>> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // How it ends shows in the request that it ends for.
    tokio::task::spawn_local(connection);
    Ok(sender)
}

/// Sends one request; the connection comes back if it can be used again.
async fn ask(
    mut sender: SendRequest<Full<Bytes>>,
    load: &Load<'_>,
    ask_idx: usize,
) -> Result<(Answer, Option<SendRequest<Full<Bytes>>>), Box<dyn Error>> {
    let Ask { method, path, body } = &load.asks[ask_idx];
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(HOST, load.address.to_string())
        .header(CONTENT_TYPE, "application/json")
        .body(Full::new(body.clone()))?;
    let started = Instant::now();
    let (parts, body) = sender.send_request(request).await?.into_parts();
    let body = body.collect().await?.to_bytes();
    let answer = Answer {
        ask_idx,
        status: parts.status,
        headers: parts.headers,
        body,
        started,
        latency: started.elapsed(),
    };
    let goes_on = sender.ready().await.is_ok();
    Ok((answer, goes_on.then_some(sender)))
}

/// How long the client is to wait, if it is told to come back later.
fn retry_after(answer: &Answer) -> Option<Duration> {
    let seconds = answer.headers.get(RETRY_AFTER)?.to_str().ok()?;
    let seconds = seconds.parse().ok().map(Duration::from_secs);
    seconds.filter(|_| answer.status == StatusCode::SERVICE_UNAVAILABLE)
}
