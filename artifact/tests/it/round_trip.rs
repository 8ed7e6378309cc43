use std::path::Path;

use app::Application;
use artifact::{Error, Image, Packed, Pulled, Pushed, Registry, pack};
use tempfile::TempDir;

use crate::registry::RegistryProcess;

/// A module with nothing in it but a custom section of this name.
fn wasm(name: &str) -> Vec<u8> {
    let mut wasm = b"\0asm\x01\0\0\0\0".to_vec();
    wasm.push(name.len() as u8 + 1);
    wasm.push(name.len() as u8);
    wasm.extend_from_slice(name.as_bytes());
    wasm
}

/// An application of two components, one of which sees a file that is long, one that is short and one that is empty.
fn application() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, content: &[u8]| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    };
    let manifest = r#"
spin_manifest_version = 2
[application]
name = "films"
version = "1.2.3"
[variables]
token = { required = true, secret = true }
[[trigger.http]]
route = "/v1/..."
component = "first"
[[trigger.http]]
route = "/v2/..."
component = "first"
[[trigger.http]]
route = "/..."
component = "second"
[component.first]
source = "built/first.wasm"
files = [{ source = "idx", destination = "/data" }]
variables = { token = "{{ token }}" }
[component.second]
source = "built/second.wasm"
"#;
    write("spin.toml", manifest.as_bytes());
    write("built/first.wasm", &wasm("first"));
    write("built/second.wasm", &wasm("second"));
    write("idx/long", &vec![7; 100_000]);
    write("idx/deep/short", b"short");
    write("idx/empty", b"");
    folder
}

fn packed(folder: &TempDir) -> Packed {
    let application = Application::read(&folder.path().join("spin.toml")).unwrap();
    pack(&application, folder.path()).unwrap().artifact
}

async fn push(image: &str, folder: &TempDir) -> Result<Pushed, Error> {
    let registry = Registry::of(&Image::parse(image)?, false)?;
    registry.push(&packed(folder)).await
}

async fn pull(image: &str, cache: &Path) -> Result<Pulled, Error> {
    let registry = Registry::of(&Image::parse(image)?, false)?;
    registry.pull(cache).await
}

async fn digest_of(image: &str) -> Result<String, Error> {
    let image = Image::parse(image).unwrap();
    Registry::of(&image, false)?.digest().await
}

/// The error with its causes.
fn chain(error: &Error) -> String {
    let causes = std::iter::successors(Some(error as &dyn std::error::Error), |error| {
        error.source()
    });
    let causes: Vec<String> = causes.map(ToString::to_string).collect();
    causes.join(": ")
}

/// What component `id` sees, by path, and itself.
fn contents(application: &Application, root: &Path, id: &str) -> Vec<(String, Vec<u8>)> {
    let component = &application.components[id];
    let mut contents = vec![(
        "wasm".to_owned(),
        std::fs::read(root.join(&component.source)).unwrap(),
    )];
    for (destination, source) in component.list_files(root).unwrap() {
        let name = destination.to_str().unwrap().to_owned();
        contents.push((name, std::fs::read(source).unwrap()));
    }
    contents
}

#[test]
fn the_same_files_are_the_same_artifact() {
    let (first, second) = (application(), application());
    let digest = packed(&first).digest().to_owned();
    // Not one of Spin's, but of the same bytes on every machine.
    assert_eq!(digest, packed(&second).digest());
    insta::assert_snapshot!("digest", digest);
    std::fs::write(second.path().join("idx/empty"), "x").unwrap();
    assert_ne!(digest, packed(&second).digest());
}

#[test]
fn what_cannot_be_packed_is_said() {
    let check = |name: &str, content: Option<&[u8]>, expected: &str| {
        let folder = application();
        let path = folder.path().join(name);
        match content {
            Some(content) => std::fs::write(path, content).unwrap(),
            None if path.is_dir() => std::fs::remove_dir_all(path).unwrap(),
            None => std::fs::remove_file(path).unwrap(),
        }
        let application = Application::read(&folder.path().join("spin.toml")).unwrap();
        let error = chain(&pack(&application, folder.path()).unwrap_err());
        assert!(error.contains(expected), "{error}");
    };
    check(
        "built/first.wasm",
        None,
        "of the component \"first\"; is it built?: No such file",
    );
    check(
        "built/second.wasm",
        Some(b"no"),
        "of the component \"second\": ",
    );
    check(
        "idx",
        None,
        "cannot pack the component \"first\": cannot use \"idx\" of `files`: No such file",
    );
    let folder = application();
    for number in 0..500 {
        let content = format!("{number:0200}");
        std::fs::write(folder.path().join(format!("idx/{number}")), content).unwrap();
    }
    let application = Application::read(&folder.path().join("spin.toml")).unwrap();
    let error = pack(&application, folder.path()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the application has 503 different components and files, and registries take 499 at most; pack small files into fewer large ones"
    );
}

