//! Asking from outside whether the functions answer.

use crate::answering::answering;
use crate::program::{Place, Run};

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
