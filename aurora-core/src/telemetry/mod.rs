//! What a process says about itself: its log and its own measurements.