#[tokio::test]
async fn what_is_pulled_is_what_was_pushed() {
    let Some(registry) = RegistryProcess::start() else {
        return;
    };
    let (folder, cache) = (application(), tempfile::tempdir().unwrap());
    let pushed = push(&registry.image("films:1"), &folder).await.unwrap();
    // Two components, the long file, the locked application and the configuration.
    assert_eq!((pushed.uploaded_blobs, pushed.is_unchanged), (5, false));
    let digest = pushed.image.to_string();
    assert_eq!(
        digest,
        registry.image(&format!("films@{}", packed(&folder).digest()))
    );

    for name in [registry.image("films:1"), digest.clone()] {
        let digest = digest_of(&name).await.unwrap();
        assert_eq!(digest, packed(&folder).digest(), "{name}");
    }

    let original = Application::read(&folder.path().join("spin.toml")).unwrap();
    for name in [registry.image("films:1"), digest] {
        let pulled = pull(&name, cache.path()).await.unwrap();
        assert_eq!(pulled.image, pushed.image);
        assert_eq!(pulled.application.name, "films");
        assert_eq!(pulled.application.triggers.len(), 3);
        for id in ["first", "second"] {
            assert_eq!(
                contents(&pulled.application, &pulled.root, id),
                contents(&original, folder.path(), id),
                "{name}: {id}"
            );
        }
    }
    // By its digest it is known not to have changed. The push asked too, and found no tag.
    assert_eq!(registry.count("GET", "/manifests/"), 1 + 1);
    assert_eq!(registry.count("GET", "/blobs/"), 4);
}

#[tokio::test]
async fn an_unchanged_application_uploads_nothing() {
    let Some(registry) = RegistryProcess::start() else {
        return;
    };
    let folder = application();
    let image = registry.image("films:1");
    push(&image, &folder).await.unwrap();
    let uploads = || -> usize {
        let methods = ["PUT", "POST", "PATCH"].into_iter();
        methods.map(|method| registry.count(method, "")).sum()
    };
    let before = uploads();
    let again = push(&image, &folder).await.unwrap();
    assert!(again.is_unchanged);
    assert_eq!((again.uploaded_blobs, again.uploaded_bytes), (0, 0));
    assert_eq!(uploads(), before);

    // Another tag has the same blobs, and one more manifest.
    let other = push(&registry.image("films:2"), &folder).await.unwrap();
    assert_eq!((other.uploaded_blobs, other.is_unchanged), (0, false));
    assert_eq!(uploads(), before + 1);

    // What changed is uploaded alone, with what names it.
    std::fs::write(folder.path().join("built/second.wasm"), wasm("third")).unwrap();
    let changed = push(&image, &folder).await.unwrap();
    assert_eq!((changed.uploaded_blobs, changed.is_unchanged), (3, false));
}

#[tokio::test]
async fn what_is_not_what_its_digest_says_is_refused() {
    let Some(registry) = RegistryProcess::start() else {
        return;
    };
    let folder = application();
    let image = registry.image("films:1");
    push(&image, &folder).await.unwrap();
    let cache = tempfile::tempdir().unwrap();
    let pulled = pull(&image, cache.path()).await.unwrap();
    let source = &pulled.application.components["first"].source;
    let digest = source.to_str().unwrap().replace('/', ":");
    let blob = registry.blob_path(&digest);

    // Damage in the folder of blobs is mended.
    std::fs::write(cache.path().join(source), "damaged").unwrap();
    let mended = pull(&image, cache.path()).await.unwrap();
    let content = contents(&mended.application, &mended.root, "first");
    assert_eq!(content[0].1, wasm("first"));

    // Damage in the registry is not taken, of whatever length.
    let empty = tempfile::tempdir().unwrap();
    for damaged in [&b"\0asm\x01\0\0\0\0\x06\x05fIrst"[..], b"", &[0; 100]] {
        std::fs::write(&blob, damaged).unwrap();
        let error = pull(&image, empty.path()).await.unwrap_err();
        assert!(matches!(error, Error::Blob { .. }), "{}", chain(&error));
        assert!(!empty.path().join(source).exists());
    }
    std::fs::remove_file(&blob).unwrap();
    let error = chain(&pull(&image, empty.path()).await.unwrap_err());
    assert_eq!(
        error,
        format!("cannot take the blob {digest} of {image}: the registry no longer has it")
    );
    // Who has all of it needs no registry any more.
    pull(&pulled.image.to_string(), cache.path()).await.unwrap();
}

