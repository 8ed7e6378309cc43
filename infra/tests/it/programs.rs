//! What programs read of commands that need no cluster: a JSON object a line, each with its type.

use serde_json::{Value, json};

use crate::answering::answering;
use crate::cloud;
use crate::environments::{CLUSTER, PLAIN};
use crate::program::Place;

/// The events of a command that has to end well, in a folder with a page.
#[track_caller]
fn events(environments: &str, args: &[&str]) -> Vec<Value> {
    let place = Place::new(environments);
    std::fs::create_dir(place.path("web")).unwrap();
    std::fs::write(place.path("web/index.html"), "<p>").unwrap();
    let run = place.run(&[args, &["--output", "json"]].concat());
    assert_eq!(run.status, Some(0), "{args:?}: {}", run.stderr);
    assert!(!run.stdout.is_empty(), "{args:?}");
    let events = run.stdout.lines().map(|line| {
        let event: Value = serde_json::from_str(line).unwrap();
        assert!(event["type"].is_string(), "{args:?}: {event}");
        event
    });
    events.collect()
}

#[track_caller]
fn check(environments: &str, args: &[&str], expected: &[Value]) {
    assert_eq!(events(environments, args), expected, "{args:?}");
}

#[test]
fn each_object_that_is_rendered_is_a_line() {
    let dev = ["render", "--env", "dev"];
    for (environments, args) in [(PLAIN, &dev[..]), (CLUSTER, &["render", "--cluster"])] {
        let yaml = Place::new(environments).run(args).stdout;
        let events = events(environments, args);
        assert_eq!(events.len(), yaml.split("---\n").count());
        for event in events {
            let object = &event["object"];
            assert_eq!(event["type"], "object");
            assert_eq!(event["kind"], object["kind"]);
            assert_eq!(event["name"], object["metadata"]["name"]);
            assert_eq!(event["namespace"], object["metadata"]["namespace"]);
            assert!(yaml.contains(&format!("kind: {}\n", event["kind"].as_str().unwrap())));
        }
    }
}

#[test]
fn each_file_that_is_written_is_a_line() {
    let file = |path: &str| json!({ "type": "file", "action": "write", "path": path });
    let render = ["render", "--env", "dev", "--out", "deploy"];
    let events = events(PLAIN, &render);
    assert_eq!(events.last(), Some(&file("deploy/kustomization.yaml")));
    assert!(
        events.contains(&file("deploy/namespace.yaml")),
        "{events:?}"
    );
    check(
        "",
        &["site", "--out", "out", "--api", "https://api.example.org"],
        &[file("out/config.json"), file("out/index.html")],
    );
}

#[test]
fn what_else_needs_no_cluster_is_told_by_lines() {
    let [template] = &events(cloud::PLAIN, &["cloud", "render", "--env", "dev"])[..] else {
        panic!("a template is one line");
    };
    assert_eq!(template["type"], "template");
    assert!(template["template"]["Resources"].is_object());

    let summary = json!({ "type": "summary", "pinned": 0, "unchanged": 0 });
    check("", &["pin"], &[summary]);

    let address = answering(&[
        ("/readyz", "200 OK", "{}"),
        (
            "/v1/collections",
            "200 OK",
            r#"{"collections":[{"name":"movies","status":"ready","generation":"0a"}]}"#,
        ),
    ]);
    let served = json!({
        "type": "served", "address": address,
        "collection": "movies", "status": "ready", "generation": "0a",
    });
    check("", &["probe", "--url", &address], &[served]);
}
