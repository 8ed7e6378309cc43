//! A request's body: bounded in size and in the client's time.
//!
//! A body of ordinary size is read before there is an instance, so that a client that sends slowly keeps no instance waiting. A larger one is
//! handed on as it comes.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use wasmtime_wasi_http::Error;

use crate::body::MaybeWhole;
use crate::timed_body::{TimedBody, TimedError};

/// A body of a known length up to this is read ahead.
const READ_AHEAD_LIMIT_BYTES: u64 = 64 << 10;

/// What a body may be.
#[derive(Clone, Copy)]
pub(crate) struct BodyLimits {
    /// Its size.
    pub(crate) size_bytes: u64,
    /// How long nothing of it may come.
    pub(crate) pause: Duration,
}

/// What is wrong with a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyFault {
    /// It is larger than it may be.
    TooLarge = 1,
    /// The client sends too slowly.
    TooSlow,
    /// The client went away, or what it sends is no body.
    Broken,
}

/// A body as an instance gets it.
pub(crate) type RequestBody = MaybeWhole<Streamed>;

/// Tells what went wrong with a body that was handed on: the instance only sees that its reading failed, and answers whatever it likes.
#[derive(Clone, Default)]
pub(crate) struct FaultReport(Arc<AtomicU8>);

impl FaultReport {
    fn note(&self, fault: BodyFault) {
        self.0.store(fault as u8, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> Option<BodyFault> {
        let noted = self.0.load(Ordering::Relaxed);
        [BodyFault::TooLarge, BodyFault::TooSlow, BodyFault::Broken]
            .into_iter()
            .find(|fault| *fault as u8 == noted)
    }
}

impl RequestBody {
    /// Takes a body in: whole, if its length says that it is small.
    pub(crate) async fn take_in(
        body: Incoming,
        limits: BodyLimits,
        report: &FaultReport,
    ) -> Result<Self, BodyFault> {
        let length_bytes = match body.size_hint().exact() {
            Some(0) => return Ok(Self::Whole(Bytes::new())),
            Some(length_bytes) if limits.size_bytes < length_bytes => {
                return Err(BodyFault::TooLarge);
            }
            known => known.unwrap_or(u64::MAX),
        };
        let mut body = TimedBody::new(body, limits.pause);
        if READ_AHEAD_LIMIT_BYTES < length_bytes {
            return Ok(Self::Streamed(Box::new(Streamed {
                body,
                left_bytes: limits.size_bytes,
                report: report.clone(),
            })));
        }
        let mut whole = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| fault(&error))?;
            if let Ok(data) = frame.into_data() {
                if whole.is_empty() && data.len() as u64 == length_bytes {
                    return Ok(Self::Whole(data));
                }
                whole.extend_from_slice(&data);
            }
        }
        Ok(Self::Whole(whole.freeze()))
    }
}

fn fault(error: &TimedError) -> BodyFault {
    match error {
        TimedError::TooSlow => BodyFault::TooSlow,
        TimedError::Broken(_) => BodyFault::Broken,
    }
}

/// A body that is handed on as it comes.
pub(crate) struct Streamed {
    body: TimedBody,
    left_bytes: u64,
    report: FaultReport,
}

impl Body for Streamed {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let frame = match std::task::ready!(Pin::new(&mut self.body).poll_frame(context)) {
            None => return Poll::Ready(None),
            Some(Ok(frame)) => frame,
            Some(Err(error)) => {
                self.report.note(fault(&error));
                return Poll::Ready(Some(Err(match error {
                    TimedError::TooSlow => Error::ConnectionReadTimeout,
                    TimedError::Broken(error) => Error::Hyper(error),
                })));
            }
        };
        let length_bytes = frame.data_ref().map_or(0, Bytes::len) as u64;
        let Some(left_bytes) = self.left_bytes.checked_sub(length_bytes) else {
            self.report.note(BodyFault::TooLarge);
            return Poll::Ready(Some(Err(Error::HttpRequestBodySize(None))));
        };
        self.left_bytes = left_bytes;
        Poll::Ready(Some(Ok(frame)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
