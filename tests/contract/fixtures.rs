//! What the server that stands in for Stripe needs, where it expects it.

#[path = "../../infrastructure/src/fixtures/server.rs"]
#[expect(dead_code, reason = "the tests of the adapters look at what was asked, too")]
pub(crate) mod server;
