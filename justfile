# What CI runs. `just check` and a push see the same.
check:
    bash .ci/run

# The quick part, while working.
quick:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings
    cargo xtask tidy
    cargo test --workspace

# Each fault of tests/mutations is found: half an hour.
mutate:
    cargo xtask mutate

# The figures of benches/README.md.
bench:
    cargo bench --package peregrine-proto --bench commands
    cargo build --release
    cargo bench --package peregrine-benches
