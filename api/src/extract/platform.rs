//! Who administers the platform.

use application::{AdminService, AuthService, actor::PlatformAdmin};
use axum::{
    extract::{FromRef, FromRequestParts},
    http::request::Parts,
};

use super::Authenticated;
use crate::error::ApiError;

/// An administrator of the platform. A handler that takes one cannot be reached by anybody else, whatever their role.
pub(crate) struct PlatformAuthenticated(pub(crate) PlatformAdmin);

impl<S> FromRequestParts<S> for PlatformAuthenticated
where
    S: Send + Sync,
    AuthService: FromRef<S>,
    AdminService: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Authenticated(actor) = Authenticated::from_request_parts(parts, state).await?;
        Ok(Self(AdminService::from_ref(state).admit(&actor)?))
    }
}
