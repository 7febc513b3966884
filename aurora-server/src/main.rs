//! The program `aurora`; everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    aurora_server::cli::main(std::env::args_os())
}
