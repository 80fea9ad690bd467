#!/usr/bin/env bash
# Full training on one card: the published experiment to its end. Options: see train_common.sh.
KIND=acc RANK_SIZE=1 EXTRA=()
. "$(dirname "$0")/train_common.sh"
