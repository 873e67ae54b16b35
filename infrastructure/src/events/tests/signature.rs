//! AWS Signature Version 4, as whoever receives a request computes it.

use aws_lc_rs::{
    digest::{SHA256, digest},
    hmac,
};

use crate::fixtures::server::Received;

pub(super) const ACCESS_KEY: &str = "AKIDEXAMPLE";
pub(super) const SECRET_KEY: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
pub(super) const SESSION_TOKEN: &str = "AQoDYXdzEPT//////////wEXAMPLE";

/// Holds a request against its `Authorization` in the scope `<date>/<region>/<service>`.
pub(super) fn assert_signed(request: &Received, scope: &str) {
    let scope = format!("{scope}/aws4_request");
    let authorization = &request.headers["authorization"];
    let (credential, rest) = authorization.split_once(", ").unwrap();
    assert_eq!(credential, format!("AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/{scope}"));
    let (signed, signature) = rest.split_once(", ").unwrap();
    let signed = signed.strip_prefix("SignedHeaders=").unwrap();
    for needed in ["content-type", "host", "x-amz-date", "x-amz-security-token"] {
        assert!(signed.split(';').any(|name| name == needed), "{needed} is not signed: {authorization}");
    }
    assert_eq!(request.headers.contains_key("x-amz-target"), signed.contains("x-amz-target"));
    assert_eq!(request.headers["x-amz-security-token"], SESSION_TOKEN);

    let headers: String =
        signed.split(';').map(|name| format!("{name}:{}\n", request.headers[name])).collect::<Vec<_>>().concat();
    let canonical = format!("POST\n/\n\n{headers}\n{signed}\n{}", sha256(&request.body));
    let date = &request.headers["x-amz-date"];
    let to_sign = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", sha256(&canonical));
    let key = scope.split('/').fold(format!("AWS4{SECRET_KEY}").into_bytes(), |key, part| mac(&key, part));
    assert_eq!(signature, format!("Signature={}", hex::encode(mac(&key, &to_sign))));
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes()).as_ref().to_vec()
}

fn sha256(text: &str) -> String {
    hex::encode(digest(&SHA256, text.as_bytes()))
}
