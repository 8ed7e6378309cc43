//! The command line: declarations, and the step from what was written to the options of a server.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use clap::{Args, Parser, Subcommand, ValueEnum};
use host::{
    ConnectionLimits, Limits, LogFormat, Options, Source, default_cache_dir,
    default_concurrent_requests, s3,
};

/// Runs a Spin application on one machine, and an S3 for it.
#[derive(Parser)]
#[command(
    name = "host",
    version,
    after_long_help = "Exit codes:\n  0  stopped by SIGINT or SIGTERM\n  1  could not start, or failed later\n  2  the command line is wrong"
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Serve the application of a spin.toml or of a registry.
    Up(Box<UpArgs>),
    /// Serve a folder as S3.
    S3(S3Args),
}

/// Serve the application of a spin.toml or of a registry, as `spin up` does: same routes, headers, variables, files and denials, and a fresh
/// instance of a component for each request. Components are built before; `spin.toml` says how.
#[derive(Args)]
#[command(
    after_long_help = "Examples:\n  host up\n  host up -f app/spin.toml --listen 0.0.0.0:8080 --variable token=@token.txt\n  \
        host up --s3 .kindred/s3 --s3-bucket kindred --web web\n  host up -f ghcr.io/example/kindred:1\n\n\
        Values of variables, the first that is given: --variable, the runtime configuration, SPIN_VARIABLE_<NAME> in the \
        environment, the same in .env in the current folder, the default in spin.toml.\n\n\
        RUST_LOG chooses what is logged, for example RUST_LOG=host=debug. What components print stands behind their name."
)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub(crate) struct UpArgs {
    /// The application: a spin.toml, the folder that holds it, or an artifact in a registry such as ghcr.io/example/kindred:1.
    #[arg(short, long, value_name = "APPLICATION", default_value = "spin.toml")]
    pub(crate) from: String,
    /// Ask the registry over plain HTTP, as one on this machine always is.
    #[arg(short = 'k', long, env = "KINDRED_INSECURE_REGISTRY")]
    pub(crate) insecure: bool,
    /// A component to serve, with its routes; may be given several times [default: all].
    #[arg(
        short,
        long = "component-id",
        value_name = "ID",
        env = "SPIN_COMPONENTS_TO_RETAIN",
        value_delimiter = ','
    )]
    components: Vec<String>,
    /// Where to listen. Port 0 takes any free port.
    #[arg(
        long,
        value_name = "ADDRESS",
        env = "SPIN_HTTP_LISTEN_ADDR",
        default_value = "127.0.0.1:3000"
    )]
    listen: SocketAddr,
    /// A variable's value: NAME=VALUE, NAME=@FILE for the content of a file, or @FILE for a TOML or JSON file of values.
    #[arg(long = "variable", value_name = "NAME=VALUE")]
    variables: Vec<String>,
    /// Spin's runtime configuration: key-value stores, providers of variables.
    #[arg(long, value_name = "FILE", env = "RUNTIME_CONFIG_FILE")]
    runtime_config_file: Option<PathBuf>,
    /// Where key-value stores are kept [default: .spin beside spin.toml; of an artifact, nowhere].
    #[arg(long, value_name = "FOLDER", env = "KINDRED_STATE_DIR")]
    state_dir: Option<PathBuf>,
    /// Where artifacts and compiled components are kept [default: kindred in the user's cache folder].
    #[arg(
        long,
        value_name = "FOLDER",
        env = "KINDRED_CACHE_DIR",
        conflicts_with = "disable_cache"
    )]
    cache_dir: Option<PathBuf>,
    /// Pull artifacts and compile components at every start.
    #[arg(long)]
    disable_cache: bool,
    /// Make memory for every instance anew instead of taking it from a pool. Slower; needs far less address space.
    #[arg(long)]
    disable_pooling: bool,
    /// Serve the files of this folder too. A file wins over the application's routes.
    #[arg(long, value_name = "FOLDER")]
    web: Option<PathBuf>,
    /// Send answers as they are instead of compressing text for clients that take gzip.
    #[arg(long)]
    disable_compression: bool,
    /// Write no line for each request.
    #[arg(short, long)]
    pub(crate) quiet: bool,
    /// How the log is written: text for people, or a JSON object a line.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = LogFormatArg::Text)]
    log_format: LogFormatArg,
    /// Serve metrics for Prometheus here, under /metrics.
    #[arg(long, value_name = "ADDRESS")]
    metrics_listen: Option<SocketAddr>,
    /// How long a stop goes on to serve while readiness fails, so that load balancers learn of it: /readyz and Spin's health answer 503, and every
    /// answer is the last on its connection.
    #[arg(long, value_name = "SECONDS", env = "KINDRED_DRAIN_DELAY", default_value = "0", value_parser = seconds_or_none)]
    drain_delay: Duration,
    #[command(flatten)]
    limits: LimitSettings,
    /// Serve this folder as S3 beside the application.
    #[arg(long = "s3", value_name = "FOLDER")]
    s3_data: Option<PathBuf>,
    /// Where the S3 listens.
    #[arg(
        long,
        value_name = "ADDRESS",
        default_value = "127.0.0.1:9000",
        requires = "s3_data"
    )]
    s3_listen: SocketAddr,
    #[command(flatten)]
    s3: S3Settings,
}

