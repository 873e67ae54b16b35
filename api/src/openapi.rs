//! The OpenAPI document: what handlers say of themselves, and what holds for all of them.

use serde_json::json;
use utoipa::{
    OpenApi as _,
    openapi::{
        Components, ContentBuilder, Header, KnownFormat, Object, ObjectBuilder, OpenApi, Ref, RefOr, Required,
        Response, ResponseBuilder, SchemaFormat, Server,
        path::{Operation, Parameter, ParameterBuilder, ParameterIn},
        request_body::RequestBody,
        schema::Type,
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};
use utoipa_axum::router::OpenApiRouter;

use crate::{
    dto::envelope::Failure,
    error::ErrorCode,
    routes::{documented, operations},
};

const INVALID: &str = "Fields break rules (`VALIDATION_ERROR`, or `INVALID_EMAIL_FORMAT` when that is all), the new \
                       password is refused (`WEAK_PASSWORD`), or the idempotency key was used for another body \
                       (`IDEMPOTENCY_KEY_REUSED`).";

/// The OpenAPI 3.1 document of every route: what is written to `docs/openapi.json` and served from there.
#[must_use]
pub fn openapi() -> OpenApi {
    complete(documented(OpenApiRouter::with_openapi(Outline::openapi())).into_openapi())
}

/// What stands above the routes.
#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "PurposePath account service",
        description = "Who people are, which organisation they belong to, and how they sign in.\n\n\
                       Answers are `snake_case`. Requests may use `camelCase` as well, and fields that are not listed \
                       are ignored. Tell errors apart by `code`; more codes may come."
    ),
    tags(
        (name = "Authentication", description = "Signing up, in and out, and getting back in."),
        (name = "User", description = "What people see and change of themselves."),
        (name = "Tenant", description = "One's own organisation."),
        (name = "Subscription and billing", description = "What the tiers are, and what they cost."),
        (
            name = "Platform administration",
            description = "For administrators of the platform, whom no role of a tenant makes. Every use is on record."
        ),
        (name = "Invitations", description = "Asking people into an organisation, and coming in."),
        (name = "Business", description = "What a tenant says about its business: onboarding and foundation."),
        (name = "Members", description = "The people of an organisation, and who owns it."),
        (name = "Service", description = "How the service is, and the keys that it signs with."),
    ),
    components(schemas(Failure, ErrorCode))
)]
struct Outline;

/// Adds to each operation what follows from what it is: headers, and the failures that it shares with others.
fn complete(mut document: OpenApi) -> OpenApi {
    document.servers = Some(vec![Server::new(".")]);
    let components = document.components.get_or_insert_default();
    describe_shared_parts(components);
    for item in document.paths.paths.values_mut() {
        for (method, operation) in operations(item) {
            complete_operation(method, operation);
        }
    }
    document
}

fn complete_operation(method: &str, operation: &mut Operation) {
    let signed_in = operation.security.is_some();
    let has_body = operation.request_body.as_ref().is_some_and(is_required);
    let has_query = operation.parameters.iter().flatten().any(is_in_query);

    let mut headers = vec!["X-Request-Id", "X-Correlation-Id"];
    let mut failures = vec![("500", "InternalError"), ("503", "Unavailable")];
    if signed_in {
        headers.push("X-Tenant-Id");
        failures.extend([("401", "NotSignedIn"), ("403", "NotAllowed")]);
    }
    if has_body {
        failures.extend([("413", "TooLarge"), ("415", "UnsupportedMediaType")]);
    }
    if has_body || has_query {
        failures.extend([("400", "Unreadable"), ("422", "Invalid")]);
    }
    if operation.parameters.iter().flatten().any(is_if_match) {
        failures.push(("409", "Overtaken"));
    }
    if method == "post" && !signed_in {
        failures.push(("429", "TooManyRequests"));
    }
    let parameters = operation.parameters.get_or_insert_default();
    parameters.extend(headers.into_iter().map(|name| RefOr::Ref(Ref::new(format!("#/components/parameters/{name}")))));
    for (status, name) in failures {
        let response = RefOr::Ref(Ref::from_response_name(name));
        operation.responses.responses.entry(status.to_owned()).or_insert(response);
    }
}

fn is_in_query(parameter: &RefOr<Parameter>) -> bool {
    matches!(parameter, RefOr::T(parameter) if parameter.parameter_in == ParameterIn::Query)
}

fn is_if_match(parameter: &RefOr<Parameter>) -> bool {
    matches!(parameter, RefOr::T(parameter) if parameter.name == "If-Match")
}

/// A body that need not be there is one that is never refused either.
fn is_required(body: &RefOr<RequestBody>) -> bool {
    matches!(body, RefOr::T(body) if body.required == Some(Required::True))
}

