//! From an operation's name and JSON body to the database's method, and back to DynamoDB's JSON.

use dynoxide::{Database, DynoxideError};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// What DynamoDB would have answered.
#[derive(Debug)]
pub(super) struct Answer {
    /// The HTTP status.
    pub(super) status: u16,
    /// The JSON body.
    pub(super) body: String,
}

const TARGET_PREFIX: &str = "DynamoDB_20120810.";
const UNKNOWN_OPERATION: &str = r#"{"__type":"com.amazon.coral.service#UnknownOperationException"}"#;

/// Runs the operation that the `x-amz-target` header names, blocking until the database is done.
pub(super) fn answer(database: &Database, target: &str, body: &[u8]) -> Answer {
    match dispatch(database, target, body) {
        None => Answer { status: 400, body: UNKNOWN_OPERATION.to_owned() },
        Some(Ok(body)) => Answer { status: 200, body },
        Some(Err(error)) => Answer { status: error.status_code(), body: error.to_json() },
    }
}

/// The operations that the service and its tests use. Statements in `PartiQL`, streams and tags are not
/// among them; they answer `None` like an operation that does not exist.
fn dispatch(database: &Database, target: &str, body: &[u8]) -> Option<Result<String, DynoxideError>> {
    Some(match target.strip_prefix(TARGET_PREFIX)? {
        "BatchGetItem" => run(body, |request| database.batch_get_item(request)),
        "BatchWriteItem" => run(body, |request| database.batch_write_item(request)),
        "CreateTable" => run(body, |request| database.create_table(request)),
        "DeleteItem" => run(body, |request| database.delete_item(request)),
        "DeleteTable" => run(body, |request| database.delete_table(request)),
        "DescribeTable" => run(body, |request| database.describe_table(request)),
        "DescribeTimeToLive" => run(body, |request| database.describe_time_to_live(request)),
        "GetItem" => run(body, |request| database.get_item(request)),
        "ListTables" => run(body, |request| database.list_tables(request)),
        "PutItem" => run(body, |request| database.put_item(request)),
        "Query" => run(body, |request| database.query(request)),
        "Scan" => run(body, |request| database.scan(request)),
        "TransactGetItems" => run(body, |request| database.transact_get_items(request)),
        "TransactWriteItems" => run(body, |request| database.transact_write_items(request)),
        "UpdateItem" => run(body, |request| database.update_item(request)),
        "UpdateTable" => run(body, |request| database.update_table(request)),
        "UpdateTimeToLive" => run(body, |request| database.update_time_to_live(request)),
        _ => return None,
    })
}

fn run<Request: DeserializeOwned, Response: Serialize>(
    body: &[u8],
    operation: impl FnOnce(Request) -> Result<Response, DynoxideError>,
) -> Result<String, DynoxideError> {
    let request = serde_json::from_slice(body).map_err(|error| refusal(&error))?;
    let response = operation(request)?;
    serde_json::to_string(&response).map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}

/// How a message of `dynoxide`'s request types begins when it stands for a certain exception.
const VALIDATION_MARKERS: [&str; 3] = ["VALIDATION:", "VALIDATION_REQUEST:", "VALIDATION_AS_READ:"];
const SERIALIZATION_MARKERS: [&str; 2] = ["SERIALIZATION:", "SERIALIZATION_AS_READ:"];

/// The exception for a body that does not parse as its request, classed as `dynoxide`'s own server
/// classes it: what is missing or not allowed fails validation, what is of the wrong JSON type
/// fails serialisation. None of the markers may reach the caller.
fn refusal(error: &serde_json::Error) -> DynoxideError {
    let message = error.to_string();
    // serde_json appends where it stopped reading.
    let message = message.split(" at line ").next().unwrap_or_default();
    let after = |markers: &[&str]| markers.iter().find_map(|marker| message.strip_prefix(marker)).map(str::to_owned);
    if let Some(message) = after(&VALIDATION_MARKERS) {
        return DynoxideError::ValidationException(message);
    }
    if let Some(message) = after(&SERIALIZATION_MARKERS) {
        return DynoxideError::SerializationException(message);
    }
    let of_validation =
        ["missing field", "unknown variant", "invalid type: null", "empty AttributeValue", "Supplied AttributeValue"];
    if of_validation.iter().any(|part| message.contains(part)) {
        DynoxideError::ValidationException(message.to_owned())
    } else {
        DynoxideError::SerializationException(message.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer_to(target: &str, body: &str) -> serde_json::Value {
        let database = Database::memory().expect("a database in memory");
        let answer = answer(&database, target, body.as_bytes());
        assert_eq!(answer.status, 400, "{}", answer.body);
        serde_json::from_str(&answer.body).expect("JSON")
    }

    #[test]
    fn an_operation_that_is_not_served_is_an_unknown_operation() {
        for target in ["DynamoDB_20120810.ExecuteStatement", "DynamoDB_20120810.", "Sqs.Send", ""] {
            let answer = answer_to(target, "{}");
            assert_eq!(answer["__type"], "com.amazon.coral.service#UnknownOperationException");
        }
    }

    #[test]
    fn a_member_of_the_wrong_json_type_fails_serialisation() {
        let answer = answer_to("DynamoDB_20120810.DescribeTable", r#"{"TableName": 7}"#);
        assert_eq!(answer["__type"], "com.amazon.coral.service#SerializationException");
    }

    #[test]
    fn a_marked_message_becomes_its_exception_and_loses_the_marker() {
        let answer =
            answer_to("DynamoDB_20120810.PutItem", r#"{"TableName": "a-table", "Item": {"id": {"NULL": false}}}"#);
        assert_eq!(answer["__type"], "com.amazon.coral.validate#ValidationException");
        let message = answer["message"].as_str().expect("a message");
        assert!(!message.contains("VALIDATION"), "{message}");
        assert!(!message.contains("at line"), "{message}");
    }
}