/// Bounds that keep one request, instance or client from taking what all the others need.
#[derive(Args)]
struct LimitSettings {
    /// How long an instance may live, computing or waiting; then 504. A stop waits for it, and a second longer.
    #[arg(long, help_heading = "Limits", value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    request_timeout: Duration,
    /// How large the memory of an instance may grow; then 500.
    #[arg(long, help_heading = "Limits", value_name = "MIB", default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..=1 << 20))]
    instance_memory: u32,
    /// The same in bytes, as Spin has it; it counts before the other.
    #[arg(
        long,
        help_heading = "Limits",
        value_name = "BYTES",
        env = "SPIN_MAX_INSTANCE_MEMORY"
    )]
    max_instance_memory: Option<usize>,
    /// How many instances may live at once [default: 16 for each processor]. More of them serve no more requests unless they mostly wait for
    /// storage that is far away.
    #[arg(long, help_heading = "Limits", value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..=1000))]
    max_concurrent_requests: Option<u16>,
    /// How many requests may wait for an instance; one more is answered 503 with Retry-After.
    #[arg(
        long,
        help_heading = "Limits",
        value_name = "COUNT",
        default_value_t = 256
    )]
    max_queued_requests: u32,
    /// How long a request may wait for an instance; then 503 with Retry-After. In a queue that has not been empty for as long, a twentieth of it.
    #[arg(
        long,
        help_heading = "Limits",
        value_name = "MILLISECONDS",
        default_value_t = 100
    )]
    queue_timeout: u32,
    /// How large the body of a request may be; then 413.
    #[arg(long, help_heading = "Limits", value_name = "KIB", default_value_t = 32 << 10)]
    max_request_body: u32,
    /// How many headers a request may have; then 431.
    #[arg(
        long,
        help_heading = "Limits",
        value_name = "COUNT",
        default_value_t = 100
    )]
    max_headers: u16,
    /// How large the line and headers of a request may be together; then 431.
    #[arg(long, help_heading = "Limits", value_name = "KIB", default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..=256))]
    max_header_size: u16,
    /// How many connections may be open; further ones wait.
    #[arg(long, help_heading = "Limits", value_name = "COUNT", default_value_t = 800, value_parser = clap::value_parser!(u32).range(1..))]
    max_connections: u32,
    /// How long a connection may take to send its next request, headers in full; then it is closed.
    #[arg(long, help_heading = "Limits", value_name = "SECONDS", default_value = "75", value_parser = seconds)]
    idle_timeout: Duration,
    /// How long a client may take to send a body, or each 64 KiB of a longer one; then 408. How long it may take nothing of an answer.
    #[arg(long, help_heading = "Limits", value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    client_timeout: Duration,
    /// How much a key-value store holds on disk; a full one refuses further values.
    #[arg(
        long,
        help_heading = "Limits",
        value_name = "MIB",
        default_value_t = 1024
    )]
    key_value_size: u32,
    /// How much of its values a key-value store keeps in memory.
    #[arg(
        long,
        help_heading = "Limits",
        value_name = "MIB",
        default_value_t = 32
    )]
    key_value_memory: u16,
}

/// The names of [`LogFormat`] on the command line.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum LogFormatArg {
    Text,
    Json,
}

