//! Every route, and the handlers behind them.

mod admin;
mod audit;
mod auth;
mod billing;
mod business;
mod discounts;
mod docs;
mod handlers;
mod health;
mod identities;
mod invitations;
mod keys;
mod members;
mod names;
mod passwords;
mod refusals;
mod sessions;
mod tenants;
mod trials;
mod usage;
mod user;

use axum::Router;
use handlers::Routes;
use utoipa_axum::router::OpenApiRouter;

pub(crate) use names::operations;

use crate::{ApiState, HttpSettings, error::ApiError, layers};

/// The complete application: every route, at the root of the host and under the base path, with everything
/// around it.
pub fn router(state: ApiState, settings: HttpSettings) -> Router {
    let versioned = layers::limit_writes(limited(), settings.public_posts_per_minute)
        .merge(unlimited::<Router<_>>())
        .merge(keys::routes::<Router<_>>())
        .merge(docs::routes("../.."));
    let ids = state.ids.clone();
    let routes = Router::new()
        .nest("/api/v1", versioned)
        .merge(keys::routes::<Router<_>>())
        .merge(health::routes::<Router<_>>())
        .merge(docs::routes("."))
        .fallback(|| async { ApiError::no_such_route() })
        .method_not_allowed_fallback(|| async { ApiError::method_not_allowed() })
        .with_state(state);
    layers::strip_base_path(layers::around(routes, ids, &settings), settings.base_path)
}

/// The routes that a document shows, which goes on from `outline`. Each has one address there, although some answer at
/// more.
pub(crate) fn documented(outline: OpenApiRouter<ApiState>) -> OpenApiRouter<ApiState> {
    let versioned = limited::<OpenApiRouter<_>>().merge(unlimited());
    outline.nest("/api/v1", versioned).merge(keys::routes())
}

/// Routes for people who are not signed in, and those that tell whether a promotion code is valid: one source may send
/// so many `POST`s and `PUT`s to them.
fn limited<R: Routes>() -> R {
    auth::routes::<R>()
        .merge(invitations::public_routes())
        .merge(tenants::public_routes())
        .merge(discounts::public_routes())
        .merge(billing::promo_routes())
}

fn unlimited<R: Routes>() -> R {
    invitations::routes::<R>()
        .merge(user::routes())
        .merge(sessions::routes())
        .merge(identities::routes())
        .merge(members::routes())
        .merge(tenants::routes())
        .merge(audit::routes())
        .merge(billing::routes())
        .merge(business::routes())
        .merge(admin::routes())
        .merge(trials::routes())
        .merge(usage::routes())
        .merge(discounts::routes())
        .merge(health::routes())
}

#[cfg(test)]
mod tests;
