//! The command as a process: its exit codes, its log, its help.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use hyper::Method;

use crate::application::application;
use crate::client::{get, send};

/// How long nobody is surprised to wait on a busy machine.
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) fn host() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_host"));
    command
        .stderr(Stdio::piped())
        .stdout(Stdio::piped())
        .stdin(Stdio::null());
    for name in [
        "RUST_LOG",
        "SPIN_HTTP_LISTEN_ADDR",
        "RUNTIME_CONFIG_FILE",
        "KINDRED_CACHE_DIR",
        "KINDRED_DRAIN_DELAY",
        "KINDRED_INSECURE_REGISTRY",
        "KINDRED_S3_SECRET_KEY",
        "KINDRED_STATE_DIR",
        "SPIN_COMPONENTS_TO_RETAIN",
        "SPIN_MAX_INSTANCE_MEMORY",
    ] {
        command.env_remove(name);
    }
    command
}

/// The program with the application in this folder, on a free port.
fn up(folder: &tempfile::TempDir) -> Command {
    let mut command = host();
    command
        .args(["up", "--listen", "127.0.0.1:0", "--variable", "token=x"])
        .arg("--from")
        .arg(folder.path());
    command
}

/// A started process that is gone when the test is.
pub(crate) struct Running {
    child: Child,
    log: BufReader<ChildStderr>,
    pub(crate) url: String,
}

