//! Serves an application: well-known paths, static files, routes.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use app::Application;
use hyper::body::Incoming;
use hyper::header::{CONNECTION, CONTENT_TYPE, HOST, HeaderValue};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use serde_json::json;
use tempfile::TempDir;
use tracing::Level;

use crate::answer::{Answer, AnswerBody, plain, problem, refusal};
use crate::compile_cache::CompileCache;
use crate::component::{Component, Failure, Runtime};
use crate::compress;
use crate::gate::Gate;
use crate::key_value::StoreLimits;
use crate::listener::{self, Listener};
use crate::metrics::{self, Metrics};
use crate::outbound::{Connections, Outbound};
use crate::providers::Providers;
use crate::request_body::{BodyFault, BodyLimits, FaultReport, PART_BYTES, RequestBody};
use crate::router::Router;
use crate::runtime_config::RuntimeConfig;
use crate::state::Settings;
use crate::static_files::StaticFiles;
use crate::trace_context;
use crate::{ConnectionLimits, Error, LogFormat, Options, Source, files, key_value};

/// The target of the log's lines about requests, one each.
pub const ACCESS_LOG: &str = "access";

/// How much of what a client chose to ask for stands in its line of the log.
const LOGGED_LIMIT_BYTES: usize = 1 << 10;

/// How long a stop waits for whoever is reading the metrics.
const METRICS_GRACE: Duration = Duration::from_secs(1);

/// Whether Spin serves at all, which this host answers itself.
const HEALTH_PATH: &str = "/.well-known/spin/health";

/// Whom a load balancer asks whether to send requests here: Spin's path, and the one by which applications mostly answer it.
const READINESS_PATHS: [&str; 2] = [HEALTH_PATH, "/readyz"];

/// Where state is kept beside the manifest, as Spin does.
const STATE_DIR: &str = ".spin";

/// Who answers what no component does, for the log and the metrics.
const BY_HOST: &str = "(host)";
const BY_WEB: &str = "(web)";
const BY_NO_ROUTE: &str = "(no route)";

/// A running application.
pub struct Server {
    listener: Listener,
    metrics_listener: Option<Listener>,
    served: Arc<Served>,
    drain_delay: Duration,
    shutdown_grace: Duration,
}

/// What every request needs.
struct Served {
    /// The answer of `/.well-known/spin/info`.
    info: String,
    router: Router,
    components: BTreeMap<String, Component>,
    web: Option<StaticFiles>,
    gate: Gate,
    /// Whether this will stop soon, so that it is not ready whatever the application says.
    is_draining: AtomicBool,
    metrics: Arc<Metrics>,
    body_limits: BodyLimits,
    compress: bool,
    log_format: LogFormat,
    /// The files that the components see, and their state where nobody said that it is kept. They are removed with this.
    _folders: Vec<TempDir>,
}

impl Server {
    /// Loads the application and begins to serve it. Components that are not in the cache are compiled first.
    pub async fn start(options: Options) -> Result<Self, Error> {
        let address = options.listen;
        let socket = listener::bind(address).await?;
        let metrics_socket = match options.metrics_listen {
            Some(address) => Some((address, listener::bind(address).await?)),
            None => None,
        };
        let connection_limits = options.limits.connections.clone();
        let drain_delay = options.drain_delay;
        let shutdown_grace = options.limits.shutdown_grace();
        let served = tokio::task::spawn_blocking(move || Served::load(&options))
            .await
            .map_err(|error| Error::Engine {
                source: error.into(),
            })??;
        let served = Arc::new(served);
        let metrics_listener = match metrics_socket {
            Some((address, socket)) => Some(
                serve_metrics(socket, Arc::clone(&served))
                    .map_err(|source| Error::Listen { address, source })?,
            ),
            None => None,
        };
        let answering = Arc::clone(&served);
        let listener = Listener::serve(socket, connection_limits, move |client| {
            let served = Arc::clone(&answering);
            service_fn(move |request| {
                let served = Arc::clone(&served);
                async move { Ok::<_, Infallible>(served.respond(request, client).await) }
            })
        })
        .map_err(|source| Error::Listen { address, source })?;
        Ok(Self {
            listener,
            metrics_listener,
            served,
            drain_delay,
            shutdown_grace,
        })
    }

    /// Where it listens, with the port that the system chose.
    pub fn address(&self) -> SocketAddr {
        self.listener.address()
    }