/// Serve a folder as S3: path-style addressing, range reads, conditional reads and writes, multipart uploads. For one machine.
#[derive(Args)]
#[command(
    after_long_help = "Example:\n  host s3 --data .kindred/s3 --s3-bucket kindred\n  \
        AWS_ACCESS_KEY_ID=kindred AWS_SECRET_ACCESS_KEY=kindred-local aws --endpoint-url http://127.0.0.1:9000 s3 ls"
)]
pub(crate) struct S3Args {
    /// The folder of the objects. It is made if it is not there.
    #[arg(long, value_name = "FOLDER")]
    data: PathBuf,
    /// Where to listen. Port 0 takes any free port.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9000")]
    listen: SocketAddr,
    #[command(flatten)]
    s3: S3Settings,
}

#[derive(Args)]
struct S3Settings {
    /// A bucket to make if it is not there. May be given several times.
    #[arg(long = "s3-bucket", value_name = "NAME", help_heading = "S3")]
    buckets: Vec<String>,
    /// The access key that clients sign with.
    #[arg(long = "s3-access-key", value_name = "KEY", default_value = s3::DEFAULT_ACCESS_KEY, help_heading = "S3")]
    access_key: String,
    /// The secret key that clients sign with.
    #[arg(long = "s3-secret-key", value_name = "KEY", default_value = s3::DEFAULT_SECRET_KEY, hide_default_value = true, env = "KINDRED_S3_SECRET_KEY", hide_env_values = true, help_heading = "S3")]
    secret_key: String,
    /// Let everyone read objects without a signature.
    #[arg(long = "s3-anonymous-reads", help_heading = "S3")]
    anonymous_reads: bool,
}

impl UpArgs {
    /// The options of a server of the application of `source`, with the files read that the flags name.
    pub(crate) fn options(&self, source: Source) -> anyhow::Result<Options> {
        let mut variables = Vec::new();
        for argument in &self.variables {
            variables.extend(read_variable(argument)?);
        }
        Ok(Options {
            listen: self.listen,
            variables,
            environment: true,
            runtime_config: self.runtime_config_file.clone(),
            state_dir: self.state_dir.clone(),
            cache_dir: self.cache_dir(),
            pooling: !self.disable_pooling,
            web: self.web.clone(),
            drain_delay: self.drain_delay,
            limits: self.limits.limits(),
            key_value_bytes: u64::from(self.limits.key_value_size) << 20,
            key_value_memory_bytes: usize::from(self.limits.key_value_memory) << 20,
            compress: !self.disable_compression,
            metrics_listen: self.metrics_listen,
            log_format: self.log_format(),
            source,
            components: self.components.clone(),
        })
    }

    /// Where what can be made or fetched again is kept, if it is.
    pub(crate) fn cache_dir(&self) -> Option<PathBuf> {
        if self.disable_cache {
            None
        } else {
            self.cache_dir.clone().or_else(default_cache_dir)
        }
    }

    /// How the log is written.
    pub(crate) fn log_format(&self) -> LogFormat {
        match self.log_format {
            LogFormatArg::Text => LogFormat::Text,
            LogFormatArg::Json => LogFormat::Json,
        }
    }

    /// The options of the S3 beside it, if there shall be one.
    pub(crate) fn s3_options(&self) -> Option<s3::Options> {
        self.s3_data
            .as_ref()
            .map(|data| self.s3.options(data, self.s3_listen))
    }
}

impl LimitSettings {
    fn limits(&self) -> Limits {
        Limits {
            request_timeout: self.request_timeout,
            instance_memory_bytes: self
                .max_instance_memory
                .unwrap_or((self.instance_memory as usize) << 20),
            concurrent_requests: self
                .max_concurrent_requests
                .map_or_else(default_concurrent_requests, usize::from),
            queued_requests: self.max_queued_requests as usize,
            queue_timeout: Duration::from_millis(self.queue_timeout.into()),
            request_body_bytes: u64::from(self.max_request_body) << 10,
            connections: ConnectionLimits {
                count: self.max_connections as usize,
                header_count: self.max_headers.into(),
                header_bytes: usize::from(self.max_header_size) << 10,
                idle_timeout: self.idle_timeout,
                client_timeout: self.client_timeout,
            },
        }
    }
}

