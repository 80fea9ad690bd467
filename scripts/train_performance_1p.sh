#!/usr/bin/env bash
# Speed on one card: one component. Options: see train_common.sh.
KIND=perf RANK_SIZE=1 EXTRA=(--steps=1)
. "$(dirname "$0")/train_common.sh"
