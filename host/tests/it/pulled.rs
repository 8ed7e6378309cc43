//! Spin's own command line, as the Spin operator and the shim write it: an artifact of a registry, and what the environment says.

use std::process::Command;

use app::Application;
use artifact::{Image, Registry, pack};
use hyper::StatusCode;
use tempfile::TempDir;

use crate::application::application;
use crate::client::get;
use crate::command::{Running, host};
use crate::registry::RegistryProcess;

/// What the Spin operator writes into the runtime configuration of an application that has none of its own. It always mounts one.
const OPERATORS_CONFIG: &str = "[[config_provider]]\ntype = \"env\"\nprefix = \"SPIN_VARIABLE_\"\n";

/// `up` as the operator runs it, but for the port.
fn up(image: &str, places: &TempDir) -> Command {
    let config = places.path().join("runtime-config.toml");
    std::fs::write(&config, OPERATORS_CONFIG).unwrap();
    let mut command = host();
    command
        .args(["up", "--listen", "127.0.0.1:0", "-f", image])
        .arg("--runtime-config-file")
        .arg(config)
        .env("SPIN_VARIABLE_TOKEN", "hush")
        .env("KINDRED_CACHE_DIR", places.path().join("cache"));
    command
}

/// How a command ended that cannot start, and what it said.
fn refusal(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let log = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{log}");
    log
}

async fn push(folder: &TempDir, image: &str) -> String {
    let application = Application::read(&folder.path().join("spin.toml")).unwrap();
    let packed = pack(&application, folder.path()).unwrap().artifact;
    let registry = Registry::of(&Image::parse(image).unwrap(), false).unwrap();
    registry.push(&packed).await.unwrap().image.to_string()
}

#[tokio::test]
async fn an_artifact_is_served_as_its_folder_is() {
    let Some(registry) = RegistryProcess::start() else {
        return;
    };
    let folder = application(
        "files = [{ source = \"idx\", destination = \"/data\" }]\nkey_value_stores = [\"default\"]\n\
         environment = { LOG = \"info\" }\nvariables = { key = \"{{ token }}\" }",
    );
    let tag = registry.image("films:1");
    let digest = push(&folder, &tag).await;
    let places = tempfile::tempdir().unwrap();
    let from_folder = Running::start(&mut up(folder.path().to_str().unwrap(), &places));
    let mut answers = Vec::new();
    for image in [&tag, &digest] {
        let pulled = Running::start(&mut up(image, &places));
        for path in [
            "/guest/read?/data/deep/a.txt",
            "/guest/variable?key",
            "/guest/environment",
            "/guest/key-value?default,a",
            "/item/7/absent",
            "/.well-known/spin/info",
            "/absent",
        ] {
            let expected = get(format!("{}{path}", from_folder.url)).await;
            let found = get(format!("{}{path}", pulled.url)).await;
            assert_eq!(
                (found.status, found.text()),
                (expected.status, expected.text()),
                "{path}"
            );
            answers.push(found.status);
        }
    }
    assert!(answers.contains(&StatusCode::OK));
    // Nothing is kept beside what others have their blobs in.
    assert!(!places.path().join("cache/artifacts/.spin").exists());

    // A pod that starts again needs no registry, if its artifact is known by a digest and its cache is kept.
    drop(registry);
    Running::start(&mut up(&digest, &places));
    let log = refusal(&mut up(&tag, &places));
    assert!(
        log.contains(&format!("cannot reach the registry of {tag}; ")),
        "{log}"
    );
    let log = refusal(
        up(&digest, &places)
            .env_remove("KINDRED_CACHE_DIR")
            .arg("--disable-cache"),
    );
    assert!(log.contains("cannot reach the registry"), "{log}");
}

#[tokio::test]
async fn what_is_not_there_stops_the_start() {
    let places = tempfile::tempdir().unwrap();
    let log = refusal(&mut up("absent", &places));
    assert!(
        log.contains("there is no file or folder absent: \"absent\" does not name an artifact in a registry: it has to begin with the registry"),
        "{log}"
    );
    let log = refusal(&mut up("absent/spin.toml", &places));
    assert!(
        log.contains("cannot load the application absent/spin.toml"),
        "{log}"
    );
    let folder = application("");
    let mut command = up(folder.path().to_str().unwrap(), &places);
    std::fs::remove_file(places.path().join("runtime-config.toml")).unwrap();
    let log = refusal(&mut command);
    assert!(
        log.contains("runtime-config.toml is not valid: No such file"),
        "{log}"
    );
}

#[tokio::test]
async fn the_environment_of_the_shim_counts() {
    let folder = application("");
    let manifest = folder.path().join("spin.toml");
    let text = std::fs::read_to_string(&manifest).unwrap();
    let more = "[[trigger.http]]\nroute = \"/other/...\"\ncomponent = \"other\"\n[component.other]\nsource = \"absent.wasm\"\n";
    std::fs::write(&manifest, text + more).unwrap();
    let places = tempfile::tempdir().unwrap();
    let from = folder.path().to_str().unwrap();
    let running = Running::start(
        up(from, &places)
            .env("SPIN_COMPONENTS_TO_RETAIN", "guest")
            .env("SPIN_MAX_INSTANCE_MEMORY", (8 << 20).to_string()),
    );
    let status = async |path: &str| get(format!("{}{path}", running.url)).await.status;
    assert_eq!(status("/guest/memory?1").await, StatusCode::OK);
    assert_eq!(
        status("/guest/memory?16").await,
        StatusCode::INTERNAL_SERVER_ERROR
    );
    assert_eq!(status("/other/count").await, StatusCode::NOT_FOUND);

    // The operator says it on the command line too, once for each.
    let log =
        refusal(up(from, &places).args(["--component-id", "guest", "--component-id", "others"]));
    assert!(
        log.contains("there is no component \"others\"; there are guest, other"),
        "{log}"
    );
}
