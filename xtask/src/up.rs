//! `cargo up`: the whole of Kindred on this machine.
//!
//! Builds the functions and the programs, serves them with an embedded S3 beside them, has the job publish a collection into it, and waits. What it
//! keeps between runs lies in `.kindred`; a second run finds everything built and published, and only starts the host.

use std::fs;
use std::io::{Read, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result, anyhow, bail};
use clap::Args;

use crate::functions;
use crate::functions::toolchain::ToolchainChoice;
use crate::process::{self, run, say, timed};
use crate::workspace::Workspace;

/// The packages whose programs run here.
const PROGRAMS: [&str; 4] = ["demo", "host", "precompute", functions::TRIM];

/// What this machine alone needs, outside of git.
const STATE_FOLDER: &str = ".kindred";
/// The port that `kindred.toml` names.
const DEFAULT_S3_PORT: u16 = 9000;
const BUCKET: &str = "kindred";

/// The keys of the embedded S3. It listens on the loopback interface alone, so they are no secret.
const ACCESS_KEY_ID: &str = "kindred";
const SECRET_ACCESS_KEY: &str = "kindred-local";

/// How long the host may take to listen. The first start compiles the components to machine code, which takes seconds.
const START_TIMEOUT: Duration = Duration::from_mins(2);
/// How long a published collection may take to be served.
const READY_TIMEOUT: Duration = Duration::from_secs(30);
/// How long the host may take to finish its requests when it is told to stop.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);
const POLL_INTERVAL: Duration = Duration::from_millis(50);

#[derive(Args, Debug)]
pub(crate) struct UpArguments {
    /// A folder or .zip with a MovieLens data set, instead of the demo's films and synthetic ratings
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// A configuration of your own, such as config/use-cases.toml, instead of the demo's; its endpoint is to be that of the embedded S3
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with = "data",
        requires = "collections"
    )]
    config: Option<PathBuf>,
    /// A collection of that configuration; may be given several times
    #[arg(long = "collection", value_name = "NAME", requires = "config")]
    collections: Vec<String>,
    /// Where functions and page are served
    #[arg(long, default_value_t = 3000)]
    port: u16,
    /// Where the embedded S3 listens
    #[arg(long, value_name = "PORT", default_value_t = DEFAULT_S3_PORT)]
    s3_port: u16,
}

/// Runs until Ctrl-C.
pub(crate) fn up(
    workspace: &Workspace,
    choice: ToolchainChoice,
    arguments: &UpArguments,
) -> Result<()> {
    let start = Instant::now();
    ensure_free(arguments.port, "--port")?;
    ensure_free(arguments.s3_port, "--s3-port")?;
    let data = arguments.data.as_deref().map(absolute).transpose()?;

    let modules = functions::compile(workspace, choice)?;
    let programs = timed("programs built", || Programs::build(workspace))?;
    functions::trim(workspace, &modules)?;
    let configuration = match (&arguments.config, data) {
        (Some(own), _) => own_configuration(own, arguments)?,
        (None, Some(data)) => configuration(workspace, arguments, &data)?,
        (None, None) => {
            let source = write_demo_data(workspace, &programs)?;
            configuration(workspace, arguments, &source)?
        }
    };

    let stop = stop_request()?;
    let mut host = Host::start(workspace, &programs, arguments, &stop)?;
    // The job knows itself what has changed since the last time, and does only that.
    timed("published", || {
        publish(workspace, &programs, arguments, &configuration, &stop)
    })?;
    host.wait_until(
        READY_TIMEOUT,
        "the collection is published, but /readyz does not say that it is served",
        Host::is_ready,
    )?;

    say(&format!(
        "\nKindred answers on http://127.0.0.1:{} ({:.0} s after the start). Ctrl-C stops it.\n",
        arguments.port,
        start.elapsed().as_secs_f64()
    ));
    host.wait()
}

fn ensure_free(port: u16, flag: &str) -> Result<()> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map(drop).map_err(|error| {
        anyhow!("port {port} cannot be listened on ({error}); stop the program that has it, or choose another port with {flag}")
    })
}

