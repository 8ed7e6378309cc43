//! A proxy before a cluster's API server that counts what is asked, and can be made to fail. `kubectl proxy` stands behind it, so that it speaks without encryption.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use super::Site;
use crate::program::Run;

/// A request that went through.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) path: String,
}

impl Request {
    /// Whether the cluster is another afterwards.
    pub(super) fn is_write(&self) -> bool {
        self.method != "GET" && !self.path.contains("dryRun=All")
    }
}

/// A proxy, gone with the value.
pub(super) struct Proxy {
    kubectl: Child,
    kubeconfig: PathBuf,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    requests: Mutex<Vec<Request>>,
    /// So many requests are still answered 429.
    refusals: AtomicUsize,
    /// So many requests are still taken without any answer.
    silences: AtomicUsize,
    /// How long each request waits, in milliseconds.
    delay_ms: AtomicU64,
}

impl Proxy {
    /// A proxy before the cluster of a site.
    pub(super) fn before(site: &Site) -> Self {
        let mut kubectl = Command::new("kubectl")
            .args(["proxy", "--port=0"])
            .env("KUBECONFIG", &site.kubeconfig)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut stdout = BufReader::new(kubectl.stdout.take().unwrap());
        stdout.read_line(&mut line).unwrap();
        let upstream: SocketAddr = line.trim().rsplit(' ').next().unwrap().parse().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = listener.local_addr().unwrap();
        let kubeconfig = site.place.path("proxy.kubeconfig");
        let text = format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: proxy\n\
            clusters: [{{ name: proxy, cluster: {{ server: 'http://{server}' }} }}]\n\
            contexts: [{{ name: proxy, context: {{ cluster: proxy, user: proxy }} }}]\n\
            users: [{{ name: proxy, user: {{}} }}]\n"
        );
        std::fs::write(&kubeconfig, text).unwrap();
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let state = Arc::clone(&shared);
                thread::spawn(move || relay(client, upstream, &state));
            }
        });
        Self {
            kubectl,
            kubeconfig,
            state,
        }
    }

    /// Answers 429 to the next requests.
    pub(super) fn refuse(&self, count: usize) {
        self.state.refusals.store(count, Ordering::SeqCst);
    }

    /// Ends the connections of the next requests without an answer.
    pub(super) fn be_silent(&self, count: usize) {
        self.state.silences.store(count, Ordering::SeqCst);
    }

    /// Lets each request wait.
    pub(super) fn be_slow(&self, delay_ms: u64) {
        self.state.delay_ms.store(delay_ms, Ordering::SeqCst);
    }

    /// The program, which goes through it.
    pub(super) fn command(&self, site: &Site, args: &[&str]) -> Command {
        let mut command = site.command(args);
        command.env("KUBECONFIG", &self.kubeconfig);
        command
    }

    /// Runs the program through it.
    pub(super) fn run(&self, site: &Site, args: &[&str]) -> Run {
        Run::of(&mut self.command(site, args))
    }

    /// Those requests that went through.
    pub(super) fn requests(&self, is_asked: impl Fn(&Request) -> bool) -> Vec<Request> {
        let requests = self.state.requests.lock().unwrap();
        requests
            .iter()
            .filter(|request| is_asked(request))
            .cloned()
            .collect()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.kubectl.kill();
        let _ = self.kubectl.wait();
    }
}

/// One request and its answer.
fn relay(client: TcpStream, upstream: SocketAddr, state: &State) {
    let mut reader = BufReader::new(client);
    let mut head = String::new();
    let mut body_len = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        let lower = line.to_ascii_lowercase();
        if let Some(value) = lower.strip_prefix("content-length:") {
            body_len = value.trim().parse().unwrap();
        }
        let is_end = line == "\r\n";
        if is_end {
            head += "connection: close\r\n";
        }
        if !lower.starts_with("connection:") && !lower.starts_with("host:") {
            head += &line;
        }
        if is_end {
            break;
        }
    }
    let mut body = vec![0; body_len];
    reader.read_exact(&mut body).unwrap();
    let mut client = reader.into_inner();
    thread::sleep(Duration::from_millis(state.delay_ms.load(Ordering::SeqCst)));
    let takes_one = |count: &AtomicUsize| {
        count
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |count| {
                count.checked_sub(1)
            })
            .is_ok()
    };
    if takes_one(&state.silences) {
        return;
    }
    if takes_one(&state.refusals) {
        let answer = b"HTTP/1.1 429 Too Many Requests\r\nretry-after: 1\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        let _ = client.write_all(answer);
        return;
    }
    let mut words = head.split(' ').map(str::to_owned);
    let request = Request {
        method: words.next().unwrap(),
        path: words.next().unwrap(),
    };
    state.requests.lock().unwrap().push(request);
    let mut server = TcpStream::connect(upstream).unwrap();
    let head = head.replacen("\r\n", &format!("\r\nhost: {upstream}\r\n"), 1);
    server.write_all(head.as_bytes()).unwrap();
    server.write_all(&body).unwrap();
    let _ = std::io::copy(&mut server, &mut client);
}