#[tokio::test]
async fn what_is_not_there_is_said() {
    let Some(registry) = RegistryProcess::start() else {
        return;
    };
    let cache = tempfile::tempdir().unwrap();
    push(&registry.image("films:1"), &application())
        .await
        .unwrap();
    let gone = format!("films@sha256:{}", "0".repeat(64));
    for name in ["films:2", "books:1", &gone] {
        let image = registry.image(name);
        let errors = [
            pull(&image, cache.path()).await.unwrap_err(),
            digest_of(&image).await.unwrap_err(),
        ];
        for error in errors {
            assert_eq!(
                chain(&error),
                format!(
                    "{image} is not in its registry; push it, or name a tag or digest that is there"
                )
            );
        }
    }
    let image = registry.image(&gone);
    let error = push(&image, &application()).await.unwrap_err();
    assert_eq!(
        chain(&error),
        format!(
            "{image} names an artifact by its digest, which nothing else can get; push to a tag"
        )
    );
}

/// Pushes something else than `pack` makes: a layer of this type with this content.
async fn push_layer(image: &str, media_type: &str, content: &str) {
    use oci_client::client::{Client, ClientConfig, ClientProtocol, Config, ImageLayer};
    let config = ClientConfig {
        protocol: ClientProtocol::Http,
        ..ClientConfig::default()
    };
    let layer = ImageLayer::new(content.to_owned(), media_type.to_owned(), None);
    let client = Client::try_from(config).unwrap();
    let image = image.parse().unwrap();
    let auth = oci_client::secrets::RegistryAuth::Anonymous;
    let config = Config::oci_v1("{}", None);
    client
        .push(&image, &[layer], config, &auth, None)
        .await
        .unwrap();
}

#[tokio::test]
async fn what_is_no_application_is_said() {
    const SPINS: &str = "application/vnd.fermyon.spin.application.v1+config";

    let Some(registry) = RegistryProcess::start() else {
        return;
    };
    let cache = tempfile::tempdir().unwrap();
    let check = async |media_type: &str, content: &str, expected: &str| {
        let image = registry.image("other:1");
        // It makes the process ready for clients.
        Registry::of(&Image::parse(&image).unwrap(), false).unwrap();
        push_layer(&image, media_type, content).await;
        let error = chain(&pull(&image, cache.path()).await.unwrap_err());
        let expected =
            format!("{image} is not a Spin application that can be run here: {expected}");
        assert!(error.starts_with(&expected), "{error}");
    };
    let tar = "application/vnd.oci.image.layer.v1.tar";
    check(tar, "a", "it has no layer of Spin's").await;
    check(SPINS, "a", "expected value at line 1").await;
    let digest = "sha256:ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb";
    let application = format!(
        r#"{{ "spin_lock_version": 0, "metadata": {{ "name": "a" }}, "triggers": [], "components": [
            {{ "id": "a", "source": {{ "content_type": "application/wasm", "digest": "{digest}" }} }} ] }}"#
    );
    check(
        SPINS,
        &application,
        &format!("it has no layer {digest}, or in an archive"),
    )
    .await;
    let cut = application.replace(digest, "sha256:../../../etc/passwd");
    check(
        SPINS,
        &cut,
        "\"sha256:../../../etc/passwd\" is not `sha256:` and 64",
    )
    .await;
    let large = " ".repeat(5 << 20);
    check(SPINS, &large, "it describes itself in 5242880 bytes").await;
}

#[tokio::test]
async fn a_registry_that_is_not_there_is_said() {
    // A port that was free a moment ago.
    let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let image = format!("{}/films:1", socket.local_addr().unwrap());
    drop(socket);
    let cache = tempfile::tempdir().unwrap();
    let errors = [
        pull(&image, cache.path()).await.unwrap_err(),
        push(&image, &application()).await.unwrap_err(),
    ];
    for error in errors {
        let text = chain(&error);
        assert!(matches!(error, Error::Unreachable { .. }), "{text}");
        let expected =
            format!("cannot reach the registry of {image}; check its name and that it runs, ");
        assert!(text.starts_with(&expected), "{text}");
        // For whoever asks: `apply` has no such option, and `push` reads no environment.
        let plain = "where it speaks plain HTTP say so, by `--insecure` on the command line or `insecure_registry` of an environment";
        assert!(text.contains(plain), "{text}");
        assert!(text.contains("refused"), "{text}");
    }
}
