//! The bucket of the site.

use anyhow::Result;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::{RequestChecksumCalculation, ResponseChecksumValidation};
use aws_sdk_s3::primitives::ByteStream;

use super::files::SiteFile;
use crate::aws::{Aws, failed};

/// The name under which objects carry their SHA-256, as `precompute` writes it too.
const SHA256_METADATA: &str = "sha256";

/// The site's bucket.
pub(crate) struct SiteBucket<'a> {
    aws: &'a Aws,
    client: Client,
    name: &'a str,
}

/// An object as a listing shows it.
pub(crate) struct Listed {
    pub(crate) key: String,
    /// When it was written, in seconds since 1970.
    pub(crate) modified_s: i64,
}

impl<'a> SiteBucket<'a> {
    /// Of this name; nothing is asked yet.
    pub(crate) fn new(aws: &'a Aws, name: &'a str) -> Self {
        let config = aws_sdk_s3::config::Builder::from(&aws.config)
            .force_path_style(aws.config.endpoint_url().is_some())
            // The SDK's own extra, CRC32 in a trailer, is refused by several compatible services.
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
            .build();
        let client = Client::from_conf(config);
        Self { aws, client, name }
    }

    /// Whether the file is there, as it is now.
    pub(crate) fn has(&self, file: &SiteFile) -> Result<bool> {
        let asked = self
            .client
            .head_object()
            .bucket(self.name)
            .key(&file.key)
            .send();
        match self.aws.runtime.block_on(asked) {
            Ok(object) => {
                let metadata = object.metadata();
                let sha256 = metadata.and_then(|metadata| metadata.get(SHA256_METADATA));
                Ok(sha256 == Some(&file.sha256()))
            }
            Err(error)
                if error.raw_response().map(|answer| answer.status().as_u16()) == Some(404) =>
            {
                Ok(false)
            }
            Err(error) => Err(failed(
                &format!("look at `{}` in the bucket `{}`", file.key, self.name),
                error,
            )),
        }
    }

    /// Writes a file.
    pub(crate) fn put(&self, file: &SiteFile) -> Result<()> {
        let asked = self
            .client
            .put_object()
            .bucket(self.name)
            .key(&file.key)
            .content_type(file.content_type())
            .cache_control(file.kind.cache_control())
            .metadata(SHA256_METADATA, file.sha256())
            .body(ByteStream::from(file.content.clone()))
            .send();
        let done = self.aws.runtime.block_on(asked);
        done.map_err(|error| {
            failed(
                &format!("write `{}` into the bucket `{}`", file.key, self.name),
                error,
            )
        })?;
        Ok(())
    }

    /// Everything that is in it.
    pub(crate) fn list(&self) -> Result<Vec<Listed>> {
        let mut pages = self
            .client
            .list_objects_v2()
            .bucket(self.name)
            .into_paginator()
            .send();
        let mut listed = Vec::new();
        while let Some(page) = self.aws.runtime.block_on(pages.next()) {
            let page =
                page.map_err(|error| failed(&format!("list the bucket `{}`", self.name), error))?;
            listed.extend(page.contents().iter().filter_map(|object| {
                Some(Listed {
                    key: object.key()?.to_owned(),
                    modified_s: object.last_modified()?.secs(),
                })
            }));
        }
        Ok(listed)
    }

    /// Deletes an object.
    pub(crate) fn delete(&self, key: &str) -> Result<()> {
        let asked = self
            .client
            .delete_object()
            .bucket(self.name)
            .key(key)
            .send();
        let done = self.aws.runtime.block_on(asked);
        done.map_err(|error| {
            failed(
                &format!("delete `{key}` from the bucket `{}`", self.name),
                error,
            )
        })?;
        Ok(())
    }
}
