//! Signing up, in and out. Every `POST` here is public.

mod outside;
mod password;
mod session;
mod sign_up;

use super::{handlers::Routes, health};

pub(super) fn routes<R: Routes>() -> R {
    sign_up::routes::<R>()
        .merge(session::routes())
        .merge(outside::routes())
        .merge(password::routes())
        .merge(health::auth_routes())
}
