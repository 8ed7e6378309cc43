//! What comes over the network, against servers on this machine.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use config::Posters;
use precompute::import::{PosterReport, download, find_posters};

use super::*;

/// Answers every request through `answer`, which is given the request's target, and remembers the targets.
struct Server {
    address: String,
    targets: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn start(answer: impl Fn(&str) -> (u16, Vec<u8>) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let targets = Arc::new(Mutex::new(Vec::new()));
        let remembered = Arc::clone(&targets);
        // The thread ends with the test's process.
        thread::spawn(move || {
            for stream in listener.incoming() {
                let target = serve(stream.unwrap(), &answer);
                remembered.lock().unwrap().push(target);
            }
        });
        Self { address, targets }
    }

    fn take_targets(&self) -> Vec<String> {
        std::mem::take(&mut self.targets.lock().unwrap())
    }
}

fn serve(mut stream: TcpStream, answer: &impl Fn(&str) -> (u16, Vec<u8>)) -> String {
    let mut head = BufReader::new(stream.try_clone().unwrap()).lines();
    let first = head.next().unwrap().unwrap();
    let target = first.split(' ').nth(1).unwrap().to_owned();
    while !head.next().unwrap().unwrap().is_empty() {}
    let (status, body) = answer(&target);
    write!(
        stream,
        "HTTP/1.1 {status} x\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    )
    .unwrap();
    stream.write_all(&body).unwrap();
    target
}

fn films() -> Dataset {
    let film = |id: &str, imdb_id: &str| Item {
        id: id.to_owned(),
        title: id.to_owned(),
        fields: [("imdb_id", imdb_id), ("image", "")]
            .map(|(name, value)| (name.to_owned(), text(value)))
            .into(),
    };
    let items = vec![
        film("1", "tt0000001"),
        film("2", "tt0000002"),
        film("3", "tt0000003"),
        film("4", ""),
    ];
    Dataset {
        items,
        ..Dataset::default()
    }
}

fn images(dataset: &Dataset) -> Vec<&Value> {
    dataset
        .items
        .iter()
        .map(|item| &item.fields["image"])
        .collect()
}

fn settings(service: &str) -> Posters {
    Posters {
        service: service.to_owned(),
        maximum_requests_per_second: 1000.0,
        maximum_requests: 1000,
    }
}

fn omdb(target: &str) -> (u16, Vec<u8>) {
    let body = if target.contains("tt0000001") {
        r#"{"Title":"One","Poster":"https://images.invalid/1.jpg","Response":"True"}"#
    } else if target.contains("tt0000002") {
        r#"{"Title":"Two","Poster":"N/A","Response":"True"}"#
    } else {
        r#"{"Response":"False","Error":"Incorrect IMDb ID."}"#
    };
    (200, body.into())
}

#[test]
fn posters_are_found_once_and_kept() {
    let server = Server::start(omdb);
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("made/posters.jsonl");
    let found = text("https://images.invalid/1.jpg");
    for num_asked in [3, 0] {
        let mut dataset = films();
        let report = find_posters(&mut dataset, &settings(&server.address), "secret", &cache);
        assert_eq!(
            report,
            PosterReport {
                with_poster: 1,
                asked: num_asked,
                ..PosterReport::default()
            }
        );
        assert_eq!(images(&dataset), [&found, &text(""), &text(""), &text("")]);
    }
    assert_eq!(
        server.take_targets(),
        [1, 2, 3].map(|number| format!("/?i=tt000000{number}&apikey=secret"))
    );
}

#[test]
fn an_answer_that_says_nothing_of_the_film_is_asked_for_again() {
    let failing = Server::start(|target| {
        if target.contains("tt0000001") {
            let body = br#"{"Response":"False","Error":"Error getting data."}"#;
            (200, body.to_vec())
        } else {
            omdb(target)
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("posters.jsonl");
    let report = find_posters(&mut films(), &settings(&failing.address), "secret", &cache);
    assert_eq!((report.asked, report.failed, report.left), (3, 1, 1));
    let mended = Server::start(omdb);
    let report = find_posters(&mut films(), &settings(&mended.address), "secret", &cache);
    assert_eq!((report.asked, report.with_poster), (1, 1));
}

#[test]
fn no_message_shows_the_key_in_any_form() {
    let server = Server::start(|target| {
        let body = format!(r#"{{"Response":"False","Error":"se/cret? {target}"}}"#);
        (401, body.into())
    });
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("posters.jsonl");
    let report = find_posters(&mut films(), &settings(&server.address), "se/cret", &cache);
    assert_eq!(
        report.stopped.as_deref(),
        Some("the service refuses the key: ...? /?i=tt0000001&apikey=...")
    );
    assert_eq!(server.take_targets(), ["/?i=tt0000001&apikey=se%2Fcret"]);
}

#[test]
fn a_search_that_was_cut_off_goes_on() {
    let server = Server::start(omdb);
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("posters.jsonl");
    let one_a_run = Posters {
        maximum_requests: 1,
        ..settings(&server.address)
    };
    let report = find_posters(&mut films(), &one_a_run, "secret", &cache);
    assert_eq!((report.asked, report.left), (1, 2));
    assert_eq!(report.stopped.as_deref(), Some("1 requests were allowed"));
    // The machine went down in the middle of a line.
    fs::write(
        &cache,
        format!(
            "{}{{\"imdb_id\":\"tt00",
            fs::read_to_string(&cache).unwrap()
        ),
    )
    .unwrap();
    let report = find_posters(&mut films(), &settings(&server.address), "secret", &cache);
    assert_eq!((report.asked, report.left, report.with_poster), (2, 0, 1));
    let report = find_posters(&mut films(), &settings(&server.address), "secret", &cache);
    assert_eq!((report.asked, report.with_poster), (0, 1));
}

#[test]
fn a_service_that_fails_stops_nothing_but_itself() {
    let folder = tempfile::tempdir().unwrap();
    let refusing = Server::start(|_| {
        (
            401,
            br#"{"Response":"False","Error":"Request limit reached!"}"#.to_vec(),
        )
    });
    let mut dataset = films();
    let report = find_posters(
        &mut dataset,
        &settings(&refusing.address),
        "secret",
        &folder.path().join("a"),
    );
    assert_eq!((report.asked, report.failed, report.left), (1, 1, 3));
    assert_eq!(
        report.stopped.as_deref(),
        Some("the service refuses the key: Request limit reached!")
    );

    let broken = Server::start(|_| (500, b"oops".to_vec()));
    let mut dataset = films();
    dataset.items = (0..9).flat_map(|_| films().items).collect();
    let report = find_posters(
        &mut dataset,
        &settings(&broken.address),
        "secret",
        &folder.path().join("b"),
    );
    assert_eq!((report.asked, report.failed, report.left), (5, 5, 27));
    assert_eq!(
        report.stopped.as_deref(),
        Some("5 failures in a row: status 500")
    );

    // A port where nobody listens; the key is in no message.
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let report = find_posters(
        &mut dataset,
        &settings(&format!("http://{port}")),
        "secret",
        &folder.path().join("c"),
    );
    assert_eq!(report.with_poster, 0);
    assert!(!report.stopped.unwrap().contains("secret"));
}

#[test]
fn a_release_is_fetched_once_with_its_checksum() {
    let server = Server::start(|target| match target {
        "/ml-latest-small.zip" => (200, b"a zip".to_vec()),
        _ => (404, Vec::new()),
    });
    let folder = tempfile::tempdir().unwrap();
    for num_requests in [1, 0] {
        let fetched = download(&server.address, "latest-small", folder.path()).unwrap();
        assert_eq!(fetched.path, folder.path().join("ml-latest-small.zip"));
        assert_eq!(fetched.len_bytes, 5);
        assert_eq!(fetched.sha256.len(), 64);
        assert_eq!(fs::read(&fetched.path).unwrap(), b"a zip");
        assert_eq!(server.take_targets().len(), num_requests);
    }
    assert!(download(&server.address, "1m", folder.path()).is_err());
    assert!(
        !folder.path().join("ml-1m.zip").exists(),
        "nothing is left of a failed download"
    );
}

#[test]
fn without_a_network_a_download_says_what_to_do() {
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let error = download(&format!("http://{port}"), "latest-small", folder.path()).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "downloading http://{port}/ml-latest-small.zip; without a network, put the folder or the .zip in its place and name it as `source`"
        )
    );
    let error = download(&format!("http://{port}"), "smallest", folder.path()).unwrap_err();
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(
        source.starts_with("there is no release `smallest`; there are latest-small"),
        "{source}"
    );
}
