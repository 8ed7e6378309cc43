//! A real node, and what stands beside it for a test: an S3, a registry, images.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::program::Run;
use crate::registry::RegistryProcess;

/// The keys of the S3.
pub(super) const KEY_ID: &str = "kindred";
pub(super) const KEY: &str = "kindred-local";

/// The cluster with the node.
const KUBECONFIG: &str = "KINDRED_TEST_NODE_KUBECONFIG";

/// The folder of the programs `host` and `precompute` that images are made of.
const PROGRAMS: &str = "KINDRED_TEST_PROGRAMS";

/// A registry from which the node takes images, as it is called there, such as `localhost:5000`.
const IMAGES: &str = "KINDRED_TEST_IMAGES";

/// The folder of the demo's collection.
const DATA: &str = "KINDRED_TEST_DATA";

/// The address of this machine as pods have it.
const ADDRESS: &str = "KINDRED_TEST_ADDRESS";

/// What offers volumes that all nodes share, or the one there is: the name of a class; absent: a folder of this machine, which is the node's too.
const STORAGE_CLASS: &str = "KINDRED_TEST_STORAGE_CLASS";

/// What is written before a command that pushes to that registry, words apart by spaces; absent: nothing.
const ENTER: &str = "KINDRED_TEST_ENTER";

/// A node, with what a story needs beside it. It goes with the value.
pub(super) struct Node {
    pub(super) kubeconfig: PathBuf,
    pub(super) s3_url: String,
    pub(super) host_image: String,
    pub(super) precompute_image: String,
    pub(super) storage_class: String,
    offers_volume: bool,
    registry: RegistryProcess,
    s3: Child,
    folder: TempDir,
}

impl Node {
    /// The node that the environment names; `None`, and a loud line, where it names none.
    pub(super) fn find(name: &str) -> Option<Self> {
        let Some(kubeconfig) = env::var_os(KUBECONFIG) else {
            println!(
                "NOT TESTED: {KUBECONFIG} names no cluster with a node; `cargo xtask e2e` does"
            );
            return None;
        };
        let needed = |variable: &str| {
            env::var_os(variable).unwrap_or_else(|| panic!("{variable} is not set"))
        };
        let text = |variable: &str| needed(variable).into_string().unwrap();
        let (programs, images, address) =
            (PathBuf::from(needed(PROGRAMS)), text(IMAGES), text(ADDRESS));
        let registry = RegistryProcess::start_at(&address)?;
        let folder = tempfile::tempdir().unwrap();
        // Pods are somebody else.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let exports = folder.path().join("s3/exports/demo");
        fs::create_dir_all(&exports).unwrap();
        for file in fs::read_dir(needed(DATA)).unwrap() {
            let file = file.unwrap();
            fs::copy(file.path(), exports.join(file.file_name())).unwrap();
        }
        let (s3, s3_url) = start_s3(&programs.join("host"), folder.path(), &address);
        let own_class = format!("kindred-{name}-{}", std::process::id());
        let storage_class = env::var(STORAGE_CLASS).ok();
        let node = Self {
            offers_volume: storage_class.is_none(),
            host_image: push(&programs, "host", &images),
            precompute_image: push(&programs, "precompute", &images),
            storage_class: storage_class.unwrap_or(own_class),
            kubeconfig: kubeconfig.into(),
            s3_url,
            registry,
            s3,
            folder,
        };
        if node.offers_volume {
            node.offer_volume();
        }
        Some(node)
    }

    /// What a version of the application is called in the registry of this test.
    pub(super) fn application_image(&self, version: &str) -> String {
        self.registry.image(&format!("kindred:{version}"))
    }

    pub(super) fn kubectl(&self, args: &[&str]) -> Run {
        Run::of(
            Command::new("kubectl")
                .args(args)
                .env("KUBECONFIG", &self.kubeconfig),
        )
    }

    /// Makes an object.
    pub(super) fn create(&self, object: &Value) {
        let file = self.folder.path().join("object.json");
        fs::write(&file, object.to_string()).unwrap();
        let run = self.kubectl(&["create", "--filename", file.to_str().unwrap()]);
        assert_eq!(run.status, Some(0), "{}", run.stderr);
    }

    /// A volume on the node, as nobody else may offer one.
    fn offer_volume(&self) {
        self.create(&json!({
            "apiVersion": "storage.k8s.io/v1",
            "kind": "StorageClass",
            "metadata": { "name": self.storage_class },
            "provisioner": "kubernetes.io/no-provisioner",
        }));
        let path = self.folder.path().join("volume");
        fs::create_dir(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o777)).unwrap();
        self.create(&json!({
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "metadata": { "name": self.storage_class },
            "spec": {
                "capacity": { "storage": "1Gi" },
                "accessModes": ["ReadWriteOnce", "ReadWriteMany"],
                "storageClassName": self.storage_class,
                "persistentVolumeReclaimPolicy": "Retain",
                "hostPath": { "path": path },
            },
        }));
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if self.offers_volume {
            for kind in ["persistentvolume", "storageclass"] {
                self.kubectl(&["delete", kind, &self.storage_class, "--wait=false"]);
            }
        }
        let _ = self.s3.kill();
        let _ = self.s3.wait();
    }
}

/// The folder with the functions, built.
pub(super) fn functions() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/functions")
}

/// Starts an S3 with the data of the demo, for pods to reach.
fn start_s3(host: &Path, folder: &Path, address: &str) -> (Child, String) {
    let mut s3 = Command::new(host)
        .args([
            "s3",
            "--s3-bucket",
            "kindred",
            "--s3-bucket",
            "exports",
            "--data",
        ])
        .arg(folder.join("s3"))
        .args(["--listen", &format!("{address}:0")])
        .env("TMPDIR", folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(s3.stderr.take().unwrap())
        .lines()
        .map_while(Result::ok);
    let url = lines.by_ref().find_map(|line| {
        let begin = line.find("http://")?;
        Some(
            line[begin..]
                .split_whitespace()
                .next()?
                .trim_end_matches('/')
                .to_owned(),
        )
    });
    // It stops when nobody reads what it says.
    std::thread::spawn(move || lines.for_each(drop));
    (s3, url.expect("it says where it listens"))
}

/// Makes an image of a program and pushes it to where the node takes images from. Of `host`, it is one that asks registries over plain HTTP, which a `SpinApp` cannot say.
fn push(programs: &Path, program: &str, images: &str) -> String {
    let enter = env::var(ENTER).unwrap_or_default();
    let mut words: Vec<OsString> = enter.split_whitespace().map(OsString::from).collect();
    words.push(env!("CARGO_BIN_EXE_infra").into());
    let mut command = Command::new(&words[0]);
    command
        .args(&words[1..])
        .args([
            "image",
            program,
            "--insecure",
            "--variable",
            "KINDRED_INSECURE_REGISTRY=true",
            "--binary",
        ])
        .arg(programs.join(program))
        .args(["--push", &format!("{images}/{program}:test")]);
    let run = Run::of(&mut command);
    assert_eq!(run.status, Some(0), "{}", run.stderr);
    run.stdout.trim().to_owned()
}
