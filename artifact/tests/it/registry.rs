//! A registry for a test: the program of the CNCF (<https://distribution.github.io/distribution/>), which `KINDRED_REGISTRY` names.
//! The tests of other crates have it too.
#![allow(dead_code, reason = "each crate's tests use a part of it")]

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A registry on this machine, gone with the value.
pub(crate) struct RegistryProcess {
    process: Child,
    folder: TempDir,
    users: Option<TempDir>,
    address: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl RegistryProcess {
    /// Starts a registry with nothing in it; `None`, and a loud line, where there is no program.
    pub(crate) fn start() -> Option<Self> {
        Self::start_with("127.0.0.1", "")
    }

    /// The same at another address of this machine.
    pub(crate) fn start_at(address: &str) -> Option<Self> {
        Self::start_with(address, "")
    }

    /// The same for `user` with the password `secret` alone.
    pub(crate) fn start_with_login() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let users = folder.path().join("htpasswd");
        let user = "user:$2b$04$Mu6JauHsNZuGgcxullj8oeTT6U9kIrwjUN5a6a43vt4D9Lp2xWJKq\n";
        std::fs::write(&users, user).unwrap();
        let auth = format!(
            "auth: {{ htpasswd: {{ realm: test, path: \"{}\" }} }}\n",
            users.display()
        );
        let mut registry = Self::start_with("127.0.0.1", &auth)?;
        registry.users = Some(folder);
        Some(registry)
    }

    fn start_with(address: &str, auth: &str) -> Option<Self> {
        let Some(program) = std::env::var_os("KINDRED_REGISTRY") else {
            println!("NOT TESTED: KINDRED_REGISTRY names no program of a registry");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("config.yml");
        let blobs = folder.path().join("blobs");
        let text = format!(
            "version: 0.1\nlog: {{ level: info, accesslog: {{ disabled: false }} }}\n\
             storage: {{ filesystem: {{ rootdirectory: \"{}\" }}, delete: {{ enabled: true }} }}\n\
             http: {{ addr: \"{address}:0\" }}\n{auth}",
            blobs.display()
        );
        std::fs::write(&config, text).unwrap();
        let mut process = Command::new(program)
            .arg("serve")
            .arg(&config)
            .env("OTEL_TRACES_EXPORTER", "none")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        let access_log = BufReader::new(process.stdout.take().unwrap());
        thread::spawn(move || {
            for line in access_log.lines().map_while(Result::ok) {
                seen.lock().unwrap().push(line);
            }
        });
        let mut log = BufReader::new(process.stderr.take().unwrap()).lines();
        let address = log
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| {
                let (_, rest) = line.split_once("listening on ")?;
                Some(rest.split(['"', ' ']).next()?.to_owned())
            })
            .expect("it says where it listens");
        // It stops when nobody reads what it says.
        thread::spawn(move || log.for_each(drop));
        Some(Self {
            process,
            folder,
            users: None,
            address,
            requests,
        })
    }

    /// What an artifact of this registry is called.
    pub(crate) fn image(&self, name: &str) -> String {
        format!("{}/{name}", self.address)
    }

    /// How many requests of this method there were for addresses with this in them.
    pub(crate) fn count(&self, method: &str, part: &str) -> usize {
        self.wait_for_its_log();
        let begin = format!("\"{method} /v2/");
        let requests = self.requests.lock().unwrap();
        let is_one = |line: &&String| line.contains(&begin) && line.contains(part);
        requests.iter().filter(is_one).count()
    }

    /// A line of its log is written when the answer is out already, so this waits for that of a last request.
    fn wait_for_its_log(&self) {
        let mut connection = TcpStream::connect(&self.address).unwrap();
        let number = self.requests.lock().unwrap().len();
        let path = format!("/marker-{number}");
        write!(
            connection,
            "GET {path} HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n"
        )
        .unwrap();
        let asked = Instant::now();
        while !self
            .requests
            .lock()
            .unwrap()
            .iter()
            .any(|line| line.contains(&path))
        {
            assert!(asked.elapsed() < Duration::from_secs(10), "it logs nothing");
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Where the registry keeps the content of a blob.
    pub(crate) fn blob_path(&self, digest: &str) -> PathBuf {
        let hash = digest.strip_prefix("sha256:").unwrap();
        let folder = Path::new("blobs/docker/registry/v2/blobs/sha256");
        let path = folder.join(&hash[..2]).join(hash).join("data");
        self.folder.path().join(path)
    }
}

impl Drop for RegistryProcess {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
