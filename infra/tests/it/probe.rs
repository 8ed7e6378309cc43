//! Asking from outside whether the functions answer.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;

use crate::program::{Place, Run};

/// An address at which each path is answered by a status and a body.
fn answering(answers: &'static [(&'static str, &'static str, &'static str)]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let first = lines.next().unwrap().unwrap();
            while lines.next().is_some_and(|line| !line.unwrap().is_empty()) {}
            let path = first.split(' ').nth(1).unwrap();
            let answer = answers.iter().find(|(known, ..)| *known == path);
            let (_, status, body) = answer.unwrap_or(&("", "404 Not Found", "nothing"));
            let len = body.len();
            let _ = write!(
                stream,
                "HTTP/1.1 {status}\r\nContent-Length: {len}\r\nConnection: close\r\n\r\n{body}"
            );
        }
    });
    address
}

fn probed(address: &str, status: i32) -> Run {
    let place = Place::new("");
    Run::checked(&mut place.command(&["probe", "--url", address]), status)
}

#[test]
fn what_answers_is_told_with_its_generations() {
    let address = answering(&[
        ("/readyz", "200 OK", "{}"),
        (
            "/v1/collections",
            "200 OK",
            r#"{"collections":[{"name":"movies","status":"ready","generation":"0a","item_count":1}]}"#,
        ),
    ]);
    let run = probed(&address, 0);
    assert_eq!(
        run.stdout,
        format!("ready     {address}  movies  generation 0a\n")
    );
}

#[test]
fn what_does_not_answer_as_it_should_is_told() {
    let unready = answering(&[(
        "/readyz",
        "503 Service Unavailable",
        "{\"status\":\"not-ready\"}",
    )]);
    let unpublished = answering(&[
        ("/readyz", "200 OK", "{}"),
        (
            "/v1/collections",
            "200 OK",
            r#"{"collections":[{"name":"movies","status":"unpublished"}]}"#,
        ),
    ]);
    let page = answering(&[
        ("/readyz", "200 OK", "<html>"),
        ("/v1/collections", "200 OK", "<html>"),
    ]);
    for (address, expected) in [
        (
            unready.as_str(),
            "/readyz answers 503 Service Unavailable: {\"status\":\"not-ready\"}",
        ),
        (&unpublished, "the collection `movies` is unpublished"),
        (&page, "is something else: it knows no collections"),
        (&answering(&[]), "/readyz answers 404 Not Found: nothing"),
        (
            "http://127.0.0.1:1",
            "http://127.0.0.1:1/readyz does not answer",
        ),
    ] {
        let run = probed(address, 6);
        assert!(run.stderr.contains(expected), "{}", run.stderr);
    }
}
