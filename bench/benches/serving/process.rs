//! Servers in processes of their own, so that the system counts their time and their memory apart from the load's.
//!
//! A child is this program again, with [`AS_CHILD`] as its first argument. It says its URL in its first line, and ends when its standard input does, so that none
//! outlives the measurement however that ends.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use bench::memory_bytes;
use host::s3;

/// The hidden argument that makes a child of this program.
const AS_CHILD: &str = "--as-child";

/// The bucket of the embedded S3.
pub(crate) const BUCKET: &str = "kindred";

/// What `/proc` counts processor time in, on every architecture that Linux has kept.
const CLOCK_TICK: Duration = Duration::from_millis(10);

/// A server of its own process, ended with the value.
pub(crate) struct ServerProcess {
    child: Child,
    url: String,
}

/// What the system says of a process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usage {
    /// Processor time so far, of its threads and of the system for it.
    pub(crate) processor: Duration,
    /// The memory that it holds.
    pub(crate) resident_bytes: u64,
    /// The most that it ever held.
    pub(crate) peak_resident_bytes: u64,
}

impl ServerProcess {
    /// An object store over a folder.
    pub(crate) fn objects(folder: &Path) -> Self {
        Self::start(
            Command::new(this_program())
                .arg(AS_CHILD)
                .arg("objects")
                .arg(folder),
        )
    }

    /// An application, with these values of its variables.
    pub(crate) fn application(manifest: &Path, variables: &[(&str, &str)]) -> Self {
        let mut command = Command::new(this_program());
        command.arg(AS_CHILD).arg("application").arg(manifest);
        command.args(
            variables
                .iter()
                .map(|(name, value)| format!("{name}={value}")),
        );
        Self::start(&mut command)
    }

    /// A program that says its URL in its first line and ends when its standard input does.
    pub(crate) fn start(command: &mut Command) -> Self {
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("this program can be started again");
        let stdout = child.stdout.take().expect("it was asked for");
        let mut url = String::new();
        BufReader::new(stdout)
            .read_line(&mut url)
            .expect("a child says its URL");
        assert!(
            url.starts_with("http://"),
            "the child did not start: its reason is above"
        );
        Self {
            child,
            url: url.trim_end().to_owned(),
        }
    }

    /// Its URL without a path.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        let address = self.url.trim_start_matches("http://");
        address
            .parse()
            .expect("a child says its address in its URL")
    }

    /// What it has used so far.
    pub(crate) fn usage(&self) -> Usage {
        let path = format!("/proc/{}/stat", self.child.id());
        let stat = fs::read_to_string(path).expect("the child lives");
        // The second field is the program's name in parentheses; utime and stime are the 14th and the 15th.
        let (_, fields) = stat.rsplit_once(')').expect("the kernel writes it so");
        let ticks: u32 = fields
            .split_whitespace()
            .skip(11)
            .take(2)
            .map(|ticks| ticks.parse::<u32>().expect("the kernel writes it so"))
            .sum();
        let memory_bytes = |name| memory_bytes(self.child.id(), name).unwrap_or(0);
        Usage {
            processor: CLOCK_TICK * ticks,
            resident_bytes: memory_bytes("VmRSS"),
            peak_resident_bytes: memory_bytes("VmHWM"),
        }
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        // It has ended, or is about to; nobody waits for what it says.
        let _ = self.child.wait();
    }
}

fn this_program() -> std::path::PathBuf {
    env::current_exe().expect("the system knows this program")
}

/// Serves as a child until the parent is done, and says that this was one.
pub(crate) fn serve_as_child() -> bool {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [mark, kind, place, rest @ ..] = &arguments[..] else {
        return false;
    };
    if mark != AS_CHILD {
        return false;
    }
    let runtime = host::runtime().expect("the system gives threads");
    runtime.block_on(async {
        if kind == "objects" {
            let options = s3::Options::new(place, BUCKET);
            let server = s3::Server::start(options)
                .await
                .expect("the folder can be served");
            println!("{}", server.url());
            parent_is_done().await;
            server.shutdown().await;
        } else {
            let mut options = host::Options::new(place);
            options.variables = rest
                .iter()
                .filter_map(|variable| variable.split_once('='))
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect();
            let server = host::Server::start(options).await;
            let server = server.expect("the application can be served");
            println!("{}", server.url());
            parent_is_done().await;
            server.shutdown().await;
        }
    });
    true
}

async fn parent_is_done() {
    let end = || std::io::stdin().read_to_end(&mut Vec::new());
    // Whatever it ends with, there is nobody to serve for.
    let _ = tokio::task::spawn_blocking(end).await;
}