/// A duration of seconds, which may have a fraction.
fn seconds(text: &str) -> Result<Duration, String> {
    seconds_or_none(text)
        .ok()
        .filter(|duration| !duration.is_zero())
        .ok_or_else(|| "write a number of seconds above 0".to_owned())
}

/// The same, or 0.
fn seconds_or_none(text: &str) -> Result<Duration, String> {
    text.parse()
        .ok()
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or_else(|| "write a number of seconds".to_owned())
}

impl S3Args {
    pub(crate) fn options(&self) -> s3::Options {
        self.s3.options(&self.data, self.listen)
    }
}

impl S3Settings {
    fn options(&self, data: &Path, listen: SocketAddr) -> s3::Options {
        s3::Options {
            data: data.to_owned(),
            listen,
            buckets: self.buckets.clone(),
            access_key: self.access_key.clone(),
            secret_key: self.secret_key.clone(),
            anonymous_reads: self.anonymous_reads,
        }
    }
}

/// The values that one `--variable` gives. A file's content is taken as it is, its last line break included, as Spin does.
fn read_variable(argument: &str) -> anyhow::Result<Vec<(String, String)>> {
    if let Some(path) = argument.strip_prefix('@') {
        let text = read(path)?;
        let is_json = Path::new(path)
            .extension()
            .is_some_and(|extension| extension == "json");
        let values: BTreeMap<String, String> = if is_json {
            serde_json::from_str(&text)
                .with_context(|| format!("{path} is not a JSON object of strings"))?
        } else {
            toml::from_str(&text)
                .with_context(|| format!("{path} is not a TOML table of strings"))?
        };
        return Ok(values.into_iter().collect());
    }
    let (name, value) = argument
        .split_once('=')
        .with_context(|| format!("--variable {argument}: write NAME=VALUE, NAME=@FILE or @FILE"))?;
    let value = match value.strip_prefix('@') {
        Some(path) => read(path)?,
        None => value.to_owned(),
    };
    Ok(vec![(name.to_owned(), value)])
}

fn read(path: &str) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {path} of --variable"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_declarations_are_consistent() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }

    /// What the help says is what a server does that is started without the command line.
    #[test]
    fn the_defaults_are_those_of_the_library() {
        let Command::Up(arguments) = Cli::parse_from(["host", "up"]).command else {
            panic!("up is up");
        };
        let source = Source::Manifest("spin.toml".into());
        let given = arguments.options(source).unwrap();
        let expected = Options::new("spin.toml");
        assert_eq!(
            format!("{:?}", given.limits),
            format!("{:?}", expected.limits)
        );
        assert_eq!(given.key_value_bytes, expected.key_value_bytes);
        assert_eq!(
            given.key_value_memory_bytes,
            expected.key_value_memory_bytes
        );
        assert_eq!(given.compress, expected.compress);
        assert_eq!(given.drain_delay, expected.drain_delay);
        assert_eq!(given.log_format, expected.log_format);
        assert_eq!(given.metrics_listen, expected.metrics_listen);
    }

    #[test]
    fn a_time_is_a_number_of_seconds_above_0() {
        assert_eq!(seconds("0.25"), Ok(Duration::from_millis(250)));
        for text in ["0", "-1", "x", "inf", "1e300", ""] {
            assert!(seconds(text).is_err(), "{text}");
        }
        assert_eq!(seconds_or_none("0"), Ok(Duration::ZERO));
        assert!(seconds_or_none("-1").is_err());
    }

    #[test]
    fn variables_come_from_the_argument_or_from_files() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("values.toml");
        std::fs::write(&path, "a = \"1\"\n").unwrap();
        let path = path.to_str().unwrap();
        let pair = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
        assert_eq!(read_variable("a=b=c").unwrap(), pair("a", "b=c"));
        assert_eq!(read_variable("a=").unwrap(), pair("a", ""));
        assert_eq!(
            read_variable(&format!("v=@{path}")).unwrap(),
            pair("v", "a = \"1\"\n")
        );
        assert_eq!(read_variable(&format!("@{path}")).unwrap(), pair("a", "1"));
        assert!(read_variable("a").is_err());
        assert!(read_variable("a=@/absent").is_err());
    }
}
