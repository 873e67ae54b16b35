//! Writes the OpenAPI document: `openapi [--check] [FILE]`, to standard output without a file. With `--check` it
//! writes nothing and fails when the file differs.

use std::{
    env,
    error::Error,
    fs,
    io::{self, Write},
};

fn main() -> Result<(), Box<dyn Error>> {
    let document = api::openapi().to_pretty_json()? + "\n";
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => io::stdout().write_all(document.as_bytes())?,
        ["--check", file] if fs::read_to_string(file)? == document => {}
        ["--check", file] => return Err(format!("{file} is not what the code says").into()),
        [file] => fs::write(file, document)?,
        _ => return Err("usage: openapi [--check] [FILE]".into()),
    }
    Ok(())
}
