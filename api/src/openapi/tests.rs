use std::{collections::BTreeSet, fs, path::Path};

use serde_json::Value;

use super::*;
use crate::{
    dto::{
        admin::SuspensionRequest,
        auth::{
            EmailRequest, LoginRequest, LogoutRequest, RefreshRequest, RegisterRequest, ResetPasswordRequest,
            TokenRequest,
        },
        discount::PromoRequest,
        discount_code::{DiscountCodeRequest, DiscountCodeUpdate},
        identities::OutsideSignInRequest,
        invitation::{AcceptRequest, ActivateRequest, InviteRequest},
        member::{RoleRequest, TransferRequest},
        preferences::PreferencesRequest,
        user::ProfileRequest,
    },
    extract::decode,
};

fn document() -> Value {
    serde_json::to_value(openapi()).unwrap()
}

fn operations_of(document: &Value) -> Vec<(String, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    let of_path = |(path, item): (&String, &'_ Value)| {
        let path = path.clone();
        let operations: Vec<_> = item.as_object().unwrap().keys().cloned().collect();
        operations.into_iter().map(move |method| (path.clone(), method))
    };
    let all: Vec<_> = paths.iter().flat_map(of_path).collect();
    all.into_iter().map(|(path, method)| (format!("{method} {path}"), &document["paths"][&path][&method])).collect()
}

/// A part of the document, wherever it stands.
fn resolve<'a>(document: &'a Value, part: &'a Value) -> &'a Value {
    match part["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).unwrap(),
        None => part,
    }
}

#[test]
fn the_written_document_is_the_code_s() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/openapi.json");
    let written = fs::read_to_string(path).unwrap_or_default();
    let generated = openapi().to_pretty_json().unwrap() + "\n";
    assert!(written == generated, "write it anew: cargo run -p api --bin openapi -- docs/openapi.json");
}

#[test]
fn every_operation_has_an_id_of_its_own() {
    let document = document();
    let operations = operations_of(&document);
    let ids: BTreeSet<_> = operations.iter().map(|(_, operation)| operation["operationId"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), operations.len());
}

#[test]
fn every_body_has_an_example_and_every_response_a_description() {
    let document = document();
    for (name, operation) in operations_of(&document) {
        let responses = operation["responses"].as_object().unwrap();
        let responses = responses.iter().map(|(status, response)| (status.as_str(), resolve(&document, response)));
        let mut bodies = vec![];
        for (status, response) in responses {
            assert!(response["description"].is_string(), "{name} {status}");
            bodies.push((status, &response["content"]["application/json"]));
        }
        if operation["requestBody"].is_object() {
            bodies.push(("request", &operation["requestBody"]["content"]["application/json"]));
        }
        for (what, content) in bodies {
            let schema = resolve(&document, &content["schema"]);
            let has_example = content["example"].is_object() || schema["example"].is_object();
            assert!(has_example, "{name} {what} has no example");
        }
    }
}

/// Which operations there are, and who may call them, is for the access matrix of the HTTP tests.
#[test]
fn exactly_the_older_names_are_deprecated() {
    let document = document();
    let operations = operations_of(&document);
    let deprecated = operations.into_iter().filter(|(_, operation)| operation["deprecated"] == true);
    let expected = [
        "get /api/v1/auth/profile",
        "get /api/v1/tenants",
        "post /api/v1/auth/password/confirm",
        "post /api/v1/auth/password/reset",
        "post /api/v1/auth/verify",
        "post /api/v1/auth/verify/resend",
        "post /api/v1/billing/webhook",
        "post /api/v1/tenants",
        "put /api/v1/auth/preferences",
        "put /api/v1/auth/profile",
    ];
    assert_eq!(deprecated.map(|(name, _)| name).collect::<BTreeSet<_>>(), expected.map(str::to_owned).into());
}

#[test]
fn the_examples_of_requests_are_accepted() {
    let document = document();
    let example = |schema: &str| document["components"]["schemas"][schema]["example"].clone();
    assert!(decode::<RegisterRequest>(example("RegisterRequest")).is_ok());
    assert!(decode::<LoginRequest>(example("LoginRequest")).is_ok());
    assert!(decode::<PromoRequest>(example("PromoRequest")).is_ok());
    assert!(decode::<DiscountCodeRequest>(example("DiscountCodeRequest")).is_ok());
    assert!(decode::<DiscountCodeUpdate>(example("DiscountCodeUpdate")).is_ok());
    assert!(decode::<SuspensionRequest>(example("SuspensionRequest")).is_ok());
    assert!(decode::<OutsideSignInRequest>(example("OutsideSignInRequest")).is_ok());
    assert!(decode::<RefreshRequest>(example("RefreshRequest")).is_ok());
    assert!(decode::<LogoutRequest>(serde_json::json!({})).is_ok());
    assert!(decode::<EmailRequest>(example("EmailRequest")).is_ok());
    assert!(decode::<TokenRequest>(example("TokenRequest")).is_ok());
    assert!(decode::<ResetPasswordRequest>(example("ResetPasswordRequest")).is_ok());
    assert!(decode::<InviteRequest>(example("InviteRequest")).is_ok());
    assert!(decode::<AcceptRequest>(example("AcceptRequest")).is_ok());
    assert!(decode::<ActivateRequest>(example("ActivateRequest")).is_ok());
    assert!(decode::<ProfileRequest>(example("ProfileUpdate")).is_ok());
    assert!(decode::<RoleRequest>(example("RoleRequest")).is_ok());
    assert!(decode::<TransferRequest>(example("TransferRequest")).is_ok());
    assert!(decode::<PreferencesRequest>(example("PreferencesUpdate")).is_ok());
}
