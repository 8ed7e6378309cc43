//! How long does `infra` take to render an environment, to compare one with a cluster, and to see that there is nothing to do?
//!
//! Measured is the program as a process of its own, from start to exit. The environment is protected, has jobs, an Ingress with a certificate, monitoring switched off, and an application of
//! so many functions that it has 60 objects and a few more. What is asked of the API server is counted by what it logs, if `KINDRED_TEST_AUDIT_LOG` names that file.
//!
//! Command: `cargo build -p infra && cargo bench -p bench --profile dev --bench deployment`; comparing wants a cluster, whose kubeconfig `KINDRED_TEST_KUBECONFIG` names.
#![allow(clippy::print_stdout, reason = "a benchmark prints what it measured")]

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use tempfile::TempDir;

const NUM_RUNS: usize = 9;

/// How many functions the application has: four objects each.
const NUM_FUNCTIONS: usize = 13;

/// The bars of the project.
const RENDER_BAR: Duration = Duration::from_millis(50);
const PLAN_BAR: Duration = Duration::from_secs(2);

const ENVIRONMENT: &str = r#"
[collections.movies]
title = "Films"
source = "films"
[environments.bench.application]
form = "host"
image = "ghcr.io/example/kindred:1"
host_image = "ghcr.io/example/host:1"
per_function = true
[environments.bench.address]
kind = "ingress"
host = "api.example.org"
class = "nginx"
[environments.bench.jobs]
image = "ghcr.io/example/precompute:1"
data = "s3://exports/films"
"#;

/// The program that was built beside this one.
fn infra() -> PathBuf {
    let here = env::current_exe().expect("the system knows this program");
    let target = here
        .ancestors()
        .nth(2)
        .expect("it lies in target/<profile>/deps");
    target.join("infra")
}

/// A folder with a configuration and an application.
fn place() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let put = |name: &str, text: &str| {
        fs::write(folder.path().join(name), text).expect("a temporary folder can be written");
    };
    put("kindred.toml", ENVIRONMENT);
    let variables = [
        "s3_endpoint",
        "s3_bucket",
        "s3_region",
        "s3_prefix",
        "collections",
        "default_collection",
    ];
    let variables = variables.map(|variable| format!("{variable} = {{ default = \"\" }}\n"));
    let functions = (0..NUM_FUNCTIONS).map(|function| {
        format!(
            "[[trigger.http]]\nroute = \"/v1/f{function}/...\"\ncomponent = \"f{function}\"\n\
             [component.f{function}]\nsource = \"f.wasm\"\n"
        )
    });
    let functions: Vec<String> = functions.collect();
    let manifest = format!(
        "spin_manifest_version = 2\n[application]\nname = \"kindred\"\n[variables]\n{}{}",
        variables.concat(),
        functions.concat()
    );
    put("spin.toml", &manifest);
    folder
}

fn run(place: &Path, args: &[&str]) -> (Duration, Output) {
    let mut command = Command::new(infra());
    command
        .args(args)
        .args(["--env", "bench"])
        .current_dir(place);
    if let Some(kubeconfig) = env::var_os("KINDRED_TEST_KUBECONFIG") {
        command.env("KUBECONFIG", kubeconfig);
    }
    let start = Instant::now();
    let output = command
        .output()
        .expect("infra is built: cargo build -p infra");
    let duration = start.elapsed();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{args:?}: {errors}");
    (duration, output)
}

/// The median of some runs, and what the last one wrote.
fn measured(place: &Path, args: &[&str]) -> (Duration, Vec<u8>) {
    let mut runs: Vec<_> = (0..NUM_RUNS).map(|_| run(place, args)).collect();
    let first = &runs[0].1.stdout;
    assert!(
        args[0] != "render" || runs.iter().all(|(_, output)| output.stdout == *first),
        "not the same bytes"
    );
    runs.sort_by_key(|(duration, _)| *duration);
    let (median, output) = runs.swap_remove(NUM_RUNS / 2);
    (median, output.stdout)
}

/// How many requests of somebody the API server has logged as finished, and how many of them changed something.
fn logged(log: &Path, user_agent: &str) -> (usize, Vec<String>) {
    let text = fs::read_to_string(log).expect("the log of the API server");
    let lines = text.lines().filter(|line| {
        line.contains(user_agent) && line.contains("\"stage\":\"ResponseComplete\"")
    });
    let lines: Vec<&str> = lines.collect();
    let writes = lines.iter().filter(|line| {
        !line.contains("\"verb\":\"get\"")
            && !line.contains("\"verb\":\"list\"")
            && !line.contains("dryRun=All")
    });
    (lines.len(), writes.map(|line| (*line).to_owned()).collect())
}

fn say(what: &str, bar: Duration, measured: Duration) {
    let verdict = if measured <= bar { "reached" } else { "MISSED" };
    println!(
        "{what}: {:.1} ms (bar {} ms, {verdict})",
        measured.as_secs_f64() * 1e3,
        bar.as_millis()
    );
}

fn main() {
    let place = place();
    let place = place.path();
    let (duration, text) = measured(place, &["render"]);
    let text = String::from_utf8(text).expect("YAML is text");
    let num_objects = 1 + text.matches("\n---\n").count();
    say(
        &format!(
            "render of {num_objects} objects, {} kB, {NUM_RUNS} times the same bytes",
            text.len() / 1000
        ),
        RENDER_BAR,
        duration,
    );
    if env::var_os("KINDRED_TEST_KUBECONFIG").is_none() {
        println!("SKIPPED: KINDRED_TEST_KUBECONFIG names no cluster to compare with");
        return;
    }
    run(place, &["apply", "--yes", "--wait=false", "--unseen-image"]);
    let log = env::var_os("KINDRED_TEST_AUDIT_LOG").map(PathBuf::from);
    let before = log.as_deref().map(|log| logged(log, "kindred-infra/"));
    let (duration, _) = measured(place, &["plan"]);
    say(
        &format!("plan of {num_objects} live objects"),
        PLAN_BAR,
        duration,
    );
    if let (Some(log), Some(before)) = (&log, before) {
        let after = logged(log, "kindred-infra/");
        let num_requests = (after.0 - before.0) as f64 / NUM_RUNS as f64;
        println!(
            "requests of a plan: {num_requests:.1}, {:.2} an object; {} of all runs changed something",
            num_requests / num_objects as f64,
            after.1.len() - before.1.len()
        );
    }
    let before = log.as_deref().map(|log| logged(log, "kindred-infra/"));
    let (duration, _) = measured(place, &["apply", "--yes", "--wait=false"]);
    println!(
        "apply where nothing is to do: {:.1} ms",
        duration.as_secs_f64() * 1e3
    );
    if let (Some(log), Some(before)) = (&log, before) {
        let (_, writes) = logged(log, "kindred-infra/");
        let writes = &writes[before.1.len()..];
        let others = writes
            .iter()
            .filter(|line| !line.contains("\"resource\":\"leases\""))
            .count();
        println!(
            "writes of {NUM_RUNS} of them: {}, of which {others} are not of the lock's Lease (bar 0)",
            writes.len()
        );
    }
    run(place, &["destroy", "--yes", "--delete-data"]);
}
