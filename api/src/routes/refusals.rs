//! Refusals that several routes of a resource answer with, described once.

use std::collections::BTreeMap;

use utoipa::{
    IntoResponses,
    openapi::{Ref, RefOr, response::Response},
};

/// The refusal of a route for people who are signed in that one source may ask only so often.
pub(super) enum TooManyRequests {}

impl IntoResponses for TooManyRequests {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        [("429".to_owned(), RefOr::Ref(Ref::from_response_name("TooManyRequests")))].into()
    }
}

/// Describes a refusal under a name that `responses(…)` takes: its status, when it comes, its code, and its sentence.
macro_rules! refusal {
    ($vis:vis $name:ident: $status:ident, $when:literal, $code:ident, $sentence:literal) => {
        $vis enum $name {}

        impl utoipa::IntoResponses for $name {
            fn responses()
            -> std::collections::BTreeMap<String, utoipa::openapi::RefOr<utoipa::openapi::response::Response>> {
                let failure = $crate::dto::envelope::Failure::of($crate::error::ErrorCode::$code, $sentence);
                let refusal = $crate::openapi::failure($when, serde_json::json!(failure));
                [(axum::http::StatusCode::$status.as_str().to_owned(), refusal.into())].into()
            }
        }
    };
}

pub(super) use refusal;
