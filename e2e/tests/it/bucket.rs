//! A bucket of the embedded S3, and generations to put into it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use host::s3;
use index::FileKind;
use index::catalogue::{CatalogueWriter, Record};
use index::neighbours::{Neighbour, NeighboursWriter};
use pointer::{MANIFEST_VERSION, Manifest};
use precompute::generation::{LocalGeneration, MANIFEST_FILE_NAME, file_entry, generation_name};
use precompute::store::{AccessKeys, S3Location, S3Store};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// An object store on a free port of this machine, gone with the value.
pub(crate) struct Bucket {
    runtime: Runtime,
    server: Option<s3::Server>,
    address: SocketAddr,
    folder: TempDir,
}

impl Bucket {
    /// Starts the store with an empty bucket.
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let runtime = Runtime::new().unwrap();
        let options = s3::Options::new(folder.path(), "kindred");
        let server = runtime.block_on(s3::Server::start(options)).unwrap();
        Self {
            runtime,
            address: server.address(),
            server: Some(server),
            folder,
        }
    }

    /// Takes the store away; its folder stays.
    pub(crate) fn stop(&mut self) {
        if let Some(server) = self.server.take() {
            self.runtime.block_on(server.shutdown());
        }
    }

    /// Brings it back at the address that it had.
    pub(crate) fn start_again(&mut self) {
        let mut options = s3::Options::new(self.folder.path(), "kindred");
        options.listen = self.address;
        let server = self.runtime.block_on(s3::Server::start(options)).unwrap();
        self.server = Some(server);
    }

    /// The folder in which the bucket's objects lie as files.
    pub(crate) fn folder(&self) -> PathBuf {
        self.folder.path().join("kindred")
    }

    /// The names of all files that the store keeps, those of unfinished uploads included; sorted.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        let mut folders = vec![self.folder.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    files.push(path);
                }
            }
        }
        files.sort();
        files
    }

    /// The store's address, whether it is there or not.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The job's client for it.
    pub(crate) fn client(&self) -> S3Store {
        let location = S3Location {
            bucket: "kindred".to_owned(),
            region: "us-east-1".to_owned(),
            endpoint: Some(self.url()),
            access_keys: Some(AccessKeys {
                access_key_id: s3::DEFAULT_ACCESS_KEY.to_owned(),
                secret_access_key: s3::DEFAULT_SECRET_KEY.to_owned(),
            }),
        };
        S3Store::connect(&location).unwrap()
    }
}

impl Drop for Bucket {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Builds a generation of so many items into a folder; the title tells it apart from others.
pub(crate) fn build(folder: &Path, title: &str, num_items: u32) -> LocalGeneration {
    let mut catalogue = CatalogueWriter::new();
    for item in 0..num_items {
        let record = Record {
            id: item.to_string(),
            title: format!("{title} {item}"),
            ..Record::default()
        };
        catalogue.push(record, 1.0);
    }
    let item_space = catalogue.item_space();
    let mut neighbours = NeighboursWriter::new(num_items as usize, "a test").unwrap();
    for item in 0..num_items {
        neighbours
            .push(&[Neighbour {
                item: (item + 1) % num_items,
                weight: 0.5,
            }])
            .unwrap();
    }
    let files = [
        (FileKind::Catalogue, catalogue.finish().unwrap()),
        (FileKind::Neighbours, neighbours.finish(item_space).unwrap()),
    ];
    let entries = files.map(|(kind, bytes)| {
        std::fs::write(folder.join(format!("{kind}.kdx")), &bytes).unwrap();
        (kind.name().to_owned(), file_entry(kind, &bytes).unwrap())
    });
    let mut manifest = Manifest {
        version: MANIFEST_VERSION,
        collection: "movies".to_owned(),
        title: title.to_owned(),
        generation: String::new(),
        created_at: "2026-11-21T12:00:00Z".to_owned(),
        item_count: u64::from(num_items),
        synthetic: true,
        values: None,
        quality: None,
        files: BTreeMap::from(entries),
        previous: None,
    };
    manifest.generation = generation_name(&manifest);
    std::fs::write(folder.join(MANIFEST_FILE_NAME), manifest.to_json()).unwrap();
    LocalGeneration {
        folder: folder.to_owned(),
        manifest,
    }
}
