#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| aurora_fuzz::answer("openai_responses", data));
