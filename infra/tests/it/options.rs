//! The options that every command takes, before its name or behind it.

use crate::answering::answering;
use crate::environments::{HOST, PLAIN};
use crate::program::{Place, Run};

/// A kubeconfig with one context, which is called `here`, in the folder of a place.
fn kubeconfig(place: &Place, server: &str) -> String {
    let path = place.path("kubeconfig");
    let text = format!(
        r#"{{"apiVersion":"v1","kind":"Config","current-context":"here",
            "contexts":[{{"name":"here","context":{{"cluster":"here","user":"nobody"}}}}],
            "clusters":[{{"name":"here","cluster":{{"server":"{server}"}}}}],
            "users":[{{"name":"nobody","user":{{}}}}]}}"#
    );
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

/// Runs a command with options before it, and with the same behind it.
#[track_caller]
fn check(environments: &str, command: &[&str], options: &[&str], status: i32, expected: &str) {
    let place = Place::new(environments);
    let config = kubeconfig(&place, "http://127.0.0.1:1");
    for args in [[options, command].concat(), [command, options].concat()] {
        let run = place.run_with(&args, &[("KUBECONFIG", &config)]);
        assert_eq!(run.status, Some(status), "{args:?}: {}", run.stderr);
        assert!(run.stderr.contains(expected), "{args:?}: {}", run.stderr);
    }
}

#[test]
fn they_are_taken_before_a_command_and_behind_it() {
    let options = ["--env", "dev", "-y", "--timeout", "5", "-v", "--no-color"];
    check(PLAIN, &["render"], &options, 0, "");
    let options = ["--env", "dev", "--context", "elsewhere"];
    let expected = "the kubeconfig has no context `elsewhere`: known are here";
    check(PLAIN, &["status"], &options, 3, expected);
    check(PLAIN, &["unlock"], &options, 3, expected);
    // Nobody is asked whether what cannot be reached goes away.
    let options = ["--env", "dev", "--yes", "--context", "here"];
    let expected = "the cluster at http://127.0.0.1:1/ (context `here`)";
    check(PLAIN, &["destroy"], &options, 4, expected);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let timeout = ["--timeout", "soon"];
    check(PLAIN, &["status"], &timeout, 3, "invalid value 'soon'");
    for (args, expected) in [
        (
            ["status", "--env", "--context"],
            "a value is required for '--env <ENV>'",
        ),
        (["-q", "-v", "status"], "cannot be used with '--verbose'"),
        (["-q", "status", "-v"], "cannot be used with '--verbose'"),
        (["status", "-v", "-q"], "cannot be used with '--verbose'"),
    ] {
        let run = Place::new(PLAIN).run(&args);
        assert_eq!(run.status, Some(3), "{args:?}: {}", run.stderr);
        assert_eq!(run.stdout, "", "{args:?}");
        assert!(run.stderr.contains(expected), "{args:?}: {}", run.stderr);
    }
}

#[test]
fn quiet_leaves_questions_and_errors() {
    let place = Place::new(HOST);
    let keys = [("AWS_ACCESS_KEY_ID", "a"), ("OMDB_API_KEY", "b")];
    let run = |args: &[&str]| place.run_with(args, &keys);
    let loud = run(&["render", "--env", "prod"]);
    let quiet = run(&["render", "--env", "prod", "--quiet"]);
    assert!(
        loud.stderr.starts_with("left out of `prod`"),
        "{}",
        loud.stderr
    );
    assert_eq!(quiet.stderr, "");
    assert_eq!(quiet.stdout, loud.stdout);
    let failed = run(&["render", "--quiet"]);
    assert!(failed.stderr.starts_with("error: "), "{}", failed.stderr);
}

#[test]
fn verbose_tells_of_each_request_to_the_cluster() {
    let place = Place::new(PLAIN);
    let config = kubeconfig(&place, &answering(&[]));
    let args = ["status", "--env", "dev"];
    let run = |more: &[&str]| -> Run {
        place.run_with(&[&args[..], more].concat(), &[("KUBECONFIG", &config)])
    };
    assert!(!run(&[]).stderr.contains("GET "));
    let told = run(&["--verbose"]).stderr;
    let first = told.lines().next().unwrap();
    assert!(first.starts_with("GET /apis: 404 in "), "{told}");
    assert!(first.ends_with(" ms"), "{told}");
}

#[test]
fn help_has_no_colours_where_none_are_wanted() {
    let place = Place::new("");
    let help = |args: &[&str]| place.run_with(args, &[("CLICOLOR_FORCE", "1")]);
    let is_coloured = |text: &str| text.contains('\u{1b}');
    assert!(is_coloured(&help(&["apply", "--help"]).stdout));
    assert!(!is_coloured(
        &help(&["--no-color", "apply", "--help"]).stdout
    ));
    assert!(!is_coloured(
        &help(&["apply", "--help", "--no-color"]).stdout
    ));
    assert!(is_coloured(&help(&["aply"]).stderr));
    assert!(!is_coloured(&help(&["aply", "--no-color"]).stderr));
}