    /// Its address as a URL without a path.
    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// Where metrics are served, if they are.
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics_listener.as_ref().map(Listener::address)
    }

    /// Serves on for [`Options::drain_delay`] without being ready, so that whoever sends requests here learns of the end before it comes. Then
    /// it stops accepting and lets the requests in flight finish, for at most [`Limits::shutdown_grace`](crate::Limits::shutdown_grace); what
    /// still runs then is ended. Every answer from now on is the last on its connection.
    pub async fn shutdown(self) {
        if !self.drain_delay.is_zero() {
            self.served.is_draining.store(true, Ordering::Relaxed);
            self.listener.send_away();
            tokio::time::sleep(self.drain_delay).await;
        }
        self.listener.shutdown(self.shutdown_grace).await;
        // Last, so that it can be watched until the end.
        if let Some(metrics) = self.metrics_listener {
            metrics.shutdown(METRICS_GRACE).await;
        }
    }
}

/// Serves the metrics on a listener of their own: they are for the operator, and clients are not to find them.
fn serve_metrics(
    socket: tokio::net::TcpListener,
    served: Arc<Served>,
) -> std::io::Result<Listener> {
    Listener::serve(socket, ConnectionLimits::default(), move |_client| {
        let served = Arc::clone(&served);
        service_fn(move |request: Request<Incoming>| {
            let answer = match (request.method(), request.uri().path()) {
                (&Method::GET | &Method::HEAD, "/metrics") => {
                    let mut answer = plain(StatusCode::OK, served.metrics.render(&served.gate));
                    let content_type = HeaderValue::from_static(metrics::CONTENT_TYPE);
                    answer.headers_mut().insert(CONTENT_TYPE, content_type);
                    answer
                }
                _ => plain(StatusCode::NOT_FOUND, "metrics are at /metrics\n"),
            };
            async { Ok::<_, Infallible>(answer) }
        })
    })
}

impl Served {
    fn load(options: &Options) -> Result<Self, Error> {
        let name = match &options.source {
            Source::Manifest(path) => path.display().to_string(),
            Source::Read { name, .. } => name.clone(),
        };
        let wrong = |source| Error::Application {
            name: name.clone(),
            source,
        };
        let (mut application, root) = match &options.source {
            Source::Manifest(path) => (Application::read(path).map_err(wrong)?, folder_of(path)),
            Source::Read {
                application, root, ..
            } => ((**application).clone(), root.as_path()),
        };
        if !options.components.is_empty() {
            application
                .retain_components(&options.components)
                .map_err(wrong)?;
        }

        let config = RuntimeConfig::read(options.runtime_config.as_deref())?;
        let providers = Providers::new(&options.variables, options.environment, &config)?;
        for (name, _) in &options.variables {
            if !application.variables.contains_key(name) {
                tracing::warn!("the application has no variable {name:?}; its value is not used");
            }
        }
        let variables = application
            .resolve_variables(|name| providers.get(name))
            .map_err(wrong)?;

        let mut folders = Vec::new();
        let state_dir = state_dir(options, &config, &mut folders)?;
        let store_limits = StoreLimits {
            size_bytes: options.key_value_bytes,
            memory_bytes: options.key_value_memory_bytes,
        };
        let stores = key_value::open_stores(&application, &config, &state_dir, store_limits)?;
        let web = options.web.as_deref().map(StaticFiles::open).transpose()?;
        let router = Router::new(&application.triggers)?;
        let connections = Connections::new().map_err(|source| Error::Engine { source })?;
        let cache = open_cache(options);
        let limits = &options.limits;
        let runtime = Runtime::new(options.pooling, cache, limits)?;
        let ids = application.components.keys().map(String::as_str);
        let metrics = Metrics::new(ids, &[BY_HOST, BY_WEB, BY_NO_ROUTE]);

        let mut components = BTreeMap::new();
        for (id, component) in &application.components {
            let folder = files::lay_out(id, component, root)?;
            let shared_id: Arc<str> = Arc::from(id.as_str());
            let allowed = component.resolve_allowed_hosts(&variables).map_err(wrong)?;
            let component_metrics = metrics.component(id);
            let granted = |label: &String| Some((label.clone(), Arc::clone(stores.get(label)?)));
            let settings = Settings {
                id: Arc::clone(&shared_id),
                environment: component.environment.clone().into_iter().collect(),
                variables: component.resolve_variables(&variables).map_err(wrong)?,
                stores: component
                    .key_value_stores
                    .iter()
                    .filter_map(granted)
                    .collect(),
                files: folder.as_ref().map(|folder| folder.path().to_owned()),
                outbound: Outbound {
                    component: shared_id,
                    allowed: Arc::new(allowed),
                    connections: connections.clone(),
                    metrics: Arc::clone(&component_metrics),
                },
                memory_limit_bytes: limits.instance_memory_bytes,
                metrics: component_metrics,
            };
            let source = root.join(&component.source);
            components.insert(id.clone(), runtime.load(&source, Arc::new(settings))?);
            folders.extend(folder);
        }
        let mut info = json!({ "name": application.name });
        if let Some(version) = &application.version {
            info["version"] = json!(version);
        }
        Ok(Self {
            info: info.to_string(),
            router,
            components,
            web,
            gate: Gate::new(limits),
            is_draining: AtomicBool::new(false),
            metrics: Arc::new(metrics),
            body_limits: BodyLimits {
                size_bytes: limits.request_body_bytes,
                part_timeout: limits.connections.client_timeout,
            },
            compress: options.compress,
            log_format: options.log_format,
            _folders: folders,
        })
    }

