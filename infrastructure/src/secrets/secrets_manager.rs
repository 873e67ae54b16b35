//! The signing secret in AWS Secrets Manager.

use async_trait::async_trait;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueError;
use secrecy::SecretString;

use super::{SecretError, SecretSource, SecretTexts};

/// A secret in AWS Secrets Manager, with the version that a rotation left behind (`JWT_SECRET_ARN`).
#[derive(Clone, Debug)]
pub struct SecretsManagerSecret {
    client: Client,
    arn: String,
}

impl SecretsManagerSecret {
    /// The secret of this ARN or name.
    #[must_use]
    pub fn new(client: Client, arn: impl Into<String>) -> Self {
        Self { client, arn: arn.into() }
    }

    /// The text under a staging label; `None` when no version carries the label.
    async fn version(&self, label: &'static str) -> Result<Option<SecretString>, SecretError> {
        let answer = self.client.get_secret_value().secret_id(&self.arn).version_stage(label).send().await;
        match answer {
            Ok(mut secret) => {
                let text = secret.secret_string.take().ok_or_else(|| SecretError(format!("{label} is not text")))?;
                Ok(Some(text.into()))
            }
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(SecretError(format!("{label}: {}", reason(&error)))),
        }
    }
}

#[async_trait]
impl SecretSource for SecretsManagerSecret {
    async fn fetch(&self) -> Result<SecretTexts, SecretError> {
        let (current, previous) = tokio::try_join!(self.version("AWSCURRENT"), self.version("AWSPREVIOUS"))?;
        // A secret that was never rotated has no previous version.
        let current = current.ok_or_else(|| SecretError("there is no such secret".to_owned()))?;
        Ok(SecretTexts { current, previous })
    }
}

fn is_missing(error: &SdkError<GetSecretValueError>) -> bool {
    error.as_service_error().is_some_and(GetSecretValueError::is_resource_not_found_exception)
}

fn reason(error: &SdkError<GetSecretValueError>) -> String {
    error.code().map_or_else(|| error.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests;
