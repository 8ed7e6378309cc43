//! A container image of one program, made without a container engine.

use std::collections::BTreeMap;
use std::io::{self, Write as _};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use flate2::{Compression, GzBuilder};
use object::elf::{EM_AARCH64, EM_X86_64, FileHeader64, PT_INTERP};
use object::read::elf::{FileHeader as _, ProgramHeader as _};
use serde_json::json;
use tar::{Builder, EntryType, Header};

use crate::digest::Digest;
use crate::error::Cause;
use crate::packed::{Layers, json_bytes};
use crate::{Error, Packed};

/// What a layer of files is called.
const LAYER_TYPE: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// Everybody may write, and delete only what is theirs, as in `/tmp`.
const SHARED_FOLDER_MODE: u32 = 0o1777;

/// Nobody, who owns nothing.
const USER: &str = "65532:65532";

const PROGRAM_MODE: u32 = 0o755;

const FILE_MODE: u32 = 0o644;

/// Where programs look for the certificates of authorities.
const AUTHORITIES: &str = "etc/ssl/certs/ca-certificates.crt";

/// A program that needs no other file.
#[derive(Clone, Debug)]
pub struct Program<'a> {
    /// What it is called; it lies under this name in the root folder.
    pub name: &'a str,
    /// The program itself, an ELF file that is linked statically.
    pub binary: &'a [u8],
    /// A folder that it may write to; files that are there for a while go there too.
    pub writable_folder: &'a str,
    /// Variables of its environment.
    pub environment: BTreeMap<String, String>,
}

impl Program<'_> {
    /// Packs the image (<https://github.com/opencontainers/image-spec/blob/v1.1.1/config.md>). There is no clock in it: the same program gives the same bytes.
    ///
    /// Its user is nobody, also where a cluster says none, as the Spin operator does, whose applications listen on port 80: containerd lets everybody since version 2.
    pub fn pack(&self) -> Result<Packed, Error> {
        let unpackable = |problem: Cause| Error::Program {
            name: self.name.to_owned(),
            source: problem,
        };
        let architecture = architecture(self.binary).map_err(unpackable)?;
        let files = self.files().map_err(|error| unpackable(error.into()))?;
        let compressed = compress(&files).map_err(|error| unpackable(error.into()))?;
        let temporary = format!("TMPDIR={}", self.writable_folder);
        let variables = self.environment.iter();
        let variables = variables.map(|(name, value)| format!("{name}={value}"));
        let variables: Vec<String> = variables.chain([temporary]).collect();
        let config = json!({
            "architecture": architecture,
            "os": "linux",
            "config": {
                "Entrypoint": [format!("/{}", self.name)],
                "Env": variables,
                "User": USER,
                "WorkingDir": "/",
            },
            "rootfs": { "type": "layers", "diff_ids": [Digest::of(&files)] },
        });
        let mut layers = Layers::default();
        layers.add(LAYER_TYPE, compressed);
        Ok(Packed::new(json_bytes(&config), layers, BTreeMap::new()))
    }

    /// The root folder as an archive.
    fn files(&self) -> io::Result<Vec<u8>> {
        let mut archive = Builder::new(Vec::new());
        let mut append = |path: &str, kind: EntryType, mode: u32, content: &[u8]| {
            let mut header = Header::new_ustar();
            header.set_entry_type(kind);
            header.set_mode(mode);
            header.set_size(content.len() as u64);
            archive.append_data(&mut header, path, content)
        };
        append(self.name, EntryType::Regular, PROGRAM_MODE, self.binary)?;
        let authorities = authorities();
        append(
            AUTHORITIES,
            EntryType::Regular,
            FILE_MODE,
            authorities.as_bytes(),
        )?;
        let folder = format!("{}/", self.writable_folder.trim_matches('/'));
        append(&folder, EntryType::Directory, SHARED_FOLDER_MODE, &[])?;
        archive.into_inner()
    }
}

/// Mozilla's list of authorities, in the form of RFC 7468.
fn authorities() -> String {
    let mut text = String::new();
    for certificate in webpki_root_certs::TLS_SERVER_ROOT_CERTS {
        text += "-----BEGIN CERTIFICATE-----\n";
        let encoded = BASE64_STANDARD.encode(certificate);
        let mut rest = encoded.as_str();
        while !rest.is_empty() {
            let (line, behind) = rest.split_at(rest.len().min(64));
            text += line;
            text.push('\n');
            rest = behind;
        }
        text += "-----END CERTIFICATE-----\n";
    }
    text
}

