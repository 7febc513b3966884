#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| aurora_fuzz::request("openai_responses", data));
