//! Who may do what: the holder of the key everything, everyone else at most read an object.

use s3s::access::{S3Access, S3AccessContext};
use s3s::{S3Result, s3_error};

pub(super) struct Access {
    pub(super) anonymous_reads: bool,
}

#[async_trait::async_trait]
impl S3Access for Access {
    async fn check(&self, context: &mut S3AccessContext<'_>) -> S3Result<()> {
        let reads_object = matches!(context.s3_op().name(), "GetObject" | "HeadObject");
        if context.credentials().is_some() || (self.anonymous_reads && reads_object) {
            Ok(())
        } else {
            Err(s3_error!(AccessDenied, "the request is not signed"))
        }
    }
}
