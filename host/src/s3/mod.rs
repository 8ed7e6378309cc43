//! The embedded S3: objects in a folder, spoken to over S3's protocol.
//!
//! It is for one machine, tests and demonstrations. The protocol and the layout on disk are those of `s3s` and `s3s-fs`;
//! [`store`] adds what a pointer file depends on: conditional reads, and conditional writes that cannot race.

mod access;
mod locks;
mod store;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use s3s_fs::FileSystem;

use crate::listener::{self, Listener};
use crate::{ConnectionLimits, Error};

/// The access key unless another is given. It is no secret: the server listens on the loopback interface by default.
pub const DEFAULT_ACCESS_KEY: &str = "kindred";

/// The secret key unless another is given.
pub const DEFAULT_SECRET_KEY: &str = "kindred-local";

/// How long a stop waits for the requests in flight: to write an object of ordinary size, on one machine, takes less.
pub const SHUTDOWN_GRACE: Duration = Duration::from_secs(10);

/// How to serve objects. [`Options::new`] gives what tests want.
#[derive(Clone, Debug)]
pub struct Options {
    /// The folder of the objects. It is made if it is not there.
    pub data: PathBuf,
    /// Where to listen. Port 0 takes any free port.
    pub listen: SocketAddr,
    /// Buckets to make if they are not there.
    pub buckets: Vec<String>,
    /// The only access key that is known.
    pub access_key: String,
    /// Its secret key.
    pub secret_key: String,
    /// Whether objects can be read without a signature. Everything else needs one.
    pub anonymous_reads: bool,
}

impl Options {
    /// Serves `data` on a free port of the loopback interface, with one bucket and the default keys, readable to everyone.
    pub fn new(data: impl Into<PathBuf>, bucket: &str) -> Self {
        Self {
            data: data.into(),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            buckets: vec![bucket.to_owned()],
            access_key: DEFAULT_ACCESS_KEY.to_owned(),
            secret_key: DEFAULT_SECRET_KEY.to_owned(),
            anonymous_reads: true,
        }
    }
}

/// A running object store.
pub struct Server {
    listener: Listener,
}

impl Server {
    /// Opens the folder and begins to serve it.
    pub async fn start(options: Options) -> Result<Self, Error> {
        let socket = listener::bind(options.listen).await?;
        let files = open(&options.data, &options.buckets).map_err(|source| Error::ObjectStore {
            path: options.data.clone(),
            source,
        })?;
        let mut service = S3ServiceBuilder::new(store::ObjectStore::new(files, &options.data));
        service.set_auth(SimpleAuth::from_single(
            options.access_key,
            options.secret_key,
        ));
        service.set_access(access::Access {
            anonymous_reads: options.anonymous_reads,
        });
        let service = service.build();
        let listener = Listener::serve(socket, ConnectionLimits::default(), move |_client| {
            service.clone()
        })
        .map_err(|source| Error::Listen {
            address: options.listen,
            source,
        })?;
        Ok(Self { listener })
    }

    /// Where it listens, with the port that the system chose.
    pub fn address(&self) -> SocketAddr {
        self.listener.address()
    }

    /// Its address as a URL without a path: the endpoint to give to clients, with path-style addressing.
    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// Stops accepting and lets the requests in flight finish, for at most [`SHUTDOWN_GRACE`].
    pub async fn shutdown(self) {
        self.listener.shutdown(SHUTDOWN_GRACE).await;
    }
}

fn open(data: &Path, buckets: &[String]) -> Result<FileSystem, crate::error::Cause> {
    std::fs::create_dir_all(data)?;
    for bucket in buckets {
        if !s3s::path::check_bucket_name(bucket) {
            return Err(format!("{bucket:?} is not a name that a bucket may have").into());
        }
        std::fs::create_dir_all(data.join(bucket))?;
    }
    FileSystem::new(data).map_err(|error| format!("{error:?}").into())
}
