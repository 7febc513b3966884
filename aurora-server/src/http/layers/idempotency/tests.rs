use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aurora_core::store::{self, sqlx};
use aurora_core::time::{Clock, ManualClock, SystemClock};
use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodRouter, post};
use tower::ServiceExt as _;

use super::fair::FairCache;
use super::*;
use crate::http::access::{Access, guard};
use crate::http::testing::{Server, eventually, within};

type Told = (u16, Option<ProblemKind>);

/// The handler behind the layers that a route has.
fn routed(keeper: &Keeper, handler: MethodRouter) -> Router {
    let access = Access::Workspace(aurora_crm::workspaces::CrmPermission::ClientWrite);
    let kept = handler
        .layer(from_fn_with_state(keeper.clone(), keep))
        .layer(from_fn_with_state((keeper.state.clone(), access), guard))
        .layer(from_fn_with_state(BodyLimit(1_024), super::super::limits::body));
    Router::new().route("/", kept)
}

/// What comes of one call under a key that is always the same.
async fn call(router: &Router) -> Told {
    let request = Request::post("/")
        .header("idempotency-key", "k-1")
        .body(Body::empty());
    let answer = router.clone().oneshot(request.unwrap()).await.unwrap();
    let problem = answer.extensions().get::<Problem>().map(Problem::kind);
    (answer.status().as_u16(), problem)
}

async fn keeper() -> (Server, Keeper) {
    let server = Box::pin(Server::adapted(|builder| builder)).await;
    let keeper = Keeper::new(server.state.clone(), Answers::Kept);
    (server, keeper)
}

/// What two calls come to, where the first ends like this.
async fn twice(problem: Problem) -> (Option<ProblemKind>, Option<ProblemKind>) {
    let (_server, keeper) = keeper().await;
    let router = routed(&keeper, post(move || async move { problem }));
    (call(&router).await.1, call(&router).await.1)
}

#[tokio::test]
async fn a_refusal_frees_the_key_and_what_is_not_known_does_not() {
    for kind in [
        ProblemKind::Invalid,
        ProblemKind::Unavailable,
        ProblemKind::NotFound,
    ] {
        assert_eq!(twice(Problem::new(kind)).await, (Some(kind), Some(kind)));
    }
    for kind in [ProblemKind::Internal, ProblemKind::RequestTimeout] {
        assert_eq!(
            twice(Problem::new(kind)).await,
            (Some(kind), Some(ProblemKind::Conflict))
        );
    }
}

#[tokio::test]
async fn a_call_whose_commit_was_not_answered_keeps_its_key() {
    let of = |error: store::Error| Problem::from(aurora_crm::Error::from(error));
    let before = store::Error::from(sqlx::Error::WorkerCrashed);
    assert_eq!(
        twice(of(before)).await,
        (Some(ProblemKind::Unavailable), Some(ProblemKind::Unavailable))
    );
    let full = store::Error::after_sending(sqlx::Error::PoolTimedOut);
    assert_eq!(
        twice(of(full)).await,
        (Some(ProblemKind::Unavailable), Some(ProblemKind::Unavailable))
    );
    let lost = store::Error::after_sending(sqlx::Error::WorkerCrashed);
    assert_eq!(
        twice(of(lost)).await,
        (Some(ProblemKind::Unavailable), Some(ProblemKind::Conflict))
    );
}

#[tokio::test]
async fn a_call_that_panics_or_takes_too_long_keeps_its_key() {
    let (_server, panicking) = keeper().await;
    let panics = routed(
        &panicking,
        post(|| async { "no number".parse::<u16>().unwrap().to_string() }),
    );
    assert_eq!(call(&panics).await.1, Some(ProblemKind::Internal));
    assert_eq!(call(&panics).await.1, Some(ProblemKind::Conflict));

    let (_server, mut hasty) = keeper().await;
    hasty.limit = Duration::from_millis(10);
    let hangs = routed(&hasty, post(std::future::pending::<()>));
    assert_eq!(within(call(&hangs)).await.1, Some(ProblemKind::RequestTimeout));
    assert_eq!(call(&hangs).await.1, Some(ProblemKind::Conflict));
}

#[tokio::test]
async fn a_call_of_a_process_that_died_is_not_made_again() {
    let clock = ManualClock::default();
    let server = Server::adapted(|builder| builder.clock(clock.clone())).await;
    let keeper = Keeper::new(server.state.clone(), Answers::Kept);
    let hangs = routed(&keeper, post(std::future::pending::<()>));
    let gone = tokio::spawn({
        let hangs = hangs.clone();
        async move { call(&hangs).await }
    });
    eventually(|| keeper.state.calls.len() == 1).await;
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    assert_eq!(keeper.state.calls.len(), 1, "the call outlasts its client");
    assert_eq!(call(&hangs).await.1, Some(ProblemKind::IdempotencyUnderWay));
    clock.advance(LIMIT + MARGIN);
    assert_eq!(call(&hangs).await.1, Some(ProblemKind::IdempotencyUnderWay));
    clock.advance(Duration::from_secs(1));
    assert_eq!(call(&hangs).await.1, Some(ProblemKind::Conflict));
}

#[tokio::test]
async fn a_call_whose_answer_is_not_told_again_is_not_made_again() {
    let (server, shown) = keeper().await;
    let (_other, once) = keeper().await;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let cramped = Keeper {
        state: server.state.with(|parts| {
            parts.shelf = Shelf {
                marks: Arc::new(FairCache::new(1 << 20, Arc::clone(&clock))),
                answers: Arc::new(FairCache::new(1, clock)),
            };
        }),
        ..shown
    };
    let once = Keeper {
        answers: Answers::ShownOnce,
        ..once
    };
    for keeper in [cramped, once] {
        let made = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&made);
        let makes = post(move || async move {
            count.fetch_add(1, Ordering::SeqCst);
            "made"
        });
        let router = routed(&keeper, makes);
        assert_eq!(call(&router).await.0, 200);
        assert_eq!(call(&router).await, (409, Some(ProblemKind::Conflict)));
        assert_eq!(made.load(Ordering::SeqCst), 1);
    }
}

#[tokio::test]
async fn the_server_ends_after_the_calls_whose_clients_left() {
    let server = Server::adapted(|builder| builder).await;
    let (state, ended) = (server.state.clone(), Arc::new(AtomicUsize::new(0)));
    let end = Arc::clone(&ended);
    server.state.calls.spawn(async move {
        state.stop.cancelled().await;
        SystemClock.sleep(Duration::from_millis(300)).await;
        end.store(1, Ordering::SeqCst);
    });
    server.stop().await.unwrap();
    assert_eq!(ended.load(Ordering::SeqCst), 1);
}