    /// Answers a request, counts it and writes its line of the access log.
    async fn respond(&self, mut request: Request<Incoming>, client: SocketAddr) -> Answer {
        let start = Instant::now();
        // HEAD tells the length of what GET gives to those who take it as it is.
        let is_head = request.method() == Method::HEAD;
        let accepts_gzip = !is_head && compress::accepts_gzip(request.headers());
        let trace_id = trace_context::ensure(request.headers_mut());
        // What the log needs of a request that is about to be given away.
        let logged = tracing::enabled!(target: ACCESS_LOG, Level::INFO)
            .then(|| (request.method().clone(), request.uri().clone()));

        let (answer, answered_by) = self.dispatch(request, client).await;
        let answer = if self.compress {
            compressed(is_head, accepts_gzip, answer)
        } else {
            answer
        };

        let duration = start.elapsed();
        let status = answer.status().as_u16();
        self.metrics.count_request(answered_by, status, duration);
        self.metrics.count_repeated(answered_by, answer.headers());
        if let Some((method, uri)) = logged {
            let (method, path) = (shortened(method.as_str()), shortened(uri.path()));
            let duration_us = duration.as_micros() as u64;
            match self.log_format {
                LogFormat::Text => {
                    tracing::info!(target: ACCESS_LOG, "{client} {method} {path} {status} {duration_us} us {answered_by}");
                }
                LogFormat::Json => {
                    tracing::info!(target: ACCESS_LOG, %client, %method, %path, status, duration_us, answered_by, trace_id = trace_id.as_str());
                }
            }
        }
        answer
    }

    /// The answer to a request and who gave it: a component's id, or a name in parentheses.
    async fn dispatch(&self, request: Request<Incoming>, client: SocketAddr) -> (Answer, &str) {
        let path = request.uri().path();
        if self.is_draining.load(Ordering::Relaxed) && READINESS_PATHS.contains(&path) {
            let detail = "this replica is about to stop; ask another";
            return (problem(StatusCode::SERVICE_UNAVAILABLE, detail), BY_HOST);
        }
        match path {
            HEALTH_PATH => return (plain(StatusCode::OK, "OK"), BY_HOST),
            "/.well-known/spin/info" => {
                let mut answer = plain(StatusCode::OK, self.info.clone());
                let json = HeaderValue::from_static("application/json");
                answer.headers_mut().insert(CONTENT_TYPE, json);
                return (answer, BY_HOST);
            }
            _ => {}
        }
        if let Some(web) = &self.web
            && let Some(answer) = web.respond(request.method(), path, request.headers()).await
        {
            return (answer, BY_WEB);
        }
        let uri = request.uri().clone();
        let Some(matched) = self.router.route(uri.path()) else {
            return (plain(StatusCode::NOT_FOUND, ""), BY_NO_ROUTE);
        };
        let Some((id, component)) = self.components.get_key_value(matched.component()) else {
            // `Application` checks that every trigger's component is defined.
            return (plain(StatusCode::NOT_FOUND, ""), BY_NO_ROUTE);
        };
        let (mut head, body) = request.into_parts();
        // HTTP/1.0 clients need not name a host; a component's request has one.
        let host = head
            .headers
            .entry(HOST)
            .or_insert(HeaderValue::from_static("localhost"));
        if host.to_str().is_err() {
            return (
                problem(StatusCode::BAD_REQUEST, "the header host is not text"),
                id,
            );
        }
        let report = FaultReport::default();
        let body = match RequestBody::take_in(body, self.body_limits, &report).await {
            Ok(body) => body,
            Err(fault) => return (self.faulty_body(fault), id),
        };
        let permit = match self.gate.enter().await {
            Ok(permit) => permit,
            Err(reason) => {
                self.metrics.count_refused(reason);
                return (refusal(), id);
            }
        };
        matched.set_headers(&mut head.headers, &uri, client);
        let request = Request::from_parts(head, body);
        let answer = component.handle(request, permit).await;
        let answer = match (report.get(), answer) {
            // Whatever the component made of a body that broke off, it is not what the client asked.
            (Some(fault), _) => self.faulty_body(fault),
            (None, Ok(answer)) => answer,
            (None, Err(failure)) => failed(id, &failure),
        };
        (answer, id)
    }

