//! The names of blobs.

use std::fmt::{self, Write as _};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// What a blob is called: `sha256:` and the hash of its content, which is the one algorithm that every registry has.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String")]
pub(crate) struct Digest(String);

const ALGORITHM: &str = "sha256";

impl Digest {
    /// The name of this content.
    pub(crate) fn of(content: &[u8]) -> Self {
        let mut text = format!("{ALGORITHM}:");
        for byte in Sha256::digest(content) {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        Self(text)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Where the blob lies in a folder of blobs. It is a path of two names, whoever made up the digest.
    pub(crate) fn path(&self) -> PathBuf {
        self.0.replacen(':', "/", 1).into()
    }
}

impl TryFrom<String> for Digest {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let is_lower_hex = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f');
        match text.split_once(':') {
            Some((ALGORITHM, hash)) if hash.len() == 64 && hash.bytes().all(is_lower_hex) => {
                Ok(Self(text))
            }
            _ => Err(format!(
                "{text:?} is not `{ALGORITHM}:` and 64 hexadecimal digits"
            )),
        }
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_has_one_form() {
        let empty = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(Digest::of(b"").as_str(), empty);
        assert!(Digest::try_from(empty.to_owned()).is_ok());
        for text in [
            "",
            "sha256:",
            "sha256:../../etc/passwd",
            &empty.to_uppercase(),
            &empty.replace("sha256", "sha512"),
            &empty[..70],
        ] {
            assert!(Digest::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
