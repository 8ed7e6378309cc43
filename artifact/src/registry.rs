//! A registry, and who asks it.

use std::time::Duration;

use oci_client::Client;
use oci_client::client::{Certificate, CertificateEncoding, ClientConfig, ClientProtocol};
use oci_client::secrets::RegistryAuth;

use crate::{Error, Image, credentials};

/// How long the registry may take for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long it may send nothing.
const READ_TIMEOUT: Duration = Duration::from_mins(1);

/// The registry of an artifact.
pub struct Registry {
    pub(crate) image: Image,
    pub(crate) client: Client,
    pub(crate) auth: RegistryAuth,
}

impl Registry {
    /// Gets ready to ask for `image`; nobody is asked yet. Who asks is whom `docker login` wrote down. It is asked over TLS, unless it is on this
    /// machine or `insecure`.
    pub fn of(image: &Image, insecure: bool) -> Result<Self, Error> {
        // The name under which it is reached, which for Docker's is another.
        let registry = image.reference().resolve_registry();
        let auth = credentials::of(registry)?;
        // rustls takes the cryptography that the process has; that it has one already is as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        // The client makes another one beside ours, which it never uses, and which panics without them.
        if rustls_native_certs::load_native_certs().certs.is_empty() {
            return Err(Error::NoAuthorities);
        }
        let config = ClientConfig {
            protocol: if insecure || image.is_on_loopback() {
                ClientProtocol::Http
            } else {
                ClientProtocol::Https
            },
            use_monolithic_push: true,
            extra_root_certificates: compiled_in_roots(),
            connect_timeout: Some(CONNECT_TIMEOUT),
            read_timeout: Some(READ_TIMEOUT),
            user_agent: "kindred",
            ..ClientConfig::default()
        };
        let client = Client::try_from(config).map_err(|error| Error::Client {
            source: error.into(),
        })?;
        Ok(Self {
            image: image.clone(),
            client,
            auth,
        })
    }

    /// The digest of what the tag is now; of what is named by its digest, whether it is there. Nothing is pulled.
    pub async fn digest(&self) -> Result<String, Error> {
        let image = &self.image;
        let digest = self
            .client
            .fetch_manifest_digest(image.reference(), &self.auth);
        digest
            .await
            .map_err(|error| Error::of_registry(image, error))
    }
}

/// Mozilla's list of authorities, beside those of the system.
fn compiled_in_roots() -> Vec<Certificate> {
    let roots = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter();
    roots
        .map(|certificate| Certificate {
            encoding: CertificateEncoding::Der,
            data: certificate.to_vec(),
        })
        .collect()
}
