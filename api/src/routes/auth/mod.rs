//! Signing up, in and out. Every `POST` here is public.

mod outside;
mod password;
mod session;
mod sign_up;

use utoipa_axum::{router::OpenApiRouter, routes};

use super::{health, names::older_name};
use crate::ApiState;

pub(super) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::default()
        .routes(routes!(sign_up::register))
        .routes(routes!(sign_up::confirm_email))
        .routes(routes!(sign_up::validate_confirmation))
        .routes(routes!(sign_up::resend_confirmation))
        .routes(routes!(session::login))
        .routes(routes!(outside::google))
        .routes(routes!(outside::microsoft))
        .routes(routes!(session::refresh))
        .routes(routes!(session::logout))
        .routes(routes!(password::forgot_password))
        .routes(routes!(password::reset_password))
        .routes(older_name("/auth/verify", routes!(sign_up::confirm_email)))
        .routes(older_name("/auth/verify/resend", routes!(sign_up::resend_confirmation)))
        .routes(older_name("/auth/password/reset", routes!(password::forgot_password)))
        .routes(older_name("/auth/password/confirm", routes!(password::reset_password)))
        .merge(health::auth_routes())
}