impl Running {
    /// Starts the command and waits until it says where it serves.
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command.spawn().unwrap();
        let log = BufReader::new(child.stderr.take().unwrap());
        let mut running = Self {
            child,
            log,
            url: String::new(),
        };
        let mut line = String::new();
        while running.url.is_empty() {
            line.clear();
            let read = running.log.read_line(&mut line).unwrap();
            assert_ne!(read, 0, "it stopped instead of serving");
            if let Some((_, url)) = line.split_once("serving ") {
                // In JSON the message ends at a quotation mark.
                let end = url.find(['"', '\n']).unwrap_or(url.len());
                url[..end].clone_into(&mut running.url);
            }
        }
        running
    }

    /// Where it serves, without the scheme.
    fn address(&self) -> &str {
        self.url.strip_prefix("http://").unwrap()
    }

    fn connect(&self) -> TcpStream {
        let connection = TcpStream::connect(self.address()).unwrap();
        connection.set_read_timeout(Some(PATIENCE)).unwrap();
        connection
    }

    /// Sends a request on a connection of its own and does not wait for the answer.
    fn ask(&self, path: &str) -> TcpStream {
        let mut connection = self.connect();
        let request = format!("GET {path} HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n");
        connection.write_all(request.as_bytes()).unwrap();
        connection
    }

    /// Sends SIGTERM.
    fn terminate(&self) {
        let terminated = Command::new("kill")
            .arg(self.child.id().to_string())
            .status()
            .unwrap();
        assert!(terminated.success());
    }

    /// Waits until it has ended and reads nothing of what it logs.
    fn wait_for_the_end(&mut self, timeout: Duration) {
        let asked = Instant::now();
        while self.child.try_wait().unwrap().is_none() {
            assert!(asked.elapsed() < timeout, "it does not end");
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Sends SIGTERM and gives the exit code and the rest of the log.
    fn stop(self) -> (Option<i32>, String) {
        self.terminate();
        self.ended()
    }

    /// Waits for the end and gives the exit code and the rest of the log.
    fn ended(mut self) -> (Option<i32>, String) {
        let mut rest = String::new();
        self.log.read_to_string(&mut rest).unwrap();
        (self.child.wait().unwrap().code(), rest)
    }

    /// The same where no request was ended with it; the log.
    fn ended_with_all_answered(self) -> String {
        let (code, log) = self.ended();
        assert_eq!(code, Some(0), "{log}");
        assert!(!log.contains("still in flight"), "{log}");
        log
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It is mostly gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn up_serves_logs_and_stops_at_a_signal() {
    let folder = application("variables = { key = \"{{ token }}\" }");
    let running = Running::start(
        host()
            .args([
                "up",
                "--listen",
                "127.0.0.1:0",
                "--s3-listen",
                "127.0.0.1:0",
                "--from",
            ])
            .arg(folder.path())
            .arg("--s3")
            .arg(folder.path().join("s3"))
            .env("SPIN_VARIABLE_TOKEN", "from the environment"),
    );
    let url = running.url.clone();
    assert_eq!(
        get(format!("{url}/guest/variable?key")).await.text(),
        "from the environment"
    );
    get(format!("{url}/guest/fetch?http://example.com:81/a")).await;
    get(format!("{url}/guest/print")).await;
    get(format!("{url}/guest/panic")).await;
    let (code, log) = running.stop();
    assert_eq!(code, Some(0), "{log}");
    for expected in [
        "GET /guest/variable 200 ",
        "the component \"guest\" may not call http://example.com:81; to allow it, add \"http://example.com:81\" to \
         allowed_outbound_hosts of [component.guest] in spin.toml",
        "guest: printed to stdout",
        "guest: printed to stderr",
        "the component \"guest\" failed: ",
        "GET /guest/panic 500 ",
        "stopping",
    ] {
        assert!(
            log.contains(expected),
            "{expected:?} is not in the log:\n{log}"
        );
    }
    assert!(!log.contains("from the environment"), "{log}");
}

#[test]
fn components_that_compute_without_end_hinder_neither_others_nor_the_end() {
    let folder = application("");
    let mut running = Running::start(
        up(&folder)
            .args(["--request-timeout", "2"])
            .env("TOKIO_WORKER_THREADS", "2"),
    );
    let spinning: Vec<TcpStream> = (0..4).map(|_| running.ask("/guest/spin")).collect();
    // They are on their way, and more than there are threads.
    thread::sleep(Duration::from_millis(200));
    for path in ["/.well-known/spin/health", "/guest/count"] {
        let mut answer = String::new();
        running.ask(path).read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{path}: {answer}");
    }

    running.terminate();
    // Their time is over before the time to stop is.
    for mut connection in spinning {
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 504 "), "{answer}");
    }
    running.wait_for_the_end(PATIENCE);
    running.ended_with_all_answered();
}

#[test]
fn a_signal_waits_for_as_long_as_a_request_may_take() {
    let folder = application("");
    let running = Running::start(&mut up(&folder));
    let mut slow = running.ask("/guest/sleep?11000");
    slow.set_read_timeout(Some(3 * PATIENCE)).unwrap();
    thread::sleep(Duration::from_millis(200));
    running.terminate();
    let mut answer = String::new();
    slow.read_to_string(&mut answer).unwrap();
    assert!(answer.ends_with("slept"), "{answer}");
    running.ended_with_all_answered();
}

#[test]
fn what_a_stop_ends_is_said() {
    let folder = application("");
    let running = Running::start(up(&folder).args(["--request-timeout", "0.1"]));
    // A client that owes its body has more time for it than an instance has.
    let mut owing = running.connect();
    let request = "POST /guest/echo HTTP/1.1\r\nhost: h\r\ncontent-length: 9\r\n\r\nhalf";
    owing.write_all(request.as_bytes()).unwrap();
    thread::sleep(Duration::from_millis(200));
    let (code, log) = running.stop();
    assert_eq!(code, Some(0), "{log}");
    assert!(
        log.contains("still in flight after 1.1s: 1 connections"),
        "{log}"
    );
}

#[test]
fn a_log_that_nobody_reads_hinders_neither_requests_nor_the_end() {
    let folder = application("");
    let mut running = Running::start(&mut up(&folder));
    // Together far more than a pipe holds.
    let path = format!("/{}", "a".repeat(20_000));
    for _ in 0..200 {
        let mut answer = String::new();
        running.ask(&path).read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
    }
    running.terminate();
    running.wait_for_the_end(PATIENCE);
    let (code, log) = running.ended();
    assert_eq!(code, Some(0), "{log}");
    let longest = log.lines().map(str::len).max().unwrap();
    assert!((1 << 10..2 << 10).contains(&longest), "{longest}");
    assert!(log.contains("aaa\u{2026} 404 "), "{log}");
}

/// The answer to a request on a connection of its own.
fn answer(running: &Running, path: &str) -> String {
    let mut answer = String::new();
    running.ask(path).read_to_string(&mut answer).unwrap();
    answer
}

/// Asks on one connection until an answer says that it is the last, and notes each that came.
fn ask_until_the_last(mut connection: TcpStream, answered: &mpsc::Sender<()>) {
    loop {
        let request = b"GET /guest/sleep?20 HTTP/1.1\r\nhost: h\r\n\r\n";
        connection.write_all(request).unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"slept") {
            let mut bytes = [0; 4096];
            let read = connection.read(&mut bytes).unwrap();
            assert_ne!(read, 0, "closed in the place of an answer");
            answer.extend_from_slice(&bytes[..read]);
        }
        let answer = String::from_utf8(answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        // Nobody listens any more when all is over.
        let _ = answered.send(());
        if answer.contains("connection: close") {
            assert_eq!(connection.read(&mut [0]).unwrap(), 0, "and nothing follows");
            return;
        }
    }
}

#[test]
fn a_signal_under_load_costs_no_request_and_opens_no_connection_any_more() {
    const CONNECTIONS: usize = 8;

    let folder = application("");
    let running = Running::start(&mut up(&folder));
    let mut slow = running.ask("/guest/sleep?1000");
    let (answered, answers) = mpsc::channel();
    let clients: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let (connection, answered) = (running.connect(), answered.clone());
            thread::spawn(move || ask_until_the_last(connection, &answered))
        })
        .collect();
    drop(answered);
    let wait_for_answers = |num_answers| {
        for _ in 0..num_answers {
            answers.recv_timeout(PATIENCE).expect("they are answered");
        }
    };
    // Some each, so that it is in the middle of them.
    wait_for_answers(3 * CONNECTIONS);
    running.terminate();
    let asked = Instant::now();
    while TcpStream::connect(running.address()).is_ok() {
        assert!(asked.elapsed() < PATIENCE, "it goes on to take connections");
        thread::sleep(Duration::from_millis(1));
    }
    // What was sent before is answered all the same.
    let mut answer = String::new();
    slow.read_to_string(&mut answer).unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("slept"),
        "{answer}"
    );
    for client in clients {
        client.join().expect("each of its requests was answered");
    }
    let num_answers = 3 * CONNECTIONS + answers.iter().count() + 1;
    let log = running.ended_with_all_answered();
    assert_eq!(log.matches("GET /guest/sleep 200 ").count(), num_answers);
}

