//! A tenant with people in it. They are rows of the Python service, which cost no password hashing, and carry its
//! tokens, unless they sign in here.

use infrastructure::dynamodb::tables::Table;
use serde_json::{Value, json};
use tests::{Answer, App, Call, Row, Tokens, python, python::PythonUser, text};

pub(crate) struct Team {
    pub(crate) app: App,
    pub(crate) owner: PythonUser,
}

impl Team {
    pub(crate) async fn start() -> Self {
        let app = App::start().await;
        let owner = app.python_user(&app.address("owner")).await;
        Self { app, owner }
    }

    /// Somebody else of the tenant.
    pub(crate) async fn hire(&self, name: &str, role: &str) -> PythonUser {
        self.app.python_colleague(&self.owner, role, &self.app.address(name)).await
    }

    /// So many people may take a seat.
    pub(crate) async fn limit_seats(&self, limit: u32) {
        let number = aws_sdk_dynamodb::types::AttributeValue::N(limit.to_string());
        let row = [("tenant_id", text(&self.owner.tenant_id)), ("feature", text("seats")), ("limit", number)];
        let row = row.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        self.app.plant(Table::TenantOverrides, row).await;
    }

    pub(crate) fn get(&self, by: &PythonUser, route: &str) -> Call {
        self.app.client.get(route).bearer(&by.access_token(&self.app))
    }

    pub(crate) fn post(&self, by: &PythonUser, route: &str, body: &Value) -> Call {
        self.app.client.post(route, body).bearer(&by.access_token(&self.app))
    }

    pub(crate) fn delete(&self, by: &PythonUser, route: &str) -> Call {
        self.app.client.delete(route).bearer(&by.access_token(&self.app))
    }

    pub(crate) async fn put_into(&self, by: &PythonUser, user: &PythonUser, role: &str) -> Answer {
        let route = format!("/users/{}/role", user.user_id);
        self.app.client.put(&route, &json!({ "role": role })).bearer(&by.access_token(&self.app)).send().await
    }

    pub(crate) async fn deactivate(&self, by: &PythonUser, user: &PythonUser) -> Answer {
        self.post(by, &format!("/users/{}/deactivate", user.user_id), &json!({})).send().await
    }

    pub(crate) async fn activate(&self, by: &PythonUser, user: &PythonUser) -> Answer {
        self.post(by, &format!("/users/{}/activate", user.user_id), &json!({})).send().await
    }

    pub(crate) async fn remove(&self, by: &PythonUser, user: &PythonUser) -> Answer {
        self.delete(by, &format!("/users/{}", user.user_id)).send().await
    }

    pub(crate) async fn hand_over(&self, by: &PythonUser, to: &PythonUser) -> Answer {
        let body = json!({ "user_id": to.user_id });
        self.post(by, "/tenants/current/transfer-ownership", &body).send().await
    }

    /// A session of somebody here.
    pub(crate) async fn sign_in(&self, user: &PythonUser) -> Tokens {
        Tokens::of(&self.app.login(&user.email, python::PASSWORD).await)
    }

    pub(crate) async fn user_row(&self, user: &PythonUser) -> Option<Row> {
        self.app.row(Table::Users, &user.user_id).await
    }

    pub(crate) async fn role_of(&self, user: &PythonUser) -> String {
        self.user_row(user).await.unwrap()["role"].as_s().unwrap().clone()
    }

    /// Members and taken seats, as they are on record.
    pub(crate) async fn seats(&self) -> (String, String) {
        let row = self.app.row(Table::AccountSeats, &self.owner.tenant_id).await.unwrap();
        (row["members"].as_n().unwrap().clone(), row["taken"].as_n().unwrap().clone())
    }

    /// The names of the events that wait.
    pub(crate) async fn events(&self) -> Vec<String> {
        let rows = self.app.rows(Table::AccountOutbox).await;
        let name = |row: &Row| {
            let payload: Value = serde_json::from_str(row["payload"].as_s().unwrap()).ok()?;
            payload["name"].as_str().map(str::to_owned)
        };
        let mut names: Vec<_> = rows.iter().filter_map(name).collect();
        names.sort();
        names
    }
}
