//! Events as AWS sends them, whole: what the service does not read must not trouble it.

use serde_json::{Value, json};

/// Who the gateway says is calling. The headers say somebody else.
pub(crate) const SOURCE: &str = "203.0.113.7";
/// Who a header says is calling.
const CLAIMED_SOURCE: &str = "198.51.100.99";
/// What is calling.
pub(crate) const USER_AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

/// A request before a gateway made an event of it.
#[derive(Clone)]
pub(crate) struct Request<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) stage: &'a str,
    pub(crate) headers: Vec<(&'a str, &'a str)>,
    pub(crate) body: Option<String>,
    pub(crate) is_base64: bool,
}

impl<'a> Request<'a> {
    pub(crate) fn get(path: &'a str) -> Self {
        Self { method: "GET", path, stage: "$default", headers: Vec::new(), body: None, is_base64: false }
    }

    pub(crate) fn post(path: &'a str, body: &Value) -> Self {
        let headers = vec![("content-type", "application/json")];
        Self { method: "POST", headers, body: Some(body.to_string()), ..Self::get(path) }
    }

    fn all_headers(&self) -> Vec<(&'a str, &'a str)> {
        let common = [
            ("accept", "*/*"),
            ("host", "api.example.com"),
            ("user-agent", USER_AGENT),
            ("x-amzn-trace-id", "Root=1-67d1a2be-4c2f0d5e6b7a8c9d0e1f2a3b"),
            ("x-forwarded-for", CLAIMED_SOURCE),
            ("x-forwarded-port", "443"),
            ("x-forwarded-proto", "https"),
        ];
        common.into_iter().chain(self.headers.iter().copied()).collect()
    }
}

/// The event of an HTTP API, payload format 2.0.
pub(crate) fn http_api(request: &Request<'_>) -> Value {
    let headers: serde_json::Map<_, _> =
        request.all_headers().into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
    let mut event = json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": request.path,
        "rawQueryString": "",
        "headers": headers,
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "a1b2c3d4e5",
            "domainName": "api.example.com",
            "domainPrefix": "api",
            "http": {
                "method": request.method,
                "path": request.path,
                "protocol": "HTTP/1.1",
                "sourceIp": SOURCE,
                "userAgent": USER_AGENT
            },
            "requestId": "HRq0gj5CoAMEVdA=",
            "routeKey": "$default",
            "stage": request.stage,
            "time": "12/Mar/2025:15:05:34 +0000",
            "timeEpoch": 1_741_791_934_567_u64
        },
        "isBase64Encoded": request.is_base64
    });
    // A request without a body has no such field.
    if let Some(body) = &request.body {
        event["body"] = body.as_str().into();
    }
    event
}

/// The event of a REST API.
pub(crate) fn rest_api(request: &Request<'_>) -> Value {
    let headers = request.all_headers();
    let single: serde_json::Map<_, _> =
        headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
    let multi: serde_json::Map<_, _> =
        headers.iter().map(|(name, value)| ((*name).to_owned(), json!([value]))).collect();
    json!({
        "resource": "/{proxy+}",
        "path": request.path,
        "httpMethod": request.method,
        "headers": single,
        "multiValueHeaders": multi,
        "queryStringParameters": null,
        "multiValueQueryStringParameters": null,
        "pathParameters": { "proxy": request.path.trim_start_matches('/') },
        "stageVariables": null,
        "requestContext": {
            "resourceId": "j9k8l7",
            "resourcePath": "/{proxy+}",
            "httpMethod": request.method,
            "extendedRequestId": "HRq1dF3yIAMEb0g=",
            "requestTime": "12/Mar/2025:15:05:34 +0000",
            "path": format!("/{}{}", request.stage, request.path),
            "accountId": "123456789012",
            "protocol": "HTTP/1.1",
            "stage": request.stage,
            "domainPrefix": "a1b2c3d4e5",
            "requestTimeEpoch": 1_741_791_934_567_u64,
            "requestId": "5f3c7f1e-6b7d-4a3f-9c0f-0d7c1f4b2a10",
            "identity": {
                "cognitoIdentityPoolId": null,
                "accountId": null,
                "cognitoIdentityId": null,
                "caller": null,
                "sourceIp": SOURCE,
                "principalOrgId": null,
                "accessKey": null,
                "cognitoAuthenticationType": null,
                "cognitoAuthenticationProvider": null,
                "userArn": null,
                "userAgent": USER_AGENT,
                "user": null
            },
            "domainName": "a1b2c3d4e5.execute-api.us-east-1.amazonaws.com",
            "deploymentId": "m1n2o3",
            "apiId": "a1b2c3d4e5"
        },
        "body": request.body,
        "isBase64Encoded": request.is_base64
    })
}

/// What the outbox table's stream sends when messages were inserted that are in these streams of messages. A lease of
/// one of them has come in the same batch.
pub(crate) fn outbox_stream(streams: &[String]) -> Value {
    let record = |name: &str, number: usize, stream: &str| {
        json!({
            "eventID": format!("c4ca4238a0b923820dcc509a6f75{number:04}"),
            "eventName": name,
            "eventVersion": "1.1",
            "eventSource": "aws:dynamodb",
            "awsRegion": "us-east-1",
            "dynamodb": {
                "ApproximateCreationDateTime": 1_741_791_934,
                "Keys": { "stream": { "S": stream }, "position": { "S": "00000000000000000001.000.1" } },
                "SequenceNumber": format!("4421584500000000017450439{number:03}"),
                "SizeBytes": 46,
                "StreamViewType": "KEYS_ONLY"
            },
            "eventSourceARN":
                "arn:aws:dynamodb:us-east-1:123456789012:table/purposepath-account-outbox-dev/stream/2025-03-12T00:00:00.000"
        })
    };
    let mut records: Vec<_> =
        streams.iter().enumerate().map(|(number, stream)| record("INSERT", number, stream)).collect();
    records.extend(streams.first().map(|stream| record("MODIFY", streams.len(), stream)));
    json!({ "Records": records })
}

/// What the schedule sends every minute.
pub(crate) fn schedule() -> Value {
    json!({
        "version": "0",
        "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "123456789012",
        "time": "2025-03-12T15:06:00Z",
        "region": "us-east-1",
        "resources": ["arn:aws:events:us-east-1:123456789012:rule/account-outbox"],
        "detail": {}
    })
}