fn describe_shared_parts(components: &mut Components) {
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT");
    let bearer = bearer.description(Some("The `access_token` of a sign-in."));
    components.security_schemes.insert("bearer".to_owned(), RefOr::T(SecurityScheme::Http(bearer.build())));

    let id = || visible_ascii(128);
    let parameters = [
        ("X-Request-Id", "Names the request in logs; made up if absent, and echoed.", id()),
        ("X-Correlation-Id", "Names what the request is part of; echoed.", id()),
        ("X-Tenant-Id", "Must be the tenant of the token, if sent.", id()),
    ];
    for (name, description, schema) in parameters {
        components.parameters.insert(name.to_owned(), RefOr::T(header(name, description, schema)));
    }

    let internal = (ErrorCode::InternalError, "Something went wrong on our side");
    let responses = [
        ("Unreadable", "The request cannot be read.", (ErrorCode::InvalidInput, "The request body is not valid JSON")),
        (
            "NotSignedIn",
            "No access token (`TOKEN_MISSING`), one that is too old (`TOKEN_EXPIRED`), or not a good one (`TOKEN_INVALID`).",
            (ErrorCode::TokenExpired, "The access token has expired"),
        ),
        (
            "NotAllowed",
            "The role does not allow it (`INSUFFICIENT_PERMISSIONS`), the account or the tenant is switched off, or \
             `X-Tenant-Id` names another tenant.",
            (ErrorCode::AccountInactive, "This account is not active"),
        ),
        ("TooLarge", "The body is longer than 256 KiB.", (ErrorCode::PayloadTooLarge, "The request body is too large")),
        (
            "UnsupportedMediaType",
            "The body is not JSON in UTF-8.",
            (ErrorCode::UnsupportedMediaType, "Send JSON in UTF-8, as `Content-Type: application/json`"),
        ),
        (
            "TooManyRequests",
            "Too many requests from one source.",
            (ErrorCode::RateLimitExceeded, "Too many requests; please try again later"),
        ),
        ("InternalError", "A fault of the service.", internal),
        (
            "Unavailable",
            "The service cannot answer now.",
            (ErrorCode::ServiceUnavailable, "The service cannot answer now; please try again"),
        ),
    ];
    for (name, description, (code, sentence)) in responses {
        components
            .responses
            .insert(name.to_owned(), RefOr::T(failure(description, json!(Failure::of(code, sentence)))));
    }
    let overtaken = Failure::of(ErrorCode::ResourceConflict, "Somebody else has changed this meanwhile");
    let description = "The change was made for another version than there is now.";
    let overtaken = failure(description, json!(overtaken.with_current_version(Some(13))));
    components.responses.insert("Overtaken".to_owned(), RefOr::T(overtaken));
    let invalid = json!({
        "success": false,
        "error": "Some fields are not valid",
        "code": "VALIDATION_ERROR",
        "errors": { "email": "is required", "first_name": "must be at most 50 characters" },
    });
    components.responses.insert("Invalid".to_owned(), RefOr::T(failure(INVALID, invalid)));
    add_response_headers(components);
}

pub(crate) fn failure(description: &str, example: serde_json::Value) -> Response {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Failure"))).example(Some(example));
    ResponseBuilder::new().description(description).content("application/json", content.build()).build()
}

fn add_response_headers(components: &mut Components) {
    let headers = [("NotSignedIn", "WWW-Authenticate", visible_ascii(64)), ("Unavailable", "Retry-After", seconds())];
    if let Some(RefOr::T(response)) = components.responses.get_mut("TooManyRequests") {
        *response = with_rate_limit(response.clone());
    }
    for (response, name, schema) in headers {
        if let Some(RefOr::T(response)) = components.responses.get_mut(response) {
            response.headers.insert(name.to_owned(), RefOr::T(Header::new(schema)));
        }
    }
}

/// The answer with what it says about when to come back.
pub(crate) fn with_rate_limit(mut response: Response) -> Response {
    for name in ["Retry-After", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"] {
        response.headers.insert(name.to_owned(), RefOr::T(Header::new(seconds())));
    }
    response
}

fn seconds() -> Object {
    ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0)).build()
}

/// A request header that may be absent.
pub(crate) fn header(name: &str, description: &str, schema: Object) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(description))
        .schema(Some(schema))
        .build()
}

/// Text of 1 to `longest` visible ASCII characters.
pub(crate) fn visible_ascii(longest: usize) -> Object {
    let text = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(longest));
    text.pattern(Some("^[!-~]+$")).build()
}

/// The origin of a site.
pub(crate) fn origin() -> Object {
    let format = SchemaFormat::KnownFormat(KnownFormat::Uri);
    ObjectBuilder::new().schema_type(Type::String).format(Some(format)).build()
}

#[cfg(test)]
mod tests;
