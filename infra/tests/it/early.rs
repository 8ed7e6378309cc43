//! What is said before a cluster is asked for more than which kinds it serves.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

use crate::answering::answering;
use crate::environments::PLAIN;
use crate::program::{Place, Run};

/// A cluster that serves nothing.
const EMPTY: &[(&str, &str, &str)] = &[
    (
        "/apis",
        "200 OK",
        r#"{"kind":"APIGroupDiscoveryList","apiVersion":"apidiscovery.k8s.io/v2","metadata":{},"items":[]}"#,
    ),
    (
        "/api",
        "200 OK",
        r#"{"kind":"APIGroupDiscoveryList","apiVersion":"apidiscovery.k8s.io/v2","metadata":{},"items":[]}"#,
    ),
];

/// A place whose kubeconfig names this server.
fn before(server: &str, environments: &str) -> Place {
    let place = Place::new(environments);
    let kubeconfig = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: test\n\
         clusters: [{{ name: test, cluster: {{ server: \"{server}\" }} }}]\n\
         users: [{{ name: tester, user: {{ token: abc }} }}]\n\
         contexts: [{{ name: test, context: {{ cluster: test, user: tester }} }}]\n"
    );
    std::fs::write(place.path("kubeconfig"), kubeconfig).unwrap();
    place
}

/// Runs the program there, which has to end with this status.
#[track_caller]
fn checked(place: &Place, args: &[&str], status: i32) -> Run {
    let mut command = place.command(args);
    Run::checked(command.env("KUBECONFIG", place.path("kubeconfig")), status)
}

#[test]
fn a_secret_that_cannot_be_read_is_told_without_what_is_there() {
    let secrets =
        "[environments.dev.secrets]\ns3_secret_access_key = { environment = \"TEST_KEY\" }\n";
    let place = before(&answering(EMPTY), &format!("{PLAIN}{secrets}"));
    let said = "error: environment `dev`: the secret `s3_secret_access_key` comes from TEST_KEY of the environment, which ";
    for (value, expected) in [
        (None, "has none: set it"),
        (
            Some(&b"TopSecret\xff"[..]),
            "is no text: set it to one in UTF-8",
        ),
        (Some(b"\n"), "is empty: write its value there"),
    ] {
        let mut command = place.command(&["plan", "--env", "dev", "--quiet"]);
        command
            .env_remove("TEST_KEY")
            .env("KUBECONFIG", place.path("kubeconfig"));
        if let Some(value) = value {
            command.env("TEST_KEY", OsStr::from_bytes(value));
        }
        let run = Run::checked(&mut command, 3);
        assert_eq!(run.stderr, format!("{said}{expected}\n"));
    }
    std::fs::write(place.path("key"), "\n").unwrap();
    let of_file = secrets.replace("environment = \"TEST_KEY\"", "file = \"key\"");
    place.configure(&format!("{PLAIN}{of_file}"));
    let run = checked(&place, &["plan", "--env", "dev"], 3);
    assert!(
        run.stderr
            .contains("comes from key, which is empty: write its value there"),
        "{}",
        run.stderr
    );
}