    fn faulty_body(&self, fault: BodyFault) -> Answer {
        let mut answer = match fault {
            BodyFault::TooLarge => problem(
                StatusCode::PAYLOAD_TOO_LARGE,
                &format!(
                    "a request body has at most {} bytes",
                    self.body_limits.size_bytes
                ),
            ),
            BodyFault::TooSlow => problem(
                StatusCode::REQUEST_TIMEOUT,
                &format!(
                    "a request body, or each {PART_BYTES} bytes of a longer one, has to come within {:?}",
                    self.body_limits.part_timeout
                ),
            ),
            BodyFault::Broken => problem(StatusCode::BAD_REQUEST, "the request body broke off"),
        };
        // What is left of the body is not waited for.
        answer
            .headers_mut()
            .insert(CONNECTION, HeaderValue::from_static("close"));
        answer
    }
}

/// The answer for a component that gave none. As in Spin a trap says nothing to the client, since what it says may be a secret.
fn failed(component: &str, failure: &Failure) -> Answer {
    tracing::error!("the component {component:?} failed: {failure}");
    match failure {
        Failure::TimeLimit(limit) => problem(
            StatusCode::GATEWAY_TIMEOUT,
            &format!("there was no answer within {limit:?}"),
        ),
        _ => plain(StatusCode::INTERNAL_SERVER_ERROR, ""),
    }
}

/// A text as it stands in the log: a client may make a path or a method as long as all headers may be together.
fn shortened(text: &str) -> Cow<'_, str> {
    if text.len() <= LOGGED_LIMIT_BYTES {
        return Cow::Borrowed(text);
    }
    let end = text.floor_char_boundary(LOGGED_LIMIT_BYTES);
    Cow::Owned(format!("{}\u{2026}", &text[..end]))
}

fn compressed(is_head: bool, accepts_gzip: bool, answer: Answer) -> Answer {
    match answer.into_parts() {
        (head, AnswerBody::Whole(body)) => {
            compress::compress(is_head, accepts_gzip, Response::from_parts(head, body))
                .map(AnswerBody::Whole)
        }
        (head, body) => Response::from_parts(head, body),
    }
}

/// The folder of a manifest.
fn folder_of(manifest: &Path) -> &Path {
    match manifest.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Where state is kept; a folder that is removed with the others of `folders` where the application has none of its own and nobody named one.
fn state_dir(
    options: &Options,
    config: &RuntimeConfig,
    folders: &mut Vec<TempDir>,
) -> Result<PathBuf, Error> {
    if let Some(folder) = options.state_dir.as_ref().or(config.state_dir.as_ref()) {
        return Ok(folder.clone());
    }
    if let Source::Manifest(path) = &options.source {
        return Ok(folder_of(path).join(STATE_DIR));
    }
    let folder = tempfile::Builder::new()
        .prefix("kindred-state-")
        .tempdir()
        .map_err(|source| Error::Folder {
            path: std::env::temp_dir(),
            source,
        })?;
    let path = folder.path().to_owned();
    folders.push(folder);
    Ok(path)
}

/// The compile cache; without one, starts are slower and nothing else changes.
fn open_cache(options: &Options) -> Option<CompileCache> {
    let folder = options.cache_dir.as_deref()?;
    CompileCache::open(folder)
        .inspect_err(|error| tracing::warn!("no compile cache in {}: {error}", folder.display()))
        .ok()
}