fn absolute(path: &Path) -> Result<PathBuf> {
    path.canonicalize()
        .with_context(|| format!("{}: there is no such folder or file", path.display()))
}

/// The programs of this workspace that run here.
struct Programs {
    demo: PathBuf,
    host: PathBuf,
    precompute: PathBuf,
}

impl Programs {
    fn build(workspace: &Workspace) -> Result<Programs> {
        // Not quiet: the first time takes minutes, and cargo shows how far it is.
        let mut command = process::cargo();
        command
            .current_dir(&workspace.root)
            .args(["build", "--bins"]);
        for package in PROGRAMS {
            command.args(["--package", package]);
        }
        run(&mut command)?;
        Ok(Programs {
            demo: workspace.program("demo"),
            host: workspace.program("host"),
            precompute: workspace.program("precompute"),
        })
    }
}

/// Writes the demo's data set, unless it is there and younger than the program that writes it.
fn write_demo_data(workspace: &Workspace, programs: &Programs) -> Result<PathBuf> {
    let folder = workspace.root.join(STATE_FOLDER).join("demo");
    let is_current = match (
        modified(&folder.join("ratings.csv")),
        modified(&programs.demo),
    ) {
        (Ok(written), Ok(built)) => built <= written,
        _ => false,
    };
    if !is_current {
        timed("demo data written", || {
            run(Command::new(&programs.demo).arg("write").arg(&folder))
        })?;
    }
    Ok(folder)
}

/// The configuration of the job: `kindred.toml`, or a copy of it for another source or another port.
fn configuration(workspace: &Workspace, arguments: &UpArguments, source: &Path) -> Result<PathBuf> {
    let original = workspace.root.join("kindred.toml");
    if arguments.data.is_none() && arguments.s3_port == DEFAULT_S3_PORT {
        return Ok(original);
    }
    let mut text = fs::read_to_string(&original)
        .with_context(|| format!("could not read {}", original.display()))?;
    text = with_setting(&text, "endpoint", &format!("{:?}", url(arguments.s3_port)));
    // Paths in the file are relative to its folder, which is another one for the copy.
    text = with_setting(
        &text,
        "source",
        &format!("{:?}", source.display().to_string()),
    );
    if arguments.data.is_some() {
        text = with_setting(&text, "synthetic", "false");
    }
    let folder = workspace.root.join(STATE_FOLDER);
    let copy = folder.join("kindred.toml");
    fs::create_dir_all(&folder)
        .and_then(|()| fs::write(&copy, text))
        .with_context(|| format!("could not write {}", copy.display()))?;
    Ok(copy)
}

/// The path of somebody's own configuration, whose index files are to go into the embedded S3.
fn own_configuration(file: &Path, arguments: &UpArguments) -> Result<PathBuf> {
    let text = fs::read_to_string(file)
        .with_context(|| format!("--config {}: could not be read", file.display()))?;
    let endpoint = format!("endpoint = \"{}\"", url(arguments.s3_port));
    if !text.lines().any(|line| line.trim() == endpoint) {
        bail!(
            "--config {}: write {endpoint} below [storage], which is where the embedded S3 listens",
            file.display()
        );
    }
    absolute(file)
}

/// The text of a TOML file with another value in the lines of this key.
fn with_setting(text: &str, key: &str, value: &str) -> String {
    let is_setting = |line: &str| {
        line.split_once('=')
            .is_some_and(|(found, _)| found.trim() == key)
    };
    let lines = text.lines().map(|line| {
        if is_setting(line) {
            format!("{key} = {value}\n")
        } else {
            format!("{line}\n")
        }
    });
    lines.collect()
}

