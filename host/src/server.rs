//! Serves an application: well-known paths, static files, routes.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use app::Application;
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HOST, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use serde_json::json;
use tempfile::TempDir;
use tokio::sync::watch;
use wasmtime_wasi_http::p2::body::HyperOutgoingBody;

use crate::compile_cache::CompileCache;
use crate::component::{Component, Runtime};
use crate::listener::{self, Listener};
use crate::outbound::{Connections, Outbound};
use crate::providers::Providers;
use crate::router::Router;
use crate::runtime_config::RuntimeConfig;
use crate::state::Settings;
use crate::static_files::StaticFiles;
use crate::{Error, Options, files, key_value};

/// The target of the log's lines about requests, one each.
pub const ACCESS_LOG: &str = "access";

/// Where state is kept beside the manifest, as Spin does.
const STATE_DIR: &str = ".spin";

/// A running application.
pub struct Server {
    listener: Listener,
    /// Instances end when this is dropped: a component may compute or wait for longer than anybody wants to wait for it.
    _instances: watch::Sender<()>,
}

/// What every request needs.
struct Served {
    /// The answer of `/.well-known/spin/info`.
    info: String,
    router: Router,
    components: BTreeMap<String, Component>,
    web: Option<StaticFiles>,
    /// The files that the components see. They are removed with this.
    _files: Vec<TempDir>,
}

impl Server {
    /// Loads the application and begins to serve it. Components that are not in the cache are compiled first.
    pub async fn start(options: Options) -> Result<Self, Error> {
        let socket = listener::bind(options.listen).await?;
        let address = options.listen;
        let (instances, ended) = watch::channel(());
        let served = tokio::task::spawn_blocking(move || Served::load(&options, ended))
            .await
            .map_err(|error| Error::Engine {
                source: error.into(),
            })??;
        let served = Arc::new(served);
        let listener = Listener::serve(socket, move |client| {
            let served = Arc::clone(&served);
            service_fn(move |request| {
                let served = Arc::clone(&served);
                async move { Ok::<_, Infallible>(served.respond(request, client).await) }
            })
        })
        .map_err(|source| Error::Listen { address, source })?;
        Ok(Self {
            listener,
            _instances: instances,
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

    /// Stops accepting and lets the requests in flight finish, for at most [`SHUTDOWN_GRACE`](crate::SHUTDOWN_GRACE); what still runs then
    /// is ended.
    pub async fn shutdown(self) {
        self.listener.shutdown().await;
    }
}

impl Served {
    fn load(options: &Options, ended: watch::Receiver<()>) -> Result<Self, Error> {
        let wrong = |source| Error::Application {
            path: options.manifest.clone(),
            source,
        };
        let application = Application::read(&options.manifest).map_err(wrong)?;
        let root = options.manifest.parent().unwrap_or(Path::new(""));
        let root = if root.as_os_str().is_empty() {
            Path::new(".")
        } else {
            root
        };

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

        let state_dir = state_dir(options, &config, root);
        let stores = key_value::open_stores(&application, &config, &state_dir)?;
        let web = options.web.as_deref().map(StaticFiles::open).transpose()?;
        let router = Router::new(&application.triggers)?;
        let connections = Connections::new().map_err(|source| Error::Engine { source })?;
        let cache = open_cache(options);
        let runtime = Runtime::new(options.pooling, cache, ended)?;

        let mut components = BTreeMap::new();
        let mut folders = Vec::new();
        for (id, component) in &application.components {
            let folder = files::lay_out(id, root, &component.files, &component.exclude_files)?;
            let shared_id: Arc<str> = Arc::from(id.as_str());
            let allowed = component.resolve_allowed_hosts(&variables).map_err(wrong)?;
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
                },
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
            _files: folders,
        })
    }

    /// Answers a request and writes its line of the access log.
    async fn respond(
        &self,
        request: Request<Incoming>,
        client: SocketAddr,
    ) -> Response<HyperOutgoingBody> {
        let start = Instant::now();
        let method = request.method().clone();
        let path = request.uri().path().to_owned();
        let (response, answered_by) = self.dispatch(request, client).await;
        let micros = start.elapsed().as_micros();
        let status = response.status().as_u16();
        tracing::info!(target: ACCESS_LOG, "{client} {method} {path} {status} {micros} us {answered_by}");
        response
    }

    /// The answer to a request and who gave it: a component's id, or a name in parentheses.
    async fn dispatch(
        &self,
        mut request: Request<Incoming>,
        client: SocketAddr,
    ) -> (Response<HyperOutgoingBody>, &str) {
        let uri = request.uri().clone();
        match uri.path() {
            "/.well-known/spin/health" => return (plain(StatusCode::OK, "OK"), "(host)"),
            "/.well-known/spin/info" => {
                let mut response = plain(StatusCode::OK, self.info.clone());
                let json = HeaderValue::from_static("application/json");
                response.headers_mut().insert(CONTENT_TYPE, json);
                return (response, "(host)");
            }
            _ => {}
        }
        if let Some(web) = &self.web
            && let Some(response) = web
                .respond(request.method(), uri.path(), request.headers())
                .await
        {
            return (response, "(web)");
        }
        let Some(matched) = self.router.route(uri.path()) else {
            return (plain(StatusCode::NOT_FOUND, ""), "(no route)");
        };
        // HTTP/1.0 clients need not name a host; a component's request has one.
        request
            .headers_mut()
            .entry(HOST)
            .or_insert(HeaderValue::from_static("localhost"));
        matched.set_headers(request.headers_mut(), &uri, client);
        let Some((id, component)) = self.components.get_key_value(matched.component()) else {
            // `Application` checks that every trigger's component is defined.
            return (plain(StatusCode::NOT_FOUND, ""), "(no component)");
        };
        let response = component.handle(request).await.unwrap_or_else(|error| {
            tracing::error!("the component {id:?} failed: {error:#}");
            plain(StatusCode::INTERNAL_SERVER_ERROR, "")
        });
        (response, id)
    }
}

fn state_dir(options: &Options, config: &RuntimeConfig, root: &Path) -> PathBuf {
    options
        .state_dir
        .clone()
        .or_else(|| config.state_dir.clone())
        .unwrap_or_else(|| root.join(STATE_DIR))
}

/// The compile cache; without one, starts are slower and nothing else changes.
fn open_cache(options: &Options) -> Option<CompileCache> {
    let folder = options.cache_dir.as_deref()?;
    CompileCache::open(folder)
        .inspect_err(|error| tracing::warn!("no compile cache in {}: {error}", folder.display()))
        .ok()
}

fn plain(status: StatusCode, text: impl Into<String>) -> Response<HyperOutgoingBody> {
    let text = text.into();
    let body = if text.is_empty() {
        Empty::new().map_err(|never| match never {}).boxed_unsync()
    } else {
        Full::from(text)
            .map_err(|never| match never {})
            .boxed_unsync()
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response
}
