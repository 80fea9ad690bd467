#!/usr/bin/env bash
# Where the model collection looks for it; what it does is in scripts/. Writes test/output.
OUTPUT_ROOT=test/output exec bash "$(dirname "$0")/../scripts/train_performance_1p.sh" "$@"
