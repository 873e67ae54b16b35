//! What was built, handed to AWS: as a zip in a bucket, or as an image.

use std::path::PathBuf;

use serde::Serialize;

use super::{
    build::{binary_file, read, sha256, zip_file},
    preflight::Parameters,
};
use crate::{
    aws::{self, cloudformation},
    cli::PackageOptions,
    context::Context,
    failure::{Code, Failure},
    output::{Mark, Report},
};

/// What an image is made of.
const DOCKERFILE: &str = include_str!("Dockerfile");

/// What is to be deployed.
#[derive(Debug, Serialize)]
struct Packaged {
    parameters: Parameters,
    file: PathBuf,
}

/// Where it is written down what is to be deployed.
pub(crate) fn parameter_file(context: &Context<'_>) -> PathBuf {
    context.path(&format!("target/lambda/package-{}.json", context.stage))
}

pub(crate) fn run(context: &Context<'_>, options: &PackageOptions) -> Result<Report, Failure> {
    if options.image {
        return image(context, options);
    }
    let (code, names) = match &options.image_uri {
        Some(uri) => (image_parameters(uri)?, vec![format!("image   {uri}")]),
        None => upload(context, options)?,
    };
    let architecture = [("Architecture".to_owned(), options.arch.lambda_name().to_owned())];
    let parameters: Parameters = code.into_iter().chain(architecture).collect();
    let file = parameter_file(context);
    let text = serde_json::to_string_pretty(&parameters).unwrap_or_default() + "\n";
    context.write_text(&file, &text)?;
    let packaged = Packaged { parameters, file };
    let report = Report::new(&packaged).line(Mark::Good, packaged.file.display().to_string());
    Ok(report.lines(Mark::Plain, &names))
}

/// Puts the zip into a bucket, under the name of its content: what is there already is the same.
fn upload(context: &Context<'_>, options: &PackageOptions) -> Result<(Parameters, Vec<String>), Failure> {
    let zip = zip_file(context, options.arch);
    let digest = sha256(&read(&zip)?);
    let bucket = match &options.bucket {
        Some(bucket) => bucket.clone(),
        None => artifact_bucket(context)?,
    };
    let key = format!("account-service/{digest}.zip");
    let destination = format!("s3://{bucket}/{key}");
    context.tell(&format!("handing {} over", zip.display()));
    aws::change(context, &["s3", "cp", &zip.to_string_lossy(), &destination, "--only-show-errors"])?;
    let parameters = [("CodeBucket", bucket), ("CodeKey", key), ("ImageUri", String::new())];
    let parameters = parameters.map(|(name, value)| (name.to_owned(), value)).into();
    Ok((parameters, vec![format!("zip     {destination}"), format!("sha256  {digest}")]))
}

/// The bucket of the stage.
pub(super) fn artifact_bucket(context: &Context<'_>) -> Result<String, Failure> {
    let name = context.stage.name("account-rust-artifact-bucket");
    let exports = cloudformation::exports(context)?;
    let export = exports.into_iter().find(|export| export.name == name);
    export.map(|export| export.value).ok_or_else(|| {
        Failure::new(Code::StackMissing, format!("nothing exports {name}")).advise(
            "deploy the shared infrastructure first, or name a bucket: `package --bucket`, `deploy --set CodeBucket=`",
        )
    })
}

/// A tag may lead elsewhere tomorrow; a digest does not.
fn image_parameters(uri: &str) -> Result<Parameters, Failure> {
    let digest = uri.split_once("@sha256:").map(|(_, digest)| digest);
    if !digest.is_some_and(|digest| digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit())) {
        return Err(Failure::new(Code::ParametersMissing, "the image must be named by its digest: …@sha256:…"));
    }
    let parameters = [("ImageUri", uri), ("CodeBucket", ""), ("CodeKey", "")];
    Ok(parameters.map(|(name, value)| (name.to_owned(), value.to_owned())).into())
}

/// Writes what an image is built of.
fn image(context: &Context<'_>, options: &PackageOptions) -> Result<Report, Failure> {
    let binary = binary_file(context, options.arch);
    let program = read(&binary)?;
    let folder = binary.with_file_name("image");
    context.write_file(&folder.join("bootstrap"), &program)?;
    context.write_text(&folder.join("Dockerfile"), DOCKERFILE)?;
    let report = Report::new(&serde_json::json!({"folder": folder, "architecture": options.arch.lambda_name()}));
    Ok(report.line(Mark::Good, format!("{} is what an image is built of", folder.display())))
}

#[cfg(test)]
mod tests;
