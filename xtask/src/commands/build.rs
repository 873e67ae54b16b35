//! The Lambda function, compiled and in a zip that is the same for the same binary.

use std::{
    fs,
    io::{Cursor, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zip::{CompressionMethod, DateTime, ZipWriter, write::SimpleFileOptions};

use crate::{
    cli::{Architecture, BuildOptions, Toolchain},
    context::{Context, file_failed, parse},
    failure::{Code, Failure},
    output::{Mark, Report},
    programs::{Call, Shown},
};

/// The C library of Lambda's `provided.al2023`.
const GLIBC: &str = "2.34";
/// Lambda's own limit of what a function unpacks to.
const MAX_BINARY: usize = 250 * 1024 * 1024;

/// What was built.
#[derive(Debug, Serialize)]
struct Built {
    architecture: &'static str,
    zip: PathBuf,
    binary_bytes: usize,
    zip_bytes: usize,
    sha256: String,
}

/// The zip that is built for this processor.
pub(crate) fn zip_file(context: &Context<'_>, arch: Architecture) -> PathBuf {
    folder(context, arch).join("account-service.zip")
}

/// The binary in it.
pub(crate) fn binary_file(context: &Context<'_>, arch: Architecture) -> PathBuf {
    folder(context, arch).join("bootstrap")
}

fn folder(context: &Context<'_>, arch: Architecture) -> PathBuf {
    context.path("target/lambda").join(arch.as_str())
}

/// Compiles, and zips.
pub(crate) fn run(context: &Context<'_>, options: &BuildOptions) -> Result<Report, Failure> {
    let compiled = match (&options.binary, options.with) {
        (Some(binary), _) => Some(binary.clone()),
        (None, Toolchain::Zig) => with_zig(context, options.arch)?,
        (None, Toolchain::Host) => on_host(context, options.arch)?,
    };
    let Some(compiled) = compiled else {
        let zip = zip_file(context, options.arch);
        return Ok(Report::new(&()).line(Mark::Plain, format!("it would become {}", zip.display())));
    };
    let binary = fs::read(&compiled).map_err(|error| file_failed(&compiled, &error))?;
    if binary.len() > MAX_BINARY {
        return Err(Failure::new(
            Code::TooLarge,
            format!("the binary has {} bytes of at most {MAX_BINARY}", binary.len()),
        ));
    }
    let zip = zipped(&binary)?;
    let built = Built {
        architecture: options.arch.lambda_name(),
        zip: zip_file(context, options.arch),
        binary_bytes: binary.len(),
        zip_bytes: zip.len(),
        sha256: sha256(&zip),
    };
    context.write_file(&binary_file(context, options.arch), &binary)?;
    context.write_file(&built.zip, &zip)?;
    let lines = [
        format!("binary  {} bytes", built.binary_bytes),
        format!("zip     {} bytes", built.zip_bytes),
        format!("sha256  {}", built.sha256),
    ];
    Ok(Report::new(&built).line(Mark::Good, built.zip.display().to_string()).lines(Mark::Plain, &lines))
}

/// The digest of `bytes`, in hexadecimal digits.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// Compiles with `cargo lambda`, which links with Zig.
fn with_zig(context: &Context<'_>, arch: Architecture) -> Result<Option<PathBuf>, Failure> {
    if !context.attempt(&Call::new("cargo", ["lambda", "--version"]))?.success {
        return Err(Failure::new(Code::ToolMissing, "`cargo lambda` is not installed")
            .advise("install `cargo-lambda` and `ziglang` with pip, or build with --with host"));
    }
    let target = format!("{}.{GLIBC}", arch.target());
    let folder = context.path("target/lambda/compiled").join(arch.as_str());
    let folder_name = folder.to_string_lossy();
    let arguments: [&[&str]; 2] = [
        &["lambda", "build", "--release", "--locked"],
        &["--package", "api-lambda", "--target", &target, "--lambda-dir", &folder_name],
    ];
    let call = Call::new("cargo", arguments.concat()).showing(Shown::Everything);
    context.tell(&format!("compiling for {target}"));
    Ok(context.change(&call)?.map(|_| folder.join("api-lambda").join("bootstrap")))
}

/// Compiles with `cargo` alone.
fn on_host(context: &Context<'_>, arch: Architecture) -> Result<Option<PathBuf>, Failure> {
    if !cfg!(target_os = "linux") || arch.target().split('-').next() != Some(std::env::consts::ARCH) {
        return Err(Failure::new(
            Code::ToolMissing,
            format!("this machine does not compile for {} by itself", arch.as_str()),
        )
        .advise("leave --with out: cargo lambda does"));
    }
    let arguments = ["build", "--release", "--locked", "--package", "api-lambda"];
    let format = ["--message-format", "json-render-diagnostics"];
    let call = Call::new("cargo", arguments.into_iter().chain(format)).showing(Shown::Progress);
    context.tell("compiling for this machine");
    let Some(finished) = context.change(&call)? else { return Ok(None) };
    for line in finished.answer.lines() {
        if let Message { executable: Some(executable) } = parse(&call, line)? {
            return Ok(Some(executable));
        }
    }
    Err(Failure::new(Code::ToolAnswerUnreadable, "`cargo build` did not say where the binary is"))
}

/// A message of cargo's, as far as it is of interest.
#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    executable: Option<PathBuf>,
}

/// A zip with nothing in it that differs between two machines, or two days: no time, one mode, one order.
fn zipped(binary: &[u8]) -> Result<Vec<u8>, Failure> {
    let broken = |error: &dyn std::error::Error| Failure::new(Code::FileFailed, format!("the zip: {error}"));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(9))
        .last_modified_time(DateTime::DEFAULT)
        .unix_permissions(0o755);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("bootstrap", options).map_err(|error| broken(&error))?;
    zip.write_all(binary).map_err(|error| broken(&error))?;
    zip.finish().map(Cursor::into_inner).map_err(|error| broken(&error))
}

/// What was built, read again.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|error| file_failed(path, &error).advise("`cargo xtask build` makes it"))
}

#[cfg(test)]
mod tests;
