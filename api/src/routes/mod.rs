//! Every route, and the handlers behind them.

mod admin;
mod audit;
mod auth;
mod business;
mod docs;
mod health;
mod identities;
mod invitations;
mod keys;
mod members;
mod names;
mod sessions;
mod tenants;
mod user;

use std::num::NonZeroU32;

use axum::Router;
use utoipa_axum::router::OpenApiRouter;

pub(crate) use names::operations;

use crate::{ApiState, HttpSettings, error::ApiError, layers, openapi};

/// The complete application: every route, at the root of the host and under the base path, with everything
/// around it.
pub fn router(state: ApiState, settings: HttpSettings) -> Router {
    let (routes, document) = documented(settings.public_posts_per_minute).split_for_parts();
    let document = openapi::complete(document);
    let beside = Router::from(health::routes()).merge(docs::routes(&document, "."));
    let versioned = Router::from(keys::routes()).merge(docs::routes(&document, "../.."));
    let ids = state.ids.clone();
    let routes = routes
        .merge(beside)
        .nest("/api/v1", versioned)
        .fallback(|| async { ApiError::no_such_route() })
        .method_not_allowed_fallback(|| async { ApiError::method_not_allowed() })
        .with_state(state);
    layers::strip_base_path(layers::around(routes, ids, &settings), settings.base_path)
}

/// The routes that the document shows. Each has one address there, although some answer at more.
pub(crate) fn documented(public_posts_per_minute: Option<NonZeroU32>) -> OpenApiRouter<ApiState> {
    let public = auth::routes().merge(invitations::public_routes()).merge(tenants::public_routes());
    let public = layers::limit_posts(public, public_posts_per_minute);
    let versioned = public
        .merge(invitations::routes())
        .merge(user::routes())
        .merge(sessions::routes())
        .merge(identities::routes())
        .merge(members::routes())
        .merge(tenants::routes())
        .merge(audit::routes())
        .merge(business::routes())
        .merge(admin::routes())
        .merge(health::routes());
    openapi::outline().nest("/api/v1", versioned).merge(keys::routes())
}

#[cfg(test)]
mod tests;
