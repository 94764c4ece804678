//! The limits on responses and lists.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use http::header::RETRY_AFTER;
use http::{HeaderMap, Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt, Full};
use kube::api::ListParams;

use super::body::{Bounded, Kept, Lists, ResponseKind, Share, bounded};
use super::limits::{ANSWER, OBJECTS, PAGES, REFUSAL};
use super::{Exceeded, Paging, too_long_a_wait};

fn with<B>(inner: B, kind: ResponseKind, kept: &Kept) -> Bounded<B> {
    Bounded { inner, kind, code: 200, read: 0, share: Share { kept: Arc::clone(kept), bytes: 0 } }
}

fn body(kind: ResponseKind) -> Bounded<Full<Bytes>> {
    with(Full::default(), kind, &Kept::default())
}

fn kind(uri: &str) -> ResponseKind {
    ResponseKind::of(&Request::get(uri).body(()).unwrap(), &Lists::default())
}

#[test]
fn counts_a_response_whole_and_a_watch_event_by_event() {
    let chunk = vec![b'x'; 1 << 20];
    let mut ordinary = body(kind("/version"));
    assert!((0..16).all(|_| ordinary.count(&chunk).is_ok()));
    assert_eq!(ordinary.count(b"x"), Err(Exceeded::Answer { code: 200, most: ANSWER }));
    let mut watch = body(kind("/x?limit=7&watch=true"));
    let line = [&chunk[..], b"\n"].concat();
    assert!((0..99).all(|_| watch.count(&line).is_ok()));
    assert!((0..4).all(|_| watch.count(&chunk).is_ok()));
    assert_eq!(watch.count(&chunk), Err(Exceeded::Event));
}

#[test]
fn counts_the_pages_of_a_list_together_and_a_new_list_from_zero() {
    let (lists, chunk) = (Lists::default(), vec![b'x'; 32 << 20]);
    let page = |query: &str| body(ResponseKind::of(&Request::get(format!("/x?{query}")).body(()).unwrap(), &lists));
    assert!(page("limit=5").count(&chunk).is_ok());
    assert!((1..32).all(|n| page(&format!("limit=5&continue=t{n}")).count(&chunk).is_ok()));
    assert_eq!(page("limit=5&continue=t32").count(&chunk), Err(Exceeded::List));
    assert!(page("limit=5").count(&chunk).is_ok());
}

#[test]
fn counts_concurrent_responses_together_while_they_are_read() {
    let (kept, chunk) = (Kept::default(), vec![b'x'; 15 << 20]);
    let mut many: Vec<_> = (0..3).map(|_| with((), ResponseKind::Ordinary, &kept)).collect();
    assert!(many.iter_mut().all(|one| one.count(&chunk).is_ok()));
    let mut more = with((), kind("/x?limit=5"), &kept);
    assert_eq!(more.count(&chunk), Err(Exceeded::Together));
    drop((many, more));
    assert!(with((), ResponseKind::Ordinary, &kept).count(&chunk).is_ok());
    assert_eq!(kept.load(Ordering::Relaxed), 0);
}

#[test]
fn rejects_a_content_length_over_the_limit_and_long_error_responses() {
    let long = Full::new(Bytes::from(vec![b'x'; REFUSAL + 1]));
    let answer = |code: u16| Response::builder().status(code).body(long.clone()).unwrap();
    assert!(bounded(answer(200), ResponseKind::Ordinary, Kept::default()).is_ok());
    let error = bounded(answer(500), ResponseKind::Ordinary, Kept::default()).err().unwrap();
    assert_eq!(error.downcast_ref(), Some(&Exceeded::Answer { code: 500, most: REFUSAL }));
}

#[tokio::test]
async fn an_endless_body_fails_with_an_error_that_is_found_in_kubes_errors() {
    let chunk = Bytes::from(vec![b'x'; 1 << 16]);
    let long = http_body_util::StreamBody::new(futures::stream::repeat_with(move || {
        Ok::<_, std::convert::Infallible>(Frame::data(chunk.clone()))
    }));
    let endless = with(long, ResponseKind::Ordinary, &Kept::default());
    let error = endless.collect().await.err().unwrap();
    let exceeded = Exceeded::Answer { code: 200, most: ANSWER };
    let error = kube::Error::Service(error);
    assert_eq!(Exceeded::of(&error), Some(exceeded));
    let read = kube::Error::ReadEvents(std::io::Error::other(error));
    assert_eq!(Exceeded::of(&read), Some(exceeded));
    assert_eq!(Exceeded::of(&kube::Error::ReadEvents(std::io::Error::other(exceeded))), Some(exceeded));
    assert_eq!(exceeded.to_string(), "the response is larger than 16 MiB; the rest was not read");
}

#[test]
fn rejects_a_repeated_continue_token_and_too_many_pages_or_objects() {
    let mut paging = Paging::new(5);
    assert_eq!(paging.page(Some("a".to_owned())), Ok(true));
    assert_eq!(paging.apply(ListParams::default()).continue_token.as_deref(), Some("a"));
    assert_eq!(paging.page(Some("a".to_owned())), Err(Exceeded::Token));
    let mut paging = Paging::new(5);
    assert!((1..PAGES).all(|n| paging.page(Some(n.to_string())) == Ok(true)));
    assert_eq!(paging.page(Some("x".to_owned())), Err(Exceeded::Pages));
    assert_eq!(Paging::new(5).page(Some(String::new())), Ok(false));
    assert!((0..OBJECTS).all(|_| paging.objects(1).is_ok()));
    assert_eq!(paging.objects(1), Err(Exceeded::Objects));
}

#[test]
fn a_long_retry_after_is_reported_in_words() {
    let headers = |value: &str| HeaderMap::from_iter([(RETRY_AFTER, value.parse().unwrap())]);
    assert_eq!(too_long_a_wait(&headers("10")), None);
    assert_eq!(too_long_a_wait(&headers("Wed, 21 Oct 2026 07:28:00 GMT")), None);
    assert_eq!(too_long_a_wait(&headers("99999")), Some(99_999));
    assert_eq!(
        Exceeded::Wait { code: 429, seconds: 99_999 }.to_string(),
        "it accepts another request only after 1d (Retry-After)"
    );
}