fn url(port: u16) -> String {
    format!("http://{}", SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
}

/// Imports, trains, evaluates, writes, verifies and publishes the collection.
fn publish(
    workspace: &Workspace,
    programs: &Programs,
    arguments: &UpArguments,
    configuration: &Path,
    stop: &StopRequest,
) -> Result<()> {
    if arguments.collections.is_empty() {
        return publish_one(workspace, programs, None, configuration, stop);
    }
    let mut collections = arguments.collections.iter();
    collections
        .try_for_each(|name| publish_one(workspace, programs, Some(name), configuration, stop))
}

fn publish_one(
    workspace: &Workspace,
    programs: &Programs,
    collection: Option<&str>,
    configuration: &Path,
    stop: &StopRequest,
) -> Result<()> {
    let mut command = Command::new(&programs.precompute);
    // Forced: after `--data` the served generation may be of other data, and its quality says nothing about this one's.
    command
        .current_dir(&workspace.root)
        .args(["run", "--force", "--work", STATE_FOLDER, "--config"])
        .arg(configuration);
    if let Some(collection) = collection {
        command.args(["--collection", collection]);
    }
    command
        .env("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID)
        .env("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY);
    let mut child = command.spawn().context("could not start precompute")?;
    let status = loop {
        if let Some(status) = child.try_wait().context("could not wait for precompute")? {
            break status;
        }
        if stop.is_requested() {
            ask_to_stop(&child);
            wait_at_most(&mut child, STOP_TIMEOUT)?;
            bail!("interrupted");
        }
        thread::sleep(POLL_INTERVAL);
    };
    if !status.success() {
        bail!("the job failed ({status}); what it says above is why");
    }
    Ok(())
}

/// The running host. Dropping it stops it.
struct Host {
    child: Child,
    port: u16,
    stop: StopRequest,
}

impl Host {
    fn start(
        workspace: &Workspace,
        programs: &Programs,
        arguments: &UpArguments,
        stop: &StopRequest,
    ) -> Result<Host> {
        let local = |port: u16| SocketAddr::from((Ipv4Addr::LOCALHOST, port)).to_string();
        let mut command = Command::new(&programs.host);
        command.current_dir(&workspace.root);
        command.args([
            "up",
            "--from",
            "spin.toml",
            "--web",
            "web",
            "--listen",
            &local(arguments.port),
        ]);
        command.arg("--s3").arg(Path::new(STATE_FOLDER).join("s3"));
        command.args([
            "--s3-bucket",
            BUCKET,
            "--s3-listen",
            &local(arguments.s3_port),
        ]);
        command
            .arg("--state-dir")
            .arg(Path::new(STATE_FOLDER).join("state"));
        for (name, value) in [
            ("s3_endpoint", url(arguments.s3_port).as_str()),
            ("s3_access_key_id", ACCESS_KEY_ID),
            ("s3_secret_access_key", SECRET_ACCESS_KEY),
        ] {
            command.arg("--variable").arg(format!("{name}={value}"));
        }
        if let [first, ..] = arguments.collections.as_slice() {
            let collections = arguments.collections.join(",");
            command
                .arg("--variable")
                .arg(format!("collections={collections}"))
                .arg("--variable")
                .arg(format!("default_collection={first}"));
        }
        let child = command.spawn().context("could not start the host")?;
        let mut host = Host {
            child,
            port: arguments.port,
            stop: stop.clone(),
        };
        for port in [arguments.s3_port, arguments.port] {
            host.wait_until(START_TIMEOUT, "the host does not listen", |_| listens(port))?;
        }
        Ok(host)
    }

    /// Whether the functions reach a published collection.
    fn is_ready(&self) -> bool {
        get(self.port, "/readyz").is_ok_and(|status| status == 200)
    }

    /// Waits until something holds, as long as the host runs and nobody wants to stop.
    fn wait_until(
        &mut self,
        timeout: Duration,
        otherwise: &str,
        holds: impl Fn(&Host) -> bool,
    ) -> Result<()> {
        let deadline = Instant::now() + timeout;
        while !holds(self) {
            if let Some(status) = self
                .child
                .try_wait()
                .context("could not wait for the host")?
            {
                bail!("the host has ended ({status}); what it says above is why");
            }
            if self.stop.is_requested() {
                bail!("interrupted");
            }
            if deadline < Instant::now() {
                bail!("{otherwise} after {} s", timeout.as_secs());
            }
            thread::sleep(POLL_INTERVAL);
        }
        Ok(())
    }

    /// Waits for Ctrl-C, or for the host to end by itself.
    fn wait(mut self) -> Result<()> {
        while !self.stop.is_requested() {
            if let Some(status) = self
                .child
                .try_wait()
                .context("could not wait for the host")?
            {
                bail!("the host has ended ({status})");
            }
            thread::sleep(POLL_INTERVAL);
        }
        Ok(())
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // It may have ended already, and there is nobody to tell when it cannot be stopped.
        if matches!(self.child.try_wait(), Ok(None)) {
            // After a Ctrl-C at a terminal the host has had the signal too. It takes a second one as "at once", so it gets time first.
            let has_ended = self.stop.is_requested()
                && matches!(
                    wait_at_most(&mut self.child, Duration::from_secs(1)),
                    Ok(Some(_))
                );
            if !has_ended {
                ask_to_stop(&self.child);
            }
            if !matches!(wait_at_most(&mut self.child, STOP_TIMEOUT), Ok(Some(_))) {
                drop(self.child.kill());
                drop(self.child.wait());
            }
        }
    }
}

fn wait_at_most(child: &mut Child, timeout: Duration) -> Result<Option<ExitStatus>> {
    let deadline = Instant::now() + timeout;
    loop {
        let status = child
            .try_wait()
            .context("could not wait for a child process")?;
        if status.is_some() || deadline < Instant::now() {
            return Ok(status);
        }
        thread::sleep(POLL_INTERVAL);
    }
}

/// Sends SIGTERM. The standard library can only kill, so the shell's own `kill` does it.
fn ask_to_stop(child: &Child) {
    // The child may have ended in between; then there is nothing to do.
    drop(
        Command::new("sh")
            .arg("-c")
            .arg(format!("kill -TERM {} 2>/dev/null", child.id()))
            .status(),
    );
}

/// Becomes true with the first Ctrl-C or SIGTERM.
#[derive(Clone)]
struct StopRequest(Arc<AtomicBool>);

impl StopRequest {
    fn is_requested(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

fn stop_request() -> Result<StopRequest> {
    let request = StopRequest(Arc::new(AtomicBool::new(false)));
    let flag = request.clone();
    ctrlc::set_handler(move || flag.0.store(true, Ordering::Relaxed))
        .context("could not listen for Ctrl-C")?;
    Ok(request)
}

fn listens(port: u16) -> bool {
    TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// The status of a GET on this machine. Readiness needs no more of HTTP than its first line.
fn get(port: u16, path: &str) -> Result<u16> {
    let mut connection = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    connection.set_read_timeout(Some(Duration::from_secs(10)))?;
    write!(
        connection,
        "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n"
    )?;
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer)?;
    status_of(&answer).context("the answer is not HTTP")
}

fn status_of(answer: &[u8]) -> Option<u16> {
    let first_line = answer.split(|byte| *byte == b'\r').next()?;
    let mut words = std::str::from_utf8(first_line).ok()?.split(' ');
    words.next()?.strip_prefix("HTTP/")?;
    words.next()?.parse().ok()
}

fn modified(path: &Path) -> Result<SystemTime> {
    Ok(fs::metadata(path)?.modified()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_port_is_named_with_the_way_out() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let message = ensure_free(port, "--port").unwrap_err().to_string();
        assert!(
            message.starts_with(&format!("port {port} cannot be listened on")),
            "{message}"
        );
        assert!(
            message.ends_with("choose another port with --port"),
            "{message}"
        );
    }

    #[test]
    fn the_status_is_read_from_the_first_line() {
        assert_eq!(
            status_of(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"),
            Some(200)
        );
        assert_eq!(status_of(b"HTTP/1.1 503\r\n\r\n"), Some(503));
        assert_eq!(status_of(b"SSH-2.0-x\r\n"), None);
        assert_eq!(status_of(b""), None);
    }

    #[test]
    fn a_setting_is_replaced_wherever_it_stands_and_comments_stay() {
        let text = "# source = x\nsource = \"a\"\nsources = 1\n\n[b]\nsource=2\n";
        assert_eq!(
            with_setting(text, "source", "\"c\""),
            "# source = x\nsource = \"c\"\nsources = 1\n\n[b]\nsource = \"c\"\n"
        );
        assert_eq!(with_setting(text, "absent", "1"), text);
    }
}
