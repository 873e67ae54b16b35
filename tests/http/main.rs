//! The API as clients see it: the router as in production, on the embedded DynamoDB. Every answer is held against
//! the OpenAPI document.

mod journeys;
