//! One log line for each outcome of authentication and administration (security rule 24).
//!
//! The request id and the source are on the span that surrounds it. Addresses are masked; passwords, tokens
//! and hashes are never passed in here.

use domain::{EmailAddress, TenantId, UserId, verification::TokenRefused};

use crate::{actor::Actor, telemetry};

/// What counts as a sign-in.
const SIGN_INS: [&str; 2] = ["login", "outside_sign_in"];

/// Logs that something succeeded.
pub(crate) fn success(action: &'static str, user: &UserId, tenant: &TenantId) {
    count(action, "success");
    tracing::info!(target: "security", action, outcome = "success", user_id = %user, tenant_id = %tenant);
}

/// Logs that something was refused, and why, about somebody who is known.
pub(crate) fn refused(action: &'static str, reason: &'static str, user: &UserId, tenant: &TenantId) {
    count(action, reason);
    tracing::warn!(target: "security", action, outcome = "refused", reason, user_id = %user, tenant_id = %tenant);
}

/// Logs that the password of somebody was disabled, because somebody failed too often to guess it.
pub(crate) fn password_disabled(user: &UserId, tenant: &TenantId) {
    let action = "disable_password";
    tracing::warn!(target: "security", action, outcome = "success", user_id = %user, tenant_id = %tenant);
}

/// Logs that somebody did something about a member of their tenant.
pub(crate) fn success_over(action: &'static str, actor: &Actor, member: &UserId) {
    let (user, tenant) = (actor.user_id(), actor.tenant_id());
    tracing::info!(
        target: "security", action, outcome = "success", user_id = %user, tenant_id = %tenant, member_id = %member
    );
}

/// Logs that somebody was refused something about a member of their tenant, and why.
pub(crate) fn refused_over(action: &'static str, reason: &'static str, actor: &Actor, member: &UserId) {
    let (user, tenant) = (actor.user_id(), actor.tenant_id());
    tracing::warn!(
        target: "security", action, outcome = "refused", reason,
        user_id = %user, tenant_id = %tenant, member_id = %member
    );
}

/// Logs that a mailed link was refused, and why.
pub(crate) fn refused_link(action: &'static str, why: TokenRefused, user: &UserId, tenant: &TenantId) {
    let reason = match why {
        TokenRefused::Used => "used_token",
        TokenRefused::Expired => "expired_token",
        TokenRefused::Superseded => "superseded_token",
    };
    refused(action, reason, user, tenant);
}

/// Logs that something was refused, and why, about an address that nobody may hold.
pub(crate) fn refused_address(action: &'static str, reason: &'static str, address: &EmailAddress) {
    count(action, reason);
    tracing::warn!(target: "security", action, outcome = "refused", reason, address = %address.masked());
}

/// Logs that a token was refused before anybody was known.
pub(crate) fn refused_token(action: &'static str, reason: &'static str) {
    count(action, reason);
    tracing::warn!(target: "security", action, outcome = "refused", reason);
}

fn count(action: &str, outcome: &'static str) {
    if SIGN_INS.contains(&action) {
        telemetry::sign_in(outcome);
    }
}
