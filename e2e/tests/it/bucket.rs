//! A bucket of an S3 server, and generations to put into it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use e2e::generation::write_generation;
use host::s3;
use index::FileKind;
use index::catalogue::{CatalogueWriter, Record};
use index::neighbours::{Neighbour, NeighboursWriter};
use precompute::generation::LocalGeneration;
use precompute::store::{AccessKeys, S3Location, S3Store};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::versitygw::Versitygw;

/// An object store on a free port of this machine, gone with the value.
pub(crate) struct Bucket {
    runtime: Runtime,
    kind: ServerKind,
    server: Option<Server>,
    address: SocketAddr,
    options: s3::Options,
    folder: TempDir,
}

/// Whose S3 server it is.
#[derive(Clone, Copy, Debug)]
enum ServerKind {
    /// That of `host`.
    Embedded,
    /// One of others: what our client and our server agree about could still be no S3.
    Versitygw,
}

enum Server {
    Embedded(s3::Server),
    Versitygw(Versitygw),
}

impl Server {
    /// Serves as `options` say, and says where. `None` where there is no such program.
    fn start(
        kind: ServerKind,
        runtime: &Runtime,
        options: &s3::Options,
    ) -> Option<(Self, SocketAddr)> {
        match kind {
            ServerKind::Embedded => {
                let server = runtime.block_on(s3::Server::start(options.clone()));
                let server = server.unwrap();
                let address = server.address();
                Some((Self::Embedded(server), address))
            }
            ServerKind::Versitygw => {
                let (process, address) = Versitygw::start(options)?;
                Some((Self::Versitygw(process), address))
            }
        }
    }

    fn stop(self, runtime: &Runtime) {
        match self {
            Self::Embedded(server) => runtime.block_on(server.shutdown()),
            Self::Versitygw(process) => drop(process),
        }
    }
}

impl Bucket {
    /// Starts the embedded store with an empty bucket.
    pub(crate) fn start() -> Self {
        Self::with(|_| ())
    }

    /// The same with other options.
    pub(crate) fn with(change: impl FnOnce(&mut s3::Options)) -> Self {
        Self::of(ServerKind::Embedded, change).expect("it is a part of this program")
    }

    /// Runs a test with an empty bucket of each server that is there: ours, and one of others.
    #[expect(clippy::print_stderr, reason = "a test that fails says where")]
    pub(crate) fn on_every_server(test: impl Fn(Self)) {
        for kind in [ServerKind::Embedded, ServerKind::Versitygw] {
            if let Some(bucket) = Self::of(kind, |_| ()) {
                eprintln!("on {kind:?}");
                test(bucket);
            }
        }
    }

    fn of(kind: ServerKind, change: impl FnOnce(&mut s3::Options)) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let runtime = Runtime::new().unwrap();
        let mut options = s3::Options::new(folder.path(), "kindred");
        change(&mut options);
        let (server, address) = Server::start(kind, &runtime, &options)?;
        Some(Self {
            runtime,
            kind,
            server: Some(server),
            address,
            options,
            folder,
        })
    }

    /// Takes the store away; its folder stays.
    pub(crate) fn stop(&mut self) {
        if let Some(server) = self.server.take() {
            server.stop(&self.runtime);
        }
    }

    /// Brings it back at the address that it had.
    pub(crate) fn start_again(&mut self) {
        self.options.listen = self.address;
        let started = Server::start(self.kind, &self.runtime, &self.options);
        self.server = started.map(|(server, _)| server);
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
                access_key_id: self.options.access_key.clone(),
                secret_access_key: self.options.secret_key.clone(),
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
    write_generation(folder, "movies", title, u64::from(num_items), &files)
}
