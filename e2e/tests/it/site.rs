//! The functions as they are served, and a client that asks them.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use e2e::application::{function, manifest, source};
use host::{Options, Server, s3};
use kit::http::{Method, Request, Response};
use kit::testing::assert_described;
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use ureq::Agent;
use ureq::http;

use crate::bucket::Bucket;

/// The real components behind the host, gone with the value.
pub(crate) struct Site {
    runtime: Runtime,
    server: Option<Server>,
    address: SocketAddr,
    url: String,
    metrics_url: String,
    agent: Agent,
    folder: Option<TempDir>,
}

/// An answer, whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: http::HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Site {
    /// Serves the root's `spin.toml` over a bucket, with the collections `movies` and `books`. It has no key-value store, so each request asks the bucket.
    pub(crate) fn start(bucket: &Bucket) -> Self {
        Self::with(bucket, &[])
    }

    /// The same with other variables.
    pub(crate) fn with(bucket: &Bucket, variables: &[(&str, &str)]) -> Self {
        Self::at(&bucket.url(), variables)
    }

    /// The same over whatever is at this address.
    pub(crate) fn at(endpoint: &str, variables: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let manifest = folder.path().join("spin.toml");
        let text = application();
        let without_store = text
            .lines()
            .filter(|line| !line.starts_with("key_value_stores"));
        let without_store: Vec<&str> = without_store.collect();
        fs::write(&manifest, without_store.join("\n")).unwrap();
        Self::run_in(folder, &manifest, endpoint, variables)
    }

    /// Serves the root's `spin.toml` as it is, with its key-value store in `folder`: what one request reads, later ones find there.
    pub(crate) fn keeping(folder: &Path, endpoint: &str, variables: &[(&str, &str)]) -> Self {
        let manifest = folder.join("spin.toml");
        fs::write(&manifest, application()).unwrap();
        Self::run(&manifest, endpoint, variables, folder)
    }

    /// Serves another manifest.
    pub(crate) fn of_manifest(
        manifest: &Path,
        bucket: &Bucket,
        variables: &[(&str, &str)],
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self::run_in(folder, manifest, &bucket.url(), variables)
    }

    /// Serves with the state in a folder that goes away with the site.
    fn run_in(
        folder: TempDir,
        manifest: &Path,
        endpoint: &str,
        variables: &[(&str, &str)],
    ) -> Self {
        let mut site = Self::run(manifest, endpoint, variables, folder.path());
        site.folder = Some(folder);
        site
    }

    fn run(manifest: &Path, endpoint: &str, variables: &[(&str, &str)], state_dir: &Path) -> Self {
        let mut all = vec![
            ("s3_endpoint", endpoint),
            ("s3_access_key_id", s3::DEFAULT_ACCESS_KEY),
            ("s3_secret_access_key", s3::DEFAULT_SECRET_KEY),
            ("collections", "movies,books"),
        ];
        // Of two values for one variable the later counts.
        all.retain(|(name, _)| variables.iter().all(|(other, _)| other != name));
        all.extend(variables);
        let mut options = Options::new(manifest);
        options.state_dir = Some(state_dir.to_owned());
        options.metrics_listen = Some(([127, 0, 0, 1], 0).into());
        options.variables = all
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let runtime = host::runtime().unwrap();
        let server = runtime.block_on(Server::start(options)).unwrap();
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .max_idle_connections(0)
            .proxy(None)
            .build();
        Self {
            url: server.url(),
            metrics_url: format!("http://{}/metrics", server.metrics_address().unwrap()),
            address: server.address(),
            runtime,
            server: Some(server),
            agent: agent.into(),
            folder: None,
        }
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sends a request.
    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        let mut request = http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let sent = match method {
            "POST" | "PUT" => self.agent.run(request.body(body).unwrap()),
            _ => self.agent.run(request.body(()).unwrap()),
        };
        let (parts, mut body) = sent.unwrap().into_parts();
        Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: body.read_to_vec().unwrap(),
        }
    }

    /// Asks, and holds the answer against the description that the site itself gives.
    pub(crate) fn ask(&self, method: &str, path: &str, body: &[u8]) -> Answer {
        let answer = self.send(method, path, &[], body);
        let description = self.send("GET", "/openapi.json", &[], b"");
        let response = Response {
            status: answer.status,
            headers: vec![("content-type", answer.header("content-type").to_owned())],
            body: answer.body.clone(),
        };
        let request = Request::new(Method::new(method), path);
        let description = String::from_utf8(description.body).unwrap();
        assert_described(&description, &request, &response);
        answer
    }

    /// GET, with an answer as it is described.
    pub(crate) fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, b"")
    }

    /// What the host has counted under this name and these labels, as Prometheus reads it; what is not on the page has not happened.
    pub(crate) fn counted(&self, sample: &str) -> u64 {
        let mut response = self.agent.get(&self.metrics_url).call().unwrap();
        let page = response.body_mut().read_to_string().unwrap();
        let count = page.lines().find_map(|line| {
            let (name, count) = line.rsplit_once(' ')?;
            (name == sample).then(|| count.parse().unwrap())
        });
        count.unwrap_or(0)
    }

    /// Recommendations for a body, which are to be there.
    pub(crate) fn recommend(&self, body: &Value) -> Value {
        let answer = self.ask(
            "POST",
            "/v1/movies/recommendations",
            body.to_string().as_bytes(),
        );
        assert_eq!(answer.status, 200, "{body} {}", answer.json());
        answer.json()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        if let Some(server) = self.server.take() {
            self.runtime.block_on(server.shutdown());
        }
    }
}

impl Answer {
    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// A header, or an empty text.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// Checks that it is a problem of this status and slug, and returns it.
    pub(crate) fn problem(&self, status: u16, slug: &str) -> Value {
        let problem = self.json();
        assert_eq!(
            self.header("content-type"),
            "application/problem+json",
            "{problem}"
        );
        assert_eq!(
            problem["type"],
            format!("https://kindred.example/problems/{slug}")
        );
        assert_eq!((self.status, &problem["status"]), (status, &status.into()));
        problem
    }
}

/// The ids of an answer's items.
pub(crate) fn ids(answer: &Value) -> Vec<&str> {
    let items = answer["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["id"].as_str().unwrap())
        .collect()
}

/// The root's `spin.toml` as it can lie anywhere.
fn application() -> String {
    manifest(|name| source(&function(name)))
}
