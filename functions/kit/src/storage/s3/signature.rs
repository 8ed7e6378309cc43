//! AWS Signature Version 4, as far as a GET needs it: in headers.
//!
//! A signature in the query would be shorter to send, but addresses are what proxies and storages write into their logs, and with them a signature and the token of
//! temporary credentials. Headers they leave out as a rule.
//!
//! Signed is what says whose object is read and when: host, path and every `x-amz-` header, the token among them. `range` and `if-none-match` are not, since a cache on
//! the way may ask for more than a part, or by a tag of its own, and with them signed it would be refused. Nothing hangs on them: an answer must be of the range that was
//! asked for, every block has a checksum, and a pointer that is taken for unchanged is the one that was read before. Nor is there a body to sign.
//!
//! Our own, because a function is to stay small: `rusty-s3` brings an address parser with the tables of international domain names, and a calendar. A module that
//! does nothing but sign with it has 479 kB (`opt-level = "s"`, LTO, wasm32-wasip1); this is about 12, most of it SHA-256. The tests hold it against the signer of the
//! AWS SDK and against Amazon's example.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use super::address::Address;
use crate::hexadecimal::hexadecimal;

/// As whom we ask.
#[derive(Clone)]
pub struct Credentials {
    /// Who.
    pub access_key_id: String,
    /// The proof.
    pub secret_access_key: String,
    /// Where the two are only lent.
    pub session_token: Option<String>,
}

impl fmt::Debug for Credentials {
    /// Without the secrets.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Credentials({})", self.access_key_id)
    }
}

/// What is said of the body that a GET does not have.
const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";

/// The headers that sign a GET of `address` at `date_time`, which is written as by [`date_time`]. The header `host` is signed too, and whoever sends the request adds it.
pub(super) fn sign(
    address: &Address,
    credentials: &Credentials,
    region: &str,
    date_time: &str,
) -> Vec<(&'static str, String)> {
    // In the order of their names, as the signature wants them.
    let mut headers = vec![
        ("x-amz-content-sha256", UNSIGNED_PAYLOAD.to_owned()),
        ("x-amz-date", date_time.to_owned()),
    ];
    if let Some(token) = &credentials.session_token {
        headers.push(("x-amz-security-token", token.clone()));
    }
    let Address { authority, path } = address;
    let mut names = "host".to_owned();
    let mut request = format!("GET\n{path}\n\nhost:{authority}\n");
    for (name, value) in &headers {
        names = format!("{names};{name}");
        request = format!("{request}{name}:{value}\n");
    }
    let request = format!("{request}\n{names}\n{UNSIGNED_PAYLOAD}");
    let authorization = authorization(&request, &names, credentials, region, date_time);
    headers.push(("authorization", authorization));
    headers
}

/// The header `authorization` of a request in its canonical form, of which the headers of these names are signed.
fn authorization(
    request: &str,
    names: &str,
    credentials: &Credentials,
    region: &str,
    date_time: &str,
) -> String {
    let date = date_time.get(..8).unwrap_or_default();
    let scope = format!("{date}/{region}/s3/aws4_request");
    let digest = hexadecimal(&Sha256::digest(request.as_bytes()));
    let to_sign = format!("AWS4-HMAC-SHA256\n{date_time}\n{scope}\n{digest}");

    let mut key = format!("AWS4{}", credentials.secret_access_key).into_bytes();
    for part in [date, region, "s3", "aws4_request"] {
        key = keyed_hash(&key, part);
    }
    let signature = hexadecimal(&keyed_hash(&key, &to_sign));
    let access_key_id = &credentials.access_key_id;
    format!(
        "AWS4-HMAC-SHA256 Credential={access_key_id}/{scope}, SignedHeaders={names}, Signature={signature}"
    )
}

/// A point in time as `20261121T125500Z`.
pub(super) fn date_time(unix_seconds: u64) -> String {
    let (days, seconds) = (unix_seconds / 86_400, unix_seconds % 86_400);
    let (year, month, day) = civil_date(days);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z")
}

/// Year, month and day of a number of days since 1970. The year is counted from March, so that the leap day is the last of it.
///
/// Howard Hinnant: chrono-compatible low-level date algorithms, `civil_from_days`, for dates from 1970 on.
fn civil_date(days_since_1970: u64) -> (u64, u64, u64) {
    let days = days_since_1970 + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let months_since_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * months_since_march + 2) / 5 + 1;
    let month = if months_since_march < 10 {
        months_since_march + 3
    } else {
        months_since_march - 9
    };
    let year = 400 * era + year_of_era + u64::from(month <= 2);
    (year, month, day)
}

