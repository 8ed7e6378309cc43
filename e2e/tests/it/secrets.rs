//! Wrong credentials are called so, and no secret is in an answer or in the log.

use std::io;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tracing_subscriber::fmt::MakeWriter;

use crate::bucket::Bucket;
use crate::films::publish_films;
use crate::site::Site;

/// All that is logged in this process down to what is there for debugging. Below that wasmtime writes down every argument of every call that a component makes,
/// and the embedded S3 writes down whole requests: nobody turns those on where there are secrets.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn begin() -> Self {
        let log = Self::default();
        let subscriber = tracing_subscriber::fmt()
            .with_env_filter("debug,s3s=off")
            .with_ansi(false)
            .with_writer(log.clone())
            .finish();
        tracing::subscriber::set_global_default(subscriber).unwrap();
        log
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[test]
fn wrong_credentials_are_called_so_and_no_secret_is_said() {
    const SECRET: &str = "a-secret-that-nobody-may-see";
    const TOKEN: &str = "a-token-that-nobody-may-see";
    const RIGHT_SECRET: &str = "the-right-secret-of-this-test";
    let log = Log::begin();
    let bucket = Bucket::with(|options| {
        RIGHT_SECRET.clone_into(&mut options.secret_key);
        options.anonymous_reads = false;
    });
    publish_films(&bucket);
    let path = "/v1/movies/popular";
    let right = [
        ("s3_secret_access_key", RIGHT_SECRET),
        // The store asks for no token, but it checks that one is signed with the rest.
        ("s3_session_token", TOKEN),
    ];
    for right in [&right[..1], &right] {
        let site = Site::with(&bucket, right);
        assert_eq!(site.get(path).status, 200, "{right:?}");
    }

    let mut answers: Vec<Value> = Vec::new();
    for variables in [
        vec![("s3_secret_access_key", SECRET)],
        vec![
            ("s3_access_key_id", "nobody"),
            ("s3_secret_access_key", SECRET),
        ],
        vec![
            ("s3_secret_access_key", SECRET),
            ("s3_session_token", TOKEN),
        ],
    ] {
        let site = Site::with(&bucket, &variables);
        let problem = site.get(path).problem(503, "storage");
        let detail = problem["detail"].as_str().unwrap();
        let says_why = ["denies", "credentials", "signature", "access key"]
            .iter()
            .any(|word| detail.contains(word));
        assert!(says_why, "{detail}");
        answers.push(problem);
        answers.push(site.get("/readyz").json());
        answers.push(site.get("/v1/collections").json());
    }
    let answers = Value::from(answers).to_string();
    let log = log.text();
    assert!(log.contains(path), "the log has the requests");
    for secret in [SECRET, TOKEN, RIGHT_SECRET] {
        assert!(!answers.contains(secret), "{answers}");
        let line = log.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "a secret is in the log");
    }
}
