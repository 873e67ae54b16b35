//! The HTTP face of the account service, the same for every host.
//!
//! A handler turns a request into a command, calls one use case, and turns what it says into an answer.
//! Everything around that lives in one place each: `extract` reads requests, `error` answers failures,
//! `dto` holds the shapes, `layers` does what every request needs, and `openapi` describes it all.

mod dto;
mod error;
mod extract;
mod layers;
mod openapi;
mod routes;
mod settings;
mod state;

pub use extract::SourceAddress;
pub use openapi::openapi;
pub use routes::router;
pub use settings::{BasePath, CorsOrigins, HttpSettings, InvalidBasePath, InvalidCorsOrigin, InvalidHttpSettings};
pub use state::{ApiState, HealthService, ServiceInfo};
