//! What can go wrong between a folder, a registry and a host.

use std::path::PathBuf;

use oci_client::errors::{OciDistributionError, OciErrorCode};

use crate::Image;

/// The cause of an error, kept whole.
pub(crate) type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why an application was not packed, pushed or pulled.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A text does not name an artifact.
    #[error("{text:?} does not name an artifact in a registry: {problem}")]
    Name {
        /// The text.
        text: String,
        /// What is wrong with it.
        problem: String,
    },
    /// It was asked to push to a digest, which names what is there already.
    #[error("{image} names an artifact by its digest, which nothing else can get; push to a tag")]
    NoTag {
        /// The name.
        image: String,
    },
    /// Nobody answers for the registry, or not in a way that can be understood.
    #[error(
        "cannot reach the registry of {image}; check its name and that it runs, name an authority of your own in SSL_CERT_FILE, and where it speaks plain HTTP say so, by `--insecure` on the command line or `insecure_registry` of an environment"
    )]
    Unreachable {
        /// What was asked for.
        image: String,
        /// What the connection said.
        source: Cause,
    },
    /// The system has no certificates, by which registries are known.
    #[error(
        "the system has no certificates of authorities; install the package ca-certificates, or name a file with some in SSL_CERT_FILE"
    )]
    NoAuthorities,
    /// The registry wants to know who asks, or does not let them.
    #[error(
        "the registry refuses access to {image}; log in with `docker login`, or name a folder with a config.json in DOCKER_CONFIG"
    )]
    Unauthorized {
        /// What was asked for.
        image: String,
        /// What the registry said.
        source: Cause,
    },
    /// The registry does not have the tag, or no longer has the digest.
    #[error("{image} is not in its registry; push it, or name a tag or digest that is there")]
    Absent {
        /// What was asked for.
        image: String,
    },
    /// The registry answered with anything else that is not what was asked for.
    #[error("the registry failed at {image}")]
    Registry {
        /// What was asked for.
        image: String,
        /// What the registry said.
        source: Cause,
    },
    /// What is there is not a Spin application, or one that needs what our host does not have.
    #[error("{image} is not a Spin application that can be run here: {problem}")]
    Foreign {
        /// The artifact.
        image: String,
        /// What it is, or has.
        problem: String,
    },
    /// A blob could not be read to its end, or is not what its digest says.
    #[error("cannot take the blob {digest} of {image}")]
    Blob {
        /// The artifact.
        image: String,
        /// The blob.
        digest: String,
        /// What is wrong.
        source: Cause,
    },
    /// A program cannot be made an image of.
    #[error("cannot make an image of the program {name}")]
    Program {
        /// What it is called.
        name: String,
        /// Why.
        source: Cause,
    },
    /// An image could not be written into a folder.
    #[error("cannot write the image into {}", path.display())]
    Layout {
        /// The folder.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The folder of blobs could not be read or written.
    #[error("cannot keep blobs in {}", path.display())]
    Cache {
        /// The folder.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The file with credentials is there and cannot be understood.
    #[error("cannot read the credentials of registries in {}", path.display())]
    Credentials {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Cause,
    },
    /// A file of the application could not be read.
    #[error("cannot read {} of the component {component:?}; is it built?", path.display())]
    Read {
        /// The component's id.
        component: String,
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The entries of a component's `files` could not be followed.
    #[error("cannot pack the component {component:?}")]
    Files {
        /// The component's id.
        component: String,
        /// What is wrong with them.
        source: app::Error,
    },
    /// A file's path is not text, or a component is not WebAssembly.
    #[error("cannot pack {} of the component {component:?}", path.display())]
    Unpackable {
        /// The component's id.
        component: String,
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Cause,
    },
    /// There are more files than registries take layers.
    #[error(
        "the application has {count} different components and files, and registries take {limit} at most; pack small files into fewer large ones"
    )]
    TooManyLayers {
        /// How many there are.
        count: usize,
        /// How many there may be.
        limit: usize,
    },
    /// The client for registries could not be set up.
    #[error("cannot set up a client for registries")]
    Client {
        /// What is missing.
        source: Cause,
    },
}

impl Error {
    /// What an error of the client means for whoever asked for `image`.
    pub(crate) fn of_registry(image: &Image, error: OciDistributionError) -> Self {
        use OciDistributionError as Oci;
        let image = image.to_string();
        let status = match &error {
            Oci::RequestError(request) => match request.status() {
                None => {
                    return Self::Unreachable {
                        image,
                        source: error.into(),
                    };
                }
                Some(status) => status.as_u16(),
            },
            Oci::ServerError { code, .. } => *code,
            Oci::UnauthorizedError { .. } | Oci::AuthenticationFailure(_) => 401,
            Oci::ImageManifestNotFoundError(_) => 404,
            Oci::RegistryError { envelope, .. } => {
                let has = |codes: &[OciErrorCode]| {
                    envelope.errors.iter().any(|e| codes.contains(&e.code))
                };
                if has(&[OciErrorCode::Unauthorized, OciErrorCode::Denied]) {
                    401
                } else if has(&[
                    OciErrorCode::BlobUnknown,
                    OciErrorCode::ManifestUnknown,
                    OciErrorCode::NameUnknown,
                    OciErrorCode::NotFound,
                ]) {
                    404
                } else {
                    0
                }
            }
            _ => 0,
        };
        match status {
            401 | 403 => Self::Unauthorized {
                image,
                source: error.into(),
            },
            404 => Self::Absent { image },
            _ => Self::Registry {
                image,
                source: error.into(),
            },
        }
    }
}
