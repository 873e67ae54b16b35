//! `/dev/billing`: the dashboard of the local billing provider, and the page that its portals lead to.

use application::ports::{BillingError, BillingProvider};
use axum::{
    Json, Router,
    extract::{Path, RawQuery, Request, State},
    http::{HeaderMap, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use domain::subscription::ProviderSubscriptionId;
use infrastructure::billing::local::LocalBilling;

use super::{as_page, in_either_form, unavailable, wants_json};

const PAGE: &str = include_str!("billing.html");

/// Where it is.
pub(crate) const PATH: &str = "/dev/billing";

pub(super) fn routes(provider: LocalBilling) -> Router {
    let act = post(act).layer(middleware::from_fn(from_here_only));
    Router::new().route(PATH, get(look)).route("/dev/billing/subscriptions/{id}/{action}", act).with_state(provider)
}

async fn look(State(provider): State<LocalBilling>, headers: HeaderMap) -> Response {
    if !wants_json(&headers) {
        return in_either_form(as_page(PAGE));
    }
    in_either_form(match provider.overview().await {
        Ok(overview) => Json(overview).into_response(),
        Err(error) => unavailable(&error),
    })
}

/// Does what a button of the page says, and leads back to it as it was.
async fn act(
    State(provider): State<LocalBilling>,
    Path((id, action)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Response {
    let id = ProviderSubscriptionId::restore(id);
    let done = match action.as_str() {
        "pay" => provider.pay(&id).await,
        "fail-next-payment" => provider.fail_payments(&id, 1).await,
        "advance" => provider.advance(&id).await,
        "cancel" => provider.cancel(&id).await.map(drop),
        _ => return (StatusCode::NOT_FOUND, "There is no such action.").into_response(),
    };
    match done {
        Ok(()) => {
            Redirect::to(&query.map_or_else(|| PATH.to_owned(), |query| format!("{PATH}?{query}"))).into_response()
        }
        Err(error @ BillingError::Unknown(_)) => (StatusCode::NOT_FOUND, error.to_string()).into_response(),
        Err(error @ BillingError::Unavailable(_)) => {
            (StatusCode::SERVICE_UNAVAILABLE, error.to_string()).into_response()
        }
        Err(error) => (StatusCode::CONFLICT, error.to_string()).into_response(),
    }
}

/// Refuses what another site has a browser send. A browser says where a request comes from; a script need not.
async fn from_here_only(request: Request, next: Next) -> Response {
    if is_from_elsewhere(request.headers()) {
        return (StatusCode::FORBIDDEN, "Another site sent this.").into_response();
    }
    next.run(request).await
}

fn is_from_elsewhere(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    if let Some(site) = text("sec-fetch-site") {
        return !matches!(site, "same-origin" | "none");
    }
    // Older browsers say only this.
    let Some(origin) = text(header::ORIGIN.as_str()) else { return false };
    let authority = origin.split_once("://").map(|(_, authority)| authority);
    authority.is_none() || authority != text(header::HOST.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_refused<const N: usize>(sent: [(&str, &str); N]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in [("host", "127.0.0.1:8001")].into_iter().chain(sent) {
            headers.insert(header::HeaderName::try_from(name).unwrap(), value.parse().unwrap());
        }
        is_from_elsewhere(&headers)
    }

    #[test]
    fn what_another_site_sends_is_refused() {
        for site in ["cross-site", "same-site", ""] {
            assert!(is_refused([("sec-fetch-site", site), ("origin", "http://127.0.0.1:8001")]), "{site}");
        }
        for origin in ["http://localhost:8001", "http://127.0.0.1", "https://evil.example.com", "null", ""] {
            assert!(is_refused([("origin", origin)]), "{origin}");
        }
    }

    #[test]
    fn the_page_itself_and_scripts_are_not() {
        assert!(!is_refused([("sec-fetch-site", "same-origin")]));
        assert!(!is_refused([("sec-fetch-site", "none")]));
        assert!(!is_refused([("origin", "http://127.0.0.1:8001")]));
        assert!(!is_refused([]));
    }
}
