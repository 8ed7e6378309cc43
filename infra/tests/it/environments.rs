//! The environments of the snapshots, each another way to run.

/// With a cluster that has the Spin operator, and nothing else said.
pub(crate) const PLAIN: &str =
    "[environments.dev]\napplication = { image = \"ghcr.io/example/kindred:1\" }\n";

/// With everything said, for a cluster without a shim.
pub(crate) const HOST: &str = r#"
[environments.prod]
protected = true
namespace = "recommendations"
collections = ["movies"]
variables = { cors_origins = "https://films.example.org" }
[environments.prod.storage]
endpoint = "http://10.0.0.1:9000"
bucket = "films"
[environments.prod.application]
form = "host"
image = "registry.example.org:5000/kindred@sha256:0000000000000000000000000000000000000000000000000000000000000000"
host_image = "registry.example.org:5000/host:1@sha256:0000000000000000000000000000000000000000000000000000000000000000"
image_pull_secrets = ["registry"]
[environments.prod.jobs]
image = "registry.example.org:5000/precompute:1@sha256:0000000000000000000000000000000000000000000000000000000000000000"
data = "s3://exports/films"
scratch = { size = "50Gi", class = "fast" }
memory_limit = "8Gi"
[environments.prod.jobs.secrets]
OMDB_API_KEY = { environment = "OMDB_API_KEY" }
[environments.prod.scaling]
minimum_replicas = 3
maximum_replicas = 3
[environments.prod.address]
kind = "ingress"
host = "api.example.org"
class = "nginx"
requests_per_second = 50
certificate = { issuer = "lets-encrypt", email = "you@example.org" }
[environments.prod.observability]
prometheus = true
prometheus_labels = { release = "kube-prometheus-stack" }
pod_annotations = { "fluentbit.io/parser" = "json" }
[environments.prod.secrets]
s3_access_key_id = { environment = "AWS_ACCESS_KEY_ID" }
s3_secret_access_key = { external = { store = "aws", key = "kindred/s3", property = "secret" } }
s3_session_token = { secret = { name = "s3", key = "token" } }
"#;

/// With the shim's `RuntimeClass`, behind a Gateway.
pub(crate) const DEPLOYMENT: &str = r#"
[environments.edge.application]
form = "deployment"
image = "ghcr.io/example/kindred:1"
runtime_class = "spin"
[environments.edge.scaling]
minimum_replicas = 1
[environments.edge.address]
kind = "gateway"
host = "api.example.org"
gateway = "gateways/public"
certificate = { issuer = "lets-encrypt-staging", email = "you@example.org" }
[environments.edge.observability]
open_telemetry = "http://collector.observability:4318"
"#;

/// With index files in a volume that jobs fill, without a bucket but for their data.
pub(crate) const VOLUME: &str = r#"
[environments.box]
index = "volume"
volume = { size = "2Gi" }
[environments.box.application]
form = "host"
image = "ghcr.io/example/kindred:1"
host_image = "ghcr.io/example/host:1"
[environments.box.jobs]
image = "ghcr.io/example/precompute:1"
data = "s3://exports/films"
[environments.box.jobs.secrets]
AWS_ACCESS_KEY_ID = { environment = "AWS_ACCESS_KEY_ID" }
AWS_SECRET_ACCESS_KEY = { environment = "AWS_SECRET_ACCESS_KEY" }
"#;

/// With functions that have their index files in them.
pub(crate) const SEALED: &str = r#"
[environments.small]
index = "sealed"
variables = { cors_origins = "https://films.example.org" }
application = { image = "ghcr.io/example/kindred-sealed:1" }
[environments.small.scaling]
minimum_replicas = 1
maximum_replicas = 1
"#;

/// With a `SpinApp` a function, each with a scale of its own, on `host` instead of a shim.
pub(crate) const PER_FUNCTION: &str = r#"
[environments.wide.application]
image = "ghcr.io/example/kindred:1"
host_image = "ghcr.io/example/host:1"
image_pull_secrets = ["registry"]
per_function = true
[environments.wide.scaling]
autoscaler = "keda"
[environments.wide.address]
kind = "ingress"
host = "api.example.org"
[environments.wide.observability]
pod_annotations = { "fluentbit.io/parser" = "json" }
"#;

/// With a database that `CloudNativePG` makes, for an application with a variable `database_url`.
pub(crate) const DATABASE: &str = r#"
[environments.data.application]
form = "host"
image = "ghcr.io/example/kindred:1"
host_image = "ghcr.io/example/host:1"
image_pull_secrets = ["registry"]
[environments.data.database]
variable = "database_url"
cluster = { instances = 3, image = "ghcr.io/cloudnative-pg/postgresql:18", size = "20Gi", class = "fast" }
[environments.data.observability]
prometheus = true
prometheus_labels = { release = "kube-prometheus-stack" }
"#;

/// With a database that is there already.
pub(crate) const OTHER_DATABASE: &str = r#"
[environments.data.application]
image = "ghcr.io/example/kindred:1"
[environments.data.database]
variable = "database_url"
url = { environment = "DATABASE_URL" }
port = 6432
"#;

/// What a cluster has before, with an address and a checksum that are nobody's.
pub(crate) const CLUSTER: &str = r#"
[cluster]
dashboard = true
[cluster.shim.x86_64]
location = "https://example.org/shim.tar.gz"
sha256 = "0000000000000000000000000000000000000000000000000000000000000000"
"#;

/// What collects the logs of environments beside it, with a digest that is nobody's.
pub(crate) const LOGS: &str = r#"
[cluster.logs]
image = "docker.io/fluent/fluent-bit:4.2@sha256:0000000000000000000000000000000000000000000000000000000000000000"
loki = "https://logs.example.org/films/"
"#;
