mod fetching;
mod issuer;
mod keys;
mod tokens;
