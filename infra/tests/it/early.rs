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

/// What somebody means and writes otherwise is not left out.
#[test]
fn an_object_that_is_named_is_one_that_is_wanted() {
    let place = before(&answering(EMPTY), PLAIN);
    for option in ["--force-conflicts", "--replace", "--adopt"] {
        for unknown in ["Service/nope", "garbage", ""] {
            for command in ["plan", "apply"] {
                let given = format!("{option}=SpinApp/kindred-app,{unknown}");
                let run = checked(&place, &[command, "--env", "dev", "--quiet", &given], 3);
                let expected = format!(
                    "error: `{unknown}` is not wanted of the environment dev: write one of `infra plan`, as Kind/name\n"
                );
                assert_eq!(run.stderr, expected, "{command} {given}");
            }
        }
    }
}

#[test]
fn a_kept_plan_says_for_which_environment_it_is() {
    let server = answering(EMPTY);
    let place = before(&server, PLAIN);
    let plan = serde_json::json!({
        "schema_version": 2,
        "target": { "environment": "dev", "namespace": "kindred-dev", "server": format!("{server}/") },
        "image": "ghcr.io/example/kindred:1",
        "consent": { "force_conflicts": [], "replace": [], "adopt": [], "prune": "never", "goes_back": false },
        "changes": [],
    });
    std::fs::write(place.path("plan.json"), plan.to_string()).unwrap();
    // It goes on to where the cluster serves nothing of what is wanted.
    let run = checked(&place, &["apply", "plan.json"], 8);
    assert!(
        run.stderr.contains("something else would be done to"),
        "{}",
        run.stderr
    );
    place.configure(&format!("{PLAIN}[environments.test]\nnamespace = \"kindred-test\"\napplication = {{ image = \"a.b/c:1\" }}\n"));
    let run = checked(&place, &["apply", "plan.json", "--env", "test"], 8);
    assert!(
        run.stderr
            .contains("the plan is for the environment dev, in the namespace kindred-dev"),
        "{}",
        run.stderr
    );
}

#[test]
fn whoever_does_not_wait_sees_no_failure_to_go_back_from() {
    let place = before(&answering(EMPTY), PLAIN);
    let apply = [
        "apply",
        "--env",
        "dev",
        "--yes",
        "--quiet",
        "--rollback-on-failure",
    ];
    let run = checked(&place, &[&apply[..], &["--wait=false"]].concat(), 3);
    assert_eq!(
        run.stderr,
        "error: without waiting nobody sees whether it fails: leave out `--wait=false` or `--rollback-on-failure`\n"
    );
    // It goes on to where the cluster serves nothing.
    let run = checked(
        &place,
        &[&apply[..], &["--wait=true", "--unseen-image"]].concat(),
        4,
    );
    assert!(
        run.stderr.contains("the cluster does not serve Namespace"),
        "{}",
        run.stderr
    );
}

/// That these answers of what should be a cluster end a command with this sentence, behind the cluster's name.
#[track_caller]
fn check_answer(status: &'static str, body: &'static str, expected: &str) {
    let server = answering(vec![("/apis", status, body)].leak());
    let run = checked(&before(&server, PLAIN), &["status", "--env", "dev"], 4);
    let expected = format!("error: the cluster at {server}/ (context `test`) {expected}\n");
    assert_eq!(run.stderr, expected);
}

#[test]
fn who_is_not_let_in_is_told_in_a_sentence() {
    check_answer(
        "401 Unauthorized",
        r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"Unauthorized","reason":"Unauthorized","code":401}"#,
        "does not take the credentials of tester: log in again, or name another user in the context `test` of the kubeconfig",
    );
    check_answer(
        "403 Forbidden",
        r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"forbidden: User \"tester\" cannot get path \"/apis\"","reason":"Forbidden","code":403}"#,
        "does not say what it serves: forbidden: User \"tester\" cannot get path \"/apis\"; see whether `kubectl --context test version` reaches it",
    );
}

#[test]
fn what_is_no_cluster_is_told_without_its_whole_page() {
    let page = "<html>\n<head><title>Sign in</title></head>\n<body><h1>Sign in</h1><p>To go on, you have to sign in to the network.</p></body></html>";
    for status in ["401 Unauthorized", "502 Bad Gateway"] {
        let code = &status[..3];
        check_answer(
            status,
            page,
            &format!(
                "does not say what it serves: the answer, {code} with `<html> <head><title>Sign in</title></head> <body><h1>Sign in</h1><p>To go on, yo`, is not an API server's; see whether `kubectl --context test version` reaches it"
            ),
        );
    }
}

/// A reader such as `head` that has enough.
#[test]
fn nobody_has_to_read_a_completion_to_its_end() {
    let place = Place::new("");
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = place.command(&["completions", "bash"]);
    let run = Run::checked(command.stdout(writer), 1);
    assert!(
        run.stderr
            .starts_with("error: could not write to standard output: "),
        "{}",
        run.stderr
    );
    assert!(!run.stderr.contains("panicked"), "{}", run.stderr);
    let run = place.run(&["completions", "bash"]);
    assert!(
        run.status == Some(0) && run.stdout.contains("_infra()"),
        "{}",
        run.stderr
    );
}
