//! Calls that components make: allowed or denied, over connections that are kept.
//!
//! The handler that comes with wasmtime opens a connection for every call, which a component that reads ranges of an index pays
//! several times a request. Here connections are pooled across instances, as in Spin.

use std::error::Error as StdError;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use app::AllowedHosts;
use http_body_util::BodyExt;
use hyper::{Request, Response, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::{self, Client, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tower_service::Service;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

use crate::metrics::{ComponentMetrics, OutboundOutcome};
use crate::timed_body::{TimedBody, TimedError};

/// What Spin waits when a component sets no limit of its own.
const DEFAULT_TIMEOUT: Duration = Duration::from_mins(10);

/// An idle connection is closed before servers do it, which is after 20 seconds with S3 and later with most.
const IDLE_TIMEOUT: Duration = Duration::from_secs(15);

tokio::task_local! {
    /// How long the request of this task may take to connect. The client's own setting holds for all requests alike.
    static CONNECT_TIMEOUT: Duration;
}

/// The connections of the whole host. Cloning shares them.
#[derive(Clone)]
pub(crate) struct Connections {
    client: Client<TimedConnector, WasiBody>,
}

impl Connections {
    /// No connection yet. Certificates are checked against the roots of Mozilla, compiled in, as Spin does.
    pub(crate) fn new() -> Result<Self, Box<dyn StdError + Send + Sync>> {
        let mut http = HttpConnector::new();
        http.set_nodelay(true);
        http.enforce_http(false);
        let provider = rustls::crypto::ring::default_provider();
        let https = HttpsConnectorBuilder::new()
            .with_provider_and_webpki_roots(provider)?
            .https_or_http()
            .enable_http1()
            .wrap_connector(http);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .build(TimedConnector(https));
        Ok(Self { client })
    }

    async fn send(
        self,
        request: Request<WasiBody>,
        options: RequestOptions,
    ) -> Result<Response<WasiBody>, Error> {
        let connect = options.connect_timeout.unwrap_or(DEFAULT_TIMEOUT);
        let first_byte = options.first_byte_timeout.unwrap_or(DEFAULT_TIMEOUT);
        let between_bytes = options.between_bytes_timeout.unwrap_or(DEFAULT_TIMEOUT);

        // Whether a connection had to be made is the pool's business, so the first byte's clock starts here and includes it.
        let response = CONNECT_TIMEOUT.scope(connect, self.client.request(request));
        let response = tokio::time::timeout(connect.saturating_add(first_byte), response)
            .await
            .map_err(|_| Error::ConnectionReadTimeout)?
            .map_err(|error| outbound_error(&error))?;
        Ok(response.map(|body| {
            TimedBody::new(body, between_bytes)
                .map_err(|error| match error {
                    TimedError::TooSlow => Error::ConnectionReadTimeout,
                    TimedError::Broken(error) => outbound_error(&error),
                })
                .boxed_unsync()
        }))
    }
}

/// Decides about the calls of one component. A copy of it lives in every instance.
#[derive(Clone)]
pub(crate) struct Outbound {
    pub(crate) component: Arc<str>,
    pub(crate) allowed: Arc<AllowedHosts>,
    pub(crate) connections: Connections,
    pub(crate) metrics: Arc<ComponentMetrics>,
}

impl Outbound {
    fn allows(&self, uri: &Uri) -> bool {
        let scheme = uri.scheme_str().unwrap_or("https");
        let port = uri
            .port_u16()
            .unwrap_or(if scheme == "http" { 80 } else { 443 });
        let host = uri.host().unwrap_or_default();
        let host = host.trim_start_matches('[').trim_end_matches(']');
        if self.allowed.allow(scheme, host, port) {
            return true;
        }
        let component = &self.component;
        let host = uri.authority().map_or("", |authority| authority.as_str());
        tracing::error!(
            %component, %host,
            "the component {component:?} may not call {scheme}://{host}; \
             to allow it, add \"{scheme}://{host}\" to allowed_outbound_hosts of [component.{component}] in spin.toml"
        );
        false
    }
}

type Sending = Box<dyn Future<Output = Result<(Response<WasiBody>, Worker), Error>> + Send>;
type Worker = Box<dyn Future<Output = Result<(), Error>> + Send>;

impl WasiHttpHooks for Outbound {
    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        _done: Worker,
    ) -> Sending {
        if !self.allows(request.uri()) {
            self.metrics.count_outbound(OutboundOutcome::Denied);
            return Box::new(async { Err(Error::HttpRequestDenied) });
        }
        let connections = self.connections.clone();
        let metrics = Arc::clone(&self.metrics);
        Box::new(async move {
            let sent = connections.send(request, options.unwrap_or_default()).await;
            metrics.count_outbound(match &sent {
                Ok(response) => OutboundOutcome::of_status(response.status().as_u16()),
                Err(_) => OutboundOutcome::Failed,
            });
            let response = sent?;
            // The pool drives the connection; nothing is left to do beside reading the body.
            Ok((response, Box::new(async { Ok(()) }) as Worker))
        })
    }
}

/// Connects within the time that the request's task allows.
#[derive(Clone)]
struct TimedConnector(HttpsConnector<HttpConnector>);

#[derive(Debug, thiserror::Error)]
#[error("no connection within {0:?}")]
struct ConnectTimeout(Duration);

impl Service<Uri> for TimedConnector {
    type Response = <HttpsConnector<HttpConnector> as Service<Uri>>::Response;
    type Error = Box<dyn StdError + Send + Sync>;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let limit = CONNECT_TIMEOUT
            .try_with(|limit| *limit)
            .unwrap_or(DEFAULT_TIMEOUT);
        let connecting = self.0.call(uri);
        Box::pin(async move {
            tokio::time::timeout(limit, connecting)
                .await
                .map_err(|_| ConnectTimeout(limit))?
        })
    }
}

/// The error that a component is told, found in the chain of causes.
fn outbound_error(error: &(dyn StdError + 'static)) -> Error {
    let connecting = error
        .downcast_ref::<legacy::Error>()
        .is_some_and(legacy::Error::is_connect);
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.is::<ConnectTimeout>() {
            return Error::ConnectionTimeout;
        }
        if let Some(error) = error.downcast_ref::<std::io::Error>() {
            use std::io::ErrorKind;
            match error.kind() {
                ErrorKind::ConnectionRefused => return Error::ConnectionRefused,
                ErrorKind::TimedOut => return Error::ConnectionTimeout,
                ErrorKind::ConnectionReset
                | ErrorKind::ConnectionAborted
                | ErrorKind::BrokenPipe
                | ErrorKind::UnexpectedEof => return Error::ConnectionTerminated,
                _ => {}
            }
        }
        if let Some(error) = error.downcast_ref::<hyper::Error>()
            && (error.is_incomplete_message() || error.is_canceled() || error.is_closed())
        {
            return Error::ConnectionTerminated;
        }
        cause = error.source();
    }
    let error = anyhow::Chain::new(error)
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ");
    tracing::warn!("an outbound call failed: {error}");
    if connecting {
        Error::DestinationUnavailable
    } else {
        Error::HttpProtocolError
    }
}