fn compress(files: &[u8]) -> io::Result<Bytes> {
    let mut encoder = GzBuilder::new()
        .mtime(0)
        .write(Vec::new(), Compression::default());
    encoder.write_all(files)?;
    Ok(encoder.finish()?.into())
}

/// What a program runs on, as images name it. One that needs a loader would find none.
fn architecture(binary: &[u8]) -> Result<&'static str, Cause> {
    let header = FileHeader64::<object::Endianness>::parse(binary)
        .map_err(|error| format!("it is not an ELF file of 64 bits: {error}"))?;
    let endian = header.endian()?;
    let segments = header.program_headers(endian, binary)?;
    if segments
        .iter()
        .any(|segment| segment.p_type(endian) == PT_INTERP)
    {
        return Err("it is linked dynamically, and would not find its libraries: build it with `-C target-feature=+crt-static`".into());
    }
    match header.e_machine(endian) {
        EM_X86_64 => Ok("amd64"),
        EM_AARCH64 => Ok("arm64"),
        other => Err(format!(
            "it is for the machine {other} of ELF, and images are made for x86-64 and AArch64"
        )
        .into()),
    }
}

#[cfg(test)]
mod tests {
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject as _;

    use super::*;

    /// The least ELF file: a header, and segments of these types.
    fn elf(machine: u16, segment_types: &[u32]) -> Vec<u8> {
        let mut file = vec![0; 64];
        file[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
        file[16] = 2;
        file[18..20].copy_from_slice(&machine.to_le_bytes());
        file[20] = 1;
        file[32] = 64;
        file[52] = 64;
        file[54] = 56;
        file[56] = segment_types.len() as u8;
        for segment_type in segment_types {
            let mut segment = vec![0; 56];
            segment[..4].copy_from_slice(&segment_type.to_le_bytes());
            file.extend(segment);
        }
        file
    }

    fn program(binary: &[u8]) -> Program<'_> {
        Program {
            name: "host",
            binary,
            writable_folder: "/state",
            environment: BTreeMap::from([("KINDRED_STATE_DIR".to_owned(), "/state".to_owned())]),
        }
    }

    fn check_refused(binary: &[u8], expected: &str) {
        let error = program(binary).pack().unwrap_err();
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert!(cause.contains(expected), "{cause}");
    }

    #[test]
    fn the_same_program_gives_the_same_image() {
        let binary = elf(EM_X86_64, &[1]);
        let packed = program(&binary).pack().unwrap();
        assert_eq!(packed.digest(), program(&binary).pack().unwrap().digest());
        let (_, config) = packed.blobs.last().unwrap();
        let config: serde_json::Value = serde_json::from_slice(config).unwrap();
        assert_eq!(config["architecture"], "amd64");
        assert_eq!(config["config"]["Entrypoint"], json!(["/host"]));
        assert_eq!(config["config"]["User"], USER);
        assert_eq!(
            config["config"]["Env"],
            json!(["KINDRED_STATE_DIR=/state", "TMPDIR=/state"])
        );
        assert!(config.get("created").is_none());
    }

    #[test]
    fn the_archive_has_the_program_and_its_folder() {
        let binary = elf(EM_AARCH64, &[1]);
        let files = program(&binary).files().unwrap();
        let mut archive = tar::Archive::new(files.as_slice());
        let entries = archive.entries().unwrap().map(|entry| {
            let entry = entry.unwrap();
            let header = entry.header();
            (
                entry.path().unwrap().display().to_string(),
                header.mode().unwrap(),
                header.size().unwrap(),
                header.mtime().unwrap(),
            )
        });
        let expected = [
            ("host".to_owned(), 0o755, binary.len() as u64, 0),
            (AUTHORITIES.to_owned(), 0o644, authorities().len() as u64, 0),
            ("state/".to_owned(), 0o1777, 0, 0),
        ];
        assert_eq!(entries.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn authorities_are_written_as_they_are() {
        let text = authorities();
        let certificates: Vec<_> = CertificateDer::pem_slice_iter(text.as_bytes())
            .collect::<Result<_, _>>()
            .unwrap();
        assert_eq!(certificates, webpki_root_certs::TLS_SERVER_ROOT_CERTS);
    }

    #[test]
    fn what_could_not_run_is_refused() {
        check_refused(b"#!/bin/sh\n", "it is not an ELF file of 64 bits");
        check_refused(&elf(EM_X86_64, &[1, PT_INTERP]), "it is linked dynamically");
        check_refused(&elf(243, &[1]), "it is for the machine 243 of ELF");
    }
}
