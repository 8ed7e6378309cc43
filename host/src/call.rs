//! One call of a component: an instance that runs, and the answer that comes out of it.
//!
//! The instance has no task of its own. It runs where its answer is waited for: in the connection's task, first until the head of the answer is
//! there, then while the body is sent. So a client that goes away takes its instance with it, nothing is handed from thread to thread, and an
//! answer that is written at once, as nearly all are, is known whole before its first byte is sent: it has a length, it can be compressed, and
//! an instance that fails in the middle of it still gets its client a clean error.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use hyper::Response;
use hyper::body::{Body, Frame};
use wasmtime_wasi_http::Error;
use wasmtime_wasi_http::p2::bindings::http::types::ErrorCode;
use wasmtime_wasi_http::p2::body::HyperOutgoingBody;

use crate::answer::{Answer, AnswerBody};
use crate::component::Failure;
use crate::metrics::{ComponentMetrics, FailureReason};

/// An answer that is longer than this is sent while it is written.
const WHOLE_ANSWER_LIMIT_BYTES: usize = 256 << 10;

/// An instance that runs when it is polled. It holds everything of the instance and lets go of it when it is done or dropped.
pub(crate) type Run = Pin<Box<dyn Future<Output = Result<(), Failure>> + Send>>;

/// The head of the answer, or why the component gives none.
type Head = Result<Response<HyperOutgoingBody>, ErrorCode>;

/// Where an instance leaves the head of its answer. Who polls the instance looks here afterwards, so that nobody need be woken.
#[derive(Clone, Default)]
pub(crate) struct HeadSlot(Arc<Mutex<Option<Head>>>);

impl HeadSlot {
    pub(crate) fn put(&self, head: Head) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(head);
    }

    fn take(&self) -> Option<Head> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Which component is called, and where its failures are counted.
#[derive(Clone)]
pub(crate) struct Called {
    pub(crate) id: Arc<str>,
    pub(crate) metrics: Arc<ComponentMetrics>,
}

impl Called {
    /// Notes a failure for which there is no answer any more.
    fn note(&self, failure: &Failure) {
        self.metrics.count_failure(failure.reason());
        tracing::error!(
            "the component {:?} failed after it had begun to answer: {failure:#}",
            self.id
        );
    }
}

/// A call whose instance may still run. Dropping it then counts as a client that went away.
struct Call {
    called: Called,
    /// `None` when the instance is done.
    run: Option<Run>,
}

impl Call {
    /// Lets the instance run. `Ready` when it is done, also when it was before.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        let Some(run) = &mut self.run else {
            return Poll::Ready(Ok(()));
        };
        let outcome = std::task::ready!(run.as_mut().poll(context));
        self.run = None;
        Poll::Ready(outcome)
    }

    /// Ends the instance: nobody wants what it still has to say.
    fn end(&mut self) {
        self.run = None;
    }

    /// Lets what is left of the instance run in the background: its answer is complete, but it may have something to put away.
    fn finish(mut self) {
        let called = self.called.clone();
        if let Some(run) = self.run.take() {
            tokio::spawn(async move {
                if let Err(failure) = run.await {
                    called.note(&failure);
                }
            });
        }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        if self.run.is_some() {
            self.called.metrics.count_failure(FailureReason::ClientGone);
        }
    }
}

/// Lets an instance run until there is an answer to send: all of it if that is possible without waiting, and for HEAD in any case, where nothing
/// is sent of the body but its length.
pub(crate) async fn answer(
    called: Called,
    run: Run,
    slot: HeadSlot,
    is_head: bool,
) -> Result<Answer, Failure> {
    let mut call = Call {
        called,
        run: Some(run),
    };
    let head = std::future::poll_fn(|context| {
        let outcome = call.poll(context);
        match (slot.take(), outcome) {
            (Some(Ok(response)), Poll::Pending | Poll::Ready(Ok(()))) => Poll::Ready(Ok(response)),
            (Some(Err(code)), _) => Poll::Ready(Err(Failure::NoAnswer(format!("{code:?}")))),
            (_, Poll::Ready(Err(failure))) => Poll::Ready(Err(failure)),
            (None, Poll::Ready(Ok(()))) => {
                Poll::Ready(Err(Failure::NoAnswer("it returned without one".to_owned())))
            }
            (None, Poll::Pending) => Poll::Pending,
        }
    })
    .await
    .inspect_err(|_| call.end())?;

    let (head, body) = head.into_parts();
    let mut stream = Stream {
        call: Some(call),
        body,
        written: BytesMut::new(),
    };
    let body = match stream.gather(is_head).await {
        Ok(Gathered::Whole) => {
            stream.finish();
            AnswerBody::Whole(std::mem::take(&mut stream.written).freeze())
        }
        Ok(Gathered::Part) if !is_head => AnswerBody::Streamed(Box::new(stream)),
        // Too long to learn its length.
        Ok(Gathered::Part) => {
            stream.end();
            AnswerBody::Whole(Bytes::new())
        }
        Err(failure) => {
            stream.end();
            return Err(failure);
        }
    };
    Ok(Response::from_parts(head, body))
}

/// An answer's body and the instance that writes it.
pub(crate) struct Stream {
    /// `None` when the answer is complete and what is left of the instance has been seen to.
    call: Option<Call>,
    body: HyperOutgoingBody,
    /// What was written before anything was sent.
    written: BytesMut,
}

enum Gathered {
    Whole,
    Part,
}

impl Stream {
    /// Takes in the body as long as it comes without waiting, or, if `patient`, in any case; up to a limit.
    async fn gather(&mut self, patient: bool) -> Result<Gathered, Failure> {
        std::future::poll_fn(|context| {
            loop {
                let instance = match &mut self.call {
                    Some(call) => call.poll(context)?,
                    None => Poll::Ready(()),
                };
                match Pin::new(&mut self.body).poll_frame(context) {
                    Poll::Ready(Some(Ok(frame))) => {
                        // Trailers are for those who asked, and nobody can ask for them over this interface.
                        if let Ok(data) = frame.into_data() {
                            self.written.extend_from_slice(&data);
                        }
                    }
                    Poll::Ready(Some(Err(error))) => {
                        return Poll::Ready(Err(Failure::NoAnswer(format!(
                            "it broke its body off: {error}"
                        ))));
                    }
                    Poll::Ready(None) => return Poll::Ready(Ok(Gathered::Whole)),
                    Poll::Pending if patient && instance.is_pending() => return Poll::Pending,
                    Poll::Pending => return Poll::Ready(Ok(Gathered::Part)),
                }
                if WHOLE_ANSWER_LIMIT_BYTES < self.written.len() {
                    return Poll::Ready(Ok(Gathered::Part));
                }
            }
        })
        .await
    }

    fn end(&mut self) {
        if let Some(call) = &mut self.call {
            call.end();
        }
    }

    fn finish(&mut self) {
        if let Some(call) = self.call.take() {
            call.finish();
        }
    }
}

impl Body for Stream {
    type Data = Bytes;
    type Error = Error;

    /// The next piece of the body, which is also how the instance gets on.
    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        if !self.written.is_empty() {
            let written = std::mem::take(&mut self.written).freeze();
            return Poll::Ready(Some(Ok(Frame::data(written))));
        }
        if let Some(call) = &mut self.call
            && let Poll::Ready(Err(failure)) = call.poll(context)
        {
            call.called.note(&failure);
            // The body below ends in an error, since who wrote it is gone.
        }
        let frame = Pin::new(&mut self.body).poll_frame(context);
        if let Poll::Ready(None) = frame {
            self.finish();
        }
        frame
    }
}
