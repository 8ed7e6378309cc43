//! `infra push`, to a real registry where there is one.

use serde_json::Value;

use crate::program::{Place, Run};
use crate::registry::RegistryProcess;

/// A module that exports what every host calls, and imports variables, as the text format would have it:
/// `(import "fermyon:spin/variables@2.0.0" "get" (func)) (export "wasi:http/incoming-handler@0.2.0#handle" (func 0))`.
fn module() -> Vec<u8> {
    let section = |id: u8, content: &[u8]| {
        let mut section = vec![id, content.len() as u8];
        section.extend_from_slice(content);
        section
    };
    let name = |name: &str| {
        let mut bytes = vec![name.len() as u8];
        bytes.extend_from_slice(name.as_bytes());
        bytes
    };
    let import = [
        &[1][..],
        &name("fermyon:spin/variables@2.0.0"),
        &name("get"),
        &[0, 0],
    ]
    .concat();
    let export = [
        &[1][..],
        &name("wasi:http/incoming-handler@0.2.0#handle"),
        &[0, 0],
    ]
    .concat();
    let mut wasm = b"\0asm\x01\0\0\0".to_vec();
    wasm.extend(section(1, &[1, 0x60, 0, 0]));
    wasm.extend(section(2, &import));
    wasm.extend(section(7, &export));
    wasm
}

/// A place with an application of one component.
pub(crate) fn place(environments: &str) -> Place {
    let place = Place::new(environments);
    let manifest = "spin_manifest_version = 2\n[application]\nname = \"a\"\n[[trigger.http]]\nroute = \"/...\"\n\
        component = \"only\"\n[component.only]\nsource = \"only.wasm\"\n";
    std::fs::write(place.path("spin.toml"), manifest).unwrap();
    std::fs::write(place.path("only.wasm"), module()).unwrap();
    place
}

#[track_caller]
fn check(run: &Run, status: i32, expected: &str) {
    assert_eq!(run.status, Some(status), "{}", run.stderr);
    assert!(run.stderr.contains(expected), "{}", run.stderr);
}

#[test]
fn the_artifact_is_named_and_pushed_once() {
    let Some(registry) = RegistryProcess::start() else {
        return;
    };
    let image = registry.image("kindred:1");
    let place = place(&format!(
        "[environments.dev]\napplication = {{ image = \"{image}\" }}\n"
    ));
    let first = place.run(&["push", "--env", "dev"]);
    check(&first, 0, &format!("{image}: uploaded 3 blobs, "));
    let digest = first.stdout.trim_end();
    let repository = registry.image("kindred@sha256:");
    assert!(digest.starts_with(&repository), "{digest}");
    let stderr = first.stderr.replace(&image, "IMAGE");
    insta::assert_snapshot!("push", stderr);

    let uploads = registry.count("PUT", "") + registry.count("POST", "");
    let second = place.run(&["push", "--tag", &image]);
    check(
        &second,
        0,
        &format!("{image} is unchanged, nothing uploaded"),
    );
    assert_eq!(second.stdout, first.stdout);
    assert_eq!(
        registry.count("PUT", "") + registry.count("POST", ""),
        uploads
    );

    let programs = place.run(&["push", "--tag", &image, "--output", "json"]);
    let events: Vec<Value> = programs
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let [component, pushed] = events.as_slice() else {
        panic!("{}", programs.stdout)
    };
    assert_eq!(component["type"], "component");
    assert_eq!(component["imports"][0], "fermyon:spin/variables@2.0.0");
    assert_eq!(component["hosts"][0]["runs"], true);
    assert_eq!(component["hosts"][3]["runs"], false);
    assert_eq!(pushed["type"], "pushed");
    assert_eq!(pushed["image"], digest);
    assert_eq!(pushed["unchanged"], true);
}

#[test]
fn who_asks_is_whom_docker_logged_in() {
    let Some(registry) = RegistryProcess::start_with_login() else {
        return;
    };
    let image = registry.image("kindred:1");
    let (server, _) = image.split_once('/').unwrap();
    let place = place("");
    let docker = place.path("docker");
    std::fs::create_dir(&docker).unwrap();
    let push = |auth: &str| {
        // As a Secret of Kubernetes has it.
        let config = format!(r#"{{"auths":{{"{server}":{{"auth":"{auth}"}}}}}}"#);
        std::fs::write(docker.join(".dockerconfigjson"), config).unwrap();
        let variables = [("DOCKER_CONFIG", docker.to_str().unwrap())];
        place.run_with(&["push", "--tag", &image], &variables)
    };
    let refused = format!("the registry refuses access to {image}; log in with `docker login`");
    check(&place.run(&["push", "--tag", &image]), 1, &refused);
    check(&push("dXNlcjp3cm9uZw=="), 1, &refused);
    check(
        &push("dXNlcg=="),
        3,
        "cannot read the credentials of registries in ",
    );
    check(&push("dXNlcjpzZWNyZXQ="), 0, "uploaded 3 blobs");
    check(&push("dXNlcjpzZWNyZXQ="), 0, "is unchanged");
}

#[test]
fn a_registry_that_cannot_be_reached_is_outside() {
    // A port that was free a moment ago.
    let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let image = format!("{}/kindred:1", socket.local_addr().unwrap());
    drop(socket);
    let run = place("").run(&["push", "--tag", &image]);
    check(
        &run,
        1,
        &format!("cannot reach the registry of {image}; check its name"),
    );
    assert_eq!(run.stdout, "");
}

#[test]
fn what_cannot_be_pushed_is_wrong_input() {
    let registry = "127.0.0.1:1/kindred";
    check(
        &place("").run(&["push"]),
        3,
        "give `--tag REFERENCE`, or `--env NAME`",
    );
    let run = place("").run(&["push", "--env", "dev"]);
    check(&run, 3, "there is no environment `dev`");
    let run = place("[environments.dev]\n").run(&["push", "--env", "dev"]);
    check(
        &run,
        3,
        "write `image` under `[environments.dev.application]`",
    );
    let run = place("").run(&["push", "--tag", "kindred:1"]);
    check(&run, 3, "it has to begin with the registry");
    let digest = format!("{registry}@sha256:{}", "0".repeat(64));
    let run = place("").run(&["push", "--tag", &digest]);
    check(&run, 3, "push to a tag");
    let unbuilt = place("");
    std::fs::remove_file(unbuilt.path("only.wasm")).unwrap();
    let run = unbuilt.run(&["push", "--tag", registry]);
    check(&run, 3, "is it built?");
}