#[test]
fn a_drain_delay_fails_readiness_and_no_request() {
    const DELAY: Duration = Duration::from_secs(1);
    const CLIENTS: usize = 4;

    let folder = application("");
    let running = Running::start(up(&folder).env("KINDRED_DRAIN_DELAY", "1"));
    let ask = |path| answer(&running, path);
    assert!(ask("/.well-known/spin/health").starts_with("HTTP/1.1 200 "));
    let mut kept = running.connect();
    running.terminate();
    let terminated = Instant::now();
    while !ask("/.well-known/spin/health").starts_with("HTTP/1.1 503 ") {
        assert!(
            terminated.elapsed() < DELAY,
            "it goes on to say that it is ready"
        );
    }
    // The application has no such route, and need not.
    assert!(ask("/readyz").starts_with("HTTP/1.1 503 "));
    // Who keeps a connection gets an answer on it and is sent away.
    kept.write_all(b"GET /guest/count HTTP/1.1\r\nhost: h\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    kept.read_to_string(&mut answer).unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 200 ") && answer.contains("connection: close"),
        "{answer}"
    );
    // Somewhat before the end, since a client does not know when it is.
    let is_soon_over = || terminated.elapsed() > DELAY.mul_f32(0.8);
    let num_answers: usize = thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| {
                scope.spawn(|| {
                    let mut num_answers = 0;
                    while !is_soon_over() {
                        let answer = ask("/guest/sleep?20");
                        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
                        num_answers += 1;
                    }
                    num_answers
                })
            })
            .collect();
        clients
            .into_iter()
            .map(|client| client.join().unwrap())
            .sum()
    });
    assert!(CLIENTS < num_answers, "{num_answers}");
    let log = running.ended_with_all_answered();
    assert!(terminated.elapsed() >= DELAY, "{:?}", terminated.elapsed());
    assert!(
        log.contains("not ready any more, serving on for 1s"),
        "{log}"
    );
}