fn keyed_hash(key: &[u8], message: &str) -> Vec<u8> {
    let mut hash = Hmac::<Sha256>::new_from_slice(key)
        .expect("HMAC takes keys of any length, so none is refused");
    hash.update(message.as_bytes());
    hash.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use aws_sigv4::{
        http_request::{
            PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest,
            SigningSettings, UriPathNormalizationMode,
        },
        sign::v4::SigningParams,
    };

    use super::*;
    use crate::storage::{Addressing, Endpoint, S3Bucket};

    const UNIX_SECONDS: u64 = 1_795_265_700;

    #[test]
    fn a_point_in_time_has_its_date() {
        for (unix_seconds, expected) in [
            (0, "19700101T000000Z"),
            (951_782_399, "20000228T235959Z"),
            (951_782_400, "20000229T000000Z"),
            (951_868_800, "20000301T000000Z"),
            (UNIX_SECONDS, "20261121T125500Z"),
            (4_107_542_400, "21000301T000000Z"),
        ] {
            assert_eq!(date_time(unix_seconds), expected);
        }
    }

    /// The headers that the AWS SDK adds to a GET of this address, by name.
    fn signed_by_the_sdk(url: &str, token: Option<&str>) -> Vec<(String, String)> {
        let token = token.map(str::to_owned);
        let credentials =
            aws_credential_types::Credentials::new("id", "secret", token, None, "a test");
        // What the SDK's client of S3 has set.
        let mut settings = SigningSettings::default();
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        let identity = credentials.into();
        let parameters = SigningParams::builder()
            .identity(&identity)
            .region("eu-west-1")
            .name("s3")
            .time(UNIX_EPOCH + Duration::from_secs(UNIX_SECONDS))
            .settings(settings)
            .build()
            .unwrap()
            .into();
        let no_headers = std::iter::empty();
        let request =
            SignableRequest::new("GET", url, no_headers, SignableBody::UnsignedPayload).unwrap();
        let signed = aws_sigv4::http_request::sign(request, &parameters).unwrap();
        let mut headers: Vec<(String, String)> = signed
            .output()
            .headers()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        headers.sort();
        headers
    }

    #[test]
    fn signs_as_the_aws_sdk_does() {
        use Addressing::{Path, VirtualHost};
        for (endpoint, bucket, addressing, key, url) in [
            (
                "http://localhost:9000",
                "kindred",
                Path,
                "movies/current.json",
                "http://localhost:9000/kindred/movies/current.json",
            ),
            (
                "https://s3.eu-west-1.amazonaws.com",
                "kindred",
                VirtualHost,
                "a b/ü+~%.kdx",
                "https://kindred.s3.eu-west-1.amazonaws.com/a%20b/%C3%BC%2B~%25.kdx",
            ),
            (
                "https://s3.example/below/it",
                "",
                Path,
                "k",
                "https://s3.example/below/it/k",
            ),
        ] {
            for token in [None, Some("to/ken=+")] {
                let bucket = S3Bucket {
                    endpoint: Endpoint::parse(endpoint).unwrap(),
                    bucket: bucket.to_owned(),
                    prefix: String::new(),
                    region: "eu-west-1".to_owned(),
                    addressing,
                    credentials: None,
                };
                let credentials = Credentials {
                    access_key_id: "id".to_owned(),
                    secret_access_key: "secret".to_owned(),
                    session_token: token.map(str::to_owned),
                };
                let date_time = date_time(UNIX_SECONDS);
                let headers = sign(&bucket.address(key), &credentials, "eu-west-1", &date_time);
                let mut headers: Vec<(String, String)> = headers
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value))
                    .collect();
                headers.sort();
                assert_eq!(headers, signed_by_the_sdk(url, token), "{url}");
            }
        }
    }

    /// "GET Object" of <https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html>. It signs a range, and a hash of the body that it has not.
    #[test]
    fn signs_as_amazons_example_does() {
        let nothing = hexadecimal(&Sha256::digest(b""));
        let names = "host;range;x-amz-content-sha256;x-amz-date";
        let request = format!(
            "GET\n/test.txt\n\nhost:examplebucket.s3.amazonaws.com\nrange:bytes=0-9\nx-amz-content-sha256:{nothing}\nx-amz-date:20130524T000000Z\n\n{names}\n{nothing}"
        );
        let credentials = Credentials {
            access_key_id: "AKIAIOSFODNN7EXAMPLE".to_owned(),
            secret_access_key: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned(),
            session_token: None,
        };
        assert_eq!(
            authorization(
                &request,
                names,
                &credentials,
                "us-east-1",
                "20130524T000000Z"
            ),
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, \
             SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, \
             Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
        );
    }
}
