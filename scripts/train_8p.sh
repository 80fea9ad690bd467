#!/usr/bin/env bash
# Full training on eight cards of one host; RANK_TABLE_FILE names the HCCL rank table. Rank 0 writes.
# Options: see train_common.sh, and --rank_size= for another number of cards.
KIND=acc RANK_SIZE=8 EXTRA=()
. "$(dirname "$0")/train_common.sh"
