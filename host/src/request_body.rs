//! A request's body: bounded in size and in the client's time.
//!
//! A body of ordinary size is read before there is an instance, whether its length was told or not, so that a client that sends slowly keeps no
//! instance waiting. Of a larger one the first part is read, and the rest handed on as it comes. Each part has the same time: a client that sends
//! a byte now and then is not waited for any longer than one that sends nothing.

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

/// How much of a body is read ahead, and how much of the rest has to come within the time of a part.
pub(crate) const PART_BYTES: usize = 64 << 10;

/// What a body may be.
#[derive(Clone, Copy)]
pub(crate) struct BodyLimits {
    /// Its size.
    pub(crate) size_bytes: u64,
    /// How long each [`PART_BYTES`] of it may take to come.
    pub(crate) part_timeout: Duration,
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
    /// Takes a body in: whole if it is small, else its first part.
    pub(crate) async fn take_in(
        body: Incoming,
        limits: BodyLimits,
        report: &FaultReport,
    ) -> Result<Self, BodyFault> {
        let length_bytes = body.size_hint().exact();
        match length_bytes {
            Some(0) => return Ok(Self::Whole(Bytes::new())),
            Some(length_bytes) if limits.size_bytes < length_bytes => {
                return Err(BodyFault::TooLarge);
            }
            _ => {}
        }
        let mut body = TimedBody::in_parts(body, PART_BYTES, limits.part_timeout);
        let mut ahead = BytesMut::new();
        while ahead.len() < PART_BYTES {
            let Some(frame) = body.frame().await else {
                return Ok(Self::Whole(ahead.freeze()));
            };
            let frame = frame.map_err(|error| fault(&error))?;
            let Ok(data) = frame.into_data() else {
                continue;
            };
            if ahead.is_empty() && length_bytes == Some(data.len() as u64) {
                return Ok(Self::Whole(data));
            }
            ahead.extend_from_slice(&data);
            if limits.size_bytes < ahead.len() as u64 {
                return Err(BodyFault::TooLarge);
            }
        }
        Ok(Self::Streamed(Box::new(Streamed {
            left_bytes: limits.size_bytes - ahead.len() as u64,
            ahead: ahead.freeze(),
            body,
            report: report.clone(),
        })))
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
    /// What was read of it before.
    ahead: Bytes,
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
        if !self.ahead.is_empty() {
            let ahead = std::mem::take(&mut self.ahead);
            return Poll::Ready(Some(Ok(Frame::data(ahead))));
        }
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
        self.ahead.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let rest = self.body.size_hint().exact();
        rest.map_or_else(SizeHint::default, |rest_bytes| {
            SizeHint::with_exact(self.ahead.len() as u64 + rest_bytes)
        })
    }
}