#[test]
fn a_second_signal_does_not_wait_for_the_drain_delay() {
    let folder = application("");
    let running = Running::start(up(&folder).args(["--drain-delay", "60"]));
    running.terminate();
    let terminated = Instant::now();
    // Two signals that come at once are one.
    while !answer(&running, "/readyz").starts_with("HTTP/1.1 503 ") {
        assert!(terminated.elapsed() < PATIENCE, "it does not drain");
    }
    let (code, log) = running.stop();
    assert_eq!(code, Some(1), "{log}");
}

#[tokio::test]
async fn quiet_writes_no_access_log() {
    let folder = application("");
    let running = Running::start(
        host()
            .args([
                "up",
                "--quiet",
                "--listen",
                "127.0.0.1:0",
                "--variable",
                "token=x",
                "--from",
            ])
            .arg(folder.path().join("spin.toml")),
    );
    get(format!("{}/guest/count", running.url)).await;
    let (code, log) = running.stop();
    assert_eq!(code, Some(0));
    assert!(!log.contains("GET "), "{log}");
}

#[tokio::test]
async fn the_log_may_be_json_and_names_the_trace() {
    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    let folder = application("");
    let mut command = host();
    command
        .args([
            "up",
            "--log-format",
            "json",
            "--listen",
            "127.0.0.1:0",
            "--variable",
            "token=x",
        ])
        .args(["--metrics-listen", "127.0.0.1:0", "--from"])
        .arg(folder.path());
    let running = Running::start(&mut command);
    let parent = format!("00-{TRACE}-00f067aa0ba902b7-01");
    let url = format!("{}/guest/count?secret", running.url);
    send(Method::GET, url, &[("traceparent", &parent)], "").await;
    get(format!("{}/guest/print", running.url)).await;
    let (code, log) = running.stop();
    assert_eq!(code, Some(0));
    let lines: Vec<serde_json::Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let request = lines
        .iter()
        .find(|line| line["path"] == "/guest/count")
        .unwrap_or_else(|| panic!("no line of the request:\n{log}"));
    assert_eq!(request["method"], "GET");
    assert_eq!(request["status"], 200);
    assert_eq!(request["answered_by"], "guest");
    assert_eq!(request["trace_id"], TRACE);
    assert!(request["duration_us"].is_u64() && request["client"].is_string());
    assert!(!log.contains("secret"), "{log}");
    assert!(
        lines
            .iter()
            .any(|line| line["message"] == "guest: printed to stdout"),
        "{log}"
    );
}

#[tokio::test]
async fn what_cannot_start_exits_with_1_and_says_why() {
    let folder = application("");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for (arguments, expected) in [
        (
            vec!["--listen", &address, "--variable", "token=x"],
            format!("cannot listen on {address}: "),
        ),
        (
            vec!["--listen", "127.0.0.1:0"],
            "required variable(s): token".to_owned(),
        ),
        (
            vec!["--listen", "127.0.0.1:0", "--variable", "token=@/absent"],
            "cannot read /absent".to_owned(),
        ),
    ] {
        let output = host()
            .arg("up")
            .arg("-f")
            .arg(folder.path())
            .args(arguments)
            .output()
            .unwrap();
        let log = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{log}");
        assert!(log.contains(&expected), "{log}");
    }
    let output = host()
        .args(["s3", "--listen", &address, "--data"])
        .arg(folder.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(host().arg("down").output().unwrap().status.code(), Some(2));
}

#[test]
fn help_teaches() {
    for (arguments, name) in [
        (&["--help"][..], "host"),
        (&["up", "--help"], "up"),
        (&["s3", "--help"], "s3"),
    ] {
        let output = host().args(arguments).output().unwrap();
        assert!(output.status.success());
        insta::assert_snapshot!(
            format!("help_{name}"),
            String::from_utf8(output.stdout).unwrap()
        );
    }
}
